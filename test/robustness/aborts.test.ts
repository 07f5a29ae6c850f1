// Clients that vanish. Nothing of them may stay behind: no descriptor, no timer, no memory, no handler that waits.

import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type RandomSource, randomSource } from '../support/random.js';
import { RawClient, request, statuses, talk, times } from '../support/raw-client.js';
import { canMeasure, isFull, ServerProcess } from '../support/server-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const CLIENTS = isFull ? 10_000 : 1_000;
const MIB = 1024 * 1024;

const UPLOAD = request('PUT /', `Content-Length: ${MIB}\r\n`, 'u'.repeat(MIB));
const CHUNKED_UPLOAD = request('PUT /', 'Transfer-Encoding: chunked\r\n', '400\r\n'.padEnd(1029, 'c'));

/** A client on its way to what it will not wait for the end of. */
type Abort = (client: RawClient, random: RandomSource) => Promise<unknown> | undefined;

function sendPart(client: RawClient, whole: string, random: RandomSource): undefined {
  client.send(whole.slice(0, 1 + random.below(whole.length - 1)));
}

function readPart(client: RawClient, path: string, random: RandomSource): Promise<unknown> {
  const enough = random.below(300_000);
  client.send(request(`GET ${path}`));
  return client.until((received) => received.length > enough);
}

const ABORTS: readonly Abort[] = [
  () => undefined,
  (client, random) => sendPart(client, request('GET /', 'Accept: */*\r\nUser-Agent: x\r\n'), random),
  (client, random) => sendPart(client, UPLOAD, random),
  (client, random) => sendPart(client, CHUNKED_UPLOAD, random),
  (client, random) => sendPart(client, request('GET /number?n=1').repeat(500), random),
  (client, random) => sendPart(client, request('GET /later?n=1').repeat(500), random),
  (client, random) => readPart(client, '/big?mib=100', random),
  (client, random) => readPart(client, '/careless?mib=1', random),
  (client, random) => readPart(client, '/drip', random),
  (client, random) => readPart(client, '/files/big', random),
  (client) => {
    client.send(request('GET /hang'));
    return turn();
  },
  (client) => {
    client.stall();
    client.send(request('GET /files/big'));
    return turn();
  },
];

describe.skipIf(!canMeasure)('clients that reset', () => {
  it(`MUST 41: ${CLIENTS} of them, at any moment, leave nothing behind`, { timeout: 300_000 }, async () => {
    await using directory = await temporaryDirectory({ big: '' });
    await truncate(join(directory.path, 'big'), 100 * MIB);
    await using server = await ServerProcess.start({ directory: directory.path });
    const random = randomSource(41);
    const resetAll = (count: number) =>
      times(count, 40, async (index) => {
        using client = await RawClient.connect(server.port);
        await ABORTS[index % ABORTS.length]!(client, random);
        client.reset();
      });
    const allGone = () =>
      server.until(({ sockets, connections, active }) => sockets + connections + active === 0);

    await resetAll(CLIENTS / 4); // until then, memory grows to what the work needs
    const before = await allGone();
    await resetAll(CLIENTS);
    const after = await allGone();

    expect(after.descriptors).toBe(before.descriptors);
    expect(after.timers).toBe(before.timers);
    expect(after.handled - before.handled).toBeGreaterThan(CLIENTS / 3);
    expect(after.aborted).toBeGreaterThan(before.aborted);
    expect(after).toMatchObject({ failed: 0, uncaught: 0, waiting: 0 });
    expect(after.heapUsed - before.heapUsed).toBeLessThan(2 * MIB);
    expect(after.rss - before.rss).toBeLessThan(40 * MIB);
    expect(statuses(await talk(server.port, request('GET /', 'Connection: close\r\n')))).toEqual([200]);
    if (isFull) console.log('aborts', { before, after });
  });
});
