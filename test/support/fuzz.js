// Feeds the request parser with octets that are random, or nearly right, and holds it to what must always be true:
//
// - it says events or throws a ProtocolError, nothing else, and goes on throwing the same one;
// - it comes to an end: an event is a head, an end, or data, and there are no more of them than octets;
// - however the octets are cut, it says the same, and what it has given out stays as it was;
// - what it calls a head keeps the rules that a careless reader of it would rely on.
//
// Plain JavaScript, so that `npm run fuzz` needs no compiler; the tests run the same code for a shorter time.

import { CHUNKED, DATA, END, HEAD, NEED_DATA, ProtocolError, RequestParser } from 'basehttp/http1';
import { randomSource } from './random.js';

/**
 * Makes `runs` inputs and tries each. Run `i` depends on `seed + i` and the corpus only, so that a failure is run
 * again by its own seed.
 * @param {{ seed: number, runs: number, corpus: readonly Buffer[], onProgress?: (done: number) => void }} options
 * @returns what failed first, or undefined
 */
export function fuzz({ seed, runs, corpus, onProgress }) {
  for (let run = 0; run < runs; run++) {
    const failure = fuzzOnce((seed + run) >>> 0, corpus);
    if (failure !== undefined) return failure;
    if ((run + 1) % PROGRESS_INTERVAL === 0) onProgress?.(run + 1);
  }
  return undefined;
}

const PROGRESS_INTERVAL = 50_000;

/** Tries the one input that the seed makes. */
export function fuzzOnce(seed, corpus) {
  const random = randomSource(seed);
  const octets = makeInput(random, corpus);
  const limits = makeLimits(random);
  let cuts = [octets];
  try {
    const whole = listen(cuts, limits);
    cuts = random.below(8) === 0 ? random.cut(octets, octets.length) : random.cut(octets);
    const inPieces = listen(cuts, limits);
    check(whole === inPieces, `whole:  ${whole}\npieces: ${inPieces}`);
    return undefined;
  } catch (error) {
    return {
      seed,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      input: octets.toString('latin1'),
      cuts: cuts.map((piece) => piece.length),
      limits,
    };
  }
}

// ── Inputs ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const TOKENS = [
  ...[
    'GET ',
    'POST ',
    'OPTIONS ',
    'CONNECT ',
    '/',
    '* ',
    'http://b',
    '?a=b',
    '%41',
    '#',
    ' HTTP/1.1\r\n',
    ' HTTP/1.0\r\n',
  ],
  ...[
    'Host: a\r\n',
    'Host',
    ':',
    ': ',
    'X: y\r\n',
    'Content-Length: ',
    '0',
    '1',
    '5',
    '16',
    '99999999999999999999',
    '+1',
  ],
  ...[
    'Transfer-Encoding: chunked\r\n',
    'Transfer-Encoding: ',
    'chunked',
    'gzip',
    ', ',
    'Connection: ',
    'close',
    'keep-alive',
  ],
  ...[
    'Expect: 100-continue\r\n',
    'Upgrade: x\r\n',
    'Connection: upgrade\r\n',
    '\r\n',
    '\r\n\r\n',
    '\r',
    '\n',
    ' ',
    '\t',
    '\0',
  ],
  ...[
    '0\r\n\r\n',
    '1\r\nx\r\n',
    '5\r\nhello\r\n',
    'a;b=c\r\n',
    ';',
    '="',
    '"',
    '\\',
    'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  ],
].map((token) => Buffer.from(token, 'latin1'));

/** Octets that mean something somewhere, and some that mean nothing anywhere. */
const OCTETS = Buffer.from('\r\n \t\0:;=",\\/?#%@[]*+-_.0159afAFxXgG\x0b\x0c\x1f\x7f\x80\xa0\xff', 'latin1');

function makeInput(random, corpus) {
  switch (random.below(8)) {
    case 0:
      return Buffer.from(Array.from({ length: random.below(100) }, () => random.below(256)));
    case 1:
    case 2:
      return Buffer.concat(Array.from({ length: random.below(30) }, () => random.pick(TOKENS)));
    case 3:
      return mutate(random, splice(random, random.pick(corpus), random.pick(corpus)));
    case 4:
      return mutate(random, Buffer.concat([random.pick(corpus), random.pick(corpus)]));
    default:
      return mutate(random, random.pick(corpus));
  }
}

/** The beginning of one and the end of the other. */
function splice(random, one, other) {
  return Buffer.concat([
    one.subarray(0, random.below(one.length + 1)),
    other.subarray(random.below(other.length + 1)),
  ]);
}

function mutate(random, octets) {
  let mutated = octets;
  for (let left = random.below(4); left > 0; left--) {
    const start = random.below(mutated.length + 1);
    const end = Math.min(mutated.length, start + random.below(random.below(4) === 0 ? 20 : 2));
    const replacement = makeReplacement(random, mutated);
    mutated = Buffer.concat([mutated.subarray(0, start), replacement, mutated.subarray(end)]);
  }
  return mutated;
}

function makeReplacement(random, octets) {
  switch (random.below(6)) {
    case 0:
      return Buffer.alloc(0);
    case 1:
      return Buffer.of(random.below(256));
    case 2:
      return random.pick(TOKENS);
    case 3:
      return octets.subarray(random.below(octets.length + 1), random.below(octets.length + 1));
    default:
      return Buffer.of(random.pick(OCTETS));
  }
}

/** Roomy ones, or ones so tight that the input meets them. */
function makeLimits(random) {
  const isTight = random.below(3) === 0;
  const size = (roomy) => (isTight ? random.below(random.pick([4, 20, 100])) : roomy);
  return {
    maxRequestLineSize: size(8192),
    maxHeaderSize: size(16384),
    maxHeaderCount: size(100),
    maxChunkLineSize: size(4096),
    maxChunkExtensionsSize: size(16384),
  };
}

// ── What must be true ────────────────────────────────────────────────────────────────────────────────────────────────

/** What the parser says of the pieces, as text; data in a row are one. @throws if something is not as it must be. */
function listen(pieces, limits) {
  const listener = new Listener(new RequestParser(limits), limits);
  for (const piece of pieces) {
    listener.feed(piece);
    if (listener.failure !== undefined) break;
  }
  listener.end();
  return JSON.stringify(listener.said);
}

class Listener {
  /** What was said. */
  said = [];
  failure;
  #parser;
  #limits;
  #fed = 0;
  #events = 0;
  #head;
  #received = 0;
  /** Data as they were given out, and what was in them then. */
  #given = [];

  constructor(parser, limits) {
    this.#parser = parser;
    this.#limits = limits;
  }

  feed(piece) {
    this.#fed += piece.length;
    // A copy, since the parser may keep it, and the same octets are fed in other pieces too.
    this.#parser.feed(Buffer.from(piece));
    this.#ask();
  }

  end() {
    const wasIdle = this.#parser.idle;
    const hadFailed = this.failure !== undefined;
    this.#parser.finish();
    this.#ask();
    if (!hadFailed) {
      check(
        wasIdle === (this.failure === undefined),
        'a parser that is not idle does not say INCOMPLETE, or says it idle',
      );
      check(wasIdle || this.failure.code === 'INCOMPLETE', 'another error than INCOMPLETE at the end');
      check(!wasIdle || this.#head === undefined, 'idle within a request');
    }
    for (const { data, copy } of this.#given) check(data.equals(copy), 'data changed after it was given out');
  }

  #ask() {
    for (;;) {
      const event = this.#next();
      check(this.#parser.unread >= 0 && this.#parser.unread <= this.#fed, 'unread is out of range');
      if (event === NEED_DATA) return;
      check(this.failure === undefined, 'an event after an error');
      check(++this.#events <= this.#fed, 'more events than octets');
      this.#on(event);
    }
  }

  /** The next event; after an error, NEED_DATA. */
  #next() {
    try {
      return this.#parser.next();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      if (this.failure === undefined) this.#onError(error);
      check(error === this.failure, 'another error after an error');
      return NEED_DATA;
    }
  }

  #onError(error) {
    check(STATUSES.has(error.status), `status ${error.status}`);
    check(/^[ -~]+$/.test(error.message), `the sentence of ${error.code}`);
    this.failure = error;
    this.said.push(`${error.status} ${error.code} ${error.message}`);
    if (this.#head !== undefined) return;
    const { requestLine } = this.#parser.rejectedHead();
    check(
      requestLine.length <= this.#limits.maxRequestLineSize && !/[\n]/.test(requestLine),
      'a rejected head of more than its line',
    );
  }

  #on(event) {
    const parser = this.#parser;
    if (event === HEAD) {
      check(this.#head === undefined, 'a head within a request');
      this.#head = parser.head;
      this.#received = 0;
      checkHead(this.#head, this.#limits);
      this.said.push(plainHead(this.#head));
    } else if (event === DATA) {
      check(this.#head !== undefined && parser.head === this.#head, 'data outside of a request');
      check(parser.data.length > 0, 'data without octets');
      this.#received += parser.data.length;
      this.#given.push({ data: parser.data, copy: Buffer.from(parser.data) });
      this.#sayData(parser.data.toString('latin1'));
    } else {
      check(event === END, `event ${event}`);
      check(this.#head !== undefined, 'an end outside of a request');
      const { bodyLength } = this.#head;
      check(
        bodyLength === CHUNKED || bodyLength === this.#received,
        `${this.#received} octets of ${bodyLength}`,
      );
      if (parser.trailers !== undefined) checkFields(parser.trailers, this.#limits);
      this.said.push({ end: [...(parser.trailers ?? [])] });
      this.#head = undefined;
    }
  }

  #sayData(data) {
    const last = this.said.at(-1);
    if (last?.data === undefined) this.said.push({ data });
    else last.data += data;
  }
}

const STATUSES = new Set([400, 413, 414, 417, 431, 501, 505]);

function plainHead(head) {
  const { method, target, path, minor, bodyLength, persistent, keepAlive, expectsContinue, upgrade } = head;
  return {
    method,
    target,
    path,
    minor,
    bodyLength,
    persistent,
    keepAlive,
    expectsContinue,
    upgrade,
    fields: [...head.fields],
  };
}

/** The rules that keep a request from being understood in two ways. */
function checkHead(head, limits) {
  check(TOKEN.test(head.method), 'the method is no token');
  check(
    /^[!-~\x80-\xff]+$/.test(head.target) && !/["#<>\\]/.test(head.target),
    'the target has what it may not have',
  );
  check(
    head.requestLine === `${head.method} ${head.target} ${head.version}`,
    'the request line is not its parts',
  );
  check(head.requestLine.length <= limits.maxRequestLineSize, 'a request line above its limit');
  check(head.path.startsWith('/') || head.path === '*' || head.method === 'CONNECT', 'the path is no path');
  checkFields(head.fields, limits);
  const values = (name) =>
    [...head.fields].filter((each) => each[0].toLowerCase() === name).map((each) => each[1]);
  const hosts = values('host');
  check(hosts.length === 1 || (hosts.length === 0 && head.minor === 0), `${hosts.length} Hosts`);
  check(
    hosts.every((host) => host !== '' && !/[\s/\\?#@,"]/.test(host)),
    'a bad Host',
  );
  checkFraming(head, values('content-length'), values('transfer-encoding'));
}

function checkFraming(head, lengths, codings) {
  check(lengths.length + codings.length <= 1, 'more than one framing field');
  check(
    lengths.every((length) => /^\d{1,16}$/.test(length) && Number(length) === head.bodyLength),
    'a wrong length',
  );
  check(
    codings.every((coding) => /^chunked$/i.test(coding) && head.minor > 0),
    'a bad transfer coding',
  );
  const expected = codings.length > 0 ? CHUNKED : Number(lengths[0] ?? 0);
  check(head.bodyLength === expected && Number.isSafeInteger(expected), 'a wrong body length');
}

function checkFields(fields, limits) {
  check(fields.length <= limits.maxHeaderCount, 'too many fields');
  let size = 0;
  for (const [name, value] of fields) {
    check(TOKEN.test(name), 'a field name is no token');
    check(!/[^\t\x20-\x7e\x80-\xff]|^[ \t]|[ \t]$/.test(value), 'a field value has what it may not have');
    size += name.length + value.length;
  }
  // Host may have been replaced by the authority of the target.
  check(size <= limits.maxHeaderSize + limits.maxRequestLineSize, 'fields above their limit');
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

function check(isTrue, otherwise) {
  if (!isTrue) throw new Error(otherwise);
}
