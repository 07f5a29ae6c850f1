// Starting and ending other programs, each on a processor of its own. None outlives this process: they are killed
// when it exits, also by an error or Ctrl-C, and a server ends by itself when its standard input does.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { descendants, processors } from './measure.js';

const LINE_TIMEOUT = 30_000; // ms
const children = new Set();

process.on('exit', () => {
  for (const child of children) kill(child);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => process.exit(128 + constants.signals[signal]));
}

/** Whether a program is there to be run. */
export const has = (program) => spawnSync(program, ['--help'], { stdio: 'ignore' }).error === undefined;

/** The processors of the server and of the load: undefined where they cannot be kept apart. */
export const placement = place();

function place() {
  const allowed = processors();
  return allowed.length > 1 && has('taskset') ? { server: allowed[0], load: allowed[1] } : undefined;
}

/**
 * Starts a program as `role`, 'server' or 'load'. `stderr` is 'pipe' (kept for error messages) or 'ignore', `stdout`
 * the same (to be read by the caller).
 */
export function start(
  role,
  [program, ...args],
  { stdout = 'pipe', stderr = 'pipe', timeout, env, cwd } = {},
) {
  const pinned = placement
    ? ['taskset', '-c', String(placement[role]), program, ...args]
    : [program, ...args];
  const child = spawn(pinned[0], pinned.slice(1), {
    stdio: ['pipe', stdout, stderr],
    env,
    cwd,
    timeout,
    killSignal: 'SIGKILL',
  });
  children.add(child);
  child.complaint = '';
  child.stderr?.on('data', (text) => {
    child.complaint = (child.complaint + text).slice(-2000);
  });
  child.on('error', (error) => {
    child.complaint += error.message;
  });
  child.on('close', () => children.delete(child));
  child.stdin.on('error', () => {}); // it ended before we closed its input
  return child;
}

/** The first line a program prints. Throws if it ends, or is silent for half a minute. */
export async function firstLine(child) {
  const timer = setTimeout(() => child.kill('SIGKILL'), LINE_TIMEOUT);
  try {
    for await (const line of createInterface({ input: child.stdout })) return line;
  } finally {
    clearTimeout(timer);
  }
  throw new Error(`it did not start: ${gist(child.complaint)}`);
}

/** All that a program prints, once it has ended. Throws if it failed. */
export async function output(child) {
  let text = '';
  child.stdout.on('data', (part) => {
    text += part;
  });
  const [code, signal] = await once(child, 'close');
  if (code !== 0)
    throw new Error(`${child.spawnfile} ended with ${signal ?? code}: ${gist(child.complaint)}`);
  return text;
}

/** Ends a program at once, and waits until it has gone. */
export async function stop(child) {
  if (!children.has(child)) return;
  const closed = once(child, 'close');
  child.stdout?.resume();
  kill(child);
  await closed;
}

/** Itself first: it might start again the workers that it loses. */
function kill(child) {
  const workers = descendants(child.pid);
  child.kill('SIGKILL');
  for (const pid of workers) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended with its parent.
    }
  }
}

/** The line of an error report that names the error. */
function gist(text) {
  const lines = text.trim().split('\n');
  return lines.find((line) => /\w*Error\b.*: /.test(line)) ?? lines.at(-1);
}
