// The README of a directory, for its listing: found, read and rendered. What the text becomes is markdown.ts's business.

import { join } from 'node:path';
import { escapeHtml } from '../files/html.js';
import type { ListingReadme } from '../files/listing.js';
import { renderMarkdown } from '../files/markdown.js';
import type { ByteSource } from '../streams/byte-reader.js';
import type { Boundary } from './opened-file.js';
import { findFile, type ServedFile } from './served-file.js';

/** The first that is there is shown. Those without a suffix of Markdown are shown as they are. */
const NAMES = [
  'README.md',
  'readme.md',
  'Readme.md',
  'README.markdown',
  'README.txt',
  'readme.txt',
  'README',
];

/** In octets; what is behind is not read. It bounds the time to render the worst text to about a second. */
const MAX_SIZE = 256 * 1024;

/** In UTF-16 code units. Only a text that means harm becomes more; it is shown as it is. */
const MAX_HTML_LENGTH = 1024 * 1024;

/**
 * The README of the directory at `path`, if one may be served; rendered again only when the file has changed.
 * Never rejects: a README that cannot be shown is none.
 */
export async function findReadme(path: string, boundary: Boundary): Promise<ListingReadme | undefined> {
  for (const name of NAMES) {
    const file = findFile(join(path, name), boundary);
    if (typeof file === 'string') continue;
    try {
      return { name, html: await htmlOf(name, file) };
    } catch {
      return undefined; // It has changed while it was read, or the package is broken.
    } finally {
      file.close();
    }
  }
  return undefined;
}

async function htmlOf(name: string, file: ServedFile): Promise<string> {
  const known = file.derived('readme');
  if (known !== undefined) return known.toString();
  const html = await render(name, await readText(file));
  const note = file.size > MAX_SIZE ? `<p>Only the first ${MAX_SIZE / 1024} KiB are shown.</p>` : '';
  file.keepDerived('readme', Buffer.from(html + note));
  return html + note;
}

async function render(name: string, text: string): Promise<string> {
  const html = /\.(?:md|markdown)$/i.test(name) ? await renderMarkdown(text) : undefined;
  return html !== undefined && html.length <= MAX_HTML_LENGTH
    ? html
    : `<pre class="plain">${escapeHtml(text, false)}</pre>\n`;
}

async function readText(file: ServedFile): Promise<string> {
  const size = Math.min(file.size, MAX_SIZE);
  const source = file.source(0, size);
  try {
    // A character that is cut by the end is left out.
    return new TextDecoder().decode(await readAll(source), { stream: size < file.size });
  } finally {
    source.close();
  }
}

async function readAll(source: ByteSource): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read()) chunks.push(chunk);
  return Buffer.concat(chunks);
}
