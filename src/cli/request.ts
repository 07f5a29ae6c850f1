// What the command is asked to do, from every place where that can be said.

import { type CommandLine, parseArguments } from './arguments.js';
import { readConfig } from './config.js';
import { configOf, type Environment, readEnvironment } from './environment.js';
import { type Source, settle } from './precedence.js';
import type { Settings } from './settings.js';

/** To show something, or to serve. */
export type Request =
  | Extract<CommandLine, { readonly show: string }>
  | { readonly show?: undefined; readonly settings: Settings };

/**
 * Reads the command line, then the environment, then the configuration file that one of them names: the earlier counts
 * more. No file is read that is not named: what a directory contains does not decide how it is served.
 * @param argv the arguments behind the name of the command.
 * @throws {CommandFailure} something of it cannot be meant.
 */
export function readRequest(argv: readonly string[], env: Environment): Request {
  const line = parseArguments(argv);
  if (line.show !== undefined) return line;
  const config = line.config ?? configOf(env);
  const sources: Source[] = [line.source, readEnvironment(env)];
  if (config !== undefined) sources.push(readConfig(config));
  return { settings: settle(sources) };
}
