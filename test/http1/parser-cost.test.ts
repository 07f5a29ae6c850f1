// What a request costs that arrives an octet at a time, counted and not timed: how often an octet is looked up in a
// table, how often it is copied, and how much memory is asked for. bench/parser.js has the times.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultLimits } from '../../src/connection/limits.js';
import { eventsOf, octetByOctet, octetsOf } from '../support/events.js';

const counted = vi.hoisted(() => ({ lookups: 0 }));

vi.mock('../../src/http1/bytes.js', async (original) => {
  const counting = (table: Uint8Array) =>
    new Proxy(table, {
      get(target, index) {
        counted.lookups++;
        return Reflect.get(target, index);
      },
    });
  const real = await original<typeof import('../../src/http1/bytes.js')>();
  return {
    ...real,
    TCHAR: counting(real.TCHAR),
    TARGET_CHAR: counting(real.TARGET_CHAR),
    FIELD_CHAR: counting(real.FIELD_CHAR),
    HEX_VALUE: counting(real.HEX_VALUE),
  };
});

const { RequestParser } = await import('../../src/http1/parser.js');

const HEAD_SIZE = 16 * 1024;
/** Besides the octets themselves, each is looked at when it ends what was before it, and begins what comes after. */
const LOOKUPS_PER_OCTET = 2;
/** Once into the buffer, and, since the buffer doubles, at most once more each into larger ones. */
const COPIES_PER_OCTET = 3;

describe('MUST 21: the cost of an octet does not depend on how many there are', () => {
  let copied = 0;
  let allocated = 0;

  beforeEach(() => {
    counted.lookups = copied = allocated = 0;
    const { copy } = Buffer.prototype;
    vi.spyOn(Buffer.prototype, 'copy').mockImplementation(function (this: Buffer, ...args) {
      const length = copy.apply(this, args);
      copied += length;
      return length;
    });
    const { allocUnsafeSlow } = Buffer;
    vi.spyOn(Buffer, 'allocUnsafeSlow').mockImplementation((size) => {
      allocated += size;
      return allocUnsafeSlow(size);
    });
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  const size = HEAD_SIZE - 100;
  it.each([
    ['one long value', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'v'.repeat(size)}\r\n\r\n`],
    ['one long name', `GET / HTTP/1.1\r\nHost: a\r\n${'n'.repeat(size)}: v\r\n\r\n`],
    ['blanks before a value', `GET / HTTP/1.1\r\nHost: a\r\nX:${' '.repeat(size)}v\r\n\r\n`],
    ['blanks behind a value', `GET / HTTP/1.1\r\nHost: a\r\nX: v${' '.repeat(size)}\r\n\r\n`],
    ['many fields', `GET / HTTP/1.1\r\nHost: a\r\n${`X: ${'v'.repeat(160)}\r\n`.repeat(98)}\r\n`],
    ['a long target', `GET /${'t'.repeat(8000)} HTTP/1.1\r\nHost: a\r\n\r\n`],
    ['a long method', `${'M'.repeat(8000)} / HTTP/1.1\r\nHost: a\r\n\r\n`],
    [
      'trailers',
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ${'v'.repeat(size)}\r\n\r\n`,
    ],
    [
      'chunks of one octet',
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${'1;a\r\nx\r\n'.repeat(2000)}0\r\n\r\n`,
    ],
  ])('%s', (_, text) => {
    const parser = new RequestParser(defaultLimits);
    let events = 0;
    for (const octet of octetByOctet(octetsOf(text))) {
      parser.feed(octet);
      events += eventsOf(parser).filter((event) => !('error' in event)).length;
    }
    expect(events).toBeGreaterThanOrEqual(2);
    expect(parser.idle).toBe(true);
    expect(counted.lookups).toBeGreaterThan(0);
    expect(counted.lookups).toBeLessThanOrEqual(LOOKUPS_PER_OCTET * text.length);
    expect(copied).toBeLessThanOrEqual(COPIES_PER_OCTET * text.length);
    expect(allocated).toBeLessThanOrEqual(4 * text.length + 64 * 1024);
  });
});
