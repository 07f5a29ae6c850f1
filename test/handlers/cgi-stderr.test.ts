// What reaches the log of what programs say on their standard error.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { StderrLines } from '../../src/handlers/cgi-stderr.js';

function collect() {
  const lines: string[] = [];
  const clock = { now: 0 };
  const stderr = new StderrLines(
    (line) => lines.push(line),
    () => clock.now,
  );
  const write = (text: string) => stderr.write(Buffer.from(text));
  return { lines, clock, stderr, write };
}

it('passes lines on, without empty ones and ends of lines', () => {
  const { lines, stderr, write } = collect();
  write('one\ntwo\r\n\n\r\nthree');
  expect(lines).toEqual(['one', 'two']);
  stderr.end();
  expect(lines).toEqual(['one', 'two', 'three']);
});

it('leaves escaping to the log, which escapes everything', () => {
  const { lines, write } = collect();
  write('\x1b[2J\x07 a\rb \\ \x9b ü\n');
  expect(lines).toEqual(['\x1b[2J\x07 a\rb \\ \x9b ü']);
});

it('MUST 80: cuts long lines', () => {
  const { lines, write } = collect();
  write(`${'a'.repeat(1024)}\n${'b'.repeat(1025)}\n`);
  for (let i = 0; i < 5000; i++) write('c'.repeat(100));
  write('\nd\n');
  expect(lines).toEqual(['a'.repeat(1024), `${'b'.repeat(1024)}...`, `${'c'.repeat(1024)}...`, 'd']);
});

it('MUST 80: passes on 20 lines a second and 100 in all, and says how many are missing', () => {
  const { lines, clock, stderr, write } = collect();
  write('x\n'.repeat(50));
  expect(lines.length).toBe(20);
  clock.now = 999;
  write('x\n');
  expect(lines.length).toBe(20);
  for (let second = 1; second < 10; second++) {
    clock.now = second * 1000;
    write('x\n'.repeat(30));
  }
  expect(lines.length).toBe(100);
  stderr.end();
  stderr.end();
  expect(lines.length).toBe(101);
  expect(lines.at(-1)).toBe('221 more lines on standard error were left out');
});

it('makes the same lines wherever the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', 'ü', '\n', '\r', '\0') })), (parts) => {
      const whole = collect();
      whole.write(parts.join(''));
      whole.stderr.end();
      const pieces = collect();
      for (const byte of Buffer.from(parts.join(''))) pieces.stderr.write(Buffer.of(byte));
      pieces.stderr.end();
      expect(pieces.lines).toEqual(whole.lines);
    }),
  );
});
