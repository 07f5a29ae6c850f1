// What a CGI request costs the server, against the least that running a program costs: `child_process.spawn` of the
// same program in a loop. Processor time of the one process, without its children's: `npm run build && node bench/cgi.js`

import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { placement } from './processes.js';

const ROUNDS = 30;
const RUNS = 100; // a round
const WARM_UP = 20; // rounds that do not count: so long the compiler is at work
const SCRIPT = '#!/bin/sh\nprintf "Content-Type: text/plain\\r\\n\\r\\nhello\\n"\n';

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

const roles = { serve, loop };
const [role, ...args] = process.argv.slice(2);
await (role === undefined ? compare() : roles[role](...args));

/** Both in turn, so that a machine that is busy for a while is so for both; of each the best round counts. */
async function compare() {
  const directory = mkdtempSync(join(tmpdir(), 'basehttp-bench-'));
  const program = join(directory, 'cgi-bin', 'hello.sh');
  mkdirSync(join(directory, 'cgi-bin'));
  writeFileSync(program, SCRIPT);
  chmodSync(program, 0o755);
  const server = start('serve', directory);
  const spawner = start('loop', program);
  try {
    const [[port]] = await Promise.all([once(server, 'message'), once(spawner, 'message')]);
    const best = { serve: Number.POSITIVE_INFINITY, loop: Number.POSITIVE_INFINITY };
    for (let round = -WARM_UP; round < ROUNDS; round++) {
      const loop = await cost(spawner, () => ask(spawner, 'run'));
      const serve = await cost(server, () => requests(port));
      if (round < 0) continue;
      best.loop = Math.min(best.loop, loop);
      best.serve = Math.min(best.serve, serve);
    }
    console.log(`spawn in a loop      ${best.loop.toFixed(0).padStart(6)} µs of processor time a run`);
    console.log(`a request            ${best.serve.toFixed(0).padStart(6)} µs`);
    console.log(`ratio                ${(best.serve / best.loop).toFixed(2).padStart(6)}`);
  } finally {
    server.kill();
    spawner.kill();
    rmSync(directory, { recursive: true });
  }
}

/** On one processor, with the programs it runs; the client is left the other. */
function start(...args) {
  const pinned = placement && {
    execPath: 'taskset',
    execArgv: ['-c', String(placement.server), process.execPath],
  };
  return fork(fileURLToPath(import.meta.url), args, pinned);
}

/** Microseconds of processor time that the child spends on each of the runs. */
async function cost(child, run) {
  const before = await ask(child, 'time');
  await run();
  return ((await ask(child, 'time')) - before) / RUNS;
}

async function ask(child, wish) {
  child.send(wish);
  return (await once(child, 'message'))[0];
}

async function requests(port) {
  for (let i = 0; i < RUNS; i++) await request(port);
}

function request(port) {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path: '/cgi-bin/hello.sh', agent }, (response) => {
      let text = '';
      response.setEncoding('latin1').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () =>
        text === 'hello\n' ? resolve() : reject(new Error(`not the answer: ${text}`)),
      );
    }).on('error', reject);
  });
}

// ── In processes of their own ──────────────────────────────────────────────────────────────────────────────────────

async function serve(directory) {
  const { CGIHTTPRequestHandler, HTTPServer } = await import('../dist/index.js');
  Object.assign(CGIHTTPRequestHandler.prototype, { directory, protocolVersion: 'HTTP/1.1', logMessage() {} });
  const httpd = new HTTPServer(['127.0.0.1', 0], CGIHTTPRequestHandler);
  await httpd.ready;
  httpd.serveForever();
  process.on('message', tellTime);
  process.send(httpd.serverPort);
}

async function loop(program) {
  process.on('message', async (wish) => {
    if (wish === 'time') return tellTime(wish);
    for (let i = 0; i < RUNS; i++) await run(program);
    process.send('done');
  });
  process.send('ready');
}

async function run(program) {
  const child = spawn(program);
  child.stdout.on('data', () => {});
  await once(child, 'close');
}

function tellTime(wish) {
  if (wish !== 'time') return;
  const { user, system } = process.cpuUsage();
  process.send(user + system);
}
