// What is served: a directory, or one file of one.

import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { isHidden, isInside } from '../files/path.js';
import { CommandFailure } from './failure.js';

/** What is served. */
export interface Site {
  /** An absolute path. */
  readonly directory: string;
  /** The name of the only file in it that is served; `undefined` for all. */
  readonly file: string | undefined;
}

/** @throws {CommandFailure} there is nothing of that name, or nothing that could be served. */
export function findSite(path: string): Site {
  const absolute = absolutePath(path);
  const stats = statsOf(absolute);
  if (stats === undefined)
    throw new CommandFailure(`${absolute} does not exist: name a directory or a file that does`);
  if (stats.isDirectory()) {
    checkAccess(absolute, constants.X_OK);
    return { directory: absolute, file: undefined };
  }
  if (stats.isFile()) {
    const file = basename(absolute);
    if (file.includes('\\'))
      throw new CommandFailure(`no URL leads to ${absolute}, because of its backslash: rename it`);
    checkAccess(absolute, constants.R_OK);
    return { directory: dirname(absolute), file };
  }
  throw new CommandFailure(`${absolute} is neither a directory nor a file: name one that is`);
}

/** Whether a file that is there can be had from this site, by its name or another that leads to it. */
export function mayBeServed(path: string, site: Site, dotfiles: boolean): boolean {
  const root = realpathSync(site.directory);
  const file = realpathSync(path);
  if (site.file !== undefined) return file === realpathSync(join(root, site.file));
  return isInside(root, file, sep) && (dotfiles || !isHidden(relative(root, file).split(sep)));
}

/** Those of these paths, which are as in a URL, that lead to a directory of the site. */
export function directoriesIn({ directory }: Site, paths: readonly string[]): string[] {
  return paths.filter((path) => isDirectory(join(directory, path)));
}

/** Whether there is a directory of that name, or a link to one, as far as can be seen. */
export function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
}

function absolutePath(path: string): string {
  try {
    return resolve(path);
  } catch {
    throw new CommandFailure('the current directory is not there any more: go to another, or name one');
  }
}

function statsOf(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    throw unreadable(path);
  }
}

function checkAccess(path: string, mode: number): void {
  try {
    accessSync(path, mode);
  } catch {
    throw unreadable(path);
  }
}

function unreadable(path: string): CommandFailure {
  return new CommandFailure(`${path} cannot be read: name a file or directory that you may read`);
}
