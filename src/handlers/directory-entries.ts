// What a listing may show of a directory: the same files that may be opened, and no others.

import { type Dirent, realpathSync, type Stats, statSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type ListingEntry, MAX_LISTING_ENTRIES } from '../files/listing.js';
import { isHidden, isInside } from '../files/path.js';
import type { Boundary } from './opened-file.js';

/** So many names are looked at before others get their turn. */
const SLICE = 256;

/**
 * The regular files and directories in `path` that may be served, at most one more than a listing shows. Names that
 * are not UTF-8, or hold a backslash, are left out: no URL reaches them, since paths are decoded strictly.
 * @throws the error of the file system if the directory cannot be read.
 */
export async function directoryEntries(path: string, boundary: Boundary): Promise<ListingEntry[]> {
  const entries: ListingEntry[] = [];
  let seen = 0;
  for await (const dirent of await opendir(path)) {
    if (++seen % SLICE === 0) await setImmediate();
    const entry = toEntry(path, dirent, boundary);
    if (entry !== undefined && entries.push(entry) > MAX_LISTING_ENTRIES) break;
  }
  return entries;
}

function toEntry(directory: string, dirent: Dirent, boundary: Boundary): ListingEntry | undefined {
  const { name } = dirent;
  const path = join(directory, name);
  if (/[\ufffd\\]/.test(name) || !isShown(path, dirent, boundary)) return undefined;
  const stats = statOf(path);
  if (stats === undefined || !(stats.isFile() || stats.isDirectory())) return undefined;
  return {
    name,
    isDirectory: stats.isDirectory(),
    isLink: dirent.isSymbolicLink(),
    size: stats.size,
    mtimeMs: stats.mtimeMs,
  };
}

function isShown(path: string, dirent: Dirent, boundary: Boundary): boolean {
  const { root, dotfiles } = boundary;
  if (!isInside(root, path, sep)) return dotfiles || !dirent.name.startsWith('.');
  if (!dotfiles && isHidden(relative(root, path).split(sep))) return false;
  return !dirent.isSymbolicLink() || leadsInside(path, boundary);
}

function leadsInside(path: string, { root, dotfiles }: Boundary): boolean {
  try {
    const realRoot = realpathSync.native(root);
    const realPath = realpathSync.native(path);
    return (
      isInside(realRoot, realPath, sep) && (dotfiles || !isHidden(relative(realRoot, realPath).split(sep)))
    );
  } catch {
    return false;
  }
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}
