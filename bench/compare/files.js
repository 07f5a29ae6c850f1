// The files that the probes ask for, and know. Names and contents only; tree.js puts them on the disk.

/** 48 octets, no two neighbours alike. */
export const TEXT = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV';

/** When all of them were changed: not at a full second, as is usual. */
export const MODIFIED = Date.parse('2024-05-06T07:08:09.500Z');

/** What nobody outside may see. */
export const SECRET = 'TOP-SECRET';

/** Larger than what the kernel takes for a client that does not read. Zeros. */
export const BIG = { name: 'big.bin', size: 32 * 2 ** 20 };

/** Worth compressing. */
export const LONG_TEXT = 'The quick brown fox jumps over the lazy dog.\n'.repeat(400);

export const HOSTILE_NAME = '"><img src=x onerror=alert(1)>';
export const RESERVED_NAME = '100% a+b #1?&.txt';

export const FILES = {
  'a.txt': TEXT,
  'b.html': '<!doctype html><title>b</title><p>b</p>',
  'c.css': 'p { color: red }',
  'd.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'module.mjs': 'export {};',
  'module.wasm': '\0asm\x01\0\0\0',
  'notes.md': '# Notes',
  'unknown.xyzzy': 'unknown',
  'a+b.txt': 'plus',
  'ü.txt': 'umlaut',
  'edited.txt': 'before',
  'dir/inner.txt': 'inner',
  'indexed/index.html': '<!doctype html><title>index</title>',
  'example.com/page.txt': 'no host',
  '.env': SECRET,
  '.git/config': SECRET,
  '.well-known/x.txt': 'known',
  'long.txt': LONG_TEXT,
  'packed.txt': LONG_TEXT,
  [`hostile/${HOSTILE_NAME}`]: 'hostile',
  [`reserved/${RESERVED_NAME}`]: 'reserved',
};

/** Those that lie there compressed, too, with `.gz` and `.br`. */
export const SIBLINGS = ['packed.txt'];
