// The corpus: what a peer sends, and what the parser is to make of it. Each file of test/corpus/ is about one subject:
//
// - `about`: the subject, with its source. `before`, `after`: text around each case's `in`. `limits`, `head`: what the
//   cases of the file have in common.
// - `cases`: `name`; `must`: the requirement it proves; `in`: octets as latin1 text; and what comes of them: either
//   `head`, `data`, `trailers` and then the end of the request or an `error`, each if it is there, or a list of `events`.
//   A case's own `before`, `after`, `limits` and `head` come first.
//
// Of a head, what is not said is as in `GET / HTTP/1.1` with a Host, and `fields` are only compared if they are given.

import { readdirSync, readFileSync } from 'node:fs';
import { defaultLimits } from '../../src/connection/limits.js';
import { CHUNKED } from '../../src/http1/framing.js';
import type { ParserLimits } from '../../src/http1/parser.js';
import { octetsOf, type Pairs, type PlainEvent, type PlainHead } from './events.js';

/** A case of the corpus, ready to be fed. */
export interface CorpusCase {
  readonly title: string;
  readonly octets: Buffer;
  readonly limits: ParserLimits;
  readonly events: readonly CorpusEvent[];
}

/** What the corpus says of a head. */
export type CorpusHead = Omit<PlainHead, 'fields'> & { readonly fields?: Pairs };
export type CorpusEvent = { readonly head: CorpusHead } | Exclude<PlainEvent, { readonly head: PlainHead }>;

/** The cases of all files, by subject: the name of the file. */
export function readCorpus(): Map<string, CorpusCase[]> {
  const folder = new URL('../corpus/', import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return new Map(
    names.map((name) => {
      const file = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as RawFile;
      return [name.slice(0, -'.json'.length), file.cases.map((raw) => readCase(file, raw))];
    }),
  );
}

interface RawShared {
  readonly before?: string;
  readonly after?: string;
  readonly limits?: Partial<ParserLimits>;
  readonly head?: RawHead;
}

interface RawFile extends RawShared {
  readonly cases: readonly RawCase[];
}

interface RawCase extends RawShared {
  readonly name: string;
  readonly must?: number;
  readonly in: string;
  readonly data?: string;
  readonly trailers?: Pairs;
  readonly error?: string;
  readonly events?: readonly RawEvent[];
}

type RawHead = Partial<Omit<PlainHead, 'bodyLength'>> & { readonly bodyLength?: number | 'chunked' };
type RawEvent = { readonly head: RawHead } | Exclude<PlainEvent, { readonly head: PlainHead }>;

function readCase(file: RawFile, raw: RawCase): CorpusCase {
  const { before, after } = { before: '', after: '', ...file, ...raw };
  return {
    title: raw.must === undefined ? raw.name : `MUST ${raw.must}: ${raw.name}`,
    octets: octetsOf(before + raw.in + after),
    limits: { ...defaultLimits, ...file.limits, ...raw.limits },
    events: raw.events?.map(readEvent) ?? eventsOfRequest(raw, file.head),
  };
}

function eventsOfRequest(raw: RawCase, shared?: RawHead): CorpusEvent[] {
  const events: CorpusEvent[] = [];
  if (raw.head !== undefined) events.push({ head: readHead({ ...shared, ...raw.head }) });
  if (raw.data !== undefined) events.push({ data: raw.data });
  events.push(raw.error === undefined ? { end: raw.trailers ?? [] } : { error: raw.error });
  return events;
}

function readEvent(event: RawEvent): CorpusEvent {
  return 'head' in event ? { head: readHead(event.head) } : event;
}

function readHead(head: RawHead): CorpusHead {
  return {
    method: 'GET',
    target: '/',
    path: head.target ?? '/',
    minor: 1,
    persistent: true,
    keepAlive: false,
    expectsContinue: false,
    upgrade: false,
    ...head,
    bodyLength: head.bodyLength === 'chunked' ? CHUNKED : (head.bodyLength ?? 0),
  };
}
