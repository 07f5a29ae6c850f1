// What the parts of the command that change a handler take, and give back.

import type { SimpleHTTPRequestHandler } from '../handlers/simple-handler.js';

/** A handler of files, or one derived from it. */
export type HandlerClass = typeof SimpleHTTPRequestHandler;

/** An instance of one. */
export type Handler = InstanceType<HandlerClass>;
