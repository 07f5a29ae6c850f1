// What may be said on the command line, before it is clear what it means.

import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../src/cli/arguments.js';
import { failureOf, words } from '../support/options.js';

describe('is understood', () => {
  it.each([
    ['', {}],
    ['0', { port: ['0'] }],
    ['public', { directory: ['public'] }],
    ['9000 public', { port: ['9000'], directory: ['public'] }],
    ['public 9000', { port: ['9000'], directory: ['public'] }],
    ['9000 8000', { port: ['9000'], directory: ['8000'] }],
    ['./8000', { directory: ['./8000'] }],
    ['-d public', { directory: ['public'] }],
    ['9000 --directory=8000', { port: ['9000'], directory: ['8000'] }],
    ['-b ::1', { bind: ['::1'] }],
    ['-b::1 -pHTTP/1.0', { bind: ['::1'], protocol: ['HTTP/1.0'] }],
    ['--spa 1 --cors x', { spa: ['true'], port: ['1'], cors: ['true'], directory: ['x'] }],
    ['--no-spa', { spa: ['false'] }],
    ['--spa --no-spa', { spa: ['false'] }],
    ['--no-spa --spa', { spa: ['true'] }],
    ['--no-listing', { listing: ['false'] }],
    ['--no-listing --listing', { listing: ['true'] }],
    ['--404 x.html', { notFound: ['x.html'] }],
    ['--index a --index b', { index: ['a', 'b'] }],
    ['-b a -b b', { bind: ['a', 'b'] }],
    ['-- -odd', { directory: ['-odd'] }],
    ["-H 'A: b'", { headers: ['A: b'] }],
    ['--header=A:b --header C:d', { headers: ['A:b', 'C:d'] }],
  ])('%j', (line, said) => {
    expect(Object.fromEntries(saidBy(line))).toEqual(said);
  });
});

describe("Python's -H NAME VALUE", () => {
  it.each([
    ['-H A b', { headers: ['A: b'] }],
    ['--header A b 9000', { headers: ['A: b'], port: ['9000'] }],
    ["-H A 'b: c' -H D:e -H F --g", { headers: ['A: b: c', 'D:e', 'F: --g'] }],
    ['-H A', { headers: ['A'] }],
    ['-- -H 1', { port: ['1'], directory: ['-H'] }],
  ])('%j', (line, said) => {
    expect(Object.fromEntries(saidBy(line))).toEqual(said);
  });
});

describe('asks to be shown', () => {
  it.each([
    ['--help', { show: 'help', every: false }],
    ['-h', { show: 'help', every: false }],
    ['--help=all', { show: 'help', every: true }],
    ['--help all', { show: 'help', every: true }],
    ['public --help', { show: 'help', every: false }],
    ['--nonsense --help', { show: 'help', every: false }],
    ['1 2 3 --help', { show: 'help', every: false }],
    ['--version', { show: 'version' }],
    ['-V', { show: 'version' }],
    ['--hash-password', { show: 'hash' }],
    ['--completions bash', { show: 'completions', shell: 'bash' }],
    ['--completions=fish', { show: 'completions', shell: 'fish' }],
  ])('%j', (line, request) => {
    expect(parseArguments(words(line))).toEqual(request);
  });
});

it('--config is for whoever reads the file', () => {
  expect(parseArguments(['--config', 'site.json'])).toMatchObject({ config: 'site.json' });
  expect(parseArguments([])).toMatchObject({ config: undefined });
});

describe('MUST 86: is refused in one line, with exit code 2', () => {
  it.each([
    ['--nonsense', "unknown option '--nonsense'; see basehttp --help"],
    ['--bnd x', "unknown option '--bnd' (Did you mean --bind?); see basehttp --help"],
    ['--listin', "unknown option '--listin'"],
    ['--clean-url', "unknown option '--clean-url' (Did you mean --clean-urls?)"],
    ['--spa=1', "unknown option '--spa=1' (Did you mean --spa?)"],
    ['-x', "unknown option '-x'; see basehttp --help"],
    ['--bind', '--bind needs a value, as in --bind 0.0.0.0; see basehttp --help'],
    ['-H', "--header needs a value, as in --header 'X-Robots-Tag: noindex'; see basehttp --help"],
    ['--config', '--config needs a value, as in --config site.json'],
    ['1 2 3', "'3' is one argument too many: quote a name that has blanks in it; see basehttp --help"],
    [
      '80a www',
      "neither '80a' nor 'www' is a port, which is a number: quote a name that has blanks in it; see basehttp --help",
    ],
    ['www 80a', "neither 'www' nor '80a' is a port"],
    ['a b', "neither 'a' nor 'b' is a port"],
    ['public -d public', 'the directory is given twice: leave out one of them'],
    ['80 --port 81', 'the port is given twice: leave out one of them'],
    ['--completions tcsh', "--completions: 'tcsh' is not one of bash, zsh, fish"],
  ])('%j', (line, sentence) => {
    const { message, exitCode } = failureOf(() => parseArguments(words(line)));
    expect(message).toContain(sentence);
    expect(message).not.toContain('\n');
    expect(exitCode).toBe(2);
  });
});

function saidBy(line: string) {
  const request = parseArguments(words(line));
  if (request.show !== undefined) throw new Error(`${line} asks to be shown ${request.show}`);
  return request.source.said;
}
