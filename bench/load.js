// Loads a server, with wrk where there is one and autocannon where not, and looks first whether its answers are right.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { has, output, start } from './processes.js';

/** Seconds of load before a measurement: so long the compiler is at work, and a request costs up to a third more. */
export const WARM_UP = 2;

const PATIENCE = 30_000; // ms that a load may take beyond its duration
const PROBE_TIMEOUT = 3_000; // ms

export const tool = has('wrk') ? 'wrk' : 'autocannon';

const script = (name) => fileURLToPath(new URL(`load/${name}`, import.meta.url));

// wrk and the others read the request from a file: an argument cannot hold a MiB.
const directory = mkdtempSync(join(tmpdir(), 'basehttp-bench-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

/** Sends `load.request` over and over on `load.connections` connections; resolves to `{ requests, seconds, errors }`. */
export function run(port, load, seconds) {
  const file = saveRequest(load.name, load.request);
  if (load.closes) {
    return runClient('http10.js', { port, connections: load.connections, seconds, file }, seconds);
  }
  return tool === 'wrk' ? wrk(port, load, seconds, file) : autocannon(port, load, seconds, file);
}

/** Writes a request to a file for a load to read, and returns the path. */
export function saveRequest(name, request) {
  const file = join(directory, `${name}.http`);
  writeFileSync(file, request);
  return file;
}

/** The command that runs one of the clients in load/ with its settings. */
export const clientCommand = (name, settings) => [process.execPath, script(name), JSON.stringify(settings)];

/** Runs one of the clients in load/: it prints what it did as one line of JSON. */
export async function runClient(name, settings, seconds = 0) {
  const child = start('load', clientCommand(name, settings), { timeout: seconds * 1000 + PATIENCE });
  return lastJson(await output(child));
}

async function wrk(port, { connections }, seconds, file) {
  const whole = Math.ceil(seconds); // wrk knows only whole seconds, but reports when interrupted
  const options = ['-t1', `-c${connections}`, `-d${whole}s`, '-s', script('wrk.lua')];
  const command = ['wrk', ...options, `http://127.0.0.1:${port}/`, '--', file];
  const child = start('load', command, { timeout: whole * 1000 + PATIENCE });
  const timer = setTimeout(() => child.kill('SIGINT'), seconds * 1000);
  try {
    return lastJson(await output(child));
  } finally {
    clearTimeout(timer);
  }
}

function autocannon(port, { connections, pipelined = 1 }, seconds, file) {
  return runClient('autocannon.js', { port, connections, pipelined, seconds, file }, seconds);
}

function lastJson(text) {
  const line = text
    .trim()
    .split('\n')
    .findLast((candidate) => candidate.startsWith('{'));
  if (line === undefined) throw new Error(`the load said nothing of what it did: ${text.slice(-200)}`);
  return JSON.parse(line);
}

/** Sends the load's request once; throws unless the answer is what every server here should give. */
export async function probe(port, { request, pipelined = 1, closes = false }) {
  const answer = await exchange(port, request, closes);
  const posted = request.subarray(request.indexOf('\r\n\r\n') + 4);
  const isPost = request.toString('latin1', 0, 4) === 'POST';
  const status = /^HTTP\/1\.[01] 200 /.test(answer.text);
  if (!status) throw new Error(`answers ${answer.text.split('\r\n')[0] || 'nothing'}`);
  const good = isPost
    ? answer.text.split('x').length > posted.length
    : answer.text.split('Hello, World!').length === pipelined + 1;
  if (!good) throw new Error('gives another body than it should');
  if (closes && !answer.closed) throw new Error('does not close the connection');
}

/** The bytes of the answer, taken as whole when the server has been silent for a moment, or has closed. */
function exchange(port, request, closes) {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    const finish = (closed) => {
      socket.destroy();
      resolve({ text, closed });
    };
    socket.setEncoding('latin1');
    socket.setTimeout(PROBE_TIMEOUT, () => finish(false));
    socket.on('data', (part) => {
      text += part;
      if (!closes) socket.setTimeout(200);
    });
    socket.on('end', () => finish(true));
    socket.on('error', reject);
  });
}
