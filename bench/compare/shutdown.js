// What SIGTERM does to a server, idle and with an answer in flight.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { stop } from '../processes.js';
import { BIG } from './files.js';
import { getAndStay } from './requests.js';
import { hasEnded, launch } from './servers.js';

const PATIENCE = 8_000; // ms that a server may take to end
const STALL = 500; // ms in which it hears the signal while the client takes nothing

/** @returns `{ exit }`: its exit code, the signal that ended it, or undefined if it runs on. */
export async function signalIdle(server, root) {
  const { child } = await launch(server, root);
  try {
    child.kill('SIGTERM');
    return { exit: await exitOf(child) };
  } finally {
    await stop(child);
  }
}

/** @returns `{ isWhole, exit }`: whether a download that had begun came to its end. */
export async function signalBusy(server, root) {
  const { child, port } = await launch(server, root);
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    const download = await begin(socket);
    child.kill('SIGTERM');
    await sleep(STALL);
    const isWhole = await download.finish();
    socket.destroy();
    return { isWhole, exit: await exitOf(child) };
  } finally {
    socket.destroy();
    await stop(child);
  }
}

/** Resolves when the head of the answer is there. From then on nothing is taken before `finish()` is called. */
async function begin(socket) {
  socket.on('error', () => {});
  socket.write(getAndStay(`/${BIG.name}`));
  const [first] = await once(socket, 'data');
  socket.pause();
  const head = first.latin1Slice().indexOf('\r\n\r\n') + 4;
  let missing = BIG.size - (first.length - head);
  const closed = new Promise((resolve) => socket.on('close', resolve)); // by a reset, even while it is paused
  const finish = async () => {
    socket.on('data', (chunk) => {
      missing -= chunk.length;
      if (missing <= 0) socket.destroy();
    });
    socket.setTimeout(PATIENCE, () => socket.destroy());
    socket.resume();
    await closed;
    return missing === 0;
  };
  return { finish };
}

async function exitOf(child) {
  if (!hasEnded(child)) {
    await Promise.race([once(child, 'exit'), sleep(PATIENCE, undefined, { ref: false })]);
  }
  return child.signalCode ?? child.exitCode ?? undefined;
}
