// A response's head on its way to becoming text. What cannot be sent safely is refused before a byte of it is sent.

import type { BodyFraming } from './framing.js';
import { mayHaveBody, reasonPhrase } from './status.js';

/** The versions a response may claim; what follows from them is in framing.ts. */
export type HTTPVersion = 'HTTP/1.0' | 'HTTP/1.1';

/** The head of a response: a status line, and field lines in the order in which they are added. */
export class ResponseHead {
  readonly status: number;
  readonly version: HTTPVersion;
  /** What Content-Length says, once there is one. */
  contentLength: number | undefined;
  /** What the application asks for with Connection; the engine has the last word, and writes the field. */
  persistence: 'close' | 'keep-alive' | undefined;
  #text: string;
  #connectionOptions = '';

  /**
   * @param reason the reason phrase; by default that of the status.
   * @throws {RangeError} the status is not 100 to 999.
   * @throws {TypeError} the reason has an octet that may not stand in it.
   */
  constructor(status: number, reason: string = reasonPhrase(status), version: HTTPVersion = 'HTTP/1.1') {
    if (!(Number.isInteger(status) && status >= 100 && status <= 999)) {
      throw new RangeError(`A status is an integer from 100 to 999, not ${status}`);
    }
    if (UNSAFE_VALUE.test(reason))
      throw new TypeError('The reason phrase has a character that may not be sent');
    this.status = status;
    this.version = version;
    this.contentLength = undefined;
    this.persistence = undefined;
    this.#text = `${version} ${status} ${reason}\r\n`;
  }

  /**
   * Adds a field line. Framing is the engine's: `Transfer-Encoding: chunked` is accepted and left to it, and a
   * Content-Length that this status may not carry is left out (RFC 9110 §8.6).
   * @param value latin1, as on the wire; encode other text yourself.
   * @throws {TypeError} the name is not a token, the value has CR, LF, NUL or what latin1 cannot hold, or it
   *   contradicts the framing.
   */
  append(name: string, value: string | number): this {
    const kind = FIELD_KINDS.get(name) ?? fieldKind(name);
    const text = typeof value === 'string' ? value : String(value);
    if (UNSAFE_VALUE.test(text))
      throw new TypeError(`The value of ${name} has a character that may not be sent`);
    if (kind === ORDINARY || this.#appendFraming(kind, text)) this.#text += `${name}: ${text}\r\n`;
    return this;
  }

  /**
   * The head as text, with the empty line behind it. `framing` and `persistence` are the engine's decisions; a
   * `keepAliveSeconds` is told to a client that asked for a persistent connection by name.
   */
  serialize(
    framing: BodyFraming,
    persistence: 'close' | 'keep-alive' | undefined,
    keepAliveSeconds: number,
  ): string {
    let text = this.#text;
    if (framing === 'chunked') text += 'Transfer-Encoding: chunked\r\n';
    // RFC 9112 §6.3 knows no response 205 without a body: it has an empty one.
    else if (this.status === 205 && persistence !== 'close') text += 'Content-Length: 0\r\n';
    const options =
      persistence === undefined
        ? this.#connectionOptions.slice(0, -2)
        : this.#connectionOptions + persistence;
    if (options !== '') text += `Connection: ${options}\r\n`;
    if (persistence === 'keep-alive') text += `Keep-Alive: timeout=${keepAliveSeconds}\r\n`;
    return `${text}\r\n`;
  }

  /** Whether the field line is to be sent. */
  #appendFraming(kind: number, value: string): boolean {
    switch (kind) {
      case CONTENT_LENGTH:
        if (!/^\d{1,16}$/.test(value) || !Number.isSafeInteger(Number(value)))
          throw new TypeError(`Content-Length is a number of octets, not '${value}'`);
        if (this.contentLength !== undefined) throw new TypeError('Content-Length has been set already');
        if (!mayHaveBody(this.status) && this.status !== 304) return false;
        this.contentLength = Number(value);
        return true;
      case TRANSFER_ENCODING:
        if (value.toLowerCase() !== 'chunked') throw new TypeError('The only transfer coding is chunked');
        return false;
      default:
        for (const option of value.split(/[ \t]*,[ \t]*/)) this.#appendConnectionOption(option);
        return false;
    }
  }

  #appendConnectionOption(option: string): void {
    const name = option.toLowerCase();
    if (name === 'close') this.persistence = 'close';
    else if (name === 'keep-alive') this.persistence ??= 'keep-alive';
    else if (name !== '') this.#connectionOptions += `${option}, `;
  }
}

// Everything but HTAB, SP, VCHAR and obs-text: controls, and what does not fit into an octet.
const UNSAFE_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

const ORDINARY = 0;
const CONTENT_LENGTH = 1;
const TRANSFER_ENCODING = 2;
const CONNECTION = 3;

const SPECIAL_KINDS = new Map([
  ['content-length', CONTENT_LENGTH],
  ['transfer-encoding', TRANSFER_ENCODING],
  ['connection', CONNECTION],
]);

// The names seen so far that are tokens: an application uses few, and asking a Map is a third of testing the grammar.
const FIELD_KINDS = new Map<string, number>();
const FIELD_KINDS_MAX = 256;

function fieldKind(name: string): number {
  if (!TOKEN.test(name)) throw new TypeError(`A field name is a token, not ${JSON.stringify(name)}`);
  const kind = SPECIAL_KINDS.get(name.toLowerCase()) ?? ORDINARY;
  if (FIELD_KINDS.size < FIELD_KINDS_MAX) FIELD_KINDS.set(name, kind);
  return kind;
}
