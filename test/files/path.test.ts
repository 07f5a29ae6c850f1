// Request target → canonical path → file path → URL. Text only; what the file system makes of it is tested elsewhere.

import { join, posix } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CanonicalPath,
  encodePath,
  encodeSegment,
  foldCase,
  isHidden,
  isInside,
  parsePath,
  redirectLocation,
  splitTarget,
  toFilePath,
} from '../../src/files/path.js';

/** The canonical path, or the reason there is none. */
function verdict(target: string): string {
  const result = parsePath(target);
  return result.ok ? result.path : result.reason;
}

function accepted(target: string): CanonicalPath {
  const result = parsePath(target);
  if (!result.ok) throw new Error(`${target} was refused: ${result.reason}`);
  return result;
}

/** What a decoded name looks like on the wire, each octet percent-encoded or not as `choices` says. */
function spell(text: string, choices: readonly boolean[]): string {
  const octets = [...Buffer.from(text, 'utf8')];
  return octets
    .map((octet, index) => {
      const raw = String.fromCharCode(octet);
      const encode = choices[index % choices.length] === true || '%?#'.includes(raw);
      return encode ? `%${octet.toString(16).padStart(2, '0')}` : raw;
    })
    .join('');
}

const anyTarget = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        '/',
        '//',
        '.',
        '..',
        '%2e',
        '%2E',
        '%2f',
        '%5c',
        '\\',
        '%',
        '%25',
        '%00',
        '\xc0\xae',
        '%c0%ae',
        'secret',
        'a',
        '?',
        '#',
        'http://h',
        '%ff',
        '\xe9',
        ':',
        ' ',
        '\n',
      ),
    )
    .map((pieces) => pieces.join('')),
);

describe('splitTarget', () => {
  it.each([
    ['/a', '/a', undefined],
    ['/a?', '/a', ''],
    ['/a?b=c?d', '/a', 'b=c?d'],
    ['/a%3Fb', '/a%3Fb', undefined],
    ['/a?b#c', '/a', 'b'],
    ['/a#c?b', '/a', undefined],
    ['', '/', undefined],
    ['?q', '/', 'q'],
    ['http://example.org', '/', undefined],
    ['http://example.org?q', '/', 'q'],
    ['HTTPS://user@example.org:80/a/b?q', '/a/b', 'q'],
    ['//example.org/a', '//example.org/a', undefined],
    ['/http://example.org/a', '/http://example.org/a', undefined],
  ])('%j is %j and %j', (target, path, query) => {
    expect(splitTarget(target)).toEqual({ path, query });
  });
});

describe('parsePath', () => {
  it.each([
    ['/', [], true],
    ['/a', ['a'], false],
    ['/a/', ['a'], true],
    ['/a/b.txt', ['a', 'b.txt'], false],
    ['/a//', ['a'], true],
    ['/a/.', ['a'], true],
    ['/./', [], true],
    ['/.', [], true],
    ['', [], true],
    ['a', ['a'], false],
    ['/caf%C3%A9', ['café'], false],
    ['/caf\xc3\xa9', ['café'], false],
    ['/%EF%BB%BFa', ['\ufeffa'], false],
    ['%EF%BB%BFa', ['\ufeffa'], false],
    ['/a%20b%0A', ['a b\n'], false],
    ['/...', ['...'], false],
    ['/a..b', ['a..b'], false],
    ['/%3F%23', ['?#'], false],
  ])('reads %j', (target, segments, trailingSlash) => {
    expect(accepted(target)).toMatchObject({ segments, trailingSlash, path: `/${segments.join('/')}` });
  });

  it.each([
    ['/%', 400, 'bad-percent-encoding'],
    ['/%2', 400, 'bad-percent-encoding'],
    ['/%zz', 400, 'bad-percent-encoding'],
    ['/%+1', 400, 'bad-percent-encoding'],
    ['/%u0041', 400, 'bad-percent-encoding'],
    ['/%\u0132\u0132', 400, 'bad-percent-encoding'],
    ['/%ff', 400, 'bad-utf8'],
    ['/\xff', 400, 'bad-utf8'],
    ['/\xe9', 400, 'bad-utf8'],
    ['/\u20ac', 400, 'bad-utf8'],
    ['/%c0%ae%c0%ae/secret', 400, 'bad-utf8'],
    ['/\xc0\xae\xc0\xae/secret', 400, 'bad-utf8'],
    ['/%e0%80%af', 400, 'bad-utf8'],
    ['/%ed%a0%80', 400, 'bad-utf8'],
    ['/%f4%90%80%80', 400, 'bad-utf8'],
    ['/%c3', 400, 'bad-utf8'],
    ['/a%00.txt', 400, 'nul'],
    ['/a\0', 400, 'nul'],
    ['/a%2fb', 404, 'encoded-slash'],
    ['/a%2F', 404, 'encoded-slash'],
    ['/..%2fsecret', 404, 'encoded-slash'],
    ['/a%5Cb', 404, 'backslash'],
    ['/..\\secret', 404, 'backslash'],
  ])('MUST 47 (pure part): refuses %j with %i, %s', (target, status, reason) => {
    expect(parsePath(target)).toEqual({ ok: false, status, reason });
  });

  it('MUST 47 (pure part): decodes exactly once', () => {
    expect(accepted('/%252e%252e/%2525').segments).toEqual(['%2e%2e', '%25']);
  });

  it('MUST 47 (pure part): no spelling of a target resolves outside the root', () => {
    fc.assert(
      fc.property(anyTarget, (target) => {
        const result = parsePath(target);
        if (!result.ok) return;
        const file = toFilePath('/srv/www', result.segments, 'linux') as string;
        expect(isInside('/srv/www', posix.resolve(file), '/')).toBe(true);
        expect(file).not.toContain('\0');
      }),
      { numRuns: 3000 },
    );
  });

  it('MUST 47, 48 (pure part): refuses every spelling of ../secret', () => {
    const flags = fc.array(fc.boolean(), { minLength: 1, maxLength: 40 });
    const prefix = fc.constantFrom('', '/', '//', '/a/', '/a/b/', '/./', 'http://host/', '/%61/');
    fc.assert(
      fc.property(
        prefix,
        fc.constantFrom('../secret', 'a/../../secret', '..', '../', './..'),
        flags,
        (start, path, choices) => {
          expect(parsePath(start + spell(path, choices)).ok).toBe(false);
        },
      ),
    );
  });

  it.each([
    '/..',
    '/../',
    '/a/../x',
    '/a/b/..',
    '/%2e%2e/x',
    '/.%2E',
    '/a/%2e./',
    '//../x',
    '..',
    'http://h/../x',
  ])('MUST 48 (pure part): refuses the .. in %j instead of resolving it', (target) => {
    expect(parsePath(target)).toEqual({ ok: false, status: 404, reason: 'dot-dot' });
  });

  it.each([
    '/x/y',
    '//x/y',
    '/./x/y',
    '/x//y',
    '/x/./y',
    '/%78/%79',
    '///x///./y',
    'x/y',
    'http://h/x/y',
    '/x/y?q',
    '/x/y#f',
  ])('MUST 49 (pure part): %j is /x/y', (target) => {
    expect(accepted(target).path).toBe('/x/y');
  });

  it('MUST 49 (pure part): every spelling of a path is the same path', () => {
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
      .filter((text) => !/[/\\\0]/.test(text) && text !== '.' && text !== '..');
    const filler = fc.constantFrom('/', '//', '/./', '/%2e/', '///');
    const piece = fc.tuple(filler, name, fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }));
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 5 }), (pieces) => {
        const target = pieces.map(([separator, text, choices]) => separator + spell(text, choices)).join('');
        expect(verdict(target)).toBe(`/${pieces.map(([, text]) => text).join('/')}`);
      }),
    );
  });

  it('gives the same verdict for its own canonical path', () => {
    fc.assert(
      fc.property(anyTarget, (target) => {
        const result = parsePath(target);
        if (!result.ok) return;
        const again = accepted(encodePath(result.path) + (result.trailingSlash ? '/' : ''));
        expect(again).toEqual(result);
      }),
      { numRuns: 1000 },
    );
  });

  it('MUST 66 (pure part): the cost grows with the length, not with its square', () => {
    // Long enough that a quadratic step would outlast the test's time limit by far.
    const n = 300_000;
    expect(verdict('%00'.repeat(n))).toBe('nul');
    expect(verdict(`/${'%61'.repeat(n)}%0`)).toBe('bad-percent-encoding');
    expect(verdict(`/${'./'.repeat(n)}${'/'.repeat(n)}a`)).toBe('/a');
    expect(accepted('/a'.repeat(n)).segments).toHaveLength(n);
    expect(verdict(`http://${'a'.repeat(n)}`)).toBe('/');
    expect(verdict('a'.repeat(n))).toHaveLength(n + 1);
    expect(redirectLocation('/\\'.repeat(n), '"'.repeat(n))).toHaveLength(2 + 3 * n);
  });
});

describe('hidden names', () => {
  it.each([
    ['/.env', true],
    ['/a/.git/config', true],
    ['/%2eenv', true],
    ['/...', true],
    ['/.well-known', false],
    ['/.well-known/acme', false],
    ['/.well-known/.env', true],
    ['/a/.well-known/x', true],
    ['/.well-knownx', true],
    ['/.WELL-KNOWN', true],
    ['/a.b', false],
    ['/', false],
  ])('MUST 56 (pure part): %j: %s', (target, hidden) => {
    expect(accepted(target).hidden).toBe(hidden);
  });

  it('MUST 56 (pure part): the same question serves the real path of a link', () => {
    expect(isHidden(posix.relative('/srv/www', '/srv/www/.env').split('/'))).toBe(true);
    expect(isHidden(posix.relative('/srv/www', '/srv/www').split('/'))).toBe(false);
  });
});

describe('toFilePath', () => {
  it('joins below the root', () => {
    expect(toFilePath('/srv/www', ['a', 'b'], 'linux')).toBe(join('/srv/www', 'a', 'b'));
    expect(toFilePath('/srv/www', [], 'linux')).toBe('/srv/www');
    expect(toFilePath('/', ['a'], 'darwin')).toBe('/a');
    expect(toFilePath('C:\\www', ['a', 'b'], 'win32')).toBe('C:\\www\\a\\b');
    expect(toFilePath('C:\\', ['a'], 'win32')).toBe('C:\\a');
  });

  it('MUST 57 (pure part): a Windows name is refused on win32 only', () => {
    const refusal = { ok: false, status: 404, reason: 'windows-name' };
    for (const target of [
      '/C:/x',
      '/a.txt::$DATA',
      '/%3F%3F/C:',
      '/a/nul.txt',
      '/COM1%20',
      '/a./b',
      '/GIT~1',
    ]) {
      expect(toFilePath('C:\\www', accepted(target).segments, 'win32')).toEqual(refusal);
      expect(toFilePath('/www', accepted(target).segments, 'linux')).toMatch(/^\/www\/./);
    }
    expect(parsePath('/\\\\?\\C:\\x').ok).toBe(false);
    expect(parsePath('/%5C%5Cserver%5Cshare').ok).toBe(false);
  });
});

describe('isInside', () => {
  it.each([
    ['/srv/www', '/srv/www', '/', true],
    ['/srv/www', '/srv/www/a', '/', true],
    ['/srv/www', '/srv/www-secret', '/', false],
    ['/srv/www', '/srv/www-secret/a', '/', false],
    ['/srv/www', '/srv', '/', false],
    ['/srv/www', '/', '/', false],
    ['/', '/etc/passwd', '/', true],
    ['C:\\www', 'C:\\www\\a', '\\', true],
    ['C:\\www', 'C:\\www2\\a', '\\', false],
    ['C:\\', 'C:\\a', '\\', true],
  ])('MUST 50 (pure part): %j holds %j (%j): %s', (root, path, separator, inside) => {
    expect(isInside(root, path, separator)).toBe(inside);
  });
});

describe('foldCase', () => {
  it.each([
    ['.ENV', '.env'],
    ['Straße', 'STRASSE'],
    ['\u212aeys', 'KEYS'],
    ['\u017fecret', 'SECRET'],
    ['ΟΔΟΣ', 'οδος'],
    ['cafe\u0301', 'CAFÉ'],
  ])('MUST 58 (pure part): %j and %j are one name', (one, other) => {
    expect(foldCase(one)).toBe(foldCase(other));
  });

  it('MUST 58 (pure part): other names stay apart', () => {
    expect(foldCase('cafe')).not.toBe(foldCase('café'));
    expect(foldCase('a')).not.toBe(foldCase('b'));
  });
});

describe('encodePath, encodeSegment', () => {
  it('encodes all but unreserved characters and the slash', () => {
    expect(encodePath('/a b/ü:%?#\'"<&\\/~-._')).toBe('/a%20b/%C3%BC%3A%25%3F%23%27%22%3C%26%5C/~-._');
    expect(encodeSegment('a/b')).toBe('a%2Fb');
    expect(encodePath('/\u{1f600}\ud800')).toBe('/%F0%9F%98%80%EF%BF%BD');
  });

  it('is undone by parsePath', () => {
    const name = fc
      .string({ unit: 'binary', minLength: 1 })
      .filter((text) => !/[/\\\0]|^\.{1,2}$/.test(text));
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), (names) => {
        expect(accepted(encodePath(`/${names.join('/')}`)).segments).toEqual(names);
      }),
    );
  });
});

describe('redirectLocation', () => {
  it.each([
    ['/a/', undefined, '/a/'],
    ['/a/', '', '/a/?'],
    ['/a/', 'q=1&r=%20?/', '/a/?q=1&r=%20?/'],
    ['/a b/', 'x y"<>\\\r\n', '/a%20b/?x%20y%22%3C%3E%5C%0D%0A'],
    ['/ü/', '\xc3\xbc', '/%C3%BC/?%C3%BC'],
    ['//evil/', undefined, '/evil/'],
    ['/\\evil/', undefined, '/evil/'],
    ['\\/\\evil', undefined, '/evil'],
    ['/\t/evil', undefined, '/%09/evil'],
    ['', undefined, '/'],
  ])('MUST 59 (pure part): %j with %j is %j', (path, query, location) => {
    expect(redirectLocation(path, query)).toBe(location);
  });

  it.each([
    '//evil.example',
    '///evil.example',
    '/.//evil.example',
    '/%09/evil.example',
    '/./%2e//evil.example',
    'http://x//evil.example',
  ])('MUST 59 (pure part): the redirect of the directory %j stays on this host', (target) => {
    const { path } = accepted(target);
    expect(new URL(redirectLocation(`${path}/`), 'http://here.example/').host).toBe('here.example');
  });

  it('MUST 59 (pure part): a browser never leaves the host, whatever the path and query', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(
          fc.constantFrom(
            '/',
            '\\',
            '\t',
            '\n',
            '\r',
            ' ',
            '.',
            '..',
            ':',
            '@',
            '?',
            '#',
            'evil',
            '%5c',
            '%09',
          ),
        )
        .map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(text, fc.option(text, { nil: undefined }), (path, query) => {
        const location = redirectLocation(path, query);
        expect(location).toMatch(/^\/(?![/\\])[!-~]*$/);
        expect(new URL(location, 'https://here.example/x').host).toBe('here.example');
      }),
      { numRuns: 2000 },
    );
  });
});
