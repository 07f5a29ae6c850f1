import { describe, expect, it } from 'vitest';
import { isSafeWindowsName } from '../../src/files/windows-name.js';

describe('isSafeWindowsName', () => {
  it.each([
    'C:',
    'a.txt:x',
    'a.txt::$DATA',
    ':',
    '?',
    '\\\\?\\C:',
    '\\??\\C:',
    'a\\b',
    'a/b',
    'a*',
    'a"b',
    'a<b',
    'a>b',
    'a|b',
    'a\tb',
    'a\0',
    'con',
    'CON',
    'nul',
    'NUL.txt',
    'nul.tar.gz',
    'nul .txt',
    'aux',
    'prn',
    'COM1',
    'com0',
    'COM9.log',
    'COM1 ',
    'COM¹',
    'com².x',
    'LPT3',
    'lpt³',
    'CONIN$',
    'conout$',
    'CLOCK$',
    'a.',
    'a ',
    'a. .',
    '. ',
    '...',
    'PROGRA~1',
    'GIT~1',
    'LONGNA~12.TXT',
  ])('MUST 57 (pure part): refuses %j', (name) => {
    expect(isSafeWindowsName(name)).toBe(false);
  });

  it.each([
    'a',
    'a.txt',
    '.env',
    'console',
    'null',
    'com',
    'COM10',
    'com1a',
    'lpt',
    'a.con',
    'backup.txt~',
    '~',
    'a b',
    'é',
    '¹',
  ])('MUST 57 (pure part): lets %j pass', (name) => {
    expect(isSafeWindowsName(name)).toBe(true);
  });

  it('MUST 66 (pure part): long names cost linear time', () => {
    const n = 500_000;
    expect(isSafeWindowsName('~'.repeat(n))).toBe(true);
    expect(isSafeWindowsName(`${' '.repeat(n)}x`)).toBe(true);
    expect(isSafeWindowsName('con'.repeat(n))).toBe(true);
  });
});
