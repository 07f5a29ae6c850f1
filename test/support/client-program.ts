// The programs that people fetch files with, run without the settings and proxies of whoever runs the tests.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { buffer } from 'node:stream/consumers';

/** How a program ended, and what it wrote. */
export interface Outcome {
  readonly code: number | null;
  readonly octets: Buffer;
  /** The octets, as UTF-8. */
  readonly stdout: string;
  readonly stderr: string;
}

const ENV = { PATH: process.env['PATH'], HOME: tmpdir(), LC_ALL: 'C.UTF-8', no_proxy: '*' };

/** Runs a program until it ends, however it ends. */
export async function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...ENV, ...env } });
  const closed = once(child, 'close');
  const [octets, errors, [code]] = await Promise.all([buffer(child.stdout), buffer(child.stderr), closed]);
  return { code, octets, stdout: octets.toString(), stderr: errors.toString() };
}

/**
 * The same for a program that has to end well.
 * @throws {Error} it does not; the message has what it said.
 */
export async function succeed(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const outcome = await run(program, args, env);
  if (outcome.code === 0) return outcome;
  throw new Error(`${program} ${args.join(' ')} ended with ${outcome.code}: ${outcome.stderr}`);
}
