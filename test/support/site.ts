// A directory with files, served over a real socket, and what its clients get.

import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { HTTPServer, SimpleHTTPRequestHandler } from '../../src/index.js';
import { RawClient } from './raw-client.js';

/** Name → content. A name that ends in a slash is a directory; those on the way are made, too. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Files that are gone when it is disposed of, and with them what a test has put beside them: `../secret.txt`. */
export class TemporaryDirectory implements Disposable {
  readonly path: string;

  constructor(files: Files = {}) {
    this.path = join(realpathSync(mkdtempSync(join(tmpdir(), 'basehttp-'))), 'root');
    mkdirSync(this.path);
    for (const [name, content] of Object.entries(files)) this.write(name, content);
  }

  /** @returns where it is. */
  write(name: string, content: string | Uint8Array = ''): string {
    const path = join(this.path, name);
    mkdirSync(name.endsWith('/') ? path : dirname(path), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(path, content);
    return path;
  }

  link(name: string, target: string): void {
    mkdirSync(dirname(join(this.path, name)), { recursive: true });
    symlinkSync(target, join(this.path, name));
  }

  fifo(name: string): void {
    execFileSync('mkfifo', [join(this.path, name)]);
  }

  [Symbol.dispose](): void {
    rmSync(dirname(this.path), { recursive: true, force: true });
  }
}

/** The file descriptors of this process that are open below a directory; `undefined` where that cannot be known. */
export function descriptorsBelow(directory: string): string[] | undefined {
  if (!existsSync('/proc/self/fd')) return undefined;
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${descriptor}`);
      return path.startsWith(directory) ? [path] : [];
    } catch {
      return []; // It was the one for reading the directory.
    }
  });
}

/** So many octets of which no part is like another, the same ones each time. */
export function octets(size: number): Buffer {
  const made = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4) made.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, at);
  return made;
}

/** One response. */
export interface Answer {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  /** The value of a field, several lines joined; `undefined` if it has none. */
  field(name: string): string | undefined;
  /** As latin1. */
  readonly body: string;
}

/** A served directory. What is logged, and what fails, is kept. */
export class Site implements AsyncDisposable {
  readonly root: TemporaryDirectory;
  readonly log: string[] = [];
  readonly errors: unknown[] = [];
  readonly #httpd: HTTPServer;

  private constructor(root: TemporaryDirectory, Handler: typeof SimpleHTTPRequestHandler) {
    const { log, errors } = this;
    this.root = root;
    class Logged extends Handler {
      override logMessage(format: string, ...args: unknown[]): void {
        log.push([format, ...args].join(' '));
      }
    }
    class Watched extends HTTPServer {
      override handleError(_request: unknown, _address: unknown, error: unknown): void {
        errors.push(error);
      }
    }
    this.#httpd = new Watched(['127.0.0.1', 0], Logged);
  }

  /**
   * @param extend derives the handler that serves from one that knows its directory.
   */
  static async serve(
    files: Files,
    extend: (Base: typeof SimpleHTTPRequestHandler) => typeof SimpleHTTPRequestHandler = (Base) => Base,
  ): Promise<Site> {
    const root = new TemporaryDirectory(files);
    class Handler extends SimpleHTTPRequestHandler {
      override directory = root.path;
      override protocolVersion = 'HTTP/1.1';
    }
    const site = new Site(root, extend(Handler));
    await site.#httpd.ready;
    void site.#httpd.serveForever();
    return site;
  }

  get port(): number {
    return this.#httpd.serverPort;
  }

  get(target: string, fields: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.ask('GET', target, fields);
  }

  /** One request on a connection of its own. @param target one latin1 character an octet. */
  async ask(method: string, target: string, fields: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return parseAnswer(await this.exchange(method, target, fields));
  }

  /** The same, with the answer as it was received. */
  async exchange(method: string, target: string, fields: Readonly<Record<string, string>>): Promise<string> {
    using client = await RawClient.connect(this.port);
    const all = { Host: 'localhost', Connection: 'close', ...fields };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    client.send(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`);
    return await client.ended(); // before it is disposed of
  }

  connect(): Promise<RawClient> {
    return RawClient.connect(this.port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#httpd.shutdown({ graceMs: 0 });
    this.root[Symbol.dispose]();
  }
}

/** A response that ends with what was received. */
export function parseAnswer(received: string): Answer {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) throw new Error(`No response: ${JSON.stringify(received)}`);
  const [statusLine = '', ...lines] = received.slice(0, end).split('\r\n');
  const [, version = '', status, reason = ''] = /^(HTTP\/1\.[01]) (\d{3}) (.*)$/.exec(statusLine) ?? [];
  const fields = lines.map((line) => /^([^:]+): (.*)$/.exec(line)!);
  return {
    version,
    status: Number(status),
    reason,
    field: (name) =>
      fields
        .filter(([, own]) => own!.toLowerCase() === name.toLowerCase())
        .map(([, , value]) => value)
        .join(', ') || undefined,
    body: received.slice(end + 4),
  };
}

export const isRoot = process.getuid?.() === 0;
