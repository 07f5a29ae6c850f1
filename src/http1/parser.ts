// Bytes to requests: a cursor. `feed` stores, `next` says what comes next, and nobody is ever called back, so to pause
// is simply not to ask. Every octet is looked at once, here; a request cut anywhere gives the same events.

import {
  COLON,
  CR,
  FIELD_CHAR,
  HEX_VALUE,
  HTAB,
  isDigit,
  LF,
  SP,
  skip,
  TARGET_CHAR,
  TCHAR,
} from './bytes.js';
import { EXTENSION_END, EXTENSION_ERROR, extensionStep, mayEndLine } from './chunk-extension.js';
import { ProtocolError } from './errors.js';
import { CHUNKED } from './framing.js';
import { FieldLines } from './message.js';
import { parseHead, type RequestHead, unparsedHead } from './request-head.js';
import { withoutForbidden } from './trailers.js';

/** Nothing more can be said before `feed` is called. */
export const NEED_DATA = 0;
/** `parser.head` is the head of a new request. */
export const HEAD = 1;
/** `parser.data` holds octets of the body, at least one. */
export const DATA = 2;
/** The request is complete; `parser.trailers` holds its trailers, if there were any. */
export const END = 3;

/** What `next()` says. */
export type ParserEvent = typeof NEED_DATA | typeof HEAD | typeof DATA | typeof END;

/** How much a peer may send; octets unless it says otherwise. */
export interface ParserLimits {
  /** The request line without its CRLF; longer: 414. */
  readonly maxRequestLineSize: number;
  /** All field lines of a head, with their CRLFs; also those of the trailers. More: 431. */
  readonly maxHeaderSize: number;
  /** Number of field lines of a head, and of the trailers. More: 431. */
  readonly maxHeaderCount: number;
  /** A chunk-size line with its extensions; longer: 413. */
  readonly maxChunkLineSize: number;
  /** The chunk extensions of one body, and what its chunk sizes have of digits beyond 16; more: 413. */
  readonly maxChunkExtensionsSize: number;
}

// States, in the order of the wire. Up to METHOD, an empty line may have been read, but nothing of a request.
const START = 0;
const START_LF = 1;
const METHOD = 2;
const TARGET = 3;
const VERSION = 4;
const REQUEST_LINE_LF = 5;
const FIELD_START = 6;
const FIELD_NAME = 7;
const VALUE_START = 8;
const VALUE = 9;
const VALUE_LF = 10;
const SECTION_LF = 11;
const FIXED_BODY = 12;
const CHUNK_SIZE_START = 13;
const CHUNK_SIZE = 14;
const CHUNK_EXTENSION = 15;
const CHUNK_SIZE_LF = 16;
const CHUNK_DATA = 17;
const CHUNK_DATA_CR = 18;
const CHUNK_DATA_LF = 19;
const COMPLETE = 20;

const VERSION_LENGTH = 8;
const CRLF_LENGTH = 2;
/** More than any size needs. */
const CHUNK_SIZE_DIGITS = 16;
const EMPTY: Buffer = Buffer.alloc(0);

/** The parser of one connection's requests. Not re-entrant; there is nothing in it that waits. */
export class RequestParser {
  /** The head of the current request; set by `HEAD`, replaced by the next one. */
  head: RequestHead | undefined;
  /** The octets of the last `DATA`: a view of what was fed. */
  data: Buffer = EMPTY;
  /** The trailers of the current request; set by `END`. Never merged into the head (RFC 9110 §6.5). */
  trailers: FieldLines | undefined;

  readonly #limits: ParserLimits;
  #state = START;
  #failure: ProtocolError | undefined;
  #finished = false;

  // The unread octets are #buffer[#position, #end). A head or a trailer section begins at #position and stays there
  // until it is whole; #scanned says how much of it has been looked at, and all its offsets are relative to #position.
  #buffer = EMPTY;
  #position = 0;
  #end = 0;
  #scanned = 0;
  /** Whether #buffer is ours to write into. */
  #owned = false;

  #methodEnd = 0;
  #targetEnd = 0;
  #minor = 0;
  #sectionStart = 0;
  #inTrailers = false;
  /** Of the field lines of a section that is not whole yet, four to a field. */
  #offsets: number[] | undefined;
  #nameEnd = 0;
  #valueStart = 0;
  #lineStart = 0;

  /** Octets of the body or chunk still to come. */
  #remaining = 0;
  #extensionState = EXTENSION_END;
  #chunkLineSize = 0;
  #extensionsSize = 0;

  constructor(limits: ParserLimits) {
    this.#limits = limits;
  }

  /** Octets that have been fed and not yet been given out. */
  get unread(): number {
    return this.#end - this.#position;
  }

  /** Whether the parser stands between two requests, with nothing of the next one seen. */
  get idle(): boolean {
    return (this.#state <= METHOD || this.#state === COMPLETE) && this.#position === this.#end;
  }

  /** Adds octets. The chunk belongs to the parser until it is read: do not change it. */
  feed(chunk: Buffer): void {
    if (this.#position === this.#end) {
      this.#buffer = chunk;
      this.#position = 0;
      this.#end = chunk.length;
      this.#owned = false;
    } else {
      this.#append(chunk);
    }
  }

  /** Says that the peer will send no more; what is incomplete then makes `next` throw. */
  finish(): void {
    this.#finished = true;
  }

  /** Gives up the unread octets, to a protocol that takes over the connection. */
  take(): Buffer {
    const rest = this.#buffer.subarray(this.#position, this.#end);
    this.#position = this.#end;
    return rest;
  }

  /**
   * The next event.
   * @throws {ProtocolError} what the peer sent is wrong or too much; the same error on every later call.
   */
  next(): ParserEvent {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      const event = this.#next();
      if (event === NEED_DATA && this.#finished && !this.idle) {
        throw new ProtocolError(400, 'INCOMPLETE', 'The request is incomplete');
      }
      return event;
    } catch (error) {
      if (error instanceof ProtocolError) this.#failure = error;
      throw error;
    }
  }

  /** Stands in for the head of the request that `next` threw at: its request line, as far as that was received. */
  rejectedHead(): RequestHead {
    const start = this.#position;
    const received = Math.min(this.#end, start + this.#limits.maxRequestLineSize);
    const lineEnd = this.#buffer.indexOf(LF, start);
    const end = lineEnd < 0 ? received : Math.min(lineEnd, received);
    return unparsedHead(this.#buffer.toString('latin1', start, end).trimEnd());
  }

  #append(chunk: Buffer): void {
    const unread = this.unread;
    const needed = unread + chunk.length;
    if (!this.#owned || this.#end + chunk.length > this.#buffer.length) {
      // Doubling makes a head fed an octet at a time cost a copy of each octet or two, not a copy of the head each time.
      const larger = Buffer.allocUnsafeSlow(Math.max(needed * 2, 512));
      this.#buffer.copy(larger, 0, this.#position, this.#end);
      this.#buffer = larger;
      this.#owned = true;
      this.#position = 0;
      this.#end = unread;
    }
    chunk.copy(this.#buffer, this.#end);
    this.#end += chunk.length;
  }

  #next(): ParserEvent {
    const state = this.#state;
    if (state <= SECTION_LF) return this.#inTrailers ? this.#nextTrailers() : this.#nextHead();
    if (state === COMPLETE) return this.#nextRequest();
    if (state === FIXED_BODY || state === CHUNK_DATA) return this.#nextData();
    return this.#nextChunk();
  }

  #nextRequest(): ParserEvent {
    this.#state = START;
    this.#scanned = 0;
    this.trailers = undefined;
    if (this.#position < this.#end) return this.#nextHead();
    // A connection may stay idle for long: it keeps nothing alive.
    this.head = undefined;
    this.data = this.#buffer = EMPTY;
    this.#position = this.#end = 0;
    return NEED_DATA;
  }

  #nextHead(): ParserEvent {
    if (this.#state < METHOD) this.#skipEmptyLine();
    if (this.#state < FIELD_START && !this.#scanRequestLine()) return NEED_DATA;
    if (!this.#scanFields()) return NEED_DATA;
    const end = this.#position + this.#scanned;
    const text = this.#buffer.toString('latin1', this.#position, end);
    const head = parseHead(text, this.#methodEnd, this.#targetEnd, this.#minor, this.#takeOffsets());
    this.#position = end;
    this.head = head;
    this.#remaining = head.bodyLength;
    this.#extensionsSize = 0;
    this.#state = head.bodyLength === CHUNKED ? CHUNK_SIZE_START : FIXED_BODY;
    return HEAD;
  }

  #nextTrailers(): ParserEvent {
    if (!this.#scanFields()) return NEED_DATA;
    const end = this.#position + this.#scanned;
    const offsets = this.#takeOffsets();
    if (offsets.length > 0) {
      const text = this.#buffer.toString('latin1', this.#position, end);
      this.trailers = withoutForbidden(new FieldLines(text, offsets));
    }
    this.#position = end;
    this.#inTrailers = false;
    return this.#complete();
  }

  /** The offsets of the section that has just become whole. */
  #takeOffsets(): number[] {
    const offsets = this.#offsets ?? [];
    this.#offsets = undefined;
    return offsets;
  }

  #nextData(): ParserEvent {
    if (this.#remaining === 0) return this.#complete();
    const available = this.#end - this.#position;
    if (available === 0) return NEED_DATA;
    const length = Math.min(available, this.#remaining);
    const start = this.#position;
    this.data = length === this.#buffer.length ? this.#buffer : this.#buffer.subarray(start, start + length);
    this.#position = start + length;
    this.#remaining -= length;
    if (this.#remaining === 0 && this.#state === CHUNK_DATA) this.#state = CHUNK_DATA_CR;
    return DATA;
  }

  #complete(): ParserEvent {
    this.#state = COMPLETE;
    return END;
  }

  /** One empty line before a request is passed over (RFC 9112 §2.2). */
  #skipEmptyLine(): void {
    if (this.#state === START && this.#position < this.#end) {
      const isEmptyLine = this.#buffer[this.#position] === CR;
      if (isEmptyLine) this.#position++;
      this.#state = isEmptyLine ? START_LF : METHOD;
    }
    if (this.#state === START_LF && this.#position < this.#end) {
      if (this.#buffer[this.#position++] !== LF) throw badLineEnd();
      this.#state = METHOD;
    }
  }

  /** Scans to the LF of the request line. Whether that has been reached. */
  #scanRequestLine(): boolean {
    const buffer = this.#buffer;
    const start = this.#position;
    let at = start + this.#scanned;
    let state = this.#state;
    const limit = start + this.#limits.maxRequestLineSize + CRLF_LENGTH;
    const stop = Math.min(this.#end, limit);
    scan: while (at < stop) {
      switch (state) {
        case METHOD:
          at = skip(TCHAR, buffer, at, stop);
          if (at === stop) break scan;
          if (buffer[at] !== SP || at === start)
            throw new ProtocolError(400, 'BAD_METHOD', 'Bad request method');
          this.#methodEnd = at++ - start;
          state = TARGET;
          break;
        case TARGET:
          at = skip(TARGET_CHAR, buffer, at, stop);
          if (at === stop) break scan;
          if (buffer[at] === CR)
            throw new ProtocolError(400, 'BAD_REQUEST_LINE', 'The HTTP version is missing');
          if (buffer[at] !== SP || at === start + this.#methodEnd + 1) throw badTarget();
          this.#targetEnd = at++ - start;
          state = VERSION;
          break;
        case VERSION:
          at = this.#scanVersion(at, stop);
          if (at === start + this.#targetEnd + VERSION_LENGTH + CRLF_LENGTH) state = REQUEST_LINE_LF;
          break;
        default:
          if (buffer[at] !== LF) throw badLineEnd();
          this.#endRequestLine(at + 1 - start);
          return true;
      }
    }
    this.#state = state;
    this.#scanned = at - start;
    if (at === limit) throw new ProtocolError(414, 'REQUEST_LINE_TOO_LONG', 'The request line is too long');
    return false;
  }

  /** Checks `HTTP/d.d` CR from wherever in it `at` stands; gives how far it came. */
  #scanVersion(at: number, stop: number): number {
    const buffer = this.#buffer;
    const versionStart = this.#position + this.#targetEnd + 1;
    for (; at < stop && at <= versionStart + VERSION_LENGTH; at++) {
      const octet = buffer[at]!;
      const index = at - versionStart;
      const allowed = index === 5 || index === 7 ? isDigit(octet) : octet === VERSION_TEMPLATE[index];
      if (!allowed) throw new ProtocolError(400, 'BAD_VERSION', 'Bad HTTP version');
    }
    return at;
  }

  #endRequestLine(end: number): void {
    const versionStart = this.#position + this.#targetEnd + 1;
    if (this.#buffer[versionStart + 5] !== 0x31) {
      throw new ProtocolError(505, 'UNSUPPORTED_VERSION', 'Only HTTP/1.x is spoken here');
    }
    this.#minor = this.#buffer[versionStart + 7]! - 0x30;
    this.#startSection(end);
  }

  /** A section of field lines begins `start` octets behind #position. */
  #startSection(start: number): void {
    this.#sectionStart = this.#scanned = start;
    this.#offsets = undefined;
    this.#state = FIELD_START;
  }

  /** Scans field lines to the LF of the empty line behind them. Whether that has been reached. */
  #scanFields(): boolean {
    const buffer = this.#buffer;
    const start = this.#position;
    const offsets = this.#offsets ?? SCRATCH;
    let count = this.#offsets?.length ?? 0;
    let at = start + this.#scanned;
    let state = this.#state;
    let lineStart = this.#lineStart;
    let nameEnd = this.#nameEnd;
    let valueStart = this.#valueStart;
    const limit = start + this.#sectionStart + this.#limits.maxHeaderSize + CRLF_LENGTH;
    const stop = Math.min(this.#end, limit);
    scan: while (at < stop) {
      switch (state) {
        case FIELD_START: {
          const octet = buffer[at]!;
          if (octet === CR) {
            at++;
            state = SECTION_LF;
            break;
          }
          if (count >= this.#limits.maxHeaderCount * 4) throw tooManyFields();
          lineStart = at - start;
          state = FIELD_NAME;
          break;
        }
        case FIELD_NAME:
          at = skip(TCHAR, buffer, at, stop);
          if (at === stop) break scan;
          // No folding, no whitespace before the colon, no empty name, no line without a colon (RFC 9112 §5.1, §5.2).
          if (buffer[at] !== COLON || at === start + lineStart) throw badFieldName();
          nameEnd = at++ - start;
          state = VALUE_START;
          break;
        case VALUE_START:
          while (at < stop && isBlank(buffer[at]!)) at++;
          if (at === stop) break scan;
          valueStart = at - start;
          state = VALUE;
          break;
        case VALUE:
          at = skip(FIELD_CHAR, buffer, at, stop);
          if (at === stop) break scan;
          if (buffer[at] !== CR) throw buffer[at] === LF ? badLineEnd() : badFieldValue();
          at++;
          state = VALUE_LF;
          break;
        case VALUE_LF: {
          if (buffer[at] !== LF) throw badLineEnd();
          let valueEnd = at - start - 1;
          while (valueEnd > valueStart && isBlank(buffer[start + valueEnd - 1]!)) valueEnd--;
          offsets[count++] = lineStart;
          offsets[count++] = nameEnd;
          offsets[count++] = valueStart;
          offsets[count++] = valueEnd;
          at++;
          state = FIELD_START;
          break;
        }
        default:
          if (buffer[at] !== LF) throw badLineEnd();
          this.#scanned = at + 1 - start;
          if (offsets === SCRATCH) this.#offsets = SCRATCH.slice(0, count);
          return true;
      }
    }
    if (offsets === SCRATCH) this.#offsets = SCRATCH.slice(0, count);
    this.#lineStart = lineStart;
    this.#nameEnd = nameEnd;
    this.#valueStart = valueStart;
    this.#state = state;
    this.#scanned = at - start;
    if (at === limit) throw new ProtocolError(431, 'HEADER_TOO_LARGE', 'The header section is too large');
    return false;
  }

  /** The framing between chunks: size lines, the CRLF behind the data, and the way into the trailers. */
  #nextChunk(): ParserEvent {
    const buffer = this.#buffer;
    while (this.#position < this.#end) {
      const octet = buffer[this.#position]!;
      switch (this.#state) {
        case CHUNK_SIZE_START:
          this.#chunkLineSize = 0;
          this.#remaining = 0;
          if (HEX_VALUE[octet] === 255) throw badChunk('Bad chunk size');
          this.#state = CHUNK_SIZE;
          continue; // looked at again, as a digit
        case CHUNK_SIZE:
          this.#countChunkLine();
          if (octet === CR) this.#state = CHUNK_SIZE_LF;
          else this.#chunkSizeStep(octet);
          break;
        case CHUNK_EXTENSION:
          this.#countChunkLine();
          if (octet === CR && mayEndLine(this.#extensionState)) this.#state = CHUNK_SIZE_LF;
          else this.#extensionStep(octet);
          break;
        case CHUNK_SIZE_LF:
          if (octet !== LF) throw badChunk('Bad end of a chunk-size line');
          this.#position++;
          if (this.#remaining > 0) {
            this.#state = CHUNK_DATA;
            return this.#nextData();
          }
          return this.#startTrailers();
        case CHUNK_DATA_CR:
          if (octet !== CR) throw badChunk('A chunk is longer than its size says');
          this.#state = CHUNK_DATA_LF;
          break;
        default:
          if (octet !== LF) throw badChunk('Bad end of a chunk');
          this.#state = CHUNK_SIZE_START;
      }
      this.#position++;
    }
    return NEED_DATA;
  }

  #countChunkLine(): void {
    if (++this.#chunkLineSize > this.#limits.maxChunkLineSize + 1) {
      throw new ProtocolError(413, 'BODY_TOO_LARGE', 'A chunk-size line is too long');
    }
  }

  #chunkSizeStep(octet: number): void {
    const digit = HEX_VALUE[octet]!;
    if (digit === 255) {
      this.#extensionState = EXTENSION_END;
      this.#state = CHUNK_EXTENSION;
      this.#extensionStep(octet);
      return;
    }
    this.#remaining = this.#remaining * 16 + digit;
    if (this.#remaining > Number.MAX_SAFE_INTEGER) throw badChunk('A chunk is too large');
    // Zeros in front cost us what extensions cost us, so they are counted with them.
    if (this.#chunkLineSize > CHUNK_SIZE_DIGITS) this.#countExtension();
  }

  #extensionStep(octet: number): void {
    this.#extensionState = extensionStep(this.#extensionState, octet);
    if (this.#extensionState === EXTENSION_ERROR) throw badChunk('Bad chunk size or extension');
    this.#countExtension();
  }

  #countExtension(): void {
    if (++this.#extensionsSize > this.#limits.maxChunkExtensionsSize) {
      throw new ProtocolError(413, 'BODY_TOO_LARGE', 'Too many chunk extensions');
    }
  }

  #startTrailers(): ParserEvent {
    this.#inTrailers = true;
    this.#startSection(0);
    return this.#nextTrailers();
  }
}

// Where offsets gather until it is known how many they are, so that each head allocates one array of its size. No scan
// is interrupted by another.
const SCRATCH: number[] = [];

const VERSION_TEMPLATE = Buffer.from('HTTP/d.d\r', 'latin1');

function isBlank(octet: number): boolean {
  return octet === SP || octet === HTAB;
}

function badLineEnd(): ProtocolError {
  return new ProtocolError(400, 'BAD_LINE_END', 'Lines end in CRLF');
}

function badTarget(): ProtocolError {
  return new ProtocolError(400, 'BAD_TARGET', 'Bad request target');
}

function badFieldName(): ProtocolError {
  return new ProtocolError(400, 'BAD_FIELD_NAME', 'Bad field name');
}

function badFieldValue(): ProtocolError {
  return new ProtocolError(400, 'BAD_FIELD_VALUE', 'Bad field value');
}

function tooManyFields(): ProtocolError {
  return new ProtocolError(431, 'TOO_MANY_FIELDS', 'Too many header fields');
}

function badChunk(sentence: string): ProtocolError {
  return new ProtocolError(400, 'BAD_CHUNK', sentence);
}
