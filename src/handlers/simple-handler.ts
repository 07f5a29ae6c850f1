// Python's SimpleHTTPRequestHandler: GET and HEAD of the files below a directory. What an answer should be is decided
// by the pure functions of files/; here is the opening, the answering and the copying.

import { randomBytes } from 'node:crypto';
import { closeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { clampLastModified, evaluate, ifRangeMatches, makeEtag } from '../files/conditional.js';
import { parseListingSort, renderListing, renderListingJson } from '../files/listing.js';
import { LISTING_CONTENT_SECURITY_POLICY } from '../files/listing-style.js';
import { DEFAULT_EXTENSIONS_MAP, type ExtensionsMap, guessMediaType } from '../files/media-type.js';
import { prefers } from '../files/negotiation.js';
import { type CanonicalPath, parsePath, redirectLocation, splitTarget, toFilePath } from '../files/path.js';
import { type ByteRange, contentRange, multipartRanges, parseRange, rangeLength } from '../files/range.js';
import { formatHttpDate } from '../http1/date.js';
import type { ByteWriter } from '../streams/byte-writer.js';
import { BaseHTTPRequestHandler } from './base-handler.js';
import { directoryEntries } from './directory-entries.js';
import { type ClosableSource, FileSource, MemorySource, PartsSource } from './file-source.js';
import { type Boundary, type OpenedFile, openFile } from './opened-file.js';

/**
 * Serves the files below `directory`: GET and HEAD, with listings of directories that have no index page.
 *
 * ```ts
 * class Site extends SimpleHTTPRequestHandler {
 *   directory = '/srv/www';
 * }
 * await new HTTPServer(['', 8000], Site).serveForever();
 * ```
 */
export class SimpleHTTPRequestHandler extends BaseHTTPRequestHandler {
  /** The directory that is served, and nothing outside of it; by default the one the process was started in. */
  declare directory: string;
  /** File names that are served for a directory, the first that is there. */
  declare indexPages: readonly string[];
  /** File name suffix → media type; asked before the built-in table. `''` is for names that nothing else fits. */
  declare extensionsMap: ExtensionsMap;
  /** Whether names that begin with a dot are served and listed; `.well-known` always is. */
  declare dotfiles: boolean;

  do_GET(): void | Promise<void> {
    return this.#answer();
  }

  do_HEAD(): void | Promise<void> {
    return this.#answer();
  }

  do_OPTIONS(): void {
    this.sendResponse(204);
    this.sendHeader('Allow', ALLOW);
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

  /**
   * Answers GET and HEAD but for the body: sends the status and the header fields.
   * @returns the body, for `copyfile()`, to be closed by the caller; `undefined` if there is none to send.
   */
  sendHead(): ClosableSource | undefined | Promise<ClosableSource | undefined> {
    const path = parsePath(this.path);
    if (!path.ok) return this.#refuse(path.status);
    if (path.hidden && !this.dotfiles) return this.#refuse(404);
    const filePath = this.translatePath(this.path);
    const file = openFile(filePath, this.#boundary());
    if ('status' in file) return this.#refuse(file.status);
    if (file.stats.isDirectory()) {
      closeSync(file.descriptor);
      return this.#sendDirectory(path, filePath);
    }
    if (!path.trailingSlash) return this.#sendFile(filePath, file);
    closeSync(file.descriptor);
    return this.#refuse(404);
  }

  /**
   * The file system path that a URL path names, below `directory`. Query and fragment are left out of account. What it
   * returns when overridden may lie anywhere: below `directory` links are checked, elsewhere they are yours to check.
   * A path that can name nothing here gives a path that does not exist.
   */
  translatePath(path: string): string {
    const parsed = parsePath(path);
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
    const canonical = parsePath(this.path);
    if (!canonical.ok) return this.#refuse(canonical.status);
    let entries: Awaited<ReturnType<typeof directoryEntries>>;
    try {
      entries = await directoryEntries(path, this.#boundary());
    } catch {
      return this.#refuse(404, 'No permission to list directory');
    }
    const listing = { path: canonical.path, entries, sort: parseListingSort(splitTarget(this.path).query) };
    const type = prefers(this.headers.getAll('accept').join(', '), ['text/html', 'application/json']);
    const body = Buffer.from(
      type === 'application/json' ? renderListingJson(listing) : renderListing(listing),
    );
    this.sendResponse(200);
    this.sendHeader('Content-Type', type === 'application/json' ? type : 'text/html; charset=utf-8');
    this.sendHeader('Content-Length', body.length);
    this.sendHeader('Vary', 'Accept');
    this.sendHeader('Cache-Control', 'no-cache');
    this.sendHeader('Content-Security-Policy', LISTING_CONTENT_SECURITY_POLICY);
    this.sendHeader('X-Content-Type-Options', 'nosniff');
    this.endHeaders();
    return new MemorySource(body);
  }

  /** Copies a body to the client, as fast as the client takes it. */
  copyfile(source: ClosableSource, outputfile: ByteWriter): void | Promise<void> {
    for (;;) {
      const chunk = source.read();
      if (chunk === undefined) return;
      if (chunk instanceof Promise) return copyRest(chunk, source, outputfile);
      const wait = outputfile.write(chunk);
      if (wait !== undefined)
        return copyRest(
          wait.then(() => source.read()),
          source,
          outputfile,
        );
    }
  }

  #answer(): void | Promise<void> {
    const source = this.sendHead();
    return source instanceof Promise ? source.then((ready) => this.#copy(ready)) : this.#copy(source);
  }

  #copy(source: ClosableSource | undefined): void | Promise<void> {
    if (source === undefined) return;
    let copying: void | Promise<void>;
    try {
      copying = this.command === 'HEAD' ? undefined : this.copyfile(source, this.wfile);
    } catch (error) {
      source.close();
      throw error;
    }
    if (copying !== undefined) return copying.finally(() => source.close());
    source.close();
  }

  #sendDirectory(
    path: CanonicalPath,
    filePath: string,
  ): ClosableSource | undefined | Promise<ClosableSource | undefined> {
    if (!path.trailingSlash) return this.#redirect(`${path.path}/`);
    for (const name of this.indexPages) {
      const indexPath = join(filePath, name);
      const file = openFile(indexPath, this.#boundary());
      if ('status' in file) {
        if (file.status === 503) return this.#refuse(503);
        continue;
      }
      if (file.stats.isFile()) return this.#sendFile(indexPath, file);
      closeSync(file.descriptor);
    }
    return this.listDirectory(filePath);
  }

  #redirect(path: string): undefined {
    this.sendResponse(301);
    this.sendHeader('Location', redirectLocation(path, splitTarget(this.path).query));
    this.sendHeader('Content-Length', 0);
    this.endHeaders();
    return undefined;
  }

  /** The descriptor is the returned source's, or closed. */
  #sendFile(filePath: string, file: OpenedFile): ClosableSource | undefined {
    try {
      const source = this.#sendFileHead(filePath, file);
      if (source === undefined) closeSync(file.descriptor);
      return source;
    } catch (error) {
      closeSync(file.descriptor);
      throw error;
    }
  }

  #sendFileHead(filePath: string, { descriptor, stats }: OpenedFile): ClosableSource | undefined {
    const now = Date.now();
    const validators = { etag: makeEtag(stats.size, stats.mtimeMs), lastModifiedMs: stats.mtimeMs };
    const verdict = evaluate(this.#conditions(), validators, this.command, now);
    if (verdict === 'precondition-failed') return this.#refuse(412);
    const type = this.guessType(filePath);
    const validatorFields = [
      ['Last-Modified', formatHttpDate(clampLastModified(stats.mtimeMs, now))],
      ['ETag', validators.etag],
      ['Cache-Control', 'no-cache'],
    ] as const;
    if (verdict === 'not-modified') {
      this.#sendFields(304, validatorFields);
      return undefined;
    }
    const ranges = ifRangeMatches(this.headers.get('if-range'), validators, now)
      ? this.#ranges(stats.size)
      : 'ignore';
    if (ranges === 'unsatisfiable') {
      return this.#refuse(416, undefined, { 'Content-Range': contentRange(undefined, stats.size) });
    }
    const common = [
      ...validatorFields,
      ['Accept-Ranges', 'bytes'],
      ['X-Content-Type-Options', 'nosniff'],
    ] as const;
    if (ranges === 'ignore') {
      this.#sendFields(200, [['Content-Type', type], ['Content-Length', stats.size], ...common]);
      return new FileSource(descriptor, 0, stats.size);
    }
    return this.#sendRanges(ranges, descriptor, stats.size, type, common);
  }

  #sendRanges(
    ranges: readonly ByteRange[],
    descriptor: number,
    size: number,
    type: string,
    common: readonly (readonly [string, string])[],
  ): ClosableSource {
    const [range] = ranges;
    if (ranges.length === 1 && range !== undefined) {
      this.#sendFields(206, [
        ['Content-Type', type],
        ['Content-Length', rangeLength(range)],
        ['Content-Range', contentRange(range, size)],
        ...common,
      ]);
      return new FileSource(descriptor, range.start, rangeLength(range));
    }
    const multipart = multipartRanges(ranges, size, type, randomBytes(16).toString('hex'));
    this.#sendFields(206, [
      ['Content-Type', multipart.contentType],
      ['Content-Length', multipart.contentLength],
      ...common,
    ]);
    return new PartsSource(descriptor, multipart);
  }

  #sendFields(code: number, fields: readonly (readonly [string, string | number])[]): void {
    this.sendResponse(code);
    for (const [name, value] of fields) this.sendHeader(name, value);
    this.endHeaders();
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

  #ranges(size: number): readonly ByteRange[] | 'ignore' | 'unsatisfiable' {
    const field = this.headers.get('range');
    return field === undefined || this.command !== 'GET' ? 'ignore' : parseRange(field, size);
  }

  #boundary(): Boundary {
    return { root: resolve(this.directory), dotfiles: this.dotfiles };
  }

  #refuse(status: number, message?: string, fields: Readonly<Record<string, string>> = {}): undefined {
    this.sendError(status, message, undefined, status === 503 ? { 'Retry-After': '5', ...fields } : fields);
    return undefined;
  }

  #refuseMethod(): void {
    this.#refuse(405, undefined, { Allow: ALLOW });
  }
}

const ALLOW = 'GET, HEAD, OPTIONS';

const prototype = SimpleHTTPRequestHandler.prototype;
prototype.serverVersion = 'SimpleHTTP/0.1';
prototype.directory = process.cwd();
prototype.indexPages = ['index.html', 'index.htm'];
prototype.extensionsMap = DEFAULT_EXTENSIONS_MAP;
prototype.dotfiles = false;

async function copyRest(
  first: Promise<Uint8Array | undefined>,
  source: ClosableSource,
  outputfile: ByteWriter,
): Promise<void> {
  for (let chunk = await first; chunk !== undefined; chunk = await source.read())
    await outputfile.write(chunk);
}
