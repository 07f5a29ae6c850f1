// Opening what a path names so that what is served is what was checked: the descriptor is looked at, not the name, and
// its real path must lie where it may (MUST 51–55). The one place that opens files for serving.

import { closeSync, constants, fstatSync, openSync, realpathSync, type Stats, statSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { isHidden, isInside } from '../files/path.js';

/** An open regular file or directory, and what is known of it. */
export interface OpenedFile {
  /** To be closed by whoever opened it. */
  readonly descriptor: number;
  readonly stats: Stats;
}

/** A file that cannot be opened, and the status that says so. */
export interface OpenFailure {
  readonly status: 404 | 503;
}

/** What may be served. */
export interface Boundary {
  /** The directory that is served. A path outside of it is one that a handler chose itself, and is not checked. */
  readonly root: string;
  /** Whether names that begin with a dot may be served. */
  readonly dotfiles: boolean;
}

// A FIFO would block the open until someone writes to it; on what is left out by a platform, nothing can.
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/**
 * Opens a regular file or a directory. Everything else, and what is not there, may not be read, or is reached through
 * a link that leaves the root or leads to a hidden name, is a 404: which of them it is, is nobody's business.
 * 503 if the process has run out of descriptors or memory.
 */
export function openFile(path: string, boundary: Boundary): OpenedFile | OpenFailure {
  let descriptor: number;
  try {
    descriptor = openSync(path, FLAGS);
  } catch (error) {
    return failure(error);
  }
  try {
    const stats = fstatSync(descriptor);
    if ((stats.isFile() || stats.isDirectory()) && isAllowed(path, stats, boundary))
      return { descriptor, stats };
  } catch (error) {
    closeSync(descriptor);
    return failure(error);
  }
  closeSync(descriptor);
  return { status: 404 };
}

/** Whether the opened file is the one that its real path names, and that is where it may be. */
function isAllowed(path: string, stats: Stats, boundary: Boundary): boolean {
  if (!isInside(boundary.root, path, sep)) return true;
  const realRoot = realpathSync.native(boundary.root);
  const realPath = realpathSync.native(path);
  if (!isInside(realRoot, realPath, sep)) return false;
  if (!boundary.dotfiles && isHidden(relative(realRoot, realPath).split(sep))) return false;
  // Between opening it and resolving it the name may have been given to another file.
  const named = statSync(realPath);
  return named.dev === stats.dev && named.ino === stats.ino;
}

const EXHAUSTED = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

function failure(error: unknown): OpenFailure {
  const { code } = error as NodeJS.ErrnoException;
  return { status: code !== undefined && EXHAUSTED.has(code) ? 503 : 404 };
}
