// Where the built package is, for tests that run it in a process of its own.

import { existsSync } from 'node:fs';

/** The URL of a built module, to be imported in a child process: `built('handlers/log.js')`. */
export function built(module: string): string {
  const url = new URL(`../../dist/${module}`, import.meta.url);
  if (!existsSync(url)) throw new Error(`${url.pathname} is missing: run "npm run build" before this test`);
  return url.href;
}
