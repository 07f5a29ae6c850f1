// What a listing may show of a directory: the same files that may be opened, and no others.

import { closeSync, lstatSync, realpathSync, type Stats, statSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { MAX_LISTING_ENTRIES } from '../files/listing.js';
import type { ListingEntry } from '../files/listing-entries.js';
import { isHidden, isInside } from '../files/path.js';
import {
  type Boundary,
  descriptorPath,
  failureOf,
  isServed,
  type OpenFailure,
  openDirectory,
} from './opened-file.js';

/** So many names are read and looked at before other requests get their turn. */
const SLICE = 256;

/**
 * The regular files and directories in `path` that may be served and are wanted by their names, at most one more than a
 * listing shows; or why they cannot be told. Names that are not UTF-8, or hold a backslash, are left out: no URL
 * reaches them, since paths are decoded strictly.
 */
export async function directoryEntries(
  path: string,
  boundary: Boundary,
  isWanted: (name: string) => boolean = () => true,
): Promise<ListingEntry[] | OpenFailure> {
  const opened = openDirectory(path, boundary);
  if (typeof opened === 'string') return opened;
  const directory = descriptorPath(opened.descriptor) ?? path;
  const mayFollow = (realPath: string) => !isInside(boundary.root, path, sep) || isServed(realPath, boundary);
  const entries: ListingEntry[] = [];
  try {
    for await (const { name } of await opendir(directory, { bufferSize: SLICE })) {
      const entry =
        isShown(name, path, boundary) && isWanted(name) ? toEntry(directory, name, mayFollow) : undefined;
      if (entry !== undefined && entries.push(entry) > MAX_LISTING_ENTRIES) break;
    }
    return entries;
  } catch (error) {
    return failureOf(error);
  } finally {
    closeSync(opened.descriptor);
  }
}

/** Below the root, no path is the first segment: there `.well-known` is hidden like the rest. */
function isShown(name: string, directory: string, { root, dotfiles }: Boundary): boolean {
  if (/[\ufffd\\]/.test(name)) return false;
  return dotfiles || !isHidden(directory === root ? [name] : [directory, name]);
}

function toEntry(
  directory: string,
  name: string,
  mayFollow: (realPath: string) => boolean,
): ListingEntry | undefined {
  const path = join(directory, name);
  const own = lstatSync(path, { throwIfNoEntry: false });
  const isLink = own?.isSymbolicLink() === true;
  const stats = isLink ? statsBehind(path, mayFollow) : own;
  if (stats === undefined || !(stats.isFile() || stats.isDirectory())) return undefined;
  return {
    name,
    isDirectory: stats.isDirectory(),
    isLink,
    size: stats.size,
    mtimeMs: stats.mtimeMs,
  };
}

/** Of what a link leads to, if that is served. */
function statsBehind(link: string, mayFollow: (realPath: string) => boolean): Stats | undefined {
  try {
    const realPath = realpathSync.native(link);
    return mayFollow(realPath) ? statSync(realPath) : undefined;
  } catch {
    return undefined; // It leads nowhere.
  }
}
