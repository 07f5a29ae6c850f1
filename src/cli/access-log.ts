// The access log of the command: one line a request, when its answer has ended, so that it can say how much was sent.
// Without it requests are logged as Python does, when the answer begins, errors in two lines.

import type { Exchange } from '../connection/exchange.js';
import { escapeQuoted, formatMessage } from '../handlers/log.js';
import { writeToStderr } from '../handlers/log-writer.js';
import { responseHasBody } from '../http1/framing.js';
import type { Handler, HandlerClass } from './handler-class.js';
import type { LogFormat } from './settings.js';

/** A handler that logs its requests in a format. */
export function withAccessLog(Base: HandlerClass, format: LogFormat): HandlerClass {
  if (format === 'python') return Base;
  const log = format === 'off' ? () => {} : logIn(FORMATS[format]);
  return class extends Base {
    #begunAt: number | undefined;
    #logged: Exchange | undefined;
    #isAnswering = false;

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

    override logRequest(): void {}

    override sendError(...args: Parameters<Handler['sendError']>): void {
      this.#isAnswering = true;
      try {
        super.sendError(...args);
      } finally {
        this.#isAnswering = false;
      }
    }

    /** Its status is in the line of the request. What else goes wrong is not, and has a line of its own. */
    override logError(message: string, ...args: unknown[]): void {
      if (!this.#isAnswering) super.logError(message, ...args);
    }

    override logMessage(message: string, ...args: unknown[]): void {
      if (format === 'json')
        logIn(messageAsJson)({ ...clientOf(this), message: formatMessage(message, args) });
      else super.logMessage(message, ...args);
    }
  };
}

/** Who, and when. */
interface Client {
  readonly address: string;
  readonly user: string | undefined;
  readonly now: Date;
  /** As Python's lines have it. */
  readonly localTime: string;
}

/** A request, and how it was answered. Text is as received, an octet a character. */
interface Entry extends Client {
  readonly requestline: string;
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly status: number;
  /** Octets of the body. */
  readonly size: number;
  /** Milliseconds; `undefined` of a request that could not be understood. */
  readonly duration: number | undefined;
  readonly referrer: string | undefined;
  readonly agent: string | undefined;
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

/** Makes a line of something, each text in it cut to a number of characters. */
type Format<Thing> = (thing: Thing, most: number) => string;

const FORMATS: Readonly<Record<'clf' | 'combined' | 'json', Format<Entry>>> = {
  clf: commonLine,
  combined: combinedLine,
  json: requestAsJson,
};

/** With its line end, what is written at once. The writer would cut what is longer, and with it the end of the line. */
const LONGEST_LINE = 4095;

/** Writes lines in a format, with texts as long as there is room. */
function logIn<Thing>(format: Format<Thing>): (thing: Thing) => void {
  return (thing) => {
    let most = LONGEST_LINE;
    let line = format(thing, most);
    while (Buffer.byteLength(line) > LONGEST_LINE) {
      most = Math.floor(most / 2);
      line = format(thing, most);
    }
    writeToStderr(line);
  };
}

// ── As Apache does ─────────────────────────────────────────────────────────────────────────────────────────────────

/** `host ident user [time] "request" status bytes`, with `-` for what is not known and for no bytes. */
function commonLine(
  { address, user, now, localTime, requestline, status, size }: Entry,
  most: number,
): string {
  const when = `${localTime.replace(' ', ':')} ${zone(now)}`;
  const who = user === undefined ? '-' : escapeQuoted(cut(user, most)).replaceAll(' ', '\\x20');
  return `${address || '-'} - ${who} [${when}] ${quoted(requestline, most)} ${status} ${size || '-'}`;
}

function combinedLine(entry: Entry, most: number): string {
  return `${commonLine(entry, most)} ${quoted(entry.referrer, most)} ${quoted(entry.agent, most)}`;
}

function quoted(text: string | undefined, most: number): string {
  return `"${text === undefined ? '-' : escapeQuoted(cut(text, most))}"`;
}

/** `+0100` */
function zone(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const hours = Math.trunc(Math.abs(minutes) / 60);
  const digits = String(hours * 100 + (Math.abs(minutes) % 60)).padStart(4, '0');
  return `${minutes < 0 ? '-' : '+'}${digits}`;
}

// ── As JSON ────────────────────────────────────────────────────────────────────────────────────────────────────────

function requestAsJson(entry: Entry, most: number): string {
  const { address, user, now, method, target, version, status, size, duration, referrer, agent } = entry;
  const text = (value: string | undefined) => (value === undefined ? undefined : cut(value, most));
  return toJson({
    time: now.toISOString(),
    client: address,
    user: text(user),
    method: text(method),
    target: text(target),
    version,
    status,
    size,
    durationMs: duration === undefined ? undefined : Math.round(duration * 1000) / 1000,
    referrer: text(referrer),
    agent: text(agent),
  });
}

function messageAsJson({ now, address, user, message }: Client & { message: string }, most: number): string {
  return toJson({ time: now.toISOString(), client: address, user, message: cut(message, most) });
}

/** JSON leaves DEL and C1 as they are; a terminal does not. */
function toJson(value: object): string {
  return JSON.stringify(value).replace(
    /[\x7f-\x9f]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}...`;
}
