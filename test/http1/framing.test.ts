import { describe, expect, it } from 'vitest';
import {
  CHUNKED,
  frameRequest,
  frameResponse,
  type RequestFraming,
  responseHasBody,
} from '../../src/http1/framing.js';

type Field = readonly [name: string, value: string];

/** What fields, after a Host, say in HTTP/1.`minor`. */
function frame(fields: readonly Field[], minor = 1): RequestFraming {
  return frameFields([['Host', 'a'], ...fields], minor);
}

function frameFields(fields: readonly Field[], minor: number): RequestFraming {
  let text = '';
  const offsets: number[] = [];
  for (const [name, value] of fields) {
    const valueStart = text.length + name.length + 2;
    offsets.push(text.length, text.length + name.length, valueStart, valueStart + value.length);
    text += `${name}: ${value}\r\n`;
  }
  return frameRequest(minor, text, offsets);
}

const refusal = (status: number, code: string) =>
  expect.objectContaining({ name: 'ProtocolError', status, code });

describe('frameRequest', () => {
  it('takes a request without any of the fields for one without a body that persists', () => {
    expect(frame([['X', 'y']])).toEqual({
      bodyLength: 0,
      persistent: true,
      keepAlive: false,
      expectsContinue: false,
      upgrade: false,
      hostIndex: 0,
    });
  });

  it('tells where Host is, and that it is not there', () => {
    expect(
      frameFields(
        [
          ['A', 'b'],
          ['X', 'y'],
          ['hOST', 'a'],
        ],
        1,
      ).hostIndex,
    ).toBe(2);
    expect(frameFields([], 0).hostIndex).toBe(-1);
  });

  it('MUST 16: wants one Host in HTTP/1.1, and at most one in HTTP/1.0', () => {
    expect(() => frameFields([], 1)).toThrow(refusal(400, 'BAD_HOST'));
    expect(() => frameFields([], 2)).toThrow(refusal(400, 'BAD_HOST'));
    expect(() => frame([['Host', 'a']])).toThrow(refusal(400, 'BAD_HOST'));
    expect(() => frame([['host', 'b']], 0)).toThrow(refusal(400, 'BAD_HOST'));
  });

  it('MUST 1: never has to choose between two lengths', () => {
    const length: Field = ['Content-Length', '5'];
    const coding: Field = ['Transfer-Encoding', 'chunked'];
    expect(() => frame([length, coding])).toThrow(refusal(400, 'AMBIGUOUS_FRAMING'));
    expect(() => frame([coding, ['X', 'y'], length])).toThrow(refusal(400, 'AMBIGUOUS_FRAMING'));
    expect(() => frame([length, length])).toThrow(refusal(400, 'BAD_CONTENT_LENGTH'));
    expect(() => frame([coding, coding])).toThrow(refusal(400, 'BAD_TRANSFER_ENCODING'));
  });

  it.each([
    ['0', 0],
    ['00', 0],
    ['010', 10],
    ['9007199254740991', 2 ** 53 - 1],
  ])('MUST 3: Content-Length %s is %d', (value, length) => {
    expect(frame([['content-length', value]]).bodyLength).toBe(length);
    expect(frame([['content-length', value]], 0).bodyLength).toBe(length);
  });

  it('MUST 3: knows no length beyond 2^53 - 1, and none of 17 digits', () => {
    for (const value of ['9007199254740992', '9999999999999999', '00000000000000001', '1'.repeat(5000)]) {
      expect(() => frame([['Content-Length', value]])).toThrow(refusal(413, 'BODY_TOO_LARGE'));
    }
  });

  it.each([
    '',
    ' ',
    '+1',
    '-1',
    '0x1',
    '1_0',
    '1Z',
    '1 2',
    '1,1',
    '1.',
    '.1',
    '1e1',
    '\u00b2',
    '\u0661',
    'NaN',
  ])('MUST 2: Content-Length %j is none', (value) => {
    expect(() => frame([['Content-Length', value]])).toThrow(refusal(400, 'BAD_CONTENT_LENGTH'));
  });

  it('MUST 5: knows chunked, in any case, and says which others it does not know', () => {
    expect(frame([['TRANSFER-ENCODING', 'CHUNKED']]).bodyLength).toBe(CHUNKED);
    for (const value of ['gzip', 'x', 'gzip, chunked', 'gzip,deflate , Chunked', 'chunked2', 'x-chunked']) {
      expect(() => frame([['Transfer-Encoding', value]]), value).toThrow(
        refusal(501, 'UNSUPPORTED_TRANSFER_CODING'),
      );
    }
    for (const value of [
      '',
      ',',
      'chunked,',
      ',chunked',
      'chunked,chunked',
      'chunked,gzip',
      'gzip,chunked,chunked',
      'gzip,,chunked',
      'gzip, br',
      'gzip chunked',
      'chunked;a',
      '"chunked"',
      'chunked\u00a0',
      '\u017fhunked',
    ]) {
      expect(() => frame([['Transfer-Encoding', value]]), value).toThrow(
        refusal(400, 'BAD_TRANSFER_ENCODING'),
      );
    }
  });

  it('MUST 6: knows no Transfer-Encoding in HTTP/1.0', () => {
    expect(() => frame([['Transfer-Encoding', 'chunked']], 0)).toThrow(refusal(400, 'BAD_TRANSFER_ENCODING'));
    expect(() => frame([['Transfer-Encoding', 'gzip']], 0)).toThrow(refusal(400, 'BAD_TRANSFER_ENCODING'));
  });

  it.each<[string[], number, boolean, boolean]>([
    [[], 1, true, false],
    [[], 0, false, false],
    [['keep-alive'], 1, true, true],
    [['keep-alive'], 0, true, true],
    [['Keep-Alive '], 0, true, true],
    [['close'], 1, false, false],
    [['CLOSE'], 1, false, false],
    [['close, keep-alive'], 0, false, false],
    [['keep-alive', 'close'], 1, false, false],
    [['x , close'], 1, false, false],
    [['x close'], 1, true, false],
    [['close\u00a0'], 1, true, false],
    [['keep-alive\u00a0'], 0, false, false],
  ])('Connection %j in HTTP/1.%d: persistent %s, by name %s', (values, minor, persistent, keepAlive) => {
    const framing = frame(
      values.map((value) => ['Connection', value]),
      minor,
    );
    expect(framing).toMatchObject({ persistent, keepAlive });
  });

  it('takes the blanks of a long Connection once', () => {
    const value = `a${' \t'.repeat(100_000)}b, close`;
    expect(frame([['Connection', value]]).persistent).toBe(false);
  });

  it('MUST 25: waits for 100 (Continue) only with a body to come, and not in HTTP/1.0', () => {
    const expectation: Field = ['Expect', '100-Continue'];
    expect(frame([expectation, ['Content-Length', '1']]).expectsContinue).toBe(true);
    expect(frame([expectation, ['Transfer-Encoding', 'chunked']]).expectsContinue).toBe(true);
    expect(frame([expectation, ['Content-Length', '0']]).expectsContinue).toBe(false);
    expect(frame([expectation]).expectsContinue).toBe(false);
    expect(frame([expectation, ['Content-Length', '1']], 0).expectsContinue).toBe(false);
    expect(() => frame([['Expect', 'x']])).toThrow(refusal(417, 'BAD_EXPECTATION'));
  });

  it('sees an Upgrade that Connection names', () => {
    const upgrade: Field = ['Upgrade', 'websocket'];
    expect(frame([upgrade, ['Connection', 'Upgrade']]).upgrade).toBe(true);
    expect(frame([['Connection', 'keep-alive, upgrade'], upgrade]).upgrade).toBe(true);
    expect(frame([upgrade]).upgrade).toBe(false);
    expect(frame([['Connection', 'upgrade']]).upgrade).toBe(false);
    expect(frame([upgrade, ['Connection', 'upgrade']], 0).upgrade).toBe(false);
  });

  it('passes over names that are only as long as those that matter', () => {
    const names = ['Hose', 'Expekt', 'Upgrabe', 'Connectiom', 'Content-Lengtx', 'Transfer-Encodinx'];
    expect(frame(names.map((name) => [name, '!']))).toEqual(frame([]));
  });
});

describe('frameResponse', () => {
  const head = (status: number, contentLength?: number, version = 'HTTP/1.1') => ({
    status,
    version,
    contentLength,
  });

  it('MUST 44: has no body for HEAD, 1xx, 204, 205, 304, and 2xx to CONNECT', () => {
    for (const length of [undefined, 0, 5]) {
      expect(frameResponse('HEAD', 1, head(200, length))).toBe('none');
      expect(frameResponse('CONNECT', 1, head(200, length))).toBe('none');
      for (const status of [100, 101, 103, 204, 205, 304]) {
        expect(frameResponse('GET', 1, head(status, length))).toBe('none');
      }
    }
    expect(frameResponse('CONNECT', 1, head(404, 5))).toBe('length');
  });

  it('uses the length that is known', () => {
    expect(frameResponse('GET', 1, head(200, 0))).toBe('length');
    expect(frameResponse('GET', 0, head(200, 5))).toBe('length');
  });

  it('MUST 44: chunks for HTTP/1.1 only, on both sides', () => {
    expect(frameResponse('GET', 1, head(200))).toBe('chunked');
    expect(frameResponse('GET', 2, head(200))).toBe('chunked');
    expect(frameResponse('GET', 0, head(200))).toBe('close');
    expect(frameResponse('GET', 1, head(200, undefined, 'HTTP/1.0'))).toBe('close');
  });

  it('says the same as responseHasBody', () => {
    for (const method of ['GET', 'HEAD', 'CONNECT', 'head']) {
      for (let status = 100; status < 600; status++) {
        const isNone = frameResponse(method, 1, head(status)) === 'none';
        expect(responseHasBody(method, status)).toBe(!isNone);
      }
    }
  });
});
