// The directory that the servers are asked for, and what is put beside it to be kept in.
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { BIG, FILES, MODIFIED, SECRET, SIBLINGS } from './files.js';

const made = new Set();
process.on('exit', () => {
  for (const path of made) rmSync(path, { recursive: true, force: true });
});

/** A directory that is gone when this process ends. */
export function temporaryDirectory() {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'basehttp-compare-')));
  made.add(path);
  return path;
}

export function removeTemporaryDirectory(path) {
  rmSync(path, { recursive: true, force: true });
  made.delete(path);
}

/** What the probes ask for. @returns the root to be served; secrets lie beside it. */
export function makeProbeTree(base) {
  const root = join(base, 'root');
  const write = (name, content) => writeOld(join(root, name), content);
  for (const [name, content] of Object.entries(FILES)) write(name, content);
  for (const name of SIBLINGS) {
    write(`${name}.gz`, gzipSync(FILES[name]));
    write(`${name}.br`, brotliCompressSync(FILES[name]));
  }
  const tomorrow = new Date(Date.now() + 86_400_000);
  write('future.txt', 'from the future');
  utimesSync(join(root, 'future.txt'), tomorrow, tomorrow);
  makeSparse(join(root, BIG.name), BIG.size);

  writeOld(join(base, 'secret.txt'), SECRET);
  writeOld(join(base, 'root-secret/secret.txt'), SECRET);
  symlinkSync('../secret.txt', join(root, 'link.txt'));
  symlinkSync('../root-secret', join(root, 'linked'));
  return root;
}

/** Writes a file as it would be after long: what has just been changed may be no strong validator yet. */
function writeOld(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  utimesSync(path, new Date(MODIFIED), new Date(MODIFIED));
}

function makeSparse(path, size) {
  const descriptor = openSync(path, 'w');
  ftruncateSync(descriptor, size);
  closeSync(descriptor);
}

/** What the measurements ask for. @returns the root to be served. */
export function makeSpeedTree(base, files, entries) {
  const root = join(base, 'root');
  for (const [name, size] of Object.entries(files)) writeFilled(join(root, name), size);
  for (let index = 0; index < entries; index += 1) {
    writeOld(join(root, 'listing', `file-${String(index).padStart(5, '0')}.txt`), 'x');
  }
  return root;
}

/** Real octets, not a hole. */
function writeFilled(path, size) {
  mkdirSync(dirname(path), { recursive: true });
  const block = Buffer.alloc(Math.min(size, 2 ** 20), 'No two neighbours alike. ');
  const descriptor = openSync(path, 'w');
  for (let written = 0; written < size; written += block.length) writeSync(descriptor, block);
  closeSync(descriptor);
  utimesSync(path, new Date(MODIFIED), new Date(MODIFIED));
}
