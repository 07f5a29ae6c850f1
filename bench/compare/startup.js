// What it costs to start a server and get the first answer, and what bare `node` costs.
import { once } from 'node:events';
import process from 'node:process';
import { descendants } from '../measure.js';
import { has, start, stop } from '../processes.js';
import { answers, commandOf, freePort, surroundings } from './servers.js';

/** The shell knows the processor time of what it has waited for to the millisecond; /proc, to ten. */
const TIMED = ['bash', '-c', 'TIMEFORMAT="%U %S"; time "$@" > /dev/null 2> /dev/null', 'bash'];
export const canTime = has('bash');

/** @returns ms on the wall until the first answer, and of processor until then. */
export async function startToAnswer(server, root) {
  const port = await freePort();
  const command = commandOf(server, port, root, true);
  const began = performance.now();
  const shell = start('server', [...TIMED, ...command], { ...surroundings, stdout: 'ignore' });
  try {
    await answers(port, shell);
    const wall = performance.now() - began;
    // What has workers must wait for them, or their time is not counted; the others are to spend no more.
    process.kill(descendants(shell.pid)[0], server.hasWorkers ? 'SIGTERM' : 'SIGKILL');
    return { wall, processor: await timeSaid(shell) };
  } finally {
    await stop(shell);
  }
}

/** The same of a Node that has nothing to do, from start to end. */
export async function startNode() {
  const began = performance.now();
  const shell = start('server', [...TIMED, process.execPath, '-e', '0'], {
    ...surroundings,
    stdout: 'ignore',
  });
  const processor = await timeSaid(shell);
  return { wall: performance.now() - began, processor };
}

async function timeSaid(shell) {
  await once(shell, 'close');
  const said = /^(\d+\.\d+) (\d+\.\d+)$/m.exec(shell.complaint);
  if (said === null) throw new Error(`no time was told: ${shell.complaint}`);
  return (Number(said[1]) + Number(said[2])) * 1000;
}
