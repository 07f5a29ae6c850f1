// The completions, asked by the shells themselves.

import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completions } from '../../src/cli/completions.js';
import { OPTION_INFOS } from '../../src/cli/options.js';
import { hasProgram } from '../support/command.js';
import { TemporaryDirectory } from '../support/site.js';

const LONG = OPTION_INFOS.map(({ long }) => long);

let place: TemporaryDirectory;

beforeAll(() => {
  place = new TemporaryDirectory({
    'cert.pem': '',
    'certs/a': '',
    "it's [a] *.pem": '',
    'home.bash': completions('bash'),
    'home.zsh': completions('zsh'),
    'home.fish': completions('fish'),
  });
});

afterAll(() => place[Symbol.dispose]());

/** What a shell prints, in the directory with the files. */
function run(shell: string, args: readonly string[]): string[] {
  const { stdout, stderr, status } = spawnSync(shell, args, {
    cwd: place.path,
    encoding: 'utf8',
    timeout: 30_000,
    env: { PATH: process.env['PATH'], HOME: place.path, TERM: 'dumb' },
  });
  expect([status, stderr]).toEqual([0, '']);
  return stdout.split('\n').filter((line) => line !== '');
}

describe.skipIf(!hasProgram('bash'))('bash (skipped where it is not installed)', () => {
  /** The words as bash cuts them: `=` is one of its own. */
  function complete(...words: string[]): string[] {
    const script = `source ./home.bash; COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); _basehttp; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return run('bash', ['--norc', '-c', script, 'bash', 'basehttp', ...words]).sort();
  }

  it('is asked by bash when somebody presses Tab', () => {
    expect(run('bash', ['--norc', '-c', 'source ./home.bash; complete -p basehttp'])).toEqual([
      'complete -F _basehttp basehttp',
    ]);
  });

  it('options', () => {
    expect(complete('--')).toEqual([...LONG].sort());
    expect(complete('9000', '--cgi-')).toEqual(LONG.filter((long) => long.startsWith('--cgi-')).sort());
    expect(complete('-')).toContain('-b');
  });

  it.each([
    [
      ['--log', ''],
      ['clf', 'combined', 'json', 'off', 'python'],
    ],
    [
      ['--log', 'c'],
      ['clf', 'combined'],
    ],
    [['--log', '=', 'j'], ['json']],
    [
      ['--log', '='],
      ['clf', 'combined', 'json', 'off', 'python'],
    ],
    [
      ['-p', ''],
      ['HTTP/1.0', 'HTTP/1.1'],
    ],
    [
      ['--completions', ''],
      ['bash', 'fish', 'zsh'],
    ],
    [['--bind', ''], []],
    [['--port', '9'], []],
  ])('choices: %j', (words, found) => {
    expect(complete(...words)).toEqual(found);
  });

  it.each([
    [['cer'], ['cert.pem', 'certs']],
    [
      ['9000', 'cer'],
      ['cert.pem', 'certs'],
    ],
    [
      ['--tls-cert', 'cer'],
      ['cert.pem', 'certs'],
    ],
    [
      ['--tls-cert', '=', 'cer'],
      ['cert.pem', 'certs'],
    ],
    [['-d', 'certs/'], ['certs/a']],
    [['it'], ["it's [a] *.pem"]],
    [['nothing'], []],
  ])('files and directories: %j', (words, found) => {
    expect(complete(...words)).toEqual(found);
  });
});

describe.skipIf(!hasProgram('zsh'))('zsh (skipped where it is not installed)', () => {
  it('understands it, and asks it', () => {
    const script = `autoload -Uz compinit; compinit -u -D; source ./home.zsh; print $_comps[basehttp]`;
    expect(run('zsh', ['-f', '-c', script])).toEqual(['_basehttp']);
  });

  it('hands every option to _arguments, in a form that it takes apart', () => {
    // Outside of a line that is being typed _arguments does nothing: what it is given is what can be seen.
    const script = `
      autoload -Uz compinit; compinit -u -D; source ./home.zsh
      _arguments() { print -rl -- "$@" }
      _basehttp`;
    const specs = run('zsh', ['-f', '-c', script]).slice(2);
    const form =
      /^(?:\((?<names>[^)]*)\)|\*)(?<name>-[\w-]+)[=+]?\[(?:[^[\]:\\]|\\.)+\](?::(?:[^:\\]|\\.)+:(?:_files|\([^)]+\))?)?$/;
    const names = specs.slice(0, -2).map((spec) => form.exec(spec)?.groups?.['name'] ?? spec);
    expect(names.filter((name) => name.startsWith('--'))).toEqual(LONG);
    expect(specs.slice(-2)).toEqual(['1:port, or directory or file:_files', '2:directory or file:_files']);
  });
});

describe.skipIf(!hasProgram('fish'))('fish (skipped where it is not installed)', () => {
  const complete = (line: string) =>
    run('fish', ['--no-config', '-c', `source ./home.fish; complete -C ${JSON.stringify(line)}`]).map(
      (found) => found.split('\t')[0]!,
    );

  it('options', () => {
    expect(complete('basehttp --').sort()).toEqual([...LONG].sort());
  });

  it('choices, files and directories', () => {
    expect(complete('basehttp --log c')).toEqual(['clf', 'combined']);
    expect(complete('basehttp --tls-cert cer')).toEqual(['cert.pem', 'certs/']);
    expect(complete('basehttp cer')).toEqual(['cert.pem', 'certs/']);
    expect(complete('basehttp --bind cer')).toEqual([]);
  });
});
