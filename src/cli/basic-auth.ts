// Asks for a name and a password before anything is answered, and reads those that are right. Loaded only when it is
// asked for.

import { readFileSync } from 'node:fs';
import { Credentials } from '../handlers/credentials.js';
import { isPreflight } from './cross-origin.js';
import { CommandFailure, EXIT_USAGE } from './failure.js';
import type { HandlerClass } from './handler-class.js';

/**
 * @param auth `user:password`. @param file path of a file with one of these a line; `#` begins a comment line.
 * @throws {CommandFailure} there is none in it, or it cannot be read.
 */
export function readCredentials(auth: string | undefined, file: string | undefined): Credentials {
  const said = auth === undefined ? [] : [{ line: auth, where: '--auth', exitCode: EXIT_USAGE }];
  const lines = [...said, ...(file === undefined ? [] : linesOf(file))];
  if (lines.length === 0) throw new CommandFailure(`${file} has no user:password: nobody could enter`);
  for (const line of lines) check(line);
  return new Credentials(lines.map(({ line }) => line));
}

/** Nobody but those with credentials gets an answer, but for the preflights of pages, which never have any. */
export function withBasicAuth(
  Base: HandlerClass,
  credentials: Credentials,
  allowsPreflights: boolean,
): HandlerClass {
  return class extends Base {
    override handleOneRequest(): void | Promise<void> {
      const user = credentials.verify(this.headers.get('authorization'));
      return user instanceof Promise ? user.then((found) => this.#handleAs(found)) : this.#handleAs(user);
    }

    #handleAs(user: string | undefined): void | Promise<void> {
      this.remoteUser = user;
      if (user !== undefined) this.authType = 'Basic';
      return super.handleOneRequest();
    }

    override parseRequest(): boolean {
      if (!super.parseRequest()) return false;
      if (this.remoteUser !== undefined || (allowsPreflights && isPreflight(this))) return true;
      this.sendError(401, undefined, undefined, { 'WWW-Authenticate': CHALLENGE });
      return false;
    }
  };
}

const CHALLENGE = 'Basic realm="basehttp", charset="UTF-8"';

interface Line {
  readonly line: string;
  /** For an error, which must not show the line itself. */
  readonly where: string;
  /** Of an error; `undefined` for the usual one. */
  readonly exitCode?: number;
}

function linesOf(file: string): Line[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandFailure(`the passwords cannot be read: ${(error as Error).message}`);
  }
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line, index) => ({ line, where: `line ${index + 1} of ${file}` }))
    .filter(({ line }) => line.trim() !== '' && !line.startsWith('#'));
}

function check({ line, where, exitCode }: Line): void {
  try {
    new Credentials([line]);
  } catch (error) {
    throw new CommandFailure(`${where}: ${(error as Error).message}`, exitCode);
  }
}
