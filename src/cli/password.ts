// `--hash-password`: a password in, its hash out.

import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { hashPassword } from '../handlers/credentials.js';
import { CommandFailure } from './failure.js';

/**
 * Reads a line from standard input, which a terminal does not show, and prints its hash.
 * @throws {CommandFailure} there is no line, or an empty one.
 */
export async function printHash(): Promise<void> {
  const password = await readPassword();
  if (password === '')
    throw new CommandFailure('there is no password on standard input: type one, and Enter');
  console.log(await hashPassword(password));
}

/** The first line; empty if there is none. */
async function readPassword(): Promise<string> {
  const terminal = process.stdin.isTTY;
  if (terminal) process.stderr.write('Password: ');
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal });
  try {
    for await (const line of lines) return line;
    return '';
  } finally {
    lines.close();
    if (terminal) process.stderr.write('\n');
  }
}
