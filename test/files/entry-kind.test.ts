import { expect, it } from 'vitest';
import { kindOf } from '../../src/files/entry-kind.js';

it.each([
  ['a.png', 'image'],
  ['A.JPEG', 'image'],
  ['film.mkv', 'video'],
  ['song.flac', 'audio'],
  ['a.tar.gz', 'archive'],
  ['index.ts', 'code'],
  ['notes.txt', 'text'],
  ['README.md', 'text'],
  ['Makefile', 'file'],
  ['.png', 'file'],
  ['png', 'file'],
  ['a.', 'file'],
  ['a.constructor', 'file'],
  ['a.__proto__', 'file'],
  ['', 'file'],
])('%j is for the eye: %s', (name, kind) => {
  expect(kindOf({ name, isDirectory: false })).toBe(kind);
});

it('a directory is a folder, whatever its name', () => {
  expect(kindOf({ name: 'a.png', isDirectory: true })).toBe('folder');
});
