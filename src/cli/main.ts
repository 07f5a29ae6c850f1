#!/usr/bin/env node
// The command `basehttp`. This folder is the only place that knows argv, the console and exit codes.

import { parseArguments } from './arguments.js';
import { CommandFailure } from './failure.js';

try {
  const settings = parseArguments(process.argv.slice(2));
  if (settings !== undefined) {
    const { serve } = await import('./serve.js'); // not loaded to show the help
    await serve(settings);
  }
} catch (error) {
  if (!(error instanceof CommandFailure)) throw error;
  console.error(`basehttp: ${error.message}`);
  process.exitCode = error.exitCode;
}
