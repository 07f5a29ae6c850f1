// The command with the clients that people have.

import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasProgram, type RunningProgram, startCommand } from '../support/command.js';
import { TemporaryDirectory } from '../support/site.js';

const run = promisify(execFile);
const OCTETS = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 251));

let site: TemporaryDirectory;
let copies: TemporaryDirectory;
let command: RunningProgram;

beforeAll(async () => {
  site = new TemporaryDirectory({
    'big.bin': OCTETS,
    'dir/index.html': '<p>index</p>',
    'list/é & b.txt': 'é',
    'list/sub/c.txt': 'c',
  });
  copies = new TemporaryDirectory();
  command = await startCommand(['0', site.path]);
});

afterAll(async () => {
  await command[Symbol.asyncDispose]();
  site[Symbol.dispose]();
  copies[Symbol.dispose]();
});

describe.skipIf(!hasProgram('curl'))('curl (skipped where it is not installed)', () => {
  const curl = (...args: string[]) =>
    run('curl', ['--silent', '--show-error', '--fail', '--max-time', '20', ...args]);

  it('gets a whole file', async () => {
    const copy = join(copies.path, 'whole');
    await curl('-o', copy, `${command.url}big.bin`);
    expect(readFileSync(copy).equals(OCTETS)).toBe(true);
  });

  it('goes on with what it has', async () => {
    const copy = join(copies.path, 'part');
    writeFileSync(copy, OCTETS.subarray(0, 123_456));
    const { stdout } = await curl(
      '-C',
      '-',
      '-o',
      copy,
      '-w',
      '%{http_code} %{size_download}',
      `${command.url}big.bin`,
    );
    expect(stdout).toBe(`206 ${OCTETS.length - 123_456}`);
    expect(readFileSync(copy).equals(OCTETS)).toBe(true);
  });

  it('-I: gets the head, and keeps the connection for the next', async () => {
    const { stdout } = await curl(
      '-I',
      `${command.url}big.bin`,
      `${command.url}dir/`,
      '-w',
      '[%{num_connects}]',
    );
    expect(stdout).toContain(`Content-Length: ${OCTETS.length}`);
    expect(stdout.match(/\[\d\]/g)).toEqual(['[1]', '[0]']);
  });

  it('-L: follows the redirect to a directory', async () => {
    const { stdout } = await curl('-L', '-w', ' %{num_redirects}', `${command.url}dir?x=1`);
    expect(stdout).toBe('<p>index</p> 1');
  });

  it('-z: does not get what it has already', async () => {
    const { stdout } = await curl(
      '-z',
      new Date(Date.now() + 1000).toUTCString(),
      '-w',
      '%{http_code}',
      `${command.url}big.bin`,
    );
    expect(stdout).toBe('304');
  });

  it('--http1.0, and --path-as-is out of the root', async () => {
    expect((await curl('--http1.0', `${command.url}dir/`)).stdout).toBe('<p>index</p>');
    await expect(curl('--path-as-is', `${command.url}../../etc/passwd`)).rejects.toMatchObject({ code: 22 });
  });
});

describe.skipIf(!hasProgram('wget'))('wget (skipped where it is not installed)', () => {
  it('-m: mirrors a listing', async () => {
    await run('wget', ['-q', '-m', '-nH', '-np', '-P', copies.path, `${command.url}list/`], {
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    });
    expect(readFileSync(join(copies.path, 'list/é & b.txt'), 'utf8')).toBe('é');
    expect(readFileSync(join(copies.path, 'list/sub/c.txt'), 'utf8')).toBe('c');
  });

  it('-c: goes on with what it has', async () => {
    writeFileSync(join(copies.path, 'big.bin'), OCTETS.subarray(0, 1000));
    await run('wget', ['-q', '-c', '-P', copies.path, `${command.url}big.bin`]);
    expect(readFileSync(join(copies.path, 'big.bin')).equals(OCTETS)).toBe(true);
  });
});
