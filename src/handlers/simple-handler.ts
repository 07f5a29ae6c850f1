// Python's SimpleHTTPRequestHandler: GET and HEAD of the files below a directory. What an answer should be is decided
// by the pure functions of files/, what may be opened by opened-file.ts; here is the answering.

import { isAbsolute, join, resolve } from 'node:path';
import { evaluate, ifRangeMatches } from '../files/conditional.js';
import { DEFAULT_EXTENSIONS_MAP, type ExtensionsMap, guessMediaType } from '../files/media-type.js';
import {
  baseSegments,
  belowBase,
  type CanonicalPath,
  type PathRefusal,
  parsePath,
  redirectLocation,
  splitTarget,
  toFilePath,
} from '../files/path.js';
import { type ByteRange, contentRange, multipartRanges, parseRange, rangeLength } from '../files/range.js';
import type { ByteSource } from '../streams/byte-reader.js';
import type { ByteWriter } from '../streams/byte-writer.js';
import { BaseHTTPRequestHandler } from './base-handler.js';
import { compress } from './content-coding.js';
import { type DirectoryListing, makeListing } from './directory-listing.js';
import { type ClosableSource, MemorySource, PartsSource } from './file-source.js';
import type { Boundary, OpenFailure } from './opened-file.js';
import {
  asItIs,
  type Body,
  chooseCoding,
  chooseRepresentation,
  type Representation,
} from './representation.js';
import { findFile, type ServedFile } from './served-file.js';

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
  /** The media type of files whose name tells none. */
  declare defaultContentType: string;
  /** Header fields added to each answer with a file or a listing; not to errors and redirects. */
  declare extraResponseHeaders: readonly (readonly [name: string, value: string])[];
  /** Whether names that begin with a dot are served and listed; `.well-known` always is. */
  declare dotfiles: boolean;
  /** Whether links are followed that lead out of the directory. */
  declare followSymlinks: boolean;
  /** Whether directories that have no index page are listed; else they are not found. */
  declare listings: boolean;
  /** Whether `/about` is served from `about.html`. */
  declare cleanUrls: boolean;
  /** Path of the page that answers where there is no file, `'/index.html'`: for applications that route in the browser. */
  declare fallbackPage: string | undefined;
  /** File below `directory`, `'404.html'`, that is the body of a 404, if it is there. */
  declare notFoundPage: string | undefined;
  /** URL path below which the directory is served: `'/docs'`. */
  declare basePath: string;
  /** Whether bodies are compressed for clients that accept it, and `.br`, `.zst` and `.gz` siblings of files are used. */
  declare compression: boolean;

  /** What may be served, from the settings as they were last. */
  #bounds: (Boundary & { readonly directory: string }) | undefined;
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
    this.sendHeader('Allow', this.allowedMethods().join(', '));
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
    if (!path.ok) return this.#refusePath(path);
    if (path.hidden && !this.dotfiles) return this.#notFound();
    const filePath = this.translatePath(this.path);
    const found = this.#find(filePath);
    if (path.trailingSlash)
      return found === 'directory' ? this.#sendDirectory(filePath) : this.#refuseFile(found);
    if (typeof found === 'object') return this.#sendFile(found);
    // The root has no name here: what is beside it, with a suffix, lies outside of it.
    const mayBePage = this.cleanUrls && path.segments.length > 0;
    const page = mayBePage ? this.#find(`${filePath}.html`) : 'missing';
    if (typeof page === 'object') return this.#sendFile(page);
    return found === 'directory' ? this.#redirect(path) : this.#refuseOpening(found);
  }

  /**
   * The file system path that a URL path names, below `directory`. Query and fragment are left out of account. What it
   * returns when overridden may lie anywhere: below `directory` links are checked, elsewhere they are yours to check.
   * A path that can name nothing here gives a path that cannot exist.
   */
  translatePath(path: string): string {
    const parsed = this.#parse(path);
    const translated = parsed.ok ? toFilePath(this.#root(), parsed.segments, process.platform) : parsed;
    return typeof translated === 'string' ? translated : `${this.directory}\0`;
  }

  /**
   * The Cache-Control of a file. By default it may be kept but must be asked for again, so that an edit shows on the
   * next reload.
   * @param _path of the file that answers, in the file system.
   */
  cacheControl(_path: string): string {
    return 'no-cache';
  }

  /** The methods that Allow names: those that are served, and those that a subclass has added. */
  allowedMethods(): readonly string[] {
    const added = REFUSED_METHODS.filter((method) => this[method] !== prototype[method]);
    return ['GET', 'HEAD', 'OPTIONS', ...added.map((method) => method.slice('do_'.length))];
  }

  /**
   * Directories out of which nothing is served, whatever name or link leads there: those of programs, in a subclass.
   * @returns their real paths; `undefined` if there are none.
   */
  closedDirectories(): readonly string[] | undefined {
    return undefined;
  }

  /** The media type of a file, by its name. */
  guessType(path: string): string {
    return guessMediaType(path, this.extensionsMap, this.defaultContentType);
  }

  /**
   * Sends the head of a directory's listing, as a page or, if the client prefers that, as JSON.
   * @param path of the directory in the file system.
   * @returns the listing, for `copyfile()`; `undefined` if an error has been sent instead.
   */
  async listDirectory(path: string): Promise<ClosableSource | undefined> {
    const shown = this.#parse(this.path);
    if (!shown.ok) return this.#refuse(shown.status);
    const listing = await makeListing(path, this.#boundary(), {
      path: shown.path,
      query: splitTarget(this.path).query,
      accept: this.#list('accept'),
    });
    return typeof listing === 'string'
      ? this.#refuseOpening(listing, 'No permission to list directory')
      : this.#sendListing(listing);
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

  #find(filePath: string): ServedFile | 'directory' | OpenFailure {
    return findFile(filePath, this.#boundary());
  }

  #sendFile(file: ServedFile, status: 200 | 404 = 200): Sending {
    let chosen: Representation | undefined;
    try {
      const now = Date.now();
      const type = this.guessType(file.path);
      chosen = this.compression
        ? chooseRepresentation(file, type, this.#list('accept-encoding'), now)
        : asItIs(file, now);
      if (chosen === undefined) return this.#refuse(406, undefined, { Vary: 'Accept-Encoding' });
      // That there is nothing now says nothing of later, whatever the page that says so.
      const cacheControl = status === 200 ? this.cacheControl(file.path) : 'no-cache';
      return this.#sendRepresentation({ representation: chosen, status, type, cacheControl, now });
    } finally {
      chosen?.close();
      file.close();
    }
  }

  #sendRepresentation(answer: FileAnswer): Sending {
    const { representation, status, now } = answer;
    const verdict =
      status === 200 ? evaluate(this.#conditions(), representation, this.command, now) : 'proceed';
    if (verdict === 'precondition-failed') return this.#refuse(412);
    if (verdict === 'not-modified') {
      this.sendResponse(304);
      this.#endWithValidators(answer);
      return undefined;
    }
    const body = representation.open();
    return body instanceof Promise
      ? body.then((made) => this.#sendBody(answer, made))
      : this.#sendBody(answer, body);
  }

  #sendBody(answer: FileAnswer, body: Body): ClosableSource | undefined {
    const { status, type } = answer;
    if (body.size === undefined) {
      this.#sendFields(answer, status, type);
      return body.source();
    }
    const { size } = body;
    const ranges = status === 200 ? this.#ranges(size, answer) : 'ignore';
    if (ranges === 'unsatisfiable') {
      return this.#refuse(416, undefined, { 'Content-Range': contentRange(undefined, size) });
    }
    if (ranges === 'ignore') {
      this.#sendFields(answer, status, type, size);
      return body.source(0, size);
    }
    const [range] = ranges;
    if (ranges.length === 1 && range !== undefined) {
      this.#sendFields(answer, 206, type, rangeLength(range), contentRange(range, size));
      return body.source(range.start, rangeLength(range));
    }
    const multipart = multipartRanges(ranges, size, type, randomBoundary());
    this.#sendFields(answer, 206, multipart.contentType, multipart.contentLength);
    return new PartsSource(body, multipart);
  }

  /** What is the same in most answers comes first: a head that begins as another did costs less. */
  #sendFields(
    answer: FileAnswer,
    status: 200 | 206 | 404,
    type: string,
    length?: number,
    range?: string,
  ): void {
    this.sendResponse(status);
    this.#field('X-Content-Type-Options', 'nosniff');
    if (length !== undefined) this.#field('Accept-Ranges', 'bytes');
    this.#field('Content-Type', type);
    const { coding } = answer.representation;
    if (coding !== undefined) this.sendHeader('Content-Encoding', coding);
    if (range !== undefined) this.sendHeader('Content-Range', range);
    if (length !== undefined) this.sendHeader('Content-Length', length);
    this.#endWithValidators(answer);
  }

  #endWithValidators({ representation: { etag, lastModified, varies }, cacheControl }: FileAnswer): void {
    this.#field('Cache-Control', cacheControl);
    if (varies) this.sendHeader('Vary', 'Accept-Encoding');
    this.#field('Last-Modified', lastModified);
    this.#field('ETag', etag);
    this.#endWithExtra();
  }

  /** A field, unless `extraResponseHeaders` has another in its place. Not for Vary: what matters, matters all the same. */
  #field(name: string, value: string): void {
    const extra = this.extraResponseHeaders;
    if (extra.length > 0 && extra.some(([own]) => own.toLowerCase() === name.toLowerCase())) return;
    this.sendHeader(name, value);
  }

  #endWithExtra(): void {
    for (const [name, value] of this.extraResponseHeaders) this.sendHeader(name, value);
    this.endHeaders();
  }

  // ── Directories ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** An index page that is there but may not be served is refused: whoever put it there wants no listing. */
  #sendDirectory(path: string): Sending {
    for (const name of this.indexPages) {
      const page = this.#find(join(path, name));
      if (page === 'missing' || page === 'directory') continue;
      return typeof page === 'string' ? this.#refuseOpening(page) : this.#sendFile(page);
    }
    const page = this.#findFallback();
    if (page !== undefined) return this.#sendFile(page);
    return this.listings ? this.listDirectory(path) : this.#notFound();
  }

  async #sendListing(listing: DirectoryListing): Promise<ClosableSource | undefined> {
    const plain = Buffer.from(listing.text);
    const coding = this.compression ? chooseCoding(plain.length, this.#list('accept-encoding')) : 'identity';
    if (coding === undefined) return this.#refuse(406, undefined, { Vary: 'Accept-Encoding' });
    const body = coding === 'identity' ? plain : await compress(plain, coding);
    this.sendResponse(200);
    this.#field('X-Content-Type-Options', 'nosniff');
    this.#field('Cache-Control', 'no-cache');
    this.#field('Content-Security-Policy', listing.contentSecurityPolicy);
    this.sendHeader('Vary', this.compression ? 'Accept, Accept-Encoding' : 'Accept');
    this.#field('Content-Type', listing.type);
    if (coding !== 'identity') this.sendHeader('Content-Encoding', coding);
    this.sendHeader('Content-Length', body.length);
    this.#endWithExtra();
    return new MemorySource(body);
  }

  /** To the same path with a slash behind it. */
  #redirect({ segments }: CanonicalPath): undefined {
    const path = [...baseSegments(this.basePath), ...segments, ''].join('/');
    this.sendResponse(301);
    this.sendHeader('Location', redirectLocation(path, splitTarget(this.path).query));
    this.sendHeader('Content-Length', 0);
    this.sendHeader('Cache-Control', 'no-cache');
    this.endHeaders();
    return undefined;
  }

  // ── The request ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** The path below `basePath`. */
  #parse(target: string): CanonicalPath | PathRefusal {
    if (this.#parsed?.target !== target) this.#parsed = { target, path: parseBelow(target, this.basePath) };
    return this.#parsed.path;
  }

  /** `directory` as an absolute path. The current directory is looked at only if it is relative to that. */
  #root(): string {
    const known = this.#bounds;
    return known?.directory === this.directory && isAbsolute(known.directory)
      ? known.root
      : resolve(this.directory);
  }

  /** The same object for the same settings. */
  #boundary(): Boundary {
    const { directory, dotfiles, followSymlinks } = this;
    const root = this.#root();
    const known = this.#bounds;
    const closed = this.closedDirectories();
    if (
      known?.root === root &&
      known.dotfiles === dotfiles &&
      known.followSymlinks === followSymlinks &&
      known.closed === closed
    )
      return known;
    this.#bounds = {
      directory,
      root,
      dotfiles,
      followSymlinks,
      ...(closed !== undefined && { closed }),
    };
    return this.#bounds;
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
    const lines = this.headers.getAll(name);
    return lines.length > 1 ? lines.join(', ') : lines[0];
  }

  #ranges(
    size: number,
    { representation, now }: FileAnswer,
  ): readonly ByteRange[] | 'ignore' | 'unsatisfiable' {
    const field = this.headers.get('range');
    if (field === undefined || this.command !== 'GET') return 'ignore';
    return ifRangeMatches(this.headers.get('if-range'), representation, now)
      ? parseRange(field, size)
      : 'ignore';
  }

  // ── Refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #refuse(status: number, message?: string, fields?: Readonly<Record<string, string>>): undefined {
    this.sendError(status, message, undefined, fields);
    return undefined;
  }

  #refuseOpening(failure: OpenFailure, message?: string): Sending {
    if (failure === 'exhausted') return this.#refuse(503, undefined, { 'Retry-After': RETRY_AFTER_SECONDS });
    const page = failure === 'missing' ? this.#findFallback() : undefined;
    return page === undefined ? this.#notFound(message) : this.#sendFile(page);
  }

  /** A slash or backslash that is encoded is in no name of a file, but may be in a route of an application. */
  #refusePath({ status, reason }: PathRefusal): Sending {
    if (status !== 404) return this.#refuse(status);
    const isRoute = reason === 'encoded-slash' || reason === 'backslash';
    return isRoute ? this.#refuseOpening('missing') : this.#notFound();
  }

  #findFallback(): ServedFile | undefined {
    if (this.fallbackPage === undefined || !this.#wantsPage()) return undefined;
    const page = this.#find(join(this.#boundary().root, this.fallbackPage));
    return typeof page === 'object' ? page : undefined;
  }

  /** With a slash behind its name, a file is not there. */
  #refuseFile(found: ServedFile | OpenFailure): Sending {
    if (typeof found === 'string') return this.#refuseOpening(found);
    found.close();
    return this.#refuseOpening('missing');
  }

  #notFound(message?: string): Sending {
    if (this.notFoundPage !== undefined) {
      const page = this.#find(join(this.#boundary().root, this.notFoundPage));
      if (typeof page === 'object') return this.#sendFile(page, 404);
    }
    return this.#refuse(404, message);
  }

  /** A name with a suffix is that of a script or an image, which a page in its place would only break. */
  #wantsPage(): boolean {
    const path = this.#parse(this.path);
    const accept = this.#list('accept') ?? '*/*';
    const isRoute = path.ok && !path.segments.at(-1)?.includes('.');
    return /\btext\/html\b/i.test(accept) || (isRoute && accept.includes('*/*'));
  }

  #refuseMethod(): void {
    this.#refuse(405, undefined, { Allow: this.allowedMethods().join(', ') });
  }
}

/** What is to be said of a file. */
interface FileAnswer {
  readonly representation: Representation;
  readonly status: 200 | 404;
  readonly type: string;
  readonly cacheControl: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What `sendHead()` returns. */
type Sending = ClosableSource | undefined | Promise<ClosableSource | undefined>;

const REFUSED_METHODS = ['do_POST', 'do_PUT', 'do_PATCH', 'do_DELETE'] as const;

/** For who comes when descriptors or memory have run out: both are back when the requests in flight are done. */
const RETRY_AFTER_SECONDS = '5';

const prototype = SimpleHTTPRequestHandler.prototype;
prototype.serverVersion = 'SimpleHTTP/0.1';
prototype.directory = '.';
prototype.indexPages = ['index.html', 'index.htm'];
prototype.extensionsMap = DEFAULT_EXTENSIONS_MAP;
prototype.defaultContentType = 'application/octet-stream';
prototype.extraResponseHeaders = [];
prototype.dotfiles = false;
prototype.followSymlinks = false;
prototype.listings = true;
prototype.cleanUrls = false;
prototype.fallbackPage = undefined;
prototype.notFoundPage = undefined;
prototype.basePath = '';
prototype.compression = true;

function randomBoundary(): string {
  return crypto.randomUUID().replaceAll('-', '');
}

// Paths that were parsed before: of all that there are, a server meets a few, again and again.
const paths = new Map<string, CanonicalPath | PathRefusal>();
const PATHS_MAX = 512;
const PATH_LENGTH_MAX = 256;

function parseOnce(target: string): CanonicalPath | PathRefusal {
  const known = paths.get(target);
  if (known !== undefined) return known;
  const path = parsePath(target);
  if (paths.size >= PATHS_MAX) paths.clear();
  if (target.length <= PATH_LENGTH_MAX) paths.set(target, path);
  return path;
}

function parseBelow(target: string, base: string): CanonicalPath | PathRefusal {
  const path = parseOnce(target);
  if (base === '' || !path.ok) return path;
  const basePath = parsePath(base);
  return (basePath.ok ? belowBase(path, basePath) : undefined) ?? OUTSIDE_BASE;
}

const OUTSIDE_BASE: PathRefusal = { ok: false, status: 404, reason: 'outside-base' };

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
  let read = next;
  for (;;) {
    // To await what is there already would let go of the turn for each piece.
    const chunk = read instanceof Promise ? await read : read;
    if (chunk === undefined) return;
    const wait = outputfile.write(chunk);
    if (wait !== undefined) await wait;
    if (!outputfile.pending) source.recycle?.(chunk);
    read = source.read();
  }
}
