// Which servers there are to measure, and how each is started.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { firstLine, start } from './processes.js';

/** The server that the ratios compare with, and the floor. */
export const YARDSTICK = 'node-http';
export const FLOOR = 'node-net';

/** By name. `runtime` is 'node' unless said; those with `everyNode` run under each Node there is, others under the first. */
const CATALOGUE = [
  { name: 'basehttp', title: 'basehttp', everyNode: true, built: true },
  { name: 'basehttp-log', title: 'basehttp, log on', script: 'basehttp', args: ['--log'], built: true },
  { name: YARDSTICK, title: 'node:http', everyNode: true },
  { name: FLOOR, title: 'node:net, canned', everyNode: true },
  { name: 'fastify', title: 'fastify', packages: ['fastify'] },
  { name: 'hono', title: 'hono', packages: ['hono', '@hono/node-server'] },
  { name: 'express', title: 'express', packages: ['express'] },
  { name: 'uws', title: 'uWebSockets.js', packages: ['@trufflesuite/uws-js-unofficial'] },
  { name: 'bun', title: 'Bun.serve', runtime: 'bun', packages: ['bun'] },
  { name: 'deno', title: 'Deno.serve', runtime: 'deno', packages: ['deno'] },
];

/** What to run each runtime with. The programs are named outright, since npm's may be scripts that start them. */
const RUNTIMES = {
  bun: { programs: ['bun/bin/bun.exe', '@oven/bun-linux-x64/bin/bun'], args: [] },
  deno: {
    programs: ['deno/deno', '@deno/linux-x64-glibc/deno'],
    args: ['run', '--no-config', '--no-lock', '--allow-net'],
  },
};
const SECOND_NODE = 'node-26/bin/node';

const pathOf = (name) => fileURLToPath(new URL(name, import.meta.url));
const installed = (name) => pathOf(`node_modules/${name}`);

export const serverNames = CATALOGUE.map(({ name }) => name);

/** The Nodes to run servers under: those asked for, else this one and the one that bench/package.json names. */
export function findNodes(asked) {
  const second = installed(SECOND_NODE);
  const programs = asked ?? [process.execPath, ...(existsSync(second) ? [second] : [])];
  const nodes = programs.map((program) => runtime('node', [program]));
  const majors = new Set(nodes.map(({ title }) => title));
  return majors.size === nodes.length
    ? nodes
    : nodes.map((node) => ({ ...node, title: `node ${node.version}` }));
}

/** The servers to measure, and a line for each that is left out. */
export function findServers(names, nodes) {
  const chosen = CATALOGUE.filter(({ name }) => names.includes(name));
  const servers = chosen.flatMap((entry) => variants(entry, nodes));
  const found = new Set(servers.map(({ name }) => name));
  const skipped = chosen.filter(({ name }) => !found.has(name)).map(reasonToSkip);
  return { servers, skipped };
}

/** One server for each runtime that the entry is to run under; none if something is missing. */
function variants(entry, nodes) {
  if (entry.built && !existsSync(pathOf('../dist/index.js'))) return [];
  if (!(entry.packages ?? []).every((name) => existsSync(installed(name)))) return [];
  const runtimes = entry.runtime ? findRuntime(entry.runtime) : nodes;
  return runtimes.slice(0, entry.everyNode ? undefined : 1).map((one) => describe(entry, one));
}

function reasonToSkip({ name, built }) {
  return `${name} is left out: to have it, run ${built ? 'npm run build' : 'npm install --prefix bench'}`;
}

function describe({ name, title, script = name, args = [], packages = [] }, { command, title: runtime }) {
  return {
    name,
    runtime,
    title: `${title} (${runtime})`,
    versions: packages.map((one) => `${one} ${versionOf(one)}`),
    command: [...command, pathOf(`servers/${script}.js`), ...args],
    stderr: args.includes('--log') ? 'ignore' : 'pipe', // 'ignore' is /dev/null: where the log goes
  };
}

/** The version of a package that is installed here. */
export function versionOf(name) {
  return JSON.parse(readFileSync(installed(`${name}/package.json`), 'utf8')).version;
}

function findRuntime(name) {
  const { programs, args } = RUNTIMES[name];
  const program = programs.map(installed).find((candidate) => existsSync(candidate));
  return program === undefined ? [] : [runtime(name, [program, ...args])];
}

function runtime(name, command) {
  const { stdout, error } = spawnSync(command[0], ['--version'], { encoding: 'utf8' });
  if (error) throw new Error(`${command[0]} cannot be run: give --node the path of a Node binary`);
  const version = /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? 'unknown';
  return { command, version, title: `${name} ${version.split('.')[0]}` };
}

/** Starts a server; resolves, once it listens, to its process and port. */
export async function launch({ command, stderr }) {
  const child = start('server', command, { stderr });
  return { child, port: Number(await firstLine(child)) };
}
