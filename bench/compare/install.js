// What `npm install` brings of each server: packages and octets. In directories of their own, as npm does it.
import { spawnSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeTemporaryDirectory, temporaryDirectory } from './tree.js';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/** @returns `{ packages, bytes }`; undefined for what does not come from npm. */
export function installedSize(server) {
  if (server.npm === undefined && server.name !== 'basehttp') return undefined;
  const directory = temporaryDirectory();
  try {
    writeFileSync(join(directory, 'package.json'), '{ "private": true }');
    const what = server.npm === undefined ? pack(directory) : `${server.npm}@${server.version}`;
    npm(['install', '--no-audit', '--no-fund', what], directory);
    const modules = join(directory, 'node_modules');
    const { packages } = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8'));
    return { packages: Object.keys(packages).length, bytes: sizeOf(modules) };
  } finally {
    removeTemporaryDirectory(directory);
  }
}

/** This package as it would be published; what is built is taken as it is. */
function pack(directory) {
  const [{ filename }] = JSON.parse(
    npm(['pack', '--json', '--ignore-scripts', '--pack-destination', directory], PROJECT),
  );
  return join(directory, filename);
}

function npm(args, cwd) {
  const { status, stdout, stderr, error } = spawnSync('npm', args, { cwd, encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`npm ${args[0]} failed: ${(error?.message ?? stderr).trim().split('\n')[0]}`);
  return stdout;
}

/** Octets of all files, not what they take on the disk. */
function sizeOf(directory) {
  return readdirSync(directory, { recursive: true })
    .map((name) => lstatSync(join(directory, name)))
    .filter((entry) => entry.isFile())
    .reduce((sum, { size }) => sum + size, 0);
}
