// Python's CGIHTTPRequestHandler: a file server that runs the programs in some directories instead of serving them
// (RFC 3875). Which program, with which environment, and what its output means is decided in the cgi- files beside it;
// here is the answering.

import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import type { Exchange } from '../connection/exchange.js';
import { baseSegments, encodePath, parsePath, splitTarget } from '../files/path.js';
import { CHUNKED } from '../http1/framing.js';
import { mayHaveBody } from '../http1/status.js';
import type { BaseServer } from '../socketserver/base-server.js';
import { SocketSink } from '../socketserver/socket-streams.js';
import { ByteLimitError } from '../streams/byte-reader.js';
import type { MethodHandler } from './base-handler.js';
import { CGIConversation, describeExit } from './cgi-conversation.js';
import { makeCgiEnvironment, type Variables } from './cgi-environment.js';
import { CGIError } from './cgi-error.js';
import { CGIGate, type CGIGateLimits } from './cgi-gate.js';
import { type CGIInfo, segmentsOf, splitCgiPath } from './cgi-path.js';
import { type CGIProcess, CGIStartError, startCGI } from './cgi-process.js';
import { CGIOutputError, type CGIResponseHead } from './cgi-response.js';
import { type CGIScript, findScript, isBatchFile, isExecutableFile } from './cgi-script.js';
import { type Spooled, spool } from './cgi-spool.js';
import type { ClosableSource } from './file-source.js';
import { failureOf } from './opened-file.js';
import { SimpleHTTPRequestHandler } from './simple-handler.js';

/** How much CGI programs may take of the machine. */
export interface CGILimits extends CGIGateLimits {
  /** Octets of a request body that comes in chunks: it is kept, in a temporary file, until its length is known. */
  readonly maxSpoolSize: number;
  /** Milliseconds from asking a program to end (SIGTERM) to ending it (SIGKILL). */
  readonly killAfterMs: number;
}

/**
 * Serves files, and runs the programs in `cgiDirectories`: for any method, with any body, as RFC 3875 says. What lies in
 * these directories is run or refused; it is never sent, whatever name or link leads there.
 *
 * - to set: `cgiDirectories`, `cgiTimeout`, `cgiEnvironment`, `cgiInterpreters`, `cgiNph`, `cgiLimits`, and
 *   what `SimpleHTTPRequestHandler` has;
 * - to override: `isCgi()`, `isExecutable()`, `isPython()`, `runCgi()`.
 *
 * Programs run with the rights of this process: put into these directories only what everyone may call.
 *
 * ```ts
 * class Site extends CGIHTTPRequestHandler {
 *   directory = '/srv/www'; // with programs in /srv/www/cgi-bin
 * }
 * await new HTTPServer(['', 8000], Site).serveForever();
 * ```
 */
export class CGIHTTPRequestHandler extends SimpleHTTPRequestHandler {
  /** URL paths, below `basePath`, of the directories whose files are programs, and those in their subdirectories. */
  declare cgiDirectories: readonly string[];
  /**
   * Seconds that a program may take to begin its answer, and then between two pieces of it. When the client has to be
   * waited for they do not count. Then the program is ended, and the answer is 504, or cut off.
   */
  declare cgiTimeout: number;
  /**
   * Environment variables for all programs, besides CGI's own and `PATH`; nothing else of the server's environment
   * reaches them. To pass one on: `{ LANG: process.env.LANG }`. Names that say something of the request, as `REMOTE_USER`
   * and `HTTP_HOST`, are left out.
   */
  declare cgiEnvironment: Variables;
  /** File name suffix → the program that runs such files: `{ '.php': 'php-cgi' }`. They need not be executable then. */
  declare cgiInterpreters: Readonly<Record<string, string>>;
  /**
   * Whether scripts are run whose names begin with `nph-`. They write the whole response, status line and all, past this
   * handler, and the connection ends with it (RFC 3875 §5). Else they are refused.
   */
  declare cgiNph: boolean;
  /** How much programs may take of the machine. One server has one count: the limits of its first handler hold. */
  declare cgiLimits: CGILimits;

  /** Set by `isCgi()`: the CGI directory, and what is behind it in the path. Both decoded, without the query. */
  cgiInfo: CGIInfo = ['', ''];

  #redirects = 0;
  #closed: { readonly exchange: Exchange; readonly directories: readonly string[] } | undefined;

  override do_POST(): void | Promise<void> {
    return this.isCgi() ? this.runCgi() : super.do_POST();
  }

  override do_PUT(): void | Promise<void> {
    return this.isCgi() ? this.runCgi() : super.do_PUT();
  }

  override do_PATCH(): void | Promise<void> {
    return this.isCgi() ? this.runCgi() : super.do_PATCH();
  }

  override do_DELETE(): void | Promise<void> {
    return this.isCgi() ? this.runCgi() : super.do_DELETE();
  }

  override do_OPTIONS(): void | Promise<void> {
    return this.isCgi() ? this.runCgi() : super.do_OPTIONS();
  }

  /** Methods without a `do_` method are the program's to know. */
  override methodHandler(command: string): MethodHandler | undefined {
    return super.methodHandler(command) ?? (this.isCgi() ? this.runCgi : undefined);
  }

  /** Of files: a program says itself what it allows. */
  override allowedMethods(): readonly string[] {
    return super
      .allowedMethods()
      .filter((method) => !PROGRAM_METHODS.has(method) || this[`do_${method}`] !== prototype[`do_${method}`]);
  }

  override parseRequest(): boolean {
    this.#redirects = 0;
    return super.parseRequest();
  }

  // ── To override ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Runs the program, if the path leads to one; else as in `SimpleHTTPRequestHandler`. */
  override sendHead(): ClosableSource | undefined | Promise<ClosableSource | undefined> {
    return this.isCgi() ? this.runCgi().then(() => undefined) : super.sendHead();
  }

  /** Whether `path` leads into a CGI directory; if so it sets `cgiInfo`. One that names nothing at all does not. */
  isCgi(): boolean {
    const path = parsePath(this.path);
    if (!path.ok || !this.path.startsWith('/')) return false;
    const info = splitCgiPath(path, this.cgiDirectories, baseSegments(this.basePath));
    if (info !== undefined) this.cgiInfo = info;
    return info !== undefined;
  }

  /** Whether a file may be executed: it has the executable bit. @param path in the file system. */
  isExecutable(path: string): boolean {
    return isExecutableFile(path);
  }

  /** Whether a file is a Python script, by its name. On Windows, which knows no `#!`, Python runs them. */
  isPython(path: string): boolean {
    return /\.pyw?$/i.test(path);
  }

  /** Runs the program that `cgiInfo` leads to, and answers with its output, or with an error. */
  async runCgi(): Promise<void> {
    let location: string | undefined;
    try {
      location = await this.#run(findScript(this.cgiInfo, this.#search()));
    } catch (error) {
      this.#answerFailure(error);
      return;
    }
    if (location !== undefined) await this.#redirectLocally(location);
  }

  override closedDirectories(): readonly string[] {
    if (this.#closed?.exchange !== this.exchange) {
      const directories = this.cgiDirectories.flatMap((directory) => {
        const path = [...baseSegments(this.basePath), ...segmentsOf(directory)].join('/');
        return realPath(this.translatePath(encodePath(`/${path}`))) ?? [];
      });
      this.#closed = { exchange: this.exchange, directories };
    }
    return this.#closed.directories;
  }

  /** @internal What has been logged already is not logged again. */
  override onError(error: unknown, exchange: Exchange): void {
    if (!(error instanceof CGIError && exchange.response.started)) super.onError(error, exchange);
  }

  // ── The program ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** @returns the path of a local redirect; else the response is complete. */
  async #run(script: CGIScript): Promise<string | undefined> {
    const isRaw = basename(script.file).startsWith('nph-');
    if (isRaw && !this.cgiNph) throw rawRefused(script);
    const command = this.#command(script);
    const gate = gateOf(this.server, this.cgiLimits);
    const release = gate.enter() ?? (await gate.wait(this.signal));
    if (release === undefined) {
      this.signal.throwIfAborted();
      throw CGIError.unavailable();
    }
    let body: Spooled | undefined;
    let program: CGIProcess | undefined;
    try {
      body = await this.#openBody(isRaw);
      program = await startCGI(
        { ...command, env: this.#environment(script, body?.length), directory: dirname(script.file) },
        {
          killAfterMs: this.cgiLimits.killAfterMs,
          input: body !== undefined,
          onStderr: (line) => this.logError('%s: %s', script.name, line),
        },
      );
      this.exchange.onAbort(() => program?.stop());
      if (!isRaw) return await this.#converse(script, program, body?.source);
      await this.#passThrough(program, body?.source);
      return undefined;
    } finally {
      body?.source.close();
      if (program === undefined) release();
      else void program.exited.then(release);
    }
  }

  /** Never with an argument that came from the client (CVE-2012-1823). */
  #command({ file, name }: CGIScript): { readonly file: string; readonly args: readonly string[] } {
    const interpreter = isBatchFile(file) ? undefined : this.#interpreterOf(file);
    if (interpreter !== undefined) return { file: interpreter, args: [file] };
    if (!isBatchFile(file) && this.isExecutable(file)) return { file, args: [] };
    throw new CGIError(
      403,
      `CGI script is not executable ('${name}')`,
      'It needs the executable bit, which chmod +x sets, and a first line such as #!/bin/sh',
    );
  }

  #interpreterOf(file: string): string | undefined {
    const suffix = extname(file);
    if (Object.hasOwn(this.cgiInterpreters, suffix)) return this.cgiInterpreters[suffix];
    return process.platform === 'win32' && this.isPython(file) ? 'python' : undefined;
  }

  /**
   * Whole if its length is not known otherwise, or if it has to be: before an upgrade.
   * @returns `undefined` if the request has none, or if it was another script's.
   */
  async #openBody(isWhole: boolean): Promise<Spooled | undefined> {
    const { length } = this.exchange.body;
    if (this.#redirects > 0 || (length === 0 && !this.headers.has('content-length'))) return undefined;
    const source: ClosableSource = { read: () => this.rfile.readChunk(), close: () => {} };
    if (length !== CHUNKED && !isWhole) return { length, source };
    return await spool(source, this.cgiLimits.maxSpoolSize);
  }

  #environment(script: CGIScript, contentLength: number | undefined): Record<string, string> {
    const { head } = this.exchange;
    const { localPort = 0 } = this.request;
    const request = {
      method: this.command,
      protocol: this.requestVersion,
      uri: head.path,
      query: splitTarget(this.path).query,
      fields: this.#redirects === 0 ? this.headers : withoutBodyFields(this.headers),
      contentLength,
      scriptName: script.name,
      pathInfo: script.pathInfo,
      pathTranslated: script.pathInfo === '' ? undefined : this.#translateInfo(script.pathInfo),
      scriptFilename: script.file,
      documentRoot: resolve(this.directory),
      remoteAddress: this.clientAddress[0],
      remoteUser: this.remoteUser,
      authType: this.authType,
      serverName: this.server.serverName || 'localhost',
      serverPort: localPort,
      serverSoftware: this.versionString(),
      https: 'encrypted' in this.request,
    };
    return makeCgiEnvironment(request, this.cgiEnvironment, process.env);
  }

  /** As if it were a path of this site. */
  #translateInfo(pathInfo: string): string | undefined {
    const translated = this.translatePath(
      encodePath(['', ...baseSegments(this.basePath)].join('/') + pathInfo),
    );
    return translated.includes('\0') ? undefined : translated;
  }

  #search() {
    const { dotfiles, followSymlinks } = this;
    return {
      translate: (path: string) => this.translatePath(path),
      boundary: { root: resolve(this.directory), dotfiles, followSymlinks },
    };
  }

  // ── The answer ───────────────────────────────────────────────────────────────────────────────────────────────────

  async #converse(
    script: CGIScript,
    program: CGIProcess,
    input: ClosableSource | undefined,
  ): Promise<string | undefined> {
    const conversation = new CGIConversation(program, input, this.cgiTimeout * 1000);
    try {
      const answer = await conversation.readHead();
      if (answer.kind === 'local-redirect') {
        if (!(await conversation.hasBody())) await conversation.exit();
        return answer.location;
      }
      await conversation.gather();
      await this.#sendCgiHead(answer, conversation);
      await this.#sendCgiBody(answer, conversation);
      await this.#checkExit(script, answer, conversation);
      return undefined;
    } finally {
      conversation.close();
    }
  }

  /** The output of an nph- script, to the client as it is. */
  async #passThrough(program: CGIProcess, input: ClosableSource | undefined): Promise<void> {
    this.logRequest();
    const { socket } = this.upgrade();
    const sink = new SocketSink(socket);
    const conversation = new CGIConversation(program, input, this.cgiTimeout * 1000);
    socket.on('error', () => {}); // behind it comes 'close'
    socket.once('close', () => program.stop()).resume();
    socket.setTimeout(this.cgiTimeout * 1000, () => socket.destroy()); // the engine does not look after it any more
    try {
      for (
        let chunk = await conversation.readBody();
        chunk !== undefined;
        chunk = await conversation.readBody()
      ) {
        const wait = sink.write(chunk);
        if (wait !== undefined) await conversation.forClient(wait);
      }
      socket.end();
    } catch {
      socket.destroy(); // There is nobody to tell but the client.
    } finally {
      conversation.close();
    }
  }

  /** What has no type must not be taken for a page, which could run scripts in the name of this site (CVE-2020-24553). */
  async #sendCgiHead(answer: CGIResponseHead, conversation: CGIConversation): Promise<void> {
    const isUntyped = !answer.hasContentType && (await conversation.hasBody());
    this.sendResponse(answer.status, answer.reason);
    for (const [name, value] of answer.fields) this.sendHeader(name, value);
    if (isUntyped) {
      this.sendHeader('Content-Type', 'application/octet-stream');
      this.sendHeader('X-Content-Type-Options', 'nosniff');
    }
    this.endHeaders();
  }

  /** A length that is not kept is found before the client could take what it has got for all of it. */
  async #sendCgiBody(
    { status, contentLength }: CGIResponseHead,
    conversation: CGIConversation,
  ): Promise<void> {
    const isSent = this.exchange.head.method !== 'HEAD' && mayHaveBody(status);
    let size = 0;
    for (;;) {
      const chunk = await conversation.readBody();
      size += chunk?.length ?? 0;
      if (
        isSent &&
        contentLength !== undefined &&
        (chunk === undefined ? size < contentLength : size > contentLength)
      ) {
        throw new CGIOutputError(`there are ${size} octets behind Content-Length: ${contentLength}`);
      }
      if (chunk === undefined || (!isSent && size > UNSENT_MAX)) return;
      const wait = this.wfile.write(chunk);
      if (wait !== undefined) await conversation.forClient(wait);
    }
  }

  /** A program that was killed has not said all; one that exits with an error has only failed to say it did well. */
  async #checkExit(
    { name }: CGIScript,
    answer: CGIResponseHead,
    conversation: CGIConversation,
  ): Promise<void> {
    const exit = await conversation.exit();
    if (exit === undefined || exit.code === 0) return;
    if (exit.signal !== undefined && answer.contentLength === undefined)
      throw new CGIOutputError(describeExit(exit));
    this.logError('CGI script %s: %s', name, describeExit(exit));
  }

  /** RFC 3875 §6.2.2: the answer is the one that a request for that path would get. */
  #redirectLocally(target: string): void | Promise<void> {
    this.#redirects++;
    if (this.#redirects > MAX_REDIRECTS) {
      this.sendError(500, 'Too many local redirects of CGI scripts');
      return;
    }
    this.path = target;
    this.command = this.command === 'HEAD' ? 'HEAD' : 'GET';
    return this.command === 'HEAD' ? this.do_HEAD() : this.do_GET();
  }

  /** @throws what is not a failure of the program; and that, too, if the answer is under way, so that it is cut off. */
  #answerFailure(error: unknown): void {
    this.signal.throwIfAborted();
    const failure = toCgiError(error);
    if (failure === undefined) throw error;
    if (failure !== error)
      this.logError('CGI script %s: %s', this.cgiInfo.join('/'), (error as Error).message);
    if (this.exchange.response.started) {
      this.logError('code %d, message %s', failure.status, failure.message);
      throw failure;
    }
    this.sendError(failure.status, failure.message, failure.explain, failure.fields);
  }
}

const prototype = CGIHTTPRequestHandler.prototype;
prototype.cgiDirectories = ['/cgi-bin', '/htbin'];
prototype.cgiTimeout = 30; // who waits longer for a page has gone by then
prototype.cgiEnvironment = {};
prototype.cgiInterpreters = {};
prototype.cgiNph = false;
prototype.cgiLimits = {
  maxRunning: 64, // more only share the processors, and memory is what they run out of
  maxWaiting: 512,
  maxWaitMs: 30_000,
  maxSpoolSize: 64 * 1024 * 1024,
  killAfterMs: 2000,
};

/** Those whose `do_` methods are here only for programs. */
const PROGRAM_METHODS: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** So many octets are read of a body that is not sent, as to HEAD; then the program is stopped. */
const UNSENT_MAX = 1024 * 1024;

/** As Apache. */
const MAX_REDIRECTS = 10;

/** Of a request whose body another script has had. */
function withoutBodyFields(fields: Iterable<readonly [name: string, value: string]>) {
  return [...fields].filter(([name]) => !/^content-/i.test(name));
}

function rawRefused({ name }: CGIScript): CGIError {
  return new CGIError(
    403,
    `CGI script is not run here ('${name}')`,
    'The answer of an nph- script would go past the server. Under another name, and with Status instead of a status line, it is run',
  );
}

/** Those of each server. */
const gates = new WeakMap<BaseServer, CGIGate>();

function gateOf(server: BaseServer, limits: CGILimits): CGIGate {
  let gate = gates.get(server);
  if (gate === undefined) gates.set(server, (gate = new CGIGate(limits)));
  return gate;
}

/** What is answered to a failure, of which the client is told no more than that; `undefined` if it is none of a program. */
function toCgiError(error: unknown): CGIError | undefined {
  if (error instanceof CGIError) return error;
  if (error instanceof CGIOutputError) {
    return new CGIError(
      502,
      'CGI script gave no valid answer',
      'What was wrong with it is in the log of the server',
    );
  }
  if (error instanceof ByteLimitError) return undefined;
  const isStart = error instanceof CGIStartError;
  if (isStart ? error.kind === 'exhausted' : failureOf(error) === 'exhausted') return CGIError.unavailable();
  return isStart
    ? new CGIError(500, 'CGI script could not be started', 'The reason is in the log of the server')
    : undefined;
}

/** `undefined` if there is nothing. */
function realPath(path: string): string | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false }) && realpathSync.native(path);
  } catch {
    return undefined; // Nobody gets in.
  }
}
