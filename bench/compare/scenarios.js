// What is measured of a running server. Each scenario gives one sample: `cost` in its unit.
import { run, runClient, saveRequest, WARM_UP } from '../load.js';
import { processorTimeOfTree } from '../measure.js';
import { smallGet } from '../requests.js';
import { ask } from './answer.js';
import { getAndStay, request } from './requests.js';

/** The files that are asked for, and their sizes. */
export const SIZES = { '1k.txt': 2 ** 10, '16k.txt': 2 ** 14, '1m.bin': 2 ** 20, '256m.bin': 2 ** 28 };
export const ENTRIES = 1000;

export const DOWNLOAD = '256m.bin';
const NO_ETAG = 'it gives neither ETag nor Last-Modified';

export const scenarios = [
  file('1k.txt', '1 KiB', 64),
  file('16k.txt', '16 KiB', 64),
  file('1m.bin', '1 MiB', 8),
  { name: DOWNLOAD, title: '256 MiB', unit: 'ms', measure: downloads },
  { name: '304', title: '304', unit: 'µs', measure: notModified },
  { name: 'listing', title: `listing of ${ENTRIES.toLocaleString('en')}`, unit: 'µs', measure: listings },
];

/** Not servers of files, but what the cost of one scenario is compared with: each is a script of the benchmark. */
export const references = [
  { name: 'node-http', title: 'node:http, small GET', scenario: '304', measure: smallGets },
  { name: 'node-net-file', title: 'node:net, a bare loop', scenario: DOWNLOAD, measure: downloads },
];

function file(name, title, connections) {
  const bytes = getAndStay(`/${name}`);
  const measure = async (server, seconds) => {
    const { status, body, failure } = await ask(server.port, bytes);
    if (status !== 200 || body.length !== SIZES[name]) throw new Error(`answers ${failure ?? status}`);
    return cost(server, { name, request: bytes, connections }, seconds);
  };
  return { name, title, unit: 'µs', measure };
}

function smallGets(server, seconds) {
  return cost(server, { name: 'small', request: smallGet, connections: 64 }, seconds);
}

async function notModified(server, seconds) {
  const bytes = getAndStay('/1k.txt', await condition(server.port));
  const { status, failure } = await ask(server.port, bytes);
  if (status !== 304) throw new Error(`answers ${failure ?? status}`);
  return cost(server, { name: '304', request: bytes, connections: 64 }, seconds);
}

/** What a cache would ask that has the file. */
async function condition(port) {
  const { field } = await ask(port, getAndStay('/1k.txt'));
  if (field('etag') !== undefined) return { 'If-None-Match': field('etag') };
  if (field('last-modified') === undefined) throw new Error(NO_ETAG);
  return { 'If-Modified-Since': field('last-modified') };
}

async function listings(server, seconds) {
  const bytes = getAndStay('/listing/');
  const { status, body } = await ask(server.port, bytes);
  if (status !== 200 || !body.includes('file-00999.txt')) return { failure: 'no listing' };
  return cost(server, { name: 'listing', request: bytes, connections: 4 }, seconds);
}

/** Processor time a request, in µs, of a server that is asked as fast as it answers. */
async function cost({ child, port }, load, seconds) {
  await run(port, load, WARM_UP);
  const before = processorTimeOfTree(child.pid);
  const { requests, errors } = await run(port, load, seconds);
  const used = processorTimeOfTree(child.pid) - before;
  if (errors > 0) throw new Error(`${errors} errors in ${requests} requests`);
  if (requests === 0) throw new Error('no answer in time');
  return { cost: (used * 1e6) / requests };
}

/** Processor time a download, in ms. */
async function downloads({ child, port }, seconds) {
  const saved = saveRequest('download', request('GET', `/${DOWNLOAD}`));
  const settings = { port, seconds, size: SIZES[DOWNLOAD], file: saved };
  await runClient('download.js', settings, WARM_UP);
  const before = processorTimeOfTree(child.pid);
  const { requests, errors } = await runClient('download.js', settings, seconds);
  const used = processorTimeOfTree(child.pid) - before;
  if (errors > 0) throw new Error(`${errors} of ${requests + errors} downloads not whole`);
  return { cost: (used * 1e3) / requests };
}
