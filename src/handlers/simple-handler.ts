// Python's SimpleHTTPRequestHandler: GET and HEAD of the files below a directory. What an answer should be is decided
// by the pure functions of files/, what may be opened by opened-file.ts; here is the answering.

import { randomBytes } from 'node:crypto';
import { closeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { clampLastModified, evaluate, ifRangeMatches, makeEtag } from '../files/conditional.js';
import { parseListingSort, renderListing, renderListingJson } from '../files/listing.js';
import { LISTING_CONTENT_SECURITY_POLICY } from '../files/listing-style.js';
import { DEFAULT_EXTENSIONS_MAP, type ExtensionsMap, guessMediaType } from '../files/media-type.js';
import { prefers } from '../files/negotiation.js';
import {
  type CanonicalPath,
  type PathRefusal,
  parsePath,
  redirectLocation,
  splitTarget,
  toFilePath,
} from '../files/path.js';
import { type ByteRange, contentRange, multipartRanges, parseRange, rangeLength } from '../files/range.js';
import { formatHttpDate } from '../http1/date.js';
import type { ByteSource } from '../streams/byte-reader.js';
import type { ByteWriter } from '../streams/byte-writer.js';
import { BaseHTTPRequestHandler } from './base-handler.js';
import { directoryEntries } from './directory-entries.js';
import { type ClosableSource, FileSource, MemorySource, PartsSource } from './file-source.js';
import { type Boundary, type Opened, type OpenFailure, openFile } from './opened-file.js';

/**
 * Serves the files below `directory`: GET and HEAD, with listings of directories that have no index page.
 *
 * - to set: `directory`, `indexPages`, `extensionsMap`, `dotfiles`, and what `BaseHTTPRequestHandler` has;
 * - to override: `translatePath()`, `guessType()`, `listDirectory()`, `sendHead()`, `copyfile()`; `endHeaders()` to add
 *   a field to every answer.
 *
 * ```ts
 * class Site extends SimpleHTTPRequestHandler {
 *   directory = '/srv/www';
 * }
 * await new HTTPServer(['', 8000], Site).serveForever();
 * ```
 */
export class SimpleHTTPRequestHandler extends BaseHTTPRequestHandler {
  /** The directory that is served, and nothing outside of it; by default the one the process works in. */
  declare directory: string;
  /** File names that are served for a directory, the first that is there. */
  declare indexPages: readonly string[];
  /** File name suffix → media type; asked before the built-in table. `''` is for names that nothing else fits. */
  declare extensionsMap: ExtensionsMap;
  /** Whether names that begin with a dot are served and listed; `.well-known` always is. */
  declare dotfiles: boolean;

  /** The latest path that was parsed: for one request, several methods ask for the same. */
  #parsed: { readonly target: string; readonly path: CanonicalPath | PathRefusal } | undefined;

  do_GET(): void | Promise<void> {
    return this.#answer((source) => this.copyfile(source, this.wfile));
  }

  do_HEAD(): void | Promise<void> {
    return this.#answer(() => {});
  }

  do_OPTIONS(): void {
    this.sendResponse(204);
    this.sendHeader('Allow', this.#allowed());
    this.endHeaders();
  }

  do_POST(): void | Promise<void> {
    this.#refuseMethod();
  }

  do_PUT(): void | Promise<void> {
    this.#refuseMethod();
  }

  do_PATCH(): void | Promise<void> {
    this.#refuseMethod();
  }

  do_DELETE(): void | Promise<void> {
    this.#refuseMethod();
  }

  // ── To override ──────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Answers GET and HEAD but for the body: sends the status and the header fields.
   * @returns the body, for `copyfile()`, to be closed by the caller; `undefined` if there is none to send.
   */
  sendHead(): ClosableSource | undefined | Promise<ClosableSource | undefined> {
    const path = this.#parse(this.path);
    if (!path.ok) return this.#refuse(path.status);
    if (path.hidden && !this.dotfiles) return this.#refuse(404);
    const filePath = this.translatePath(this.path);
    const file = openFile(filePath, this.#boundary());
    if (file === 'directory') {
      return path.trailingSlash ? this.#sendDirectory(filePath) : this.#redirect(`${path.path}/`);
    }
    if (typeof file === 'string') return this.#refuseOpening(file);
    if (!path.trailingSlash) return this.#sendFile(filePath, file);
    closeSync(file.descriptor);
    return this.#refuse(404);
  }

  /**
   * The file system path that a URL path names, below `directory`. Query and fragment are left out of account. What it
   * returns when overridden may lie anywhere: below `directory` links are checked, elsewhere they are yours to check.
   * A path that can name nothing here gives a path that cannot exist.
   */
  translatePath(path: string): string {
    const parsed = this.#parse(path);
    const translated = parsed.ok
      ? toFilePath(resolve(this.directory), parsed.segments, process.platform)
      : parsed;
    return typeof translated === 'string' ? translated : `${this.directory}\0`;
  }

  /** The media type of a file, by its name. */
  guessType(path: string): string {
    return guessMediaType(path, this.extensionsMap);
  }

  /**
   * Sends the head of a directory's listing, as a page or, if the client prefers that, as JSON.
   * @param path of the directory in the file system.
   * @returns the listing, for `copyfile()`; `undefined` if an error has been sent instead.
   */
  async listDirectory(path: string): Promise<ClosableSource | undefined> {
    const shown = this.#parse(this.path);
    if (!shown.ok) return this.#refuse(shown.status);
    const entries = await directoryEntries(path, this.#boundary());
    if (typeof entries === 'string') return this.#refuseOpening(entries, 'No permission to list directory');
    const listing = { path: shown.path, entries, sort: parseListingSort(splitTarget(this.path).query) };
    const isJson = prefers(this.#list('accept'), ['text/html', 'application/json']) === 'application/json';
    const body = Buffer.from(isJson ? renderListingJson(listing) : renderListing(listing));
    this.sendResponse(200);
    this.sendHeader('Content-Type', isJson ? 'application/json' : 'text/html; charset=utf-8');
    this.sendHeader('Content-Length', body.length);
    this.sendHeader('Vary', 'Accept');
    this.sendHeader('Cache-Control', 'no-cache');
    this.sendHeader('Content-Security-Policy', LISTING_CONTENT_SECURITY_POLICY);
    this.sendHeader('X-Content-Type-Options', 'nosniff');
    this.endHeaders();
    return new MemorySource(body);
  }

  /** Copies a body to the client, as fast as the client takes it. A promise only if something must be waited for. */
  copyfile(source: ByteSource, outputfile: ByteWriter): void | Promise<void> {
    for (;;) {
      const chunk = source.read();
      if (chunk === undefined) return;
      if (chunk instanceof Promise) return copyRest(chunk, source, outputfile);
      const wait = outputfile.write(chunk);
      if (wait !== undefined) return wait.then(() => copyRest(source.read(), source, outputfile));
    }
  }

  // ── Files ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #answer(use: (source: ClosableSource) => void | Promise<void>): void | Promise<void> {
    const source = this.sendHead();
    return source instanceof Promise
      ? source.then((ready) => useAndClose(ready, use))
      : useAndClose(source, use);
  }

  /** The descriptor is the returned source's, or closed. */
  #sendFile(filePath: string, file: Opened): ClosableSource | undefined {
    let source: ClosableSource | undefined;
    try {
      source = this.#sendFileHead(filePath, file);
    } finally {
      if (source === undefined) closeSync(file.descriptor);
    }
    return source;
  }

  #sendFileHead(filePath: string, { descriptor, stats: { size, mtimeMs } }: Opened) {
    const now = Date.now();
    const validators = { etag: makeEtag(size, mtimeMs), lastModifiedMs: mtimeMs };
    const verdict = evaluate(this.#conditions(), validators, this.command, now);
    if (verdict === 'precondition-failed') return this.#refuse(412);
    if (verdict === 'not-modified') return this.#sendNotModified(validators, now);
    const ranges = this.#ranges(size, validators, now);
    if (ranges === 'unsatisfiable') {
      return this.#refuse(416, undefined, { 'Content-Range': contentRange(undefined, size) });
    }
    const type = this.guessType(filePath);
    if (ranges === 'ignore') {
      this.#sendFileFields(200, type, size, validators, now);
      return new FileSource(descriptor, 0, size);
    }
    const [range] = ranges;
    if (ranges.length === 1 && range !== undefined) {
      this.#sendFileFields(206, type, rangeLength(range), validators, now, contentRange(range, size));
      return new FileSource(descriptor, range.start, rangeLength(range));
    }
    const multipart = multipartRanges(ranges, size, type, randomBytes(16).toString('hex'));
    this.#sendFileFields(206, multipart.contentType, multipart.contentLength, validators, now);
    return new PartsSource(descriptor, multipart);
  }

  #sendFileFields(
    status: 200 | 206,
    type: string,
    length: number,
    validators: FileValidators,
    now: number,
    range?: string,
  ): void {
    this.sendResponse(status);
    this.sendHeader('Content-Type', type);
    this.sendHeader('Content-Length', length);
    if (range !== undefined) this.sendHeader('Content-Range', range);
    this.sendHeader('Accept-Ranges', 'bytes');
    this.sendHeader('X-Content-Type-Options', 'nosniff');
    this.#endWithValidators(validators, now);
  }

  #sendNotModified(validators: FileValidators, now: number): undefined {
    this.sendResponse(304);
    this.#endWithValidators(validators, now);
    return undefined;
  }

  /** `no-cache`: may be kept, but must be asked for again, so that an edit shows on the next reload. */
  #endWithValidators({ etag, lastModifiedMs }: FileValidators, now: number): void {
    this.sendHeader('Last-Modified', formatHttpDate(clampLastModified(lastModifiedMs, now)));
    this.sendHeader('ETag', etag);
    this.sendHeader('Cache-Control', 'no-cache');
    this.endHeaders();
  }

  // ── Directories ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** An index page that is there but may not be served is refused: whoever put it there wants no listing. */
  #sendDirectory(path: string): ClosableSource | undefined | Promise<ClosableSource | undefined> {
    for (const name of this.indexPages) {
      const indexPath = join(path, name);
      const file = openFile(indexPath, this.#boundary());
      if (file === 'missing' || file === 'directory') continue;
      return typeof file === 'string' ? this.#refuseOpening(file) : this.#sendFile(indexPath, file);
    }
    return this.listDirectory(path);
  }

  #redirect(path: string): undefined {
    this.sendResponse(301);
    this.sendHeader('Location', redirectLocation(path, splitTarget(this.path).query));
    this.sendHeader('Content-Length', 0);
    this.sendHeader('Cache-Control', 'no-cache');
    this.endHeaders();
    return undefined;
  }

  // ── The request ──────────────────────────────────────────────────────────────────────────────────────────────────

  #parse(target: string): CanonicalPath | PathRefusal {
    if (this.#parsed?.target !== target) this.#parsed = { target, path: parsePath(target) };
    return this.#parsed.path;
  }

  #boundary(): Boundary {
    return { root: resolve(this.directory), dotfiles: this.dotfiles };
  }

  #conditions() {
    return {
      ifMatch: this.#list('if-match'),
      ifNoneMatch: this.#list('if-none-match'),
      ifModifiedSince: this.headers.get('if-modified-since'),
      ifUnmodifiedSince: this.headers.get('if-unmodified-since'),
    };
  }

  /** All lines of a list field as one. */
  #list(name: string): string | undefined {
    return this.headers.has(name) ? this.headers.getAll(name).join(', ') : undefined;
  }

  #ranges(
    size: number,
    validators: FileValidators,
    now: number,
  ): readonly ByteRange[] | 'ignore' | 'unsatisfiable' {
    const field = this.headers.get('range');
    if (field === undefined || this.command !== 'GET') return 'ignore';
    return ifRangeMatches(this.headers.get('if-range'), validators, now) ? parseRange(field, size) : 'ignore';
  }

  // ── Refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #refuse(status: number, message?: string, fields?: Readonly<Record<string, string>>): undefined {
    this.sendError(status, message, undefined, fields);
    return undefined;
  }

  #refuseOpening(failure: OpenFailure, message?: string): undefined {
    return failure === 'exhausted'
      ? this.#refuse(503, undefined, { 'Retry-After': RETRY_AFTER_SECONDS })
      : this.#refuse(404, message);
  }

  #refuseMethod(): void {
    this.#refuse(405, undefined, { Allow: this.#allowed() });
  }

  /** The methods that are served: a subclass may have added some. */
  #allowed(): string {
    const added = REFUSED_METHODS.filter((method) => this[method] !== prototype[method]);
    return ['GET', 'HEAD', 'OPTIONS', ...added.map((method) => method.slice('do_'.length))].join(', ');
  }
}

/** A file always has both. */
interface FileValidators {
  readonly etag: string;
  readonly lastModifiedMs: number;
}

const REFUSED_METHODS = ['do_POST', 'do_PUT', 'do_PATCH', 'do_DELETE'] as const;

/** For who comes when descriptors or memory have run out: both are back when the requests in flight are done. */
const RETRY_AFTER_SECONDS = '5';

const prototype = SimpleHTTPRequestHandler.prototype;
prototype.serverVersion = 'SimpleHTTP/0.1';
prototype.directory = '.';
prototype.indexPages = ['index.html', 'index.htm'];
prototype.extensionsMap = DEFAULT_EXTENSIONS_MAP;
prototype.dotfiles = false;

/** Not an async function, so that a small file is answered within the turn. */
function useAndClose(
  source: ClosableSource | undefined,
  use: (source: ClosableSource) => void | Promise<void>,
): void | Promise<void> {
  if (source === undefined) return;
  let using: void | Promise<void>;
  try {
    using = use(source);
  } catch (error) {
    source.close();
    throw error;
  }
  if (using !== undefined) return using.finally(() => source.close());
  source.close();
}

async function copyRest(
  next: ReturnType<ByteSource['read']>,
  source: ByteSource,
  outputfile: ByteWriter,
): Promise<void> {
  for (let chunk = await next; chunk !== undefined; chunk = await source.read())
    await outputfile.write(chunk);
}
