// Which file servers there are to compare, and how each is started: as a user would, with the defaults it comes with.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { has, start, stop } from '../processes.js';
import { versionOf } from '../servers.js';
import { ask } from './answer.js';
import { get } from './requests.js';
import { temporaryDirectory } from './tree.js';

const START_TIMEOUT = 30_000; // ms
const POLL = 2; // ms: no server here says in the same way that it listens

const pathOf = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const installed = (name) => pathOf(`node_modules/${name}`);
const built = pathOf('../dist/bin/basehttp.js');

/**
 * By name. `command(port, root)` starts a server, `find()` gives its version if it is installed. `silent` are the
 * arguments that end its log of requests; with `logs` it keeps it: that makes no difference to an answer, but to what
 * it costs. Those with `hasWorkers` have processes of their own.
 */
const CATALOGUE = [
  { name: 'basehttp', find: findBuilt, command: basehttp, silent: ['--log', 'off'] },
  { name: 'basehttp-log', title: 'basehttp, log on', find: findBuilt, command: basehttp, logs: true },
  fromNpm('serve', 'serve/build/main.js', serve, ['-L']),
  fromNpm('http-server', 'http-server/bin/http-server', httpServer, ['-s']),
  fromNpm('sirv-cli', 'sirv-cli/bin.js', sirv, ['-q']),
  fromNpm('srvx', 'srvx/bin/srvx.mjs', srvx),
  { name: 'python', find: findPython, command: python },
  { name: 'nginx', find: findNginx, command: nginx, hasWorkers: true },
  {
    name: 'nginx-log',
    title: 'nginx, log on',
    find: findNginx,
    command: nginxWithLog,
    hasWorkers: true,
    logs: true,
  },
  { name: 'caddy', find: findCaddy, command: caddy },
];

export const serverNames = CATALOGUE.map(({ name }) => name);

/** The servers there are, each with its version, and a line for each that is left out. */
export function findServers(names) {
  const chosen = CATALOGUE.filter((entry) => names.includes(entry.name));
  const found = chosen.map((entry) => ({ title: entry.name, ...entry, version: entry.find() }));
  return {
    servers: found.filter(({ version }) => version !== undefined),
    skipped: found
      .filter(({ version }) => version === undefined)
      .map(({ name }) => `${name} is left out: it is not installed`),
  };
}

/** @param quietly without a log of requests, where that is a matter of an option. */
export function commandOf({ command, silent = [] }, port, root, quietly) {
  return [...command(port, root), ...(quietly ? silent : [])].map(String);
}

const home = temporaryDirectory();

/** Production settings, nobody's home directory to write to, and no entry of this project to be found. */
export const surroundings = {
  cwd: home,
  env: { ...process.env, NODE_ENV: 'production', NO_UPDATE_CHECK: '1', HOME: home },
};

/**
 * Starts a server; resolves, once it answers, to `{ child, port }`. What it logs goes nowhere.
 * @throws if it ends, or does not answer.
 */
export async function launch(server, root, quietly = false) {
  const port = await freePort();
  const command = commandOf(server, port, root, quietly);
  const child = start('server', command, { stdout: 'ignore', stderr: 'ignore', ...surroundings });
  try {
    await answers(port, child);
    return { child, port };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

/** Resolves when the server has answered a request. */
export async function answers(port, child) {
  for (const until = performance.now() + START_TIMEOUT; performance.now() < until; ) {
    if (hasEnded(child)) throw new Error(`it ended at once, with ${child.signalCode ?? child.exitCode}`);
    const { failure } = await ask(port, get('/'));
    if (failure === undefined) return;
    await sleep(POLL);
  }
  throw new Error(`it does not answer after ${START_TIMEOUT / 1000} s`);
}

export const hasEnded = ({ exitCode, signalCode }) => exitCode !== null || signalCode !== null;

/** A port that was free a moment ago: some of the servers take 0 for a name, others for their default. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

// ── Each of them ─────────────────────────────────────────────────────────────────────────────────────────────────

function fromNpm(name, program, args, silent = []) {
  return {
    name,
    npm: name,
    silent,
    find: () => (existsSync(installed(program)) ? versionOf(name) : undefined),
    command: (port, root) => [process.execPath, installed(program), ...args(port, root)],
  };
}

function serve(port, root) {
  return ['-l', `tcp://127.0.0.1:${port}`, root];
}

function httpServer(port, root) {
  return [root, '-a', '127.0.0.1', '-p', port];
}

function sirv(port, root) {
  return [root, '--etag', '--host', '127.0.0.1', '--port', port];
}

function srvx(port, root) {
  return ['serve', '--prod', '--static', root, '--host', '127.0.0.1', '--port', port];
}

function findBuilt() {
  if (!existsSync(built)) return undefined;
  return JSON.parse(readFileSync(pathOf('../package.json'), 'utf8')).version;
}

function basehttp(port, root) {
  return [process.execPath, built, port, root];
}

/** The interpreter itself: `python3` may be a script that looks for it. */
const pythonProgram = () =>
  spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).stdout?.trim();

function findPython() {
  return versionOfProgram('python3', ['--version']);
}

function python(port, root) {
  return [pythonProgram(), '-m', 'http.server', '-p', 'HTTP/1.1', '-b', '127.0.0.1', '-d', root, port];
}

function findCaddy() {
  return versionOfProgram('caddy', ['version']);
}

function caddy(port, root) {
  return ['caddy', 'file-server', '--browse', '--root', root, '--listen', `127.0.0.1:${port}`];
}

function findNginx() {
  return versionOfProgram('nginx', ['-v']);
}

function nginx(port, root, accessLog = 'off') {
  const directory = temporaryDirectory();
  const file = join(directory, 'nginx.conf');
  mkdirSync(join(directory, 'temp'));
  writeFileSync(file, nginxSettings({ port, root, directory, accessLog }));
  return ['nginx', '-p', directory, '-c', file, '-e', join(directory, 'error.log')];
}

function nginxWithLog(port, root) {
  return nginx(port, root, '/dev/null');
}

/** As distributions ship it, and what a server of static files adds: sendfile, listings, `.gz` files with `Vary`. */
function nginxSettings({ port, root, directory, accessLog }) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const hasGzipStatic = /http_gzip_static_module/.test(nginxBuild());
  const types = existsSync('/etc/nginx/mime.types') ? 'include /etc/nginx/mime.types;' : '';
  return `
    daemon off;
    worker_processes 1;
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    pid ${join(directory, 'pid')};
    events { worker_connections 1024; }
    http {
      ${types}
      default_type application/octet-stream;
      sendfile on;
      tcp_nopush on;
      keepalive_requests 1000000;
      access_log ${accessLog};
      ${temporary.map((name) => `${name}_temp_path ${join(directory, 'temp', name)};`).join('\n      ')}
      ${hasGzipStatic ? 'gzip_static on; gzip_vary on;' : ''}
      server {
        listen 127.0.0.1:${port};
        root "${root}";
        autoindex on;
      }
    }
  `;
}

function nginxBuild() {
  return spawnSync('nginx', ['-V'], { encoding: 'utf8' }).stderr;
}

function versionOfProgram(program, args) {
  if (!has(program)) return undefined;
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  return /\d+\.\d+(\.\d+)?/.exec(stdout + stderr)?.[0];
}
