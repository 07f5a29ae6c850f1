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
  const lines = file === undefined ? [] : linesOf(file);
  const credentials = [...(auth === undefined ? [] : [{ line: auth, where: '--auth' }]), ...lines];
  if (credentials.length === 0) throw new CommandFailure(`${file} has no user:password: nobody could enter`);
  for (const { line, where } of credentials) check(line, where);
  return new Credentials(credentials.map(({ line }) => line));
}

/** Nobody but those with credentials gets an answer, but for the preflights of pages, which never have any. */
export function withBasicAuth(
  Base: HandlerClass,
  credentials: Credentials,
  allowsPreflights: boolean,
): HandlerClass {
  return class extends Base {
    #user: string | undefined;

    override handleOneRequest(): void | Promise<void> {
      const user = credentials.verify(this.headers.get('authorization'));
      return user instanceof Promise ? user.then((found) => this.#handleAs(found)) : this.#handleAs(user);
    }

    #handleAs(user: string | undefined): void | Promise<void> {
      this.#user = user;
      return super.handleOneRequest();
    }

    override parseRequest(): boolean {
      if (!super.parseRequest()) return false;
      if (this.#user !== undefined) {
        this.remoteUser = this.#user;
        this.authType = 'Basic';
        return true;
      }
      if (allowsPreflights && isPreflight(this)) return true;
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

function check(line: string, where: string): void {
  try {
    new Credentials([line]);
  } catch (error) {
    const exitCode = where.startsWith('--') ? EXIT_USAGE : 1;
    throw new CommandFailure(`${where}: ${(error as Error).message}`, exitCode);
  }
}
