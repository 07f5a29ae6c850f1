// A file that may be served: its octets from memory, if they were read before and the file is still the same, else from
// the descriptor that was checked. Knows no HTTP.

import { closeSync, fstatSync, readSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type ClosableSource, FileSource, memorySource, type SeekableOctets } from './file-source.js';
import { OctetCache } from './octet-cache.js';
import { type Boundary, failureOf, type OpenFailure, openFile } from './opened-file.js';

/** What is kept in memory of all files together, and as much again of what was made of them. */
const CACHE_SIZE = 16 * 1024 * 1024;
/** Up to this size a file is read when it is found; up to the next it is kept when it has been sent. */
const SMALL_SIZE = 64 * 1024;
const KEPT_SIZE = CACHE_SIZE / 8 - 64 * 1024;
/**
 * A file that changed less than this ago may change once more within the same tick of the file system's clock, some of
 * which count two seconds, and would look the same. Until then it is not kept.
 */
const SETTLED_MS = 3000;

/** Octets that are as good as those of a file, or of what was made of it, as long as the file is the same. */
interface KnownOctets {
  readonly octets: Buffer;
  readonly stats: Stats;
}

const files = new OctetCache<KnownOctets & ServedFile>(CACHE_SIZE);
const derived = new OctetCache<KnownOctets>(CACHE_SIZE);

/** Finds a file that may be served. Memory is used only for what the file system says is the same. */
export function findFile(path: string, boundary: Boundary): ServedFile | 'directory' | OpenFailure {
  const known = files.get(path);
  if (known !== undefined && isSameBoundary(known.boundary, boundary)) {
    const stats = statsOf(path);
    if (stats !== undefined && isSame(stats, known.stats)) return known;
    files.delete(path);
  }
  const opened = openFile(path, boundary);
  if (typeof opened === 'string') return opened;
  const file = new ServedFile(path, boundary, opened.stats, opened.descriptor);
  try {
    return file.inMemory() ?? file;
  } catch (error) {
    file.close();
    return failureOf(error);
  }
}

/** A file that was found: many requests may share one that is in memory. Close it when no more sources are wanted. */
export class ServedFile implements SeekableOctets {
  readonly path: string;
  readonly boundary: Boundary;
  readonly stats: Stats;
  /** All of the file, if it is in memory. */
  readonly octets: Buffer | undefined;
  #descriptor: number | undefined;
  /** Whether the descriptor is a source's. */
  #isLent = false;

  /** @param content octets, or an open descriptor, which is the file's from now on. */
  constructor(path: string, boundary: Boundary, stats: Stats, content: Buffer | number) {
    this.path = path;
    this.boundary = boundary;
    this.stats = stats;
    if (typeof content === 'number') this.#descriptor = content;
    else this.octets = content;
  }

  get size(): number {
    return this.stats.size;
  }

  source(start: number, length: number): ClosableSource {
    if (this.octets !== undefined) return memorySource(this.octets, start, length);
    const descriptor = this.#descriptor;
    if (descriptor === undefined) throw new Error('The file has been closed');
    this.#isLent = true;
    const isKept = start === 0 && length === this.size && length <= KEPT_SIZE && isSettled(this.stats);
    if (!isKept) return new FileSource(descriptor, start, length);
    return new FileSource(descriptor, start, length, (octets) => {
      if (isSame(fstatSync(descriptor), this.stats)) this.#keep(octets);
    });
  }

  /** What was made of this file, and kept with `keepDerived`. @param kind of what was made. */
  derived(kind: string): Buffer | undefined {
    const known = derived.get(derivedKey(this.path, kind));
    return known !== undefined && isSame(known.stats, this.stats) ? known.octets : undefined;
  }

  /** Keeps something that was made of the octets of this file, until the file changes. */
  keepDerived(kind: string, octets: Buffer): void {
    if (isSettled(this.stats)) derived.set(derivedKey(this.path, kind), { octets, stats: this.stats });
  }

  /** The sources that have been made of it have to be closed themselves. */
  close(): void {
    if (this.#descriptor === undefined || this.#isLent) return;
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  /** @internal The same file, read into memory and closed, if it is small enough to do so at once. */
  inMemory(): ServedFile | undefined {
    const descriptor = this.#descriptor;
    if (descriptor === undefined || this.size > SMALL_SIZE || !isSettled(this.stats)) return undefined;
    const octets = Buffer.allocUnsafeSlow(this.size);
    if (readSync(descriptor, octets, 0, octets.length, 0) !== octets.length) return undefined;
    this.close();
    return this.#keep(octets);
  }

  #keep(octets: Buffer): ServedFile {
    const known = new ServedFile(this.path, this.boundary, this.stats, octets) as ServedFile & KnownOctets;
    files.set(this.path, known);
    return known;
  }
}

/**
 * Which of the names that a file has with these suffixes behind it are there; not whether they may be served. Asks the
 * file system for each only if something has been put into or taken out of the directory since it was asked last.
 */
export function siblingsOf(path: string, suffixes: readonly string[]): readonly string[] {
  const directory = statsOf(dirname(path));
  if (directory === undefined) return [];
  const known = siblings.get(path);
  if (known !== undefined && isSame(known.directory, directory)) return known.suffixes;
  const found = suffixes.filter((suffix) => statsOf(path + suffix)?.isFile() === true);
  if (siblings.size >= SIBLINGS_MAX) siblings.clear();
  if (isSettled(directory)) siblings.set(path, { directory, suffixes: found });
  return found;
}

const siblings = new Map<string, { readonly directory: Stats; readonly suffixes: readonly string[] }>();
const SIBLINGS_MAX = 10_000;

/** As `statSync`, but nothing that went wrong is told. */
function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function isSame(one: Stats, other: Stats): boolean {
  return (
    one.mtimeMs === other.mtimeMs &&
    one.size === other.size &&
    one.ino === other.ino &&
    one.ctimeMs === other.ctimeMs &&
    one.dev === other.dev
  );
}

/** By the time of change, which nobody can set. */
function isSettled({ ctimeMs }: Stats): boolean {
  return ctimeMs < Date.now() - SETTLED_MS;
}

function isSameBoundary(one: Boundary, other: Boundary): boolean {
  return (
    one === other ||
    (one.root === other.root &&
      one.dotfiles === other.dotfiles &&
      one.followSymlinks === other.followSymlinks &&
      one.closed?.join('\0') === other.closed?.join('\0'))
  );
}

function derivedKey(path: string, kind: string): string {
  return `${path}\0${kind}`;
}
