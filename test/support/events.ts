// What a parser says, as plain data that can be compared.

import { ProtocolError } from '../../src/http1/errors.js';
import {
  DATA,
  HEAD,
  NEED_DATA,
  type ParserEvent,
  type ParserLimits,
  RequestParser,
} from '../../src/http1/parser.js';
import type { RequestHead } from '../../src/http1/request-head.js';

export type Pairs = readonly (readonly [name: string, value: string])[];

/** A head without its methods. */
export interface PlainHead {
  readonly method: string;
  readonly target: string;
  readonly path: string;
  readonly minor: number;
  readonly fields: Pairs;
  readonly bodyLength: number;
  readonly persistent: boolean;
  readonly keepAlive: boolean;
  readonly expectsContinue: boolean;
  readonly upgrade: boolean;
}

export type PlainEvent =
  | { readonly head: PlainHead }
  | { readonly data: string }
  | { readonly end: Pairs }
  | { readonly error: string };

/** Asks for all that can be said, and adds it to `events`; an error, like `400 BAD_HOST`, is the last. */
export function eventsOf(parser: RequestParser, events: PlainEvent[] = []): PlainEvent[] {
  try {
    for (let event = parser.next(); event !== NEED_DATA; event = parser.next()) add(events, event, parser);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    events.push({ error: `${error.status} ${error.code}` });
  }
  return events;
}

/** The events of a request that arrives in these pieces, each asked about before the next arrives. */
export function parse(pieces: Iterable<Buffer>, limits: ParserLimits): PlainEvent[] {
  const parser = new RequestParser(limits);
  const events: PlainEvent[] = [];
  for (const piece of pieces) {
    parser.feed(piece);
    eventsOf(parser, events);
    if (hasFailed(events)) break;
  }
  return events;
}

/** Whether the last event is an error. */
function hasFailed(events: readonly PlainEvent[]): boolean {
  const last = events.at(-1);
  return last !== undefined && 'error' in last;
}

/** Each octet a piece of its own. */
export function octetByOctet(octets: Buffer): Buffer[] {
  return Array.from(octets, (_, at) => octets.subarray(at, at + 1));
}

/** Latin1 text as octets. */
export function octetsOf(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function add(events: PlainEvent[], event: ParserEvent, parser: RequestParser): void {
  if (event === HEAD) events.push({ head: plainHead(parser.head!) });
  else if (event === DATA) addData(events, parser.data.toString('latin1'));
  else events.push({ end: [...(parser.trailers ?? [])] });
}

/** Data in a row are one event here: how a body is cut means nothing. */
function addData(events: PlainEvent[], data: string): void {
  if (data === '') throw new Error('DATA without data');
  const last = events.at(-1);
  if (last !== undefined && 'data' in last) events[events.length - 1] = { data: last.data + data };
  else events.push({ data });
}

function plainHead(head: RequestHead): PlainHead {
  const { method, target, path, minor, bodyLength, persistent, keepAlive, expectsContinue, upgrade } = head;
  const fields = [...head.fields];
  return {
    method,
    target,
    path,
    minor,
    fields,
    bodyLength,
    persistent,
    keepAlive,
    expectsContinue,
    upgrade,
  };
}
