// The field lines of a message: FieldLines as the parser leaves them, HTTPMessage as people read them.
// Looks at no byte before it is asked to, and knows neither sockets nor framing.

/** Offsets a field takes in {@link FieldLines}: where name and value start and end. */
const STRIDE = 4;

/**
 * The field lines of one head, as received: in wire order, duplicates kept, case kept. Nothing is copied or
 * sliced until it is asked for, so that a head costs one string however many fields it has.
 *
 * Text is latin1: one character an octet, as on the wire. Values are without the white space around them.
 */
export class FieldLines implements Iterable<readonly [name: string, value: string]> {
  readonly #text: string;
  readonly #offsets: readonly number[];

  /**
   * For the parser. Both arguments are kept, not copied: they must not change afterwards.
   *
   * @param text the whole head as latin1
   * @param offsets four a field, into `text`: start and end of the name, start and end of the value
   */
  constructor(text: string, offsets: readonly number[]) {
    this.#text = text;
    this.#offsets = offsets;
  }

  /** Field lines made of pairs, taken as they are: for tests, and for heads that did not come from a peer. */
  static from(pairs: Iterable<readonly [name: string, value: string]>): FieldLines {
    let text = '';
    const offsets: number[] = [];
    for (const [name, value] of pairs) {
      const start = text.length;
      text += `${name}: ${value}\r\n`;
      const valueStart = start + name.length + 2;
      offsets.push(start, start + name.length, valueStart, valueStart + value.length);
    }
    return new FieldLines(text, offsets);
  }

  /** How many field lines there are. */
  get length(): number {
    return this.#offsets.length / STRIDE;
  }

  /** The name of field line `index`, spelled as received. @throws RangeError if there is no such line */
  name(index: number): string {
    const at = this.#offsetOf(index);
    return this.#text.slice(this.#offsets[at], this.#offsets[at + 1]);
  }

  /** The value of field line `index`. @throws RangeError if there is no such line */
  value(index: number): string {
    const at = this.#offsetOf(index);
    return this.#text.slice(this.#offsets[at + 2], this.#offsets[at + 3]);
  }

  /**
   * The index of the first field line of that name, at or after index `from`; -1 if there is none.
   *
   * @param lowerCaseName the name in lower case; the lines may spell it in any case (RFC 9110 §5.1)
   */
  indexOf(lowerCaseName: string, from = 0): number {
    const offsets = this.#offsets;
    for (let at = from * STRIDE; at < offsets.length; at += STRIDE) {
      const start = offsets[at]!;
      if (offsets[at + 1]! - start === lowerCaseName.length && this.#isNameAt(start, lowerCaseName)) {
        return at / STRIDE;
      }
    }
    return -1;
  }

  *[Symbol.iterator](): IterableIterator<readonly [name: string, value: string]> {
    for (let index = 0; index < this.length; index++) yield [this.name(index), this.value(index)];
  }

  #offsetOf(index: number): number {
    if (!(Number.isInteger(index) && index >= 0 && index < this.length)) {
      throw new RangeError(`There is no field line ${index}: there are ${this.length}, counted from 0`);
    }
    return index * STRIDE;
  }

  #isNameAt(start: number, lowerCaseName: string): boolean {
    for (let i = 0; i < lowerCaseName.length; i++) {
      if (toLowerCase(this.#text.charCodeAt(start + i)) !== lowerCaseName.charCodeAt(i)) return false;
    }
    return true;
  }
}

/**
 * The fields of a request as Python's `rfc822.Message` and `email.message.Message` give them to read: names
 * are compared without regard to case, and iteration gives every line in wire order. It is no plain object keyed
 * by names, so a field called `__proto__`, `constructor` or `1` is a field like any other.
 *
 * Values are latin1, one character an octet, as on the wire. Where a peer is known to send UTF-8:
 * `Buffer.from(value, 'latin1').toString('utf8')`.
 */
export class HTTPMessage implements Iterable<readonly [name: string, value: string]> {
  readonly #fields: FieldLines;

  constructor(fields: FieldLines | Iterable<readonly [name: string, value: string]>) {
    this.#fields = fields instanceof FieldLines ? fields : FieldLines.from(fields);
  }

  /** How many field lines there are, duplicates counted. */
  get size(): number {
    return this.#fields.length;
  }

  /** The value of the first field line of that name, in any case; else `fallback`, or undefined. */
  get(name: string): string | undefined;
  get(name: string, fallback: string): string;
  get(name: string, fallback?: string): string | undefined {
    const index = this.#fields.indexOf(name.toLowerCase());
    return index < 0 ? fallback : this.#fields.value(index);
  }

  /** The values of all field lines of that name, in wire order; an empty array if there are none. */
  getAll(name: string): string[] {
    const lowerCaseName = name.toLowerCase();
    const values: string[] = [];
    let index = -1;
    while ((index = this.#fields.indexOf(lowerCaseName, index + 1)) >= 0) {
      values.push(this.#fields.value(index));
    }
    return values;
  }

  /** Whether there is a field line of that name, in any case. */
  has(name: string): boolean {
    return this.#fields.indexOf(name.toLowerCase()) >= 0;
  }

  /** The names, one a field line, spelled as received. */
  *keys(): IterableIterator<string> {
    for (let index = 0; index < this.size; index++) yield this.#fields.name(index);
  }

  /** The values, one a field line. */
  *values(): IterableIterator<string> {
    for (let index = 0; index < this.size; index++) yield this.#fields.value(index);
  }

  /** The field lines as pairs of name and value. */
  entries(): IterableIterator<readonly [name: string, value: string]> {
    return this.#fields[Symbol.iterator]();
  }

  [Symbol.iterator](): IterableIterator<readonly [name: string, value: string]> {
    return this.entries();
  }

  /** The media type in lower case, without parameters; `text/plain` if there is none or it is malformed, as in Python. */
  getContentType(): string {
    const value = this.get('content-type', '');
    const type = value.slice(0, endOfItem(value)).trim().toLowerCase();
    return MEDIA_TYPE.test(type) ? type : 'text/plain';
  }

  /** What is before the slash of {@link getContentType}. */
  getContentMaintype(): string {
    const type = this.getContentType();
    return type.slice(0, type.indexOf('/'));
  }

  /** What is after the slash of {@link getContentType}. */
  getContentSubtype(): string {
    const type = this.getContentType();
    return type.slice(type.indexOf('/') + 1);
  }

  /** The `charset` parameter of the content type, in lower case; undefined if there is none. */
  getContentCharset(): string | undefined {
    return this.getParam('charset')?.toLowerCase();
  }

  /**
   * The value of a parameter of a field, unquoted: `getParam('boundary')` of
   * `Content-Type: multipart/form-data; boundary="a b"` is `a b`. The first of that name counts; undefined if
   * there is none.
   */
  getParam(param: string, header = 'content-type'): string | undefined {
    const name = param.toLowerCase();
    return this.getParams(header).find(([key]) => key === name)?.[1];
  }

  /**
   * The parameters of a field (RFC 9110 §5.6.6), in order: names in lower case, values unquoted, '' for a name
   * without a value. What stands before the first semicolon is no parameter and is left out.
   */
  getParams(header = 'content-type'): (readonly [name: string, value: string])[] {
    const value = this.get(header, '');
    return parseParameters(value, endOfItem(value));
  }

  /** The field lines as `Name: value`, joined with CRLF. */
  toString(): string {
    return Array.from(this, ([name, value]) => `${name}: ${value}`).join('\r\n');
  }
}

const MEDIA_TYPE = /^[!#$%&'*+.^`|~\w-]+\/[!#$%&'*+.^`|~\w-]+$/;

/** ASCII only: what else `String.prototype.toLowerCase` would fold is not the same name. */
function toLowerCase(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code | 0x20 : code;
}

/** Where the semicolon, or the end of the text, is that ends the item starting at `from`. */
function endOfItem(text: string, from = 0): number {
  const semicolon = text.indexOf(';', from);
  return semicolon < 0 ? text.length : semicolon;
}

/**
 * `*( OWS ";" OWS [ name "=" ( token / quoted-string ) ] )` in one pass. Lenient, since these are read by
 * applications and never decide about framing: white space around `=` and a missing closing quote are put up with.
 */
function parseParameters(text: string, from: number): (readonly [name: string, value: string])[] {
  const parameters: (readonly [name: string, value: string])[] = [];
  let at = from;
  while (at < text.length) {
    const item = parseParameter(text, at + 1);
    if (item.name !== '') parameters.push([item.name, item.value]);
    at = item.end;
  }
  return parameters;
}

interface Parameter {
  readonly name: string;
  readonly value: string;
  /** Where the next semicolon is, or the end of the text. */
  readonly end: number;
}

function parseParameter(text: string, from: number): Parameter {
  let equals = from;
  while (equals < text.length && text[equals] !== '=' && text[equals] !== ';') equals++;
  const name = text.slice(from, equals).trim().toLowerCase();
  if (text[equals] !== '=') return { name, value: '', end: equals };

  let at = equals + 1;
  while (text[at] === ' ' || text[at] === '\t') at++;
  if (text[at] === '"') return { name, ...parseQuoted(text, at + 1) };

  const end = endOfItem(text, at);
  return { name, value: text.slice(at, end).trim(), end };
}

/** A quoted-string from after its opening quote, each quoted-pair replaced by what it quotes (RFC 9110 §5.6.4). */
function parseQuoted(text: string, from: number): { value: string; end: number } {
  let value = '';
  let at = from;
  for (; at < text.length && text[at] !== '"'; at++) {
    if (text[at] === '\\' && at + 1 < text.length) at++;
    value += text[at];
  }
  return { value, end: endOfItem(text, at) };
}
