// Every case of the corpus, however it is cut.

import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/http1/errors.js';
import { type ParserLimits, RequestParser } from '../../src/http1/parser.js';
import { type CorpusCase, readCorpus } from '../support/corpus.js';
import { eventsOf, octetByOctet, octetsOf, parse } from '../support/events.js';
import { randomSource } from '../support/random.js';

const RANDOM_CUTS = 20;

/** The events that the case expects; `toMatchObject` leaves out the fields of heads that say nothing of them. */
function expectEvents(events: readonly unknown[], expected: CorpusCase['events'], how: string): void {
  expect(events, how).toMatchObject(expected);
}

/** After how many octets each request is complete. */
function requestEnds({ octets, limits }: CorpusCase): number[] {
  const parser = new RequestParser(limits);
  const ends: number[] = [];
  octets.forEach((octet, at) => {
    parser.feed(Buffer.of(octet));
    for (const event of eventsOf(parser)) if ('end' in event) ends.push(at + 1);
  });
  return ends;
}

for (const [subject, cases] of readCorpus()) {
  describe(subject, () => {
    for (const { title, octets, limits, events } of cases) {
      it(title, () => {
        const { cut } = randomSource(octets.length);
        expectEvents(parse([octets], limits), events, 'whole');
        expectEvents(parse(octetByOctet(octets), limits), events, 'octet by octet');
        for (let i = 0; i < RANDOM_CUTS; i++) {
          const pieces = cut(octets);
          expectEvents(parse(pieces, limits), events, `cut as ${pieces.map((piece) => piece.length)}`);
        }
      });
    }
  });
}

const all = [...readCorpus()].flatMap(([subject, cases]) =>
  cases.map((each) => ({ ...each, title: `${subject}: ${each.title}` })),
);
const endsBadly = ({ events }: CorpusCase) => events.length > 0 && 'error' in events.at(-1)!;
const endsWell = ({ events }: CorpusCase) => events.length > 0 && 'end' in events.at(-1)!;
const isWhole = (each: CorpusCase) => endsWell(each) && requestEnds(each).at(-1) === each.octets.length;

describe('a second time on the same parser', () => {
  for (const { title, octets, limits, events } of all.filter(isWhole)) {
    it(title, () => {
      expectEvents(parse([octets, octets], limits), [...events, ...events], 'one behind the other');
      expectEvents(parse([Buffer.concat([octets, octets])], limits), [...events, ...events], 'at once');
    });
  }
});

describe('an error is the end', () => {
  const request = octetsOf('GET / HTTP/1.1\r\nHost: a\r\n\r\n');

  for (const { title, octets, limits, events } of all.filter(endsBadly)) {
    it(title, () => {
      const parser = new RequestParser(limits);
      parser.feed(octets);
      expect(eventsOf(parser).at(-1)).toEqual(events.at(-1));
      const failure = failureOf(parser);
      expect(failure).toBeInstanceOf(ProtocolError);
      parser.feed(request);
      expect(failureOf(parser)).toBe(failure);
      parser.finish();
      expect(failureOf(parser)).toBe(failure);
    });
  }

  function failureOf(parser: RequestParser): unknown {
    try {
      return parser.next();
    } catch (error) {
      return error;
    }
  }
});

describe('MUST 39: a peer that ends', () => {
  const atEveryCut = <T>(text: string, say: (sent: string) => T) =>
    Array.from({ length: text.length + 1 }, (_, length) => say(text.slice(0, length)));

  for (const each of all.filter(isWhole)) {
    it(`at any octet of ${each.title}`, () => {
      const text = each.octets.toString('latin1');
      const ends = requestEnds(each);
      const heads = [0, ...ends].map((start) => text.indexOf('\r\n\r\n', start) + 4).filter((end) => end > 3);
      const expected = atEveryCut(text, (sent) => {
        const rest = sent.slice(ends.findLast((end) => end <= sent.length) ?? 0);
        const idle = ['', '\r', '\r\n'].includes(rest);
        const atEnd = idle ? [] : [{ error: '400 INCOMPLETE' }];
        return { sent, heads: heads.filter((end) => end <= sent.length).length, idle, atEnd };
      });
      expect(atEveryCut(text, (sent) => endAfter(sent, each.limits))).toEqual(expected);
    });
  }

  /** What there is to say when the peer has sent this, and what when it ends. */
  function endAfter(sent: string, limits: ParserLimits): object {
    const parser = new RequestParser(limits);
    parser.feed(octetsOf(sent));
    const heads = eventsOf(parser).filter((event) => 'head' in event).length;
    const { idle } = parser;
    parser.finish();
    return { sent, heads, idle, atEnd: eventsOf(parser) };
  }
});
