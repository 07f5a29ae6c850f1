// Git, as a client of the servers under test: without the settings of whoever runs the tests.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { devNull } from 'node:os';
import { text } from 'node:stream/consumers';
import { hasProgram } from './command.js';

export const hasGit = hasProgram('git');

const ENV = {
  PATH: process.env['PATH'],
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: devNull,
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'A',
  GIT_AUTHOR_EMAIL: 'a@example.org',
  GIT_COMMITTER_NAME: 'A',
  GIT_COMMITTER_EMAIL: 'a@example.org',
};

/**
 * Runs git in a directory, and gives what it prints.
 * @throws {Error} it fails; the message has what it said.
 */
export async function git(directory: string, args: readonly string[], input = ''): Promise<string> {
  const child = execFile('git', args, { cwd: directory, env: ENV, maxBuffer: 1 << 30 });
  const closed = once(child, 'close');
  child.stdin!.on('error', () => {}); // it may end before it has looked at its input
  child.stdin!.end(input);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), closed]);
  if (code === 0) return stdout;
  throw new Error(`git ${args.join(' ')} ended with ${code}: ${stderr}`);
}

/** Makes a bare repository with a branch `main` of so many commits, each with a tree and a file of its own. */
export async function makeRepository(directory: string, commits: number): Promise<void> {
  await git('.', ['init', '--quiet', '--bare', '--initial-branch=main', directory]);
  let stream = '';
  for (let n = 1; n <= commits; n++) {
    const content = `${createHash('sha256').update(String(n)).digest('hex')}\n`.repeat(1 + (n % 50));
    stream += `commit refs/heads/main\ncommitter A <a@example.org> ${1_700_000_000 + n} +0000\n`;
    stream += `data <<E\ncommit ${n}\nE\nM 644 inline file-${n % 100}\ndata ${content.length}\n${content}\n`;
  }
  await git(directory, ['fast-import', '--quiet'], stream);
}

/** A digest of all that can be reached: the names of objects are digests of their contents. */
export async function objectsOf(directory: string): Promise<{ count: number; digest: string }> {
  await git(directory, ['fsck', '--strict', '--full']);
  const names = (await git(directory, ['rev-list', '--objects', '--all', '--no-object-names']))
    .trim()
    .split('\n');
  return { count: names.length, digest: createHash('sha256').update(names.sort().join()).digest('hex') };
}
