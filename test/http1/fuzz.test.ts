// The fuzzer for as long as a test may take, and a proof that it notices. `npm run fuzz` runs it for longer.

import { afterEach, expect, it, vi } from 'vitest';
import { RequestParser } from '../../src/http1/parser.js';
import { readCorpus } from '../support/corpus.js';
import { fuzz, fuzzOnce } from '../support/fuzz.js';

const corpus = [...readCorpus().values()].flat().map(({ octets }) => octets);

afterEach(() => {
  vi.restoreAllMocks();
});

it('MUST 22: any octets make events or a ProtocolError, however they are cut', { timeout: 120_000 }, () => {
  expect(fuzz({ seed: 1, runs: 20_000, corpus })).toBeUndefined();
});

it('tells what failed, and how to see it again', () => {
  const { feed } = RequestParser.prototype;
  vi.spyOn(RequestParser.prototype, 'feed').mockImplementation(function (this: RequestParser, chunk) {
    if (chunk.includes('z')) throw new TypeError('a fault');
    feed.call(this, chunk);
  });
  const failure = fuzz({ seed: 1, runs: 20_000, corpus });
  expect(failure).toMatchObject({
    error: expect.stringContaining('TypeError: a fault'),
    input: expect.stringContaining('z'),
  });
  expect(fuzzOnce(failure!.seed, corpus)).toEqual({ ...failure, error: expect.any(String) });
});

it('sees that a cut changes what is said', () => {
  const { feed } = RequestParser.prototype;
  vi.spyOn(RequestParser.prototype, 'feed').mockImplementation(function (this: RequestParser, chunk) {
    feed.call(
      this,
      chunk.includes('Host') ? chunk : Buffer.from(chunk.toString('latin1').replace('\n', ' '), 'latin1'),
    );
  });
  expect(fuzz({ seed: 1, runs: 20_000, corpus })?.error).toContain('pieces:');
});
