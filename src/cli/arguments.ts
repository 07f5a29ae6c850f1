// The command line of `basehttp`: what may be said, the help, and what is meant. Does nothing yet.

import { createRequire } from 'node:module';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { CommandFailure, EXIT_USAGE } from './failure.js';

/** What the command is to do. */
export interface Settings {
  /** `undefined`: the default port, or the next free one. */
  readonly port: number | undefined;
  /** Address or name to listen on. */
  readonly bind: string;
  /** As given; relative to the current directory. */
  readonly directory: string;
  /** Of the answers. */
  readonly protocol: 'HTTP/1.0' | 'HTTP/1.1';
}

/** The port to try first if none is asked for, as in Python. */
export const DEFAULT_PORT = 8000;

const EXAMPLES = `
Examples:
  basehttp                      the current directory, at http://127.0.0.1:${DEFAULT_PORT}/
  basehttp public               the directory public
  basehttp 9000 public          the same at port 9000
  basehttp --bind 0.0.0.0       the current directory, for the whole network

Ctrl-C stops it when the answers in progress are sent; a second Ctrl-C, at once.
`;

/**
 * Understands the arguments behind the name of the command.
 * @returns `undefined` if the help or the version was asked for, and has been shown.
 * @throws {CommandFailure} they cannot be understood.
 */
export function parseArguments(argv: readonly string[]): Settings | undefined {
  const command = makeCommand();
  try {
    command.parse(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw new CommandFailure(`${inOneLine(error.message)}; see basehttp --help`, EXIT_USAGE);
  }
  const options = command.opts<Options>();
  const { port, directory } = sortOut(command.args);
  if (directory !== undefined && options.directory !== undefined) {
    throw new CommandFailure('the directory is given twice: leave out one of them', EXIT_USAGE);
  }
  return {
    port: port === undefined ? undefined : parsePort(port),
    bind: options.bind.replace(/^\[(.*)\]$/, '$1'), // as IPv6 addresses stand in URLs
    directory: directory ?? options.directory ?? '.',
    protocol: options.protocol,
  };
}

interface Options extends Pick<Settings, 'bind' | 'protocol'> {
  readonly directory?: string;
}

function makeCommand(): Command {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
  return new Command('basehttp')
    .description('Serves a directory over HTTP, to this machine only unless told otherwise.')
    .argument('[port]', `port, or 0 for any (default: ${DEFAULT_PORT}, or the next free)`)
    .argument('[directory]', 'what to serve (default: the current directory)')
    .option('-b, --bind <address>', 'address to listen on', '127.0.0.1')
    .option('-d, --directory <path>', 'the same as the argument')
    .option('-p, --protocol <version>', 'HTTP/1.0 or HTTP/1.1', parseProtocol, 'HTTP/1.1')
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .addHelpText('after', EXAMPLES)
    .configureOutput({ writeErr: () => {} }) // whoever catches the error shows it
    .exitOverride();
}

function parseProtocol(text: string): Settings['protocol'] {
  if (text === 'HTTP/1.0' || text === 'HTTP/1.1') return text;
  throw new InvalidArgumentError('It is HTTP/1.0 or HTTP/1.1.');
}

/** Either of the two may be left out, and the directory may come first: a port is what is made of digits. */
function sortOut([first, second]: readonly string[]): {
  port?: string | undefined;
  directory?: string | undefined;
} {
  if (second === undefined) return isDigits(first) ? { port: first } : { directory: first };
  return isDigits(first) ? { port: first, directory: second } : { port: second, directory: first };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (isDigits(text) && port <= 65_535) return port;
  throw new CommandFailure(
    `'${text}' is not a port: ports are numbers from 0 to 65535; see basehttp --help`,
    EXIT_USAGE,
  );
}

function isDigits(text: string | undefined): boolean {
  return text !== undefined && /^\d+$/.test(text);
}

/** Commander says `error: …`, and what it takes for the right spelling in a second line. */
function inOneLine(message: string): string {
  return message.replace(/^error: |\.$/g, '').replace(/\.?\n/g, ' ');
}
