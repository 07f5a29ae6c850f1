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
    ['-p8000', { protocol: ['8000'] }],
    ['--bind -x --auth=-y', { bind: ['-x'], auth: ['-y'] }],
    ['--bind --help --port --', { bind: ['--help'], port: ['--'] }],
    ['--bind= -b ::1', { bind: ['', '::1'] }],
    ['--cgi-env A=b=c', { cgiEnv: ['A=b=c'] }],
    ['-', { directory: ['-'] }],
    ['--', {}],
    ['--cors -- --cors', { cors: ['true'], directory: ['--cors'] }],
    ['-- --help', { directory: ['--help'] }],
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
    ['-h all', { show: 'help', every: true }],
    ['-hall', { show: 'help', every: true }],
    ['-h=all', { show: 'help', every: true }],
    ['--help 9000', { show: 'help', every: false }],
    ['--help -- all', { show: 'help', every: false }],
    ['--help=all --help', { show: 'help', every: false }],
    ['--help --bind', { show: 'help', every: false }],
    ['--cors=1 -h', { show: 'help', every: false }],
    ['-Vh', { show: 'help', every: false }],
    ['-VV', { show: 'version' }],
    ['1 2 3 --version', { show: 'version' }],
    ['public --help', { show: 'help', every: false }],
    ['--nonsense --help', { show: 'help', every: false }],
    ['1 2 3 --help', { show: 'help', every: false }],
    ['--version', { show: 'version' }],
    ['-V', { show: 'version' }],
    ['--hash-password', { show: 'hash' }],
    ['--completions bash', { show: 'completions', shell: 'bash' }],
    ['--completions=fish', { show: 'completions', shell: 'fish' }],
    ['--completions=fish --completions zsh', { show: 'completions', shell: 'zsh' }],
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
    ['--corss', "unknown option '--corss' (Did you mean --cors?)"],
    ['--CORS', "unknown option '--CORS' (Did you mean --cors?)"],
    ['--no-listin', "unknown option '--no-listin' (Did you mean --no-listing?)"],
    ['--no-header', "unknown option '--no-header' (Did you mean --header?)"],
    ['--no-config', "unknown option '--no-config' (Did you mean --config?)"],
    ['--version --nonsense', "unknown option '--nonsense'; see basehttp --help"],
    ['-x', "unknown option '-x'; see basehttp --help"],
    ['-Vx', "unknown option '-x'; see basehttp --help"],
    ['-cors', "unknown option '-c' (Did you mean --cors?); see basehttp --help"],
    ['-8000', "unknown option '-8'; see basehttp --help"],
    ["$'--foo\\nbar'", "unknown option '--foo?bar'; see basehttp --help"],
    ['--constructor', "unknown option '--constructor'; see basehttp --help"],
    ['--no-constructor', "unknown option '--no-constructor'; see basehttp --help"],
    ['--hasOwnProperty=1', "unknown option '--hasOwnProperty'; see basehttp --help"],
    ['--__proto__', "unknown option '--__proto__'"],
    ['--__proto__=1', "unknown option '--__proto__'"],
    ['--spa=1', '--spa takes no value: say --spa or --no-spa; see basehttp --help'],
    ['--cors=', '--cors takes no value: say --cors or --no-cors'],
    ['--no-cors=yes', '--no-cors takes no value: say --cors or --no-cors'],
    ['--version=3', '--version takes no value: leave it out; see basehttp --help'],
    ['--bind', '--bind needs a value, as in --bind 0.0.0.0; see basehttp --help'],
    ['-H', "--header needs a value, as in --header 'X-Robots-Tag: noindex'; see basehttp --help"],
    ['--config', '--config needs a value, as in --config site.json'],
    ['--spa --404', '--404 needs a value, as in --404 errors/missing.html'],
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

it.each([[['']], [['1', '']]])(
  'MUST 86: %j, as of a variable that is not set, is not the current directory',
  (argv) => {
    const { message, exitCode } = failureOf(() => parseArguments(argv));
    expect(message).toBe('an empty name is no directory: . is the current one; see basehttp --help');
    expect(exitCode).toBe(2);
  },
);

it('MUST 86: an unknown option is named without its value, which may be a secret', () => {
  const { message } = failureOf(() => parseArguments(['--auht=ann:secret']));
  expect(message).toBe("unknown option '--auht' (Did you mean --auth?); see basehttp --help");
});

function saidBy(line: string) {
  const request = parseArguments(words(line));
  if (request.show !== undefined) throw new Error(`${line} asks to be shown ${request.show}`);
  return request.source.said;
}
