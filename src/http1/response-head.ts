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
  #text: HeadText;
  #connectionOptions = '';

  /**
   * @param reason the reason phrase; by default that of the status.
   * @throws {RangeError} the status is not 100 to 999.
   * @throws {TypeError} the reason has an octet that may not stand in it.
   */
  constructor(status: number, reason: string = reasonPhrase(status), version: HTTPVersion = 'HTTP/1.1') {
    this.status = status;
    this.version = version;
    this.contentLength = undefined;
    this.persistence = undefined;
    this.#text = statusLine(status, reason, version);
  }

  /**
   * Adds a field line. Framing is the engine's: `Transfer-Encoding: chunked` is accepted and left to it, and a
   * Content-Length that this status may not carry is left out (RFC 9110 §8.6).
   * @param value latin1, as on the wire; encode other text yourself.
   * @throws {TypeError} the name is not a token, the value has CR, LF, NUL or what latin1 cannot hold, or it
   *   contradicts the framing.
   */
  append(name: string, value: string | number): this {
    const known = this.#text.known(name, value);
    if (known === undefined) return this.#appendNew(name, value);
    this.#text = known;
    if (known.contentLength !== undefined) this.contentLength = known.contentLength;
    return this;
  }

  #appendNew(name: string, value: string | number): this {
    const field = KNOWN_FIELDS.get(name) ?? newField(name);
    const text = typeof value === 'string' ? value : String(value);
    const line = text === field.value ? field.line : fieldLine(field, name, text);
    if (field.kind === ORDINARY || this.#appendFraming(field.kind, text)) {
      this.#text = this.#text.with(line, name, value, this.contentLength);
    }
    return this;
  }

  /**
   * The head as text, with the empty line behind it. `framing` and `persistence` are the engine's decisions; a finite
   * `keepAliveSeconds` is told to a client that asked for a persistent connection by name.
   */
  serialize(
    framing: BodyFraming,
    persistence: 'close' | 'keep-alive' | undefined,
    keepAliveSeconds: number,
  ): string {
    let end = '\r\n';
    if (persistence === 'keep-alive' && keepAliveSeconds < Number.POSITIVE_INFINITY) {
      end = `Keep-Alive: timeout=${keepAliveSeconds}\r\n\r\n`;
    }
    if (persistence !== undefined) end = `Connection: ${this.#connectionOptions}${persistence}\r\n${end}`;
    else if (this.#connectionOptions !== '')
      end = `Connection: ${this.#connectionOptions.slice(0, -2)}\r\n${end}`;
    if (framing === 'chunked') end = `Transfer-Encoding: chunked\r\n${end}`;
    // RFC 9112 §6.3 knows no response 205 without a body: it has an empty one.
    else if (this.status === 205 && persistence !== 'close') end = `Content-Length: 0\r\n${end}`;
    return this.#text.with(end).whole();
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
        for (const option of value.split(',')) this.#appendConnectionOption(option.trim());
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

// Most responses of a server are alike, so the last line of each status and of each field name is kept, and the last
// head of each status. To compare is cheaper than to check and join again; what is kept is bounded.

/**
 * The text of a head as far as it goes. It remembers the last longer one that was made of it, so that a head that has
 * been sent before is not put together again, and is one piece of memory, which is what writing it costs.
 */
class HeadText {
  /** What Content-Length says in it. */
  readonly contentLength: number | undefined;
  #text: string;
  #uses = 0;
  #line = '';
  /** Of the field in the line; `undefined` for what ends a head, which no field may be taken for. */
  #name: string | undefined;
  #value: string | number = '';
  #longer: HeadText | undefined;

  constructor(text: string, contentLength?: number) {
    this.#text = text;
    this.contentLength = contentLength;
  }

  /** This text and that field, if it is what came behind it the last time. */
  known(name: string, value: string | number): HeadText | undefined {
    return this.#value === value && this.#name === name ? this.#longer : undefined;
  }

  /** This text and one more line, which may be that of a field. */
  with(line: string, name?: string, value: string | number = '', contentLength?: number): HeadText {
    if (this.#longer === undefined || this.#line !== line) {
      this.#line = line;
      this.#name = name;
      this.#value = value;
      this.#longer = new HeadText(this.#text + line, contentLength);
    }
    return this.#longer;
  }

  whole(): string {
    // A string that was concatenated is a tree until somebody needs it flat. Worth it for one that is sent again.
    if (++this.#uses === 2) this.#text = Buffer.from(this.#text, 'latin1').toString('latin1');
    return this.#text;
  }
}

interface StatusLine {
  readonly reason: string;
  readonly version: HTTPVersion;
  readonly text: HeadText;
}

interface KnownField {
  readonly kind: number;
  value: string;
  line: string;
}

const STATUS_LINES = new Map<number, StatusLine>();
const KNOWN_FIELDS = new Map<string, KnownField>();
const KNOWN_FIELDS_MAX = 256;
const KNOWN_VALUE_MAX = 128;

function statusLine(status: number, reason: string, version: HTTPVersion): HeadText {
  const known = STATUS_LINES.get(status);
  if (known !== undefined && known.reason === reason && known.version === version) return known.text;
  if (!(Number.isInteger(status) && status >= 100 && status <= 999)) {
    throw new RangeError(`A status is an integer from 100 to 999, not ${status}`);
  }
  if (UNSAFE_VALUE.test(reason)) {
    throw new TypeError('The reason phrase has a character that may not be sent');
  }
  const text = new HeadText(`${version} ${status} ${reason}\r\n`);
  STATUS_LINES.set(status, { reason, version, text });
  return text;
}

function newField(name: string): KnownField {
  if (!TOKEN.test(name)) throw new TypeError(`A field name is a token, not ${JSON.stringify(name)}`);
  const kind = SPECIAL_KINDS.get(name.toLowerCase()) ?? ORDINARY;
  const field = { kind, value: '', line: `${name}: \r\n` };
  if (KNOWN_FIELDS.size < KNOWN_FIELDS_MAX) KNOWN_FIELDS.set(name, field);
  return field;
}

function fieldLine(field: KnownField, name: string, value: string): string {
  if (UNSAFE_VALUE.test(value)) {
    throw new TypeError(`The value of ${name} has a character that may not be sent`);
  }
  const line = `${name}: ${value}\r\n`;
  if (value.length <= KNOWN_VALUE_MAX) {
    field.value = value;
    field.line = line;
  }
  return line;
}
