// What is measured. Each scenario turns a running server into one sample: `cost`, which the tables compare, and
// `rate`, which stands beside it.
import { setTimeout as sleep } from 'node:timers/promises';
import { clientCommand, probe, run, runClient, saveRequest, WARM_UP } from './load.js';
import { localPorts, openFilesLimit, processorTime, residentMemory } from './measure.js';
import { firstLine, start, stop } from './processes.js';
import * as requests from './requests.js';
import { launch } from './servers.js';

const SPARE_FILES = 200; // what a program has open besides its connections
const WANTED_IDLE = 10_000;
const IDLE_CONNECTIONS = Math.min(WANTED_IDLE, openFilesLimit() - SPARE_FILES);
const SLOW_BYTES_PER_SECOND = 80_000; // about half of what the floor can take, a byte at a time

const PER_REQUEST = { cost: 'µs a request', rate: 'requests/s' };

export const scenarios = [
  loaded('get', 'Small GET', { request: requests.smallGet, connections: 64 }),
  loaded('browser', "A browser's GET, 13 fields", { request: requests.browserGet, connections: 64 }),
  loaded('pipeline', '16 pipelined GETs', {
    request: requests.pipelinedGets,
    connections: 64,
    pipelined: 16,
  }),
  loaded('post-1k', 'POST of 1 KiB, echoed', { request: requests.post1KiB, connections: 64 }),
  loaded('post-1m', 'POST of 1 MiB, echoed', { request: requests.post1MiB, connections: 8 }),
  loaded('http10', 'HTTP/1.0, a connection a request', {
    request: requests.http10Get,
    connections: 32,
    closes: true,
  }),
  {
    name: 'slow-head',
    title: 'A head of 16,000 bytes, fed a byte at a time',
    units: { cost: 'ms a head' },
    measure: slowHeads,
  },
  {
    name: 'idle',
    title: `${IDLE_CONNECTIONS} idle kept-alive connections${IDLE_CONNECTIONS < WANTED_IDLE ? ': no more for ulimit -n' : ''}`,
    units: { cost: 'KiB a connection', rate: 'connections' },
    measure: idleMemory,
  },
];

function loaded(name, title, load) {
  return {
    name,
    title,
    units: PER_REQUEST,
    measure: (server, seconds) => throughput(server, { name, ...load }, seconds),
  };
}

/** Processor time a request, and requests a second, of a server that is asked as fast as it answers. */
async function throughput({ child, port }, load, seconds) {
  await probe(port, load);
  await run(port, load, WARM_UP);
  const before = processorTime(child.pid);
  const done = await run(port, load, seconds);
  const used = processorTime(child.pid) - before;
  if (done.errors > 0) throw new Error(`${done.errors} errors in ${done.requests} requests`);
  return { cost: (used * 1e6) / done.requests, rate: done.requests / done.seconds };
}

/** Processor time a head when heads trickle in, many at once, as one packet a byte. */
async function slowHeads({ child, port }, seconds) {
  const head = requests.slowHead;
  const heads = Math.max(10, Math.round((seconds * SLOW_BYTES_PER_SECOND) / head.length));
  const file = saveRequest('slow-head', head);
  const settings = { port, heads, bytesPerSecond: SLOW_BYTES_PER_SECOND, file };
  const before = processorTime(child.pid);
  const done = await runClient('slow-head.js', settings, seconds);
  const used = processorTime(child.pid) - before;
  if (done.errors > 0) throw new Error(done.refusal ?? `closes ${done.errors} of ${heads} without an answer`);
  return { cost: (used * 1000) / heads };
}

/** Resident memory a connection. On a server of its own: one that has worked has room left from before. */
async function idleMemory(server) {
  const { child, port } = await launch(server);
  try {
    await stop((await openIdle(port, 100)).client);
    const before = await settledMemory(child.pid);
    const { client, open } = await openIdle(port, IDLE_CONNECTIONS);
    const after = await settledMemory(child.pid);
    await stop(client);
    return { cost: (after - before) / open, rate: open };
  } finally {
    await stop(child);
  }
}

async function openIdle(port, connections) {
  const addresses = Math.ceil(connections / (localPorts() * 0.8));
  const settings = { port, connections, addresses, request: requests.smallGet.toString('latin1') };
  const client = start('load', clientCommand('idle.js', settings));
  const { open } = JSON.parse(await firstLine(client));
  if (open < connections * 0.9) throw new Error(`only ${open} of ${connections} connections stayed open`);
  return { client, open };
}

async function settledMemory(pid) {
  await sleep(250);
  return residentMemory(pid);
}
