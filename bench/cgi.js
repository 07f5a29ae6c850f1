// What a CGI request costs the server, against the least that running a program costs: `child_process.spawn` of the
// same program in a loop. Processor time of the one process, without its children's:
// `npm run build && node bench/cgi.js [requests, or programs, at a time] [ms that the loop rests before each program]`
//
// Eight at a time, both are always busy. One at a time the server rests while the client does its part, and the caches
// get cold, as those of the loop do if it rests as well.

import { fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { placement } from './processes.js';
import { median, withSpread } from './report.js';

const ROUNDS = 30;
const RUNS = 96; // a round
const WARM_UP = 60; // rounds that do not count: so long the compiler is at work
const SCRIPT = '#!/bin/sh\nprintf "Content-Type: text/plain\\r\\n\\r\\nhello\\n"\n';

const agent = new Agent({ keepAlive: true });

const roles = { serve, loop };
const [role = '8', ...args] = process.argv.slice(2);
await (Object.hasOwn(roles, role) ? roles[role](...args) : compare(Number(role), ...args));

/** Both in turn, so that a machine that is busy for a while is so for both: of each the median round counts. */
async function compare(atOnce, rest = '0') {
  const directory = mkdtempSync(join(tmpdir(), 'basehttp-bench-'));
  const program = join(directory, 'cgi-bin', 'hello.sh');
  mkdirSync(join(directory, 'cgi-bin'));
  writeFileSync(program, SCRIPT);
  chmodSync(program, 0o755);
  // The client must not come to the server's processor, where it would drive what is there out of the caches.
  if (placement) spawnSync('taskset', ['-a', '-c', '-p', String(placement.load), String(process.pid)]);
  const server = start('serve', directory);
  const spawner = start('loop', program, String(atOnce), rest);
  try {
    const [[port]] = await Promise.all([once(server, 'message'), once(spawner, 'message')]);
    const loops = [];
    const serves = [];
    for (let round = -WARM_UP; round < ROUNDS; round++) {
      const loop = await cost(spawner, () => ask(spawner, 'run'));
      const serve = await cost(server, () => runs(atOnce, () => request(port)));
      if (round < 0) continue;
      loops.push(loop);
      serves.push(serve);
    }
    const ratios = serves.map((serve, round) => serve / loops[round]);
    console.log(`spawn in a loop  ${withSpread(loops)} µs of processor time a run`);
    console.log(`a request        ${withSpread(serves)} µs`);
    console.log(`ratio            ${median(ratios).toFixed(2)}`);
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

/** A round of something, so many at a time. */
async function runs(atOnce, run) {
  let left = RUNS;
  const line = async () => {
    while (left-- > 0) await run();
  };
  await Promise.all(Array.from({ length: atOnce }, line));
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

async function loop(program, atOnce, rest) {
  process.on('message', async (wish) => {
    if (wish === 'time') return tellTime(wish);
    await runs(Number(atOnce), () => run(program, Number(rest)));
    process.send('done');
  });
  process.send('ready');
}

async function run(program, rest) {
  if (rest > 0) await sleep(rest);
  const child = spawn(program);
  child.stdout.on('data', () => {});
  await once(child, 'close');
}

function tellTime(wish) {
  if (wish !== 'time') return;
  const { user, system } = process.cpuUsage();
  process.send(user + system);
}
