// Opening what a path names so that what is served is what was checked: the descriptor is looked at, not the name, and
// it must lead to where it may (MUST 51–56). The one place that opens files for serving; knows no HTTP.

import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { relative, sep } from 'node:path';
import { foldCase, isHidden, isInside } from '../files/path.js';

/** What may be served. */
export interface Boundary {
  /** The directory that is served, as an absolute path. A path outside of it is a handler's own choice, and not checked. */
  readonly root: string;
  /** Whether names that begin with a dot may be served. */
  readonly dotfiles: boolean;
  /** Whether links may lead out of the root. */
  readonly followSymlinks: boolean;
  /** Real paths of directories out of which nothing is served, whatever name leads there. None, if left out. */
  readonly closed?: readonly string[];
}

/** An open file or directory, and what is known of it. */
export interface Opened {
  /** To be closed by whoever opened it. */
  readonly descriptor: number;
  readonly stats: Stats;
}

/**
 * Why there is nothing to serve: nothing has that name; it is not a file, may not be read, or is reached through a
 * link that leaves the root or leads to a hidden name; or the process has run out of descriptors or memory.
 */
export type OpenFailure = 'missing' | 'refused' | 'exhausted';

/**
 * Opens a regular file. A directory is not opened, so that one that may be entered but not read still has its files
 * served. Neither are FIFOs, sockets and devices: what opening them does, nobody knows.
 */
export function openFile(path: string, boundary: Boundary): Opened | 'directory' | OpenFailure {
  try {
    // Costs less than an exception for each name that is not there.
    const named = statSync(path, { throwIfNoEntry: false });
    if (named === undefined) return 'missing';
    if (named.isFile()) return openChecked(path, boundary, (stats) => stats.isFile());
    return named.isDirectory() && mayServe(path, realpathSync.native(path), boundary)
      ? 'directory'
      : 'refused';
  } catch (error) {
    return failureOf(error);
  }
}

/** Opens a directory, for its names to be read. */
export function openDirectory(path: string, boundary: Boundary): Opened | OpenFailure {
  try {
    return openChecked(path, boundary, (stats) => stats.isDirectory());
  } catch (error) {
    return failureOf(error);
  }
}

/** Whether a path without links in it lies inside the root, unless links may leave it, and below no hidden name there. */
export function isServed(realPath: string, boundary: Boundary): boolean {
  const { root, dotfiles, followSymlinks } = boundary;
  if (!isOpen(realPath, boundary)) return false;
  // What begins with the root has no links, so neither has the root, and need not be resolved.
  const realRoot = isInside(root, realPath, sep) ? root : realpathSync.native(root);
  if (!isInside(realRoot, realPath, sep)) return followSymlinks;
  return dotfiles || !isHidden(relative(realRoot, realPath).split(sep));
}

/** What an error of the file system means. Whatever is not for want of resources is nobody's business. */
export function failureOf(error: unknown): OpenFailure {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'missing';
  return code === 'EMFILE' || code === 'ENFILE' || code === 'ENOMEM' ? 'exhausted' : 'refused';
}

/**
 * A path that leads to what is open even if its name has been given to something else; `undefined` where the platform
 * has none.
 */
export function descriptorPath(descriptor: number): string | undefined {
  return HAS_DESCRIPTOR_PATHS ? `/proc/self/fd/${descriptor}` : undefined;
}

const HAS_DESCRIPTOR_PATHS = process.platform === 'linux' && existsSync('/proc/self/fd');

// Should the name be given to a FIFO between looking and opening, nobody waits for its writer. Windows has neither flag.
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

function openChecked(
  path: string,
  boundary: Boundary,
  isRight: (stats: Stats) => boolean,
): Opened | OpenFailure {
  const descriptor = openSync(path, FLAGS);
  let isOurs = false;
  try {
    const stats = fstatSync(descriptor);
    isOurs = isRight(stats) && mayServe(path, realPathOf(descriptor, path, stats), boundary);
    return isOurs ? { descriptor, stats } : 'refused';
  } finally {
    if (!isOurs) closeSync(descriptor);
  }
}

function mayServe(path: string, realPath: string | undefined, boundary: Boundary): boolean {
  if (isInside(boundary.root, path, sep)) return realPath !== undefined && isServed(realPath, boundary);
  return realPath === undefined ? boundary.closed === undefined : isOpen(realPath, boundary);
}

/** A file system may ignore case, so that another spelling of a name is the same directory. */
function isOpen(realPath: string, { closed = [] }: Boundary): boolean {
  return !closed.some((directory) => isInside(foldCase(directory), foldCase(realPath), sep));
}

/** Where what is open really is; `undefined` if its name has been given to something else meanwhile. */
function realPathOf(descriptor: number, path: string, stats: Stats): string | undefined {
  const link = descriptorPath(descriptor);
  if (link !== undefined) return readlinkSync(link);
  const realPath = realpathSync.native(path);
  const named = statSync(realPath);
  return named.dev === stats.dev && named.ino === stats.ino ? realPath : undefined;
}
