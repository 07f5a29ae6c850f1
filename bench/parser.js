// What the request parser costs by itself, on the built package: `npm run build && node bench/parser.js`. Processor
// time, the best of several rounds, since the machine is rarely ours alone.

import process from 'node:process';
import { defaultLimits } from '../dist/connection/limits.js';
import { HEAD, RequestParser } from '../dist/http1/index.js';
import { browserGet, pipelinedGets, slowHead, smallGet } from './requests.js';

const ROUNDS = 7;

/** Microseconds of processor time that one call of `work` takes: the best round of so many calls. */
function microseconds(calls, work) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let call = 0; call < calls; call++) work();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / calls);
  }
  return best;
}

/** Parses all of it on one parser, as a connection would; throws if that is not whole requests. */
function parserOf(octets) {
  const parser = new RequestParser(defaultLimits);
  return () => {
    parser.feed(octets);
    while (parser.next() === HEAD) parser.next();
    if (!parser.idle) throw new Error('these are not whole requests');
  };
}

/** The same, an octet at a time. */
function slowParserOf(octets) {
  const parser = new RequestParser(defaultLimits);
  const pieces = Array.from(octets, (_, at) => octets.subarray(at, at + 1));
  return () => {
    for (const piece of pieces) {
      parser.feed(piece);
      while (parser.next() === HEAD) parser.next();
    }
    if (!parser.idle) throw new Error('these are not whole requests');
  };
}

function report(name, octets, time) {
  console.log(
    `${name.padEnd(32)} ${String(octets.length).padStart(6)} octets ${time.toFixed(2).padStart(10)} µs`,
  );
}

report('small GET', smallGet, microseconds(200_000, parserOf(smallGet)));
report("a browser's GET", browserGet, microseconds(200_000, parserOf(browserGet)));
report('16 pipelined GETs', pipelinedGets, microseconds(20_000, parserOf(pipelinedGets)));
report('a large head', slowHead, microseconds(5_000, parserOf(slowHead)));
report('a large head, octet by octet', slowHead, microseconds(100, slowParserOf(slowHead)));
