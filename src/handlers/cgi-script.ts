// Which file a path in a CGI directory runs: the first in it that is no directory. What is behind it in the path is for
// the script. Looks at the file system; knows no HTTP but the status that refuses.

import { accessSync, constants, realpathSync, type Stats, statSync } from 'node:fs';
import { extname, sep } from 'node:path';
import { encodePath, isHidden, isInside } from '../files/path.js';
import { CGIError } from './cgi-error.js';
import { type CGIInfo, segmentsOf } from './cgi-path.js';
import { type Boundary, failureOf, isServed } from './opened-file.js';

/** A script that may be run. */
export interface CGIScript {
  /** Its path in the file system. */
  readonly file: string;
  /** Its URL path, decoded. */
  readonly name: string;
  /** What is behind it in the URL path, decoded: empty, or with a slash first. */
  readonly pathInfo: string;
}

/** What is asked of the file system. */
export interface ScriptSearch {
  /** The file that a URL path names. */
  translate(path: string): string;
  /** Within which a script must be, besides the CGI directory itself. */
  readonly boundary: Boundary;
}

/**
 * The script that a path names.
 * @throws {CGIError} 404 if there is none; 403 if what is there is a directory or otherwise no plain file, or leads out
 * of the CGI directory; 503 if the process has run out of descriptors or memory.
 */
export function findScript(info: CGIInfo, search: ScriptSearch): CGIScript {
  try {
    const script = splitScript(info, search);
    checkPlace(info[0], script, search);
    return script;
  } catch (error) {
    if (error instanceof CGIError) throw error;
    throw failureOf(error) === 'exhausted' ? CGIError.unavailable() : notFound(info.join('/'));
  }
}

/** Whether a file has the executable bit, and this process may execute it. Root may everything, so the bit counts. */
export function isExecutableFile(path: string): boolean {
  if (process.platform === 'win32') return /\.(?:exe|com)$/i.test(path);
  try {
    accessSync(path, constants.X_OK);
    return (statSync(path).mode & 0o111) !== 0;
  } catch {
    return false;
  }
}

/** Whether a file can only be run by a command interpreter, which would take arguments apart in its own way (CVE-2024-27980). */
export function isBatchFile(path: string): boolean {
  return ['.bat', '.cmd'].includes(extname(path).toLowerCase());
}

/** The shortest part of the path that is no directory. */
function splitScript([directory, rest]: CGIInfo, { translate, boundary }: ScriptSearch): CGIScript {
  const names = segmentsOf(rest);
  let name = directory === '/' ? '' : directory;
  for (const [index, segment] of names.entries()) {
    name = `${name}/${segment}`;
    // Behind a first segment, so that it is not taken for one that may be public: only the root's may.
    if (!boundary.dotfiles && isHidden(['', segment])) throw notFound(name);
    const file = translate(encodePath(name));
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats === undefined) throw notFound(name);
    if (!stats.isDirectory()) return checkPlain(stats, { file, name, pathInfo: after(names, index, rest) });
  }
  throw new CGIError(403, `CGI script is not a plain file ('${name || '/'}')`, 'It is a directory');
}

function after(names: readonly string[], index: number, rest: string): string {
  const behind = names.slice(index + 1).map((name) => `/${name}`);
  return behind.join('') + (rest.endsWith('/') ? '/' : '');
}

function checkPlain(stats: Stats, script: CGIScript): CGIScript {
  if (stats.isFile()) return script;
  throw new CGIError(403, `CGI script is not a plain file ('${script.name}')`);
}

/** Links may lead about in the CGI directory, but not out of it: what else is executable was not put there to be called. */
function checkPlace(
  directory: string,
  { file, name }: CGIScript,
  { translate, boundary }: ScriptSearch,
): void {
  const realFile = realpathSync.native(file);
  const place = translate(encodePath(directory));
  // Without a link on the way to the file there is none on the way to its directory.
  const isInPlace =
    (realFile === file && isInside(place, file, sep)) || isInside(realpathSync.native(place), realFile, sep);
  if (isInPlace && (!isInside(boundary.root, file, sep) || isServed(realFile, boundary))) return;
  throw new CGIError(403, `CGI script is not in its directory ('${name}')`, 'A link there leads out of it');
}

function notFound(name: string): CGIError {
  return new CGIError(404, `No such CGI script ('${name}')`);
}
