// Which representation of a file is sent: as it is, a compressed sibling of it, or compressed while it is sent
// (RFC 9110 §8.4, §12.5.3). Knows no handler: the request comes in as the text of one field.

import { clampLastModified, makeEtag } from '../files/conditional.js';
import { isCompressible } from '../files/media-type.js';
import { negotiateEncoding } from '../files/negotiation.js';
import { formatHttpDate } from '../http1/date.js';
import { CODINGS, type Coding, CompressedSource, compress } from './content-coding.js';
import { type ClosableSource, KeptSource, MemoryOctets, type SeekableOctets } from './file-source.js';
import { findFile, type ServedFile, siblingsOf } from './served-file.js';

/** What the name of a compressed sibling ends in, in the order in which one is preferred. */
const SIBLINGS: Readonly<Record<string, Coding>> = { '.br': 'br', '.zst': 'zstd', '.gz': 'gzip' };
const SUFFIXES = Object.keys(SIBLINGS);

/** Less is not worth the fields that say so; more takes longer than it saves. */
const COMPRESSED_MIN = 1024;
const COMPRESSED_MAX = 10 * 1024 * 1024;
/** Up to this a file is compressed as a whole, so that its length is known; the same for all who wait for it. */
const WHOLE_MAX = 1024 * 1024;

/** What a body can be taken from: any place of it, or, if its size is not known, only the beginning. */
export type Body = SeekableOctets | { readonly size: undefined; source(): ClosableSource };

/** One of the ways in which a file can be sent. */
export interface Representation {
  /** `undefined`: as it is. */
  readonly coding: Coding | undefined;
  /** Whether there are others, so that Accept-Encoding makes a difference. */
  readonly varies: boolean;
  /** With its quotes. */
  readonly etag: string;
  /** Milliseconds since the epoch. */
  readonly lastModifiedMs: number;
  /** The same as a field value. */
  readonly lastModified: string;
  /** The body; a promise if it has to be made first. */
  open(): Body | Promise<Body>;
  /** To be called when no more bodies are wanted, whatever has become of it. */
  close(): void;
}

/** The file as it is. @param nowMs milliseconds since the epoch. */
export function asItIs(file: ServedFile, nowMs: number, varies = false): Representation {
  return remembered(file, 'identity', varies, () => new FileRepresentation(file, undefined, varies, nowMs));
}

/**
 * The representation that suits the client best; `undefined` if none will do. The file stays the caller's.
 * A sibling that is older than the file was not made of it as it is now, and is passed over.
 * @param acceptEncoding the field, several lines joined. @param nowMs milliseconds since the epoch.
 */
export function chooseRepresentation(
  file: ServedFile,
  type: string,
  acceptEncoding: string | undefined,
  nowMs: number,
): Representation | undefined {
  const varies = isCompressible(type);
  if (acceptEncoding === undefined) return asItIs(file, nowMs, varies);
  const siblings = varies ? siblingsOf(file.path, SUFFIXES).map((suffix) => SIBLINGS[suffix]!) : [];
  const made = varies && isWorthwhile(file.size) ? CODINGS : [];
  for (;;) {
    const coding = negotiateEncoding(acceptEncoding, [...siblings, ...made]);
    if (coding === 'identity') return asItIs(file, nowMs, varies);
    if (coding === undefined) return undefined;
    const place = siblings.indexOf(coding);
    if (place < 0) return compressed(file, coding, nowMs);
    const sibling = findSibling(file, coding);
    if (sibling !== undefined) return precompressed(sibling, coding, nowMs);
    siblings.splice(place, 1);
  }
}

/**
 * The coding for text that is made for one request; `undefined` if none will do.
 * @param size of the text in octets. @param acceptEncoding the field, several lines joined.
 */
export function chooseCoding(
  size: number,
  acceptEncoding: string | undefined,
): Coding | 'identity' | undefined {
  return negotiateEncoding(acceptEncoding, isWorthwhile(size) ? CODINGS : []);
}

function compressed(file: ServedFile, coding: Coding, nowMs: number): Representation {
  return remembered(file, `${coding} made`, true, () => new CompressedRepresentation(file, coding, nowMs));
}

function precompressed(sibling: ServedFile, coding: Coding, nowMs: number): Representation {
  return remembered(sibling, coding, true, () => new FileRepresentation(sibling, coding, true, nowMs));
}

/** Representations of files in memory, by what they are: their fields need not be made for each request. */
const representations = new WeakMap<ServedFile, Map<string, Representation>>();

function remembered(
  file: ServedFile,
  kind: string,
  varies: boolean,
  make: () => Representation,
): Representation {
  if (file.octets === undefined) return make();
  const known = representations.get(file) ?? new Map<string, Representation>();
  if (known.size === 0) representations.set(file, known);
  const representation = known.get(kind);
  if (representation?.varies === varies) return representation;
  const made = make();
  known.set(kind, made);
  return made;
}

function isWorthwhile(size: number): boolean {
  return size >= COMPRESSED_MIN && size <= COMPRESSED_MAX;
}

function findSibling(file: ServedFile, coding: Coding): ServedFile | undefined {
  const suffix = SUFFIXES.find((candidate) => SIBLINGS[candidate] === coding);
  const sibling = findFile(`${file.path}${suffix}`, file.boundary);
  if (typeof sibling === 'string') return undefined;
  if (!isOlder(sibling.stats.mtimeMs, file.stats.mtimeMs)) return sibling;
  sibling.close();
  return undefined;
}

/** To the second where one of them has no more than that, as archives and many tools leave it. */
function isOlder(timeMs: number, thanMs: number): boolean {
  const isWhole = timeMs % 1000 === 0 || thanMs % 1000 === 0;
  return isWhole ? Math.floor(timeMs / 1000) < Math.floor(thanMs / 1000) : timeMs < thanMs;
}

/** What a file holds, octet by octet. */
class FileRepresentation implements Representation {
  readonly coding: Coding | undefined;
  readonly varies: boolean;
  readonly etag: string;
  readonly lastModifiedMs: number;
  readonly lastModified: string;
  protected readonly file: ServedFile;

  constructor(file: ServedFile, coding: Coding | undefined, varies: boolean, nowMs: number) {
    this.file = file;
    this.coding = coding;
    this.varies = varies;
    this.lastModifiedMs = file.stats.mtimeMs;
    this.lastModified = formatHttpDate(clampLastModified(this.lastModifiedMs, nowMs));
    this.etag = makeEtag(file.size, this.lastModifiedMs, coding);
  }

  open(): Body | Promise<Body> {
    return this.file;
  }

  close(): void {
    this.file.close();
  }
}

/** What a file holds, compressed here. */
class CompressedRepresentation extends FileRepresentation {
  declare readonly coding: Coding;

  constructor(file: ServedFile, coding: Coding, nowMs: number) {
    super(file, coding, true, nowMs);
  }

  override open(): Body | Promise<Body> {
    const { file, coding, etag } = this;
    const known = file.derived(coding);
    if (known !== undefined) return new MemoryOctets(known);
    return file.size <= WHOLE_MAX ? compressedWhole(file, coding, etag) : compressedStream(file, coding);
  }
}

function compressedStream(file: ServedFile, coding: Coding): Body {
  const compressed = () => new CompressedSource(file.source(0, file.size), coding, file.size);
  const keep = (octets: Buffer) => file.keepDerived(coding, octets);
  return { size: undefined, source: () => new KeptSource(compressed(), WHOLE_MAX, keep) };
}

/** What is being compressed, for all who ask for the same meanwhile: by path and entity tag. */
const compressing = new Map<string, Promise<MemoryOctets>>();

function compressedWhole(file: ServedFile, coding: Coding, etag: string): Promise<MemoryOctets> {
  const key = `${file.path}\0${etag}`;
  const started = compressing.get(key);
  if (started !== undefined) return started;
  const making = readWhole(file)
    .then((octets) => compress(octets, coding))
    .then((octets) => {
      file.keepDerived(coding, octets);
      return new MemoryOctets(octets);
    })
    .finally(() => compressing.delete(key));
  compressing.set(key, making);
  return making;
}

async function readWhole(file: ServedFile): Promise<Buffer> {
  if (file.octets !== undefined) return file.octets;
  const source = file.source(0, file.size);
  try {
    const chunks: Uint8Array[] = [];
    for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read())
      chunks.push(chunk);
    return Buffer.concat(chunks);
  } finally {
    source.close();
  }
}
