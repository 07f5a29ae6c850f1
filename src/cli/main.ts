#!/usr/bin/env node
// The command `basehttp`. This folder is the only place that knows argv, the console and exit codes.
// What is not needed to serve is loaded when it is needed.

import { createRequire } from 'node:module';
import { CommandFailure } from './failure.js';
import { type Request, readRequest } from './request.js';
import { serve } from './serve.js';

try {
  await carryOut(readRequest(process.argv.slice(2), process.env));
} catch (error) {
  if (!(error instanceof CommandFailure)) throw error;
  console.error(`basehttp: ${error.message}`);
  process.exitCode = error.exitCode;
}

/** What is shown goes by way of the console, which does not mind a reader that has gone: `basehttp --help | head`. */
async function carryOut(request: Request): Promise<void> {
  switch (request.show) {
    case 'help': {
      const { fullHelp, shortHelp } = await import('./help.js');
      console.log((request.every ? fullHelp() : shortHelp()).trimEnd());
      return;
    }
    case 'version': {
      const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
      console.log(version);
      return;
    }
    case 'hash': {
      const { printHash } = await import('./password.js');
      await printHash();
      return;
    }
    case 'completions': {
      const { completions } = await import('./completions.js');
      console.log(completions(request.shell).trimEnd());
      return;
    }
    default:
      await serve(request.settings);
  }
}
