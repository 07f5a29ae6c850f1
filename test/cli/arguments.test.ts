// What may be said on the command line, and what is meant.

import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../src/cli/arguments.js';
import { CommandFailure } from '../../src/cli/failure.js';

const DEFAULTS = { port: undefined, bind: '127.0.0.1', directory: '.', protocol: 'HTTP/1.1' };

describe('is understood', () => {
  it.each([
    ['', {}],
    ['0', { port: 0 }],
    ['65535', { port: 65_535 }],
    ['public', { directory: 'public' }],
    ['9000 public', { port: 9000, directory: 'public' }],
    ['public 9000', { port: 9000, directory: 'public' }],
    ['9000 8000', { port: 9000, directory: '8000' }],
    ['./8000', { directory: './8000' }],
    ['-d public', { directory: 'public' }],
    ['9000 --directory=8000', { port: 9000, directory: '8000' }],
    ['-b 0.0.0.0', { bind: '0.0.0.0' }],
    ['--bind ::1', { bind: '::1' }],
    ['--bind [::1]', { bind: '::1' }],
    ['-p HTTP/1.0', { protocol: 'HTTP/1.0' }],
    ['--protocol HTTP/1.1 -b localhost 1 x', { port: 1, directory: 'x', bind: 'localhost' }],
    ['-- -odd', { directory: '-odd' }],
  ])('%j', (line, settings) => {
    expect(parseArguments(words(line))).toEqual({ ...DEFAULTS, ...settings });
  });
});

describe('MUST 86: is refused in one line, with exit code 2', () => {
  it.each([
    ['--foo', "unknown option '--foo'; see basehttp --help"],
    ['--bnd x', "unknown option '--bnd' (Did you mean --bind?); see basehttp --help"],
    ['--bind', "option '-b, --bind <address>' argument missing; see basehttp --help"],
    ['1 2 3', 'too many arguments. Expected 2 arguments but got 3; see basehttp --help'],
    ['65536', "'65536' is not a port: ports are numbers from 0 to 65535; see basehttp --help"],
    ['99999999999999999999', "'99999999999999999999' is not a port"],
    ['a b', "'b' is not a port"],
    ['public -1', "'-1' is not a port"],
    ['public 80a', "'80a' is not a port"],
    ['-p HTTP/2', 'It is HTTP/1.0 or HTTP/1.1; see basehttp --help'],
    ['public -d public', 'the directory is given twice: leave out one of them'],
  ])('%j', (line, sentence) => {
    let failure: unknown;
    try {
      parseArguments(words(line));
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(CommandFailure);
    const { message, exitCode } = failure as CommandFailure;
    expect(message).toContain(sentence);
    expect(message).not.toContain('\n');
    expect(exitCode).toBe(2);
  });
});

function words(line: string): string[] {
  return line.split(' ').filter((word) => word !== '');
}
