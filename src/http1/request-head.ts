// A request's head: one text, and what it says. Made by the parser, immutable, valid for as long as anyone keeps it.

import { frameRequest, type RequestFraming } from './framing.js';
import { FieldLines } from './message.js';
import { parseTarget } from './target.js';

/** The head of a request, with every decision about its framing. */
export class RequestHead {
  /** The method token as sent, case-sensitive (RFC 9110 §9.1). */
  readonly method: string;
  /** The request target as sent. */
  readonly target: string;
  /** `1` of `HTTP/1.1`; the major version is always 1. */
  readonly minor: number;
  /** The field lines in wire order. In absolute-form, Host reads as the target's authority (RFC 9112 §3.2.2). */
  readonly fields: FieldLines;
  /** Octets of the body, or `CHUNKED`. */
  readonly bodyLength: number;
  /** Whether the client lets the connection persist after this exchange. */
  readonly persistent: boolean;
  /** Whether the client asks for that by name, with `Connection: keep-alive`. */
  readonly keepAlive: boolean;
  /** Whether the client waits for 100 (Continue) before it sends the body. */
  readonly expectsContinue: boolean;
  /** Whether the client offers to switch to the protocol in Upgrade. */
  readonly upgrade: boolean;
  readonly #text: string;
  readonly #pathStart: number;

  /** @internal Use `parseHead` or `unparsedHead`. */
  constructor(
    text: string,
    method: string,
    target: string,
    pathStart: number,
    minor: number,
    fields: FieldLines,
    framing: Omit<RequestFraming, 'hostIndex'>,
  ) {
    this.#text = text;
    this.method = method;
    this.target = target;
    this.#pathStart = pathStart;
    this.minor = minor;
    this.fields = fields;
    this.bodyLength = framing.bodyLength;
    this.persistent = framing.persistent;
    this.keepAlive = framing.keepAlive;
    this.expectsContinue = framing.expectsContinue;
    this.upgrade = framing.upgrade;
  }

  /** Path and query in origin-form, whatever the form of the target; `*` and authority-form as they are. */
  get path(): string {
    if (this.#pathStart === 0) return this.target;
    const path = this.target.slice(this.#pathStart);
    return path.startsWith('/') ? path : `/${path}`;
  }

  /** `HTTP/1.1`, as the request line said. */
  get version(): string {
    return this.minor === 1 ? 'HTTP/1.1' : `HTTP/1.${this.minor}`;
  }

  /** The request line without its CRLF. */
  get requestLine(): string {
    const end = this.#text.indexOf('\r\n');
    return end < 0 ? this.#text : this.#text.slice(0, end);
  }
}

/**
 * The head in `text`, whose grammar has been checked octet by octet; what is left is what its parts mean.
 * `methodEnd` and `targetEnd` are offsets into the text, `offsets` four to a field.
 * @throws {ProtocolError} 400, 413, 417 or 501.
 */
export function parseHead(
  text: string,
  methodEnd: number,
  targetEnd: number,
  minor: number,
  offsets: number[],
): RequestHead {
  const method = methodOf(text, methodEnd);
  const targetStart = methodEnd + 1;
  const parts = parseTarget(method, text, targetStart, targetEnd);
  const framing = frameRequest(minor, text, offsets);
  const target = text.slice(targetStart, targetEnd);
  if (parts === undefined || method === 'CONNECT') {
    return new RequestHead(text, method, target, 0, minor, new FieldLines(text, offsets), framing);
  }
  if (framing.hostIndex >= 0) {
    offsets[framing.hostIndex * 4 + 2] = parts.authorityStart;
    offsets[framing.hostIndex * 4 + 3] = parts.authorityEnd;
  }
  const pathStart = parts.pathStart - targetStart;
  return new RequestHead(text, method, target, pathStart, minor, new FieldLines(text, offsets), framing);
}

/**
 * Stands in for the head of a request that could not be understood, so that it can be answered with the same tools:
 * as much of its request line as is known, no fields, and a connection that ends.
 */
export function unparsedHead(requestLine: string): RequestHead {
  const [method = '', target = ''] = requestLine.split(' ', 2);
  const framing = {
    bodyLength: 0,
    persistent: false,
    keepAlive: false,
    expectsContinue: false,
    upgrade: false,
  };
  return new RequestHead(requestLine, method, target, 0, 1, new FieldLines('', []), framing);
}

// The common methods as constants: no allocation, and comparing them is comparing pointers.
function methodOf(text: string, end: number): string {
  if (end === 3 && text.startsWith('GET')) return 'GET';
  if (end === 4 && text.startsWith('HEAD')) return 'HEAD';
  if (end === 4 && text.startsWith('POST')) return 'POST';
  return text.slice(0, end);
}
