import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { HTTPStatus, mayHaveBody, reasonPhrase, responses } from '../../src/http1/status.js';

const codes = Object.keys(responses).map(Number);

describe('responses', () => {
  it('is a mapping of error code integers to two-element tuples of a short and a long message', () => {
    expect(responses[404]).toEqual(['Not Found', 'Nothing matches the given URI']);
    for (const code of codes) {
      expect(responses[code], String(code)).toEqual([
        expect.stringMatching(/^[\x20-\x7e]+$/),
        expect.stringMatching(/./),
      ]);
    }
  });

  it('has the names of RFC 9110', () => {
    const renamed = { 413: 'Content Too Large', 414: 'URI Too Long', 422: 'Unprocessable Content' };
    for (const [code, short] of Object.entries(renamed)) expect(responses[Number(code)]?.[0]).toBe(short);
    expect(responses[416]?.[0]).toBe('Range Not Satisfiable');
    expect(responses[418]?.[0]).toBe("I'm a Teapot");
  });

  it('gives undefined for what it does not have, names of Object.prototype included', () => {
    const byName = responses as Record<string | number, unknown>;
    for (const key of [0, 99, 105, 299, 309, 600, Number.NaN, '__proto__', 'constructor', 'toString']) {
      expect(byName[key], String(key)).toBeUndefined();
    }
  });

  it('cannot be changed, and can be spread into a mapping of one’s own', () => {
    expect(Object.isFrozen(responses)).toBe(true);
    expect(codes.every((code) => Object.isFrozen(responses[code]))).toBe(true);
    const own: typeof responses = { ...responses, 299: ['Custom', 'Of our own'] };
    expect([own[200], own[299]]).toEqual([responses[200], ['Custom', 'Of our own']]);
  });

  it('has every code Python has, with Python’s texts', ({ skip }) => {
    const script =
      'import http, json; print(json.dumps([[s, s.phrase, s.description] for s in http.HTTPStatus]))';
    const python = spawnSync('python3', ['-c', script], { encoding: 'utf8' });
    if (python.error) skip('python3 is not installed');
    const rows = JSON.parse(python.stdout) as [code: number, short: string, long: string][];
    // Until 3.13 Python had the names of RFC 7231 for these, and until 3.14 no or another long text for some.
    const rewritten = new Set([413, 414, 416, 418, 422]);
    for (const [code, short, long] of rows) {
      if (rewritten.has(code)) expect(codes).toContain(code);
      else expect([code, short, long || responses[code]?.[1]]).toEqual([code, ...(responses[code] ?? [])]);
    }
  });
});

describe('HTTPStatus', () => {
  it('names the codes as Python does, the older names included', () => {
    expect(HTTPStatus.NOT_FOUND).toBe(404);
    expect(HTTPStatus.IM_A_TEAPOT satisfies 418).toBe(418);
    expect(HTTPStatus.REQUEST_ENTITY_TOO_LARGE).toBe(HTTPStatus.CONTENT_TOO_LARGE);
    expect(new Set<number>(Object.values(HTTPStatus))).toEqual(new Set(codes));
  });

  it('is frozen', () => {
    expect(Object.isFrozen(HTTPStatus)).toBe(true);
  });
});

describe('reasonPhrase', () => {
  it('is the short text, or nothing for an unknown code', () => {
    expect(reasonPhrase(103)).toBe('Early Hints');
    expect(reasonPhrase(999)).toBe('');
  });
});

describe('mayHaveBody', () => {
  it('MUST 44: is false for 1xx, 204, 205 and 304, and true for every other status', () => {
    const bodiless = codes.filter((code) => !mayHaveBody(code));
    expect(bodiless).toEqual([100, 101, 102, 103, 104, 204, 205, 304]);
    expect(mayHaveBody(199)).toBe(false);
    expect(mayHaveBody(999)).toBe(true);
  });
});
