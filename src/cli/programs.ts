// The handler that runs programs, as the command's options want it. Loaded only when it is asked for.

import { CGIHTTPRequestHandler } from '../handlers/cgi-handler.js';
import type { HandlerClass } from './handler-class.js';
import type { Settings } from './settings.js';

/** A class of its own, so that what is set here is not set for others. */
export function programHandler(settings: Settings): HandlerClass {
  const { cgiDir, cgiTimeout, cgiMaxSpool, cgiEnv, cgiInterpreter } = settings;
  class Handler extends CGIHTTPRequestHandler {}
  const { prototype } = Handler;
  if (cgiDir.length > 0) prototype.cgiDirectories = cgiDir;
  prototype.cgiTimeout = cgiTimeout;
  prototype.cgiLimits = { ...prototype.cgiLimits, maxSpoolSize: cgiMaxSpool };
  prototype.cgiEnvironment = Object.fromEntries(
    cgiEnv.map(({ name, value }) => [name, value ?? process.env[name]]),
  );
  prototype.cgiInterpreters = Object.fromEntries(
    cgiInterpreter.map(({ suffix, program }) => [suffix, program]),
  );
  return Handler;
}
