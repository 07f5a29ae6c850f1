// Which part of a path names the CGI directory, and CPython's own form of paths.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePath } from '../../src/files/path.js';
import { collapseUrlPath, splitCgiPath } from '../../src/handlers/cgi-path.js';

const DIRECTORIES = ['/cgi-bin', '/sub/dir/cgi-bin'];

function split(target: string, directories: readonly string[] = DIRECTORIES, base?: readonly string[]) {
  const path = parsePath(target);
  if (!path.ok) throw new Error(`${target} is no path`);
  return splitCgiPath(path, directories, base);
}

describe('splitCgiPath()', () => {
  it.each([
    ['/cgi-bin/a.py', ['/cgi-bin', 'a.py']],
    ['/cgi-bin/a.py/b/c', ['/cgi-bin', 'a.py/b/c']],
    ['/cgi-bin/a.py/b/', ['/cgi-bin', 'a.py/b/']],
    ['/cgi-bin/a.py?x=/y', ['/cgi-bin', 'a.py']],
    ['//cgi-bin/./%61.py', ['/cgi-bin', 'a.py']],
    ['/cgi%2Dbin/a.py/.', ['/cgi-bin', 'a.py/']],
    ['/cgi-bin', ['/cgi-bin', '']],
    ['/cgi-bin//', ['/cgi-bin', '']],
    ['/sub/dir/cgi-bin/d/e', ['/sub/dir/cgi-bin', 'd/e']],
    ['/sub/dir/a.py', undefined],
    ['/cgi-binary/a.py', undefined],
    ['/cgi-bin.py', undefined],
    ['/CGI-BIN/a.py', undefined],
    ['/x/cgi-bin/a.py', undefined],
    ['/', undefined],
  ])('%s', (target, expected) => expect(split(target)).toEqual(expected));

  it('compares octets: names that are the same only for a file system are not', () => {
    expect(split('/cgi-b%C4%B1n/a', ['/cgi-bin'])).toBeUndefined(); // dotless i
    expect(split('/%E2%84%AA/a', ['/k'])).toBeUndefined(); // Kelvin sign
  });

  it('makes a CGI directory of everything for /', () => {
    expect(split('/a/b', ['/'])).toEqual(['/', 'a/b']);
    expect(split('/', ['/'])).toEqual(['/', '']);
  });

  it('takes directories however they are written, below the base', () => {
    expect(split('/docs/cgi-bin/a', ['cgi-bin/'], ['docs'])).toEqual(['/docs/cgi-bin', 'a']);
    expect(split('/cgi-bin/a', ['/cgi-bin'], ['docs'])).toBeUndefined();
  });
});

describe('collapseUrlPath()', () => {
  it('says the same as the canonical path, for every path that has one', () => {
    const segment = fc.constantFrom('', '.', 'a', 'b.py', '%41', 'cgi-bin', 'ä', '%C3%A4', '%20');
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 8 }), (segments) => {
        const target = Buffer.from(`/${segments.join('/')}`).toString('latin1');
        const path = parsePath(target);
        if (!path.ok) throw new Error('generated to be accepted');
        const collapsed = collapseUrlPath(Buffer.from(target, 'latin1').toString());
        const end = path.trailingSlash && path.segments.length > 0 ? '/' : '';
        expect(collapsed.replace(/^\/\//, '/')).toBe(path.path + end);
      }),
    );
  });

  it('takes a ? as the beginning of the query, which it keeps', () => {
    expect(collapseUrlPath('/a/../b?c/../d')).toBe('//b?c/../d');
    expect(collapseUrlPath('/a/b?')).toBe('/a/b');
  });

  it('undoes percent-encoding once, where there is one', () => {
    expect(collapseUrlPath('/a/%2562%zz%')).toBe('/a/%62%zz%');
  });
});
