import mime from 'mime';
import otherTypes from 'mime/types/other.js';
import standardTypes from 'mime/types/standard.js';
import { describe, expect, it } from 'vitest';
import { DEFAULT_EXTENSIONS_MAP, guessMediaType, isCompressible } from '../../src/files/media-type.js';

describe('guessMediaType', () => {
  it.each([
    ['/a/index.html', 'text/html; charset=utf-8'],
    ['a.HTML', 'text/html; charset=utf-8'],
    ['a.css', 'text/css; charset=utf-8'],
    ['a.js', 'text/javascript; charset=utf-8'],
    ['a.mjs', 'text/javascript; charset=utf-8'],
    ['a.json', 'application/json; charset=utf-8'],
    ['a.js.map', 'application/json; charset=utf-8'],
    ['a.xml', 'application/xml; charset=utf-8'],
    ['a.svg', 'image/svg+xml; charset=utf-8'],
    ['a.webmanifest', 'application/manifest+json; charset=utf-8'],
    ['a.md', 'text/markdown; charset=utf-8'],
    ['a.py', 'text/x-python; charset=utf-8'],
    ['a.txt', 'text/plain; charset=utf-8'],
    ['a.wasm', 'application/wasm'],
    ['a.png', 'image/png'],
    ['a.woff2', 'font/woff2'],
    ['a.mp4', 'video/mp4'],
    ['favicon.ico', 'image/vnd.microsoft.icon'],
    ['a.tar', 'application/x-tar'],
    ['a.zst', 'application/zstd'],
  ])('MUST 62 (pure part): %s is %s', (name, type) => {
    expect(guessMediaType(name)).toBe(type);
  });

  it.each([
    'a',
    'README',
    '/a.b/c',
    '.html',
    '..html',
    'a.',
    'a.nosuchtype',
    '',
    '/',
    'a.constructor',
    'a.__proto__',
    'a.*xml',
    'a.*',
    'a\\b.c\\d',
  ])('MUST 62 (pure part): %j is unknown', (name) => {
    expect(guessMediaType(name)).toBe('application/octet-stream');
  });

  it('MUST 62 (pure part): a suffix has the type that mime says', () => {
    const suffixes = [standardTypes, otherTypes].flatMap((table) => Object.values(table).flat());
    expect(suffixes.length).toBeGreaterThan(1000);
    for (const suffix of suffixes.map((one: string) => one.replace('*', ''))) {
      const type = guessMediaType(`a.${suffix}`, {}).replace('; charset=utf-8', '');
      expect(type, suffix).toBe(mime.getType(suffix));
    }
  });

  it('says of a compressed file what is sent, as Python does', () => {
    expect(guessMediaType('a.txt.gz')).toBe('application/gzip');
    expect(guessMediaType('a.tar.GZ')).toBe('application/gzip');
    expect(guessMediaType('a.Z')).toBe('application/octet-stream');
    expect(guessMediaType('a.bz2')).toBe('application/x-bzip2');
    expect(guessMediaType('a.xz')).toBe('application/x-xz');
  });

  it('asks the map first: the suffix as it stands, then in lower case', () => {
    const map = {
      ...DEFAULT_EXTENSIONS_MAP,
      '.html': 'application/x-mine',
      '.Q': 'image/q',
      '.txt': 'text/plain; charset=ascii',
      '.foo': 'text/foo',
    };
    expect(guessMediaType('a.HTML', map)).toBe('application/x-mine');
    expect(guessMediaType('a.Q', map)).toBe('image/q');
    expect(guessMediaType('a.q', map)).toBe('application/octet-stream');
    expect(guessMediaType('a.txt', map)).toBe('text/plain; charset=ascii');
    expect(guessMediaType('a.foo', map)).toBe('text/foo; charset=utf-8');
  });

  it("lets '' stand for what nothing else fits", () => {
    const map = { '': 'text/plain' };
    expect(guessMediaType('README', map)).toBe('text/plain; charset=utf-8');
    expect(guessMediaType('a.nosuchtype', map)).toBe('text/plain; charset=utf-8');
    expect(guessMediaType('a.png', map)).toBe('image/png');
  });

  it('MUST 66 (pure part): long names cost linear time', () => {
    const n = 500_000;
    expect(guessMediaType('.'.repeat(n))).toBe('application/octet-stream');
    expect(guessMediaType('/.a'.repeat(n))).toBe('application/octet-stream');
    expect(guessMediaType(`${'.a'.repeat(n)}.png`)).toBe('image/png');
  });
});

describe('isCompressible', () => {
  it.each([
    'text/html; charset=utf-8',
    'TEXT/CSS',
    'application/json',
    'image/svg+xml',
    'application/ld+json',
    'application/wasm',
    'font/ttf',
  ])('%s is', (type) => {
    expect(isCompressible(type)).toBe(true);
  });

  it.each([
    'image/png',
    'video/mp4',
    'font/woff2',
    'application/gzip',
    'application/zip',
    'application/octet-stream',
    '',
  ])('%j is not', (type) => {
    expect(isCompressible(type)).toBe(false);
  });
});
