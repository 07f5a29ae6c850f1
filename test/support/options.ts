// The options of the command: what they come to, and how they fail.

import { CommandFailure } from '../../src/cli/failure.js';
import { readRequest } from '../../src/cli/request.js';
import type { Settings } from '../../src/cli/settings.js';

/** Words as a shell makes them; it knows '…', $'…' for line ends, and # for the rest of the line. */
export function words(line: string): string[] {
  const found = line.replace(/(?:^| )#.*/, '').match(/(?:\$?'[^']*'|[^\s'])+/g) ?? [];
  return found.map((word) =>
    word.replace(/(\$?)'([^']*)'/g, (_, dollar, text) =>
      dollar === '$' ? text.replaceAll('\\n', '\n') : text,
    ),
  );
}

/** The settings that the command would serve with. */
export function settingsOf(line: string, env: Readonly<Record<string, string>> = {}): Settings {
  const request = readRequest(words(line), env);
  if (request.show !== undefined) throw new Error(`${line} asks to be shown ${request.show}`);
  return request.settings;
}

/** How an action fails, which it must. */
export function failureOf(action: () => unknown): CommandFailure {
  try {
    action();
  } catch (error) {
    if (error instanceof CommandFailure) return error;
    throw error;
  }
  throw new Error('It has not failed');
}
