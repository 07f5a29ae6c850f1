// A directory with programs, served over a real socket, and what its clients get.

import { chmodSync } from 'node:fs';
import { formatLogMessage } from '../../src/handlers/log.js';
import { CGIHTTPRequestHandler, HTTPServer, type HTTPServerOptions } from '../../src/index.js';
import { ask, HttpClient, type Reply } from './http-client.js';
import { type Files, TemporaryDirectory } from './site.js';

/** What a request may have besides method and target. */
export interface Asking {
  readonly fields?: Readonly<Record<string, string>>;
  /** Sent with its length, unless there is a Transfer-Encoding among the fields. */
  readonly body?: string;
}

type HandlerClass = typeof CGIHTTPRequestHandler;

/** A served directory. What is logged, and what fails, is kept. */
export class CGISite implements AsyncDisposable {
  readonly root: TemporaryDirectory;
  readonly log: string[] = [];
  readonly errors: unknown[] = [];
  readonly httpd: HTTPServer;

  private constructor(
    files: Files,
    extend: (Base: HandlerClass) => HandlerClass,
    options: HTTPServerOptions,
  ) {
    const root = new TemporaryDirectory();
    const { log, errors } = this;
    this.root = root;
    for (const [name, content] of Object.entries(files)) this.write(name, content);
    class Handler extends CGIHTTPRequestHandler {
      override directory = root.path;
      override protocolVersion = 'HTTP/1.1';
    }
    class Logged extends extend(Handler) {
      override logMessage(format: string, ...args: unknown[]): void {
        log.push(formatLogMessage(format, args));
      }
    }
    class Watched extends HTTPServer {
      override handleError(_request: unknown, _address: unknown, error: unknown): void {
        errors.push(error);
      }
    }
    this.httpd = new Watched(['127.0.0.1', 0], Logged, options);
  }

  /**
   * @param files what begins with `#!` is made executable.
   * @param extend derives the handler that serves from one that knows its directory.
   */
  static async serve(
    files: Files,
    extend: (Base: HandlerClass) => HandlerClass = (Base) => Base,
    options: HTTPServerOptions = {},
  ): Promise<CGISite> {
    const site = new CGISite(files, extend, options);
    await site.httpd.ready;
    void site.httpd.serveForever();
    return site;
  }

  get port(): number {
    return this.httpd.serverPort;
  }

  /** @returns where it is. */
  write(name: string, content: string | Uint8Array): string {
    const path = this.root.write(name, content);
    if (content.toString().startsWith('#!')) chmodSync(path, 0o755);
    return path;
  }

  get(target: string, fields: Readonly<Record<string, string>> = {}): Promise<Reply> {
    return this.ask('GET', target, { fields });
  }

  post(target: string, body: string, fields: Readonly<Record<string, string>> = {}): Promise<Reply> {
    return this.ask('POST', target, { fields, body });
  }

  /** One request on a connection of its own. @param target one latin1 character an octet. */
  ask(method: string, target: string, asking: Asking = {}): Promise<Reply> {
    return ask(this.port, requestText(method, target, asking));
  }

  connect(): Promise<HttpClient> {
    return HttpClient.connect(this.port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.httpd.shutdown({ graceMs: 0 });
    this.root[Symbol.dispose]();
  }
}

/** A request in HTTP/1.1. */
export function requestText(method: string, target: string, { fields = {}, body }: Asking = {}): string {
  const isChunked = Object.keys(fields).some((name) => name.toLowerCase() === 'transfer-encoding');
  const all = {
    Host: 'localhost',
    ...(body !== undefined && !isChunked && { 'Content-Length': `${body.length}` }),
    ...fields,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`;
}

/** A body in chunks of so many octets. */
export function chunked(body: string, size: number): string {
  let chunks = '';
  for (let at = 0; at < body.length; at += size) {
    const chunk = body.slice(at, at + size);
    chunks += `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
  }
  return `${chunks}0\r\n\r\n`;
}

/** A program in the shell. */
export function shell(...lines: readonly string[]): string {
  return `#!/bin/sh\n${lines.join('\n')}\n`;
}

/** A program in the shell that says this, in the escapes of `printf`. */
export function says(text: string): string {
  return shell(`printf '${text.replaceAll('%', '%%').replaceAll("'", "'\\''")}'`);
}

/** A program for this very Node. */
export function node(code: string): string {
  return `#!${process.execPath}\n${code}\n`;
}

/** The variables that a program with `env` in it has printed. */
export function variablesOf({ text }: Reply): Record<string, string> {
  return Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const at = line.indexOf('=');
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
}
