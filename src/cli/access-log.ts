// The access log of the command: one line a request, when its answer has ended, so that it can say how much was sent.
// Without it requests are logged as Python does, when the answer begins, errors in two lines.

import type { Exchange } from '../connection/exchange.js';
import { formatMessage } from '../handlers/log.js';
import { responseHasBody } from '../http1/framing.js';
import { type Client, type Entry, entryLog, logMessageAsJson } from './access-log-format.js';
import type { Handler, HandlerClass } from './handler-class.js';
import type { LogFormat } from './settings.js';

/** A handler that logs its requests in a format. */
export function withAccessLog(Base: HandlerClass, format: Exclude<LogFormat, 'python'>): HandlerClass {
  const Silent = withoutRequestLines(Base);
  return format === 'off' ? Silent : withEntries(Silent, format);
}

/** Logs what goes wrong, but not what is asked for, nor the errors that are answers to it. */
function withoutRequestLines(Base: HandlerClass): HandlerClass {
  return class extends Base {
    #isAnswering = false;

    override logRequest(): void {}

    override sendError(...args: Parameters<Handler['sendError']>): void {
      this.#isAnswering = true;
      try {
        super.sendError(...args);
      } finally {
        this.#isAnswering = false;
      }
    }

    /** What else goes wrong is not told by the status of an answer, and has a line of its own. */
    override logError(message: string, ...args: unknown[]): void {
      if (!this.#isAnswering) super.logError(message, ...args);
    }
  };
}

/** Logs each request when its answer has ended. */
function withEntries(Base: HandlerClass, format: Exclude<LogFormat, 'python' | 'off'>): HandlerClass {
  const log = entryLog(format);
  return class extends Base {
    #begunAt: number | undefined;
    #logged: Exchange | undefined;

    override onRequest(exchange: Exchange): void | Promise<void> {
      this.#begunAt = performance.now();
      const handled = super.onRequest(exchange);
      if (handled === undefined) this.#log(exchange);
      return handled?.then(() => this.#log(exchange));
    }

    override onError(error: unknown, exchange: Exchange): void {
      super.onError(error, exchange);
      this.#log(exchange);
    }

    /** An answer that was cut off comes by twice. One that was not begun is an error, which comes back with it. */
    #log(exchange: Exchange): void {
      if (this.#logged === exchange || exchange.response.status === undefined) return;
      this.#logged = exchange;
      const since = this.#begunAt;
      this.#begunAt = undefined;
      log(entryOf(this, exchange, since === undefined ? undefined : performance.now() - since));
    }

    override logMessage(message: string, ...args: unknown[]): void {
      if (format === 'json') logMessageAsJson({ ...clientOf(this), message: formatMessage(message, args) });
      else super.logMessage(message, ...args);
    }
  };
}

function clientOf(handler: Handler): Client {
  return {
    address: handler.clientAddress[0],
    user: handler.remoteUser,
    now: new Date(),
    localTime: handler.logDateTimeString(),
  };
}

function entryOf(handler: Handler, { head, response }: Exchange, duration: number | undefined): Entry {
  const status = response.status ?? 0;
  return {
    ...clientOf(handler),
    requestline: handler.requestline,
    method: head.method,
    target: head.target,
    version: head.version,
    status,
    size: responseHasBody(head.method, status) ? response.size : 0,
    duration,
    referrer: handler.headers.get('referer'),
    agent: handler.headers.get('user-agent'),
  };
}
