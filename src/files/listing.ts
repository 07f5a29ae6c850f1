// A directory's listing as a page and as JSON. Pure text: reading the directory, and leaving out what must not be
// shown (hidden names, links that leave the root), is the handler's part.

import { escapeHtml } from './html.js';
import { LISTING_STYLE } from './listing-style.js';
import { encodeSegment } from './path.js';

/** One name in a directory. */
export interface ListingEntry {
  /** As text; what is not UTF-8 in it stands as U+FFFD. */
  readonly name: string;
  /** The name's octets, if they are not the UTF-8 of `name`: the link is made from them. */
  readonly bytes?: Uint8Array | undefined;
  readonly isDirectory: boolean;
  /** Shown by an `@` after the name, as Python does. */
  readonly isLink?: boolean | undefined;
  /** In octets; not shown for directories. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly mtimeMs: number;
}

export type ListingKey = 'name' | 'size' | 'date';
export type ListingOrder = 'asc' | 'desc';

export interface ListingSort {
  readonly key: ListingKey;
  readonly order: ListingOrder;
}

export interface Listing {
  /** The canonical path of the directory, decoded, with or without its trailing slash. */
  readonly path: string;
  readonly entries: readonly ListingEntry[];
  /** By name, ascending, unless given. Directories come first in any case. */
  readonly sort?: ListingSort | undefined;
}

/**
 * The most entries a listing shows, so that a page stays one that a browser can lay out. A handler need read no
 * more than one above it: the page then says that there are more.
 */
export const MAX_LISTING_ENTRIES = 10_000;

/** The order that a query such as `sort=size&order=desc` asks for; what it does not say, or says wrongly, is the default. */
export function parseListingSort(query: string | undefined): ListingSort {
  const parameters = new URLSearchParams(query ?? '');
  const key = COLUMNS.find((column) => column.key === parameters.get('sort'))?.key ?? 'name';
  return { key, order: parameters.get('order') === 'desc' ? 'desc' : 'asc' };
}

/**
 * The listing as an HTML page. Send it as `text/html; charset=utf-8`, with `LISTING_CONTENT_SECURITY_POLICY` and
 * `nosniff`, at a URL that ends in a slash: its links are relative, so that it works below any prefix.
 */
export function renderListing(listing: Listing): string {
  const { path, title, entries, omitted, sort } = arrange(listing);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${LISTING_STYLE}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${breadcrumb(path)}<table>
<thead>
<tr>${COLUMNS.map((column) => columnHead(column, sort)).join('')}</tr>
</thead>
<tbody>
${path === '/' ? '' : PARENT_ROW}${entries.map(row).join('')}</tbody>
</table>
<p>${summary(entries, omitted)}</p>
</main>
</body>
</html>
`;
}

/** The listing as JSON, same order, same limit: `{path, entries: [{name, href, type, size, modified}], complete}`. */
export function renderListingJson(listing: Listing): string {
  const { path, entries, omitted } = arrange(listing);
  return JSON.stringify({
    path,
    entries: entries.map((entry) => ({
      name: entry.name,
      href: hrefOf(entry),
      type: entry.isDirectory ? 'directory' : 'file',
      size: entry.isDirectory ? undefined : entry.size,
      modified: isoTime(entry.mtimeMs),
    })),
    complete: !omitted,
  });
}

interface Column {
  readonly key: ListingKey;
  readonly label: string;
  /** What a first click asks for: names from the beginning, the largest, the latest. */
  readonly firstOrder: ListingOrder;
}

const COLUMNS: readonly Column[] = [
  { key: 'name', label: 'Name', firstOrder: 'asc' },
  { key: 'size', label: 'Size', firstOrder: 'desc' },
  { key: 'date', label: 'Modified', firstOrder: 'desc' },
];

const PARENT_ROW = '<tr class="up"><td><a href="../">../</a></td><td></td><td></td></tr>\n';

function arrange(listing: Listing) {
  const sort = listing.sort ?? { key: 'name', order: 'asc' };
  const path = listing.path.endsWith('/') ? listing.path : `${listing.path}/`;
  return {
    path,
    title: escapeHtml(`Directory listing for ${path}`, false),
    entries: sortEntries(listing.entries, sort).slice(0, MAX_LISTING_ENTRIES),
    omitted: listing.entries.length > MAX_LISTING_ENTRIES,
    sort,
  };
}

function sortEntries(entries: readonly ListingEntry[], sort: ListingSort): ListingEntry[] {
  const direction = sort.order === 'asc' ? 1 : -1;
  const compare = COMPARISONS[sort.key];
  return entries.toSorted(
    (a, b) =>
      Number(b.isDirectory) - Number(a.isDirectory) || direction * compare(a, b) || compareNames(a, b),
  );
}

const COMPARISONS: Readonly<Record<ListingKey, (a: ListingEntry, b: ListingEntry) => number>> = {
  name: compareNames,
  size: (a, b) => (a.isDirectory ? 0 : a.size - b.size),
  date: (a, b) => a.mtimeMs - b.mtimeMs,
};

/** One locale for every machine; `file2` before `file10`. */
const collator = new Intl.Collator('en', { numeric: true });

function compareNames(a: ListingEntry, b: ListingEntry): number {
  return collator.compare(a.name, b.name);
}

/** A link to each directory from the root to this one; none for the root, which needs no way back. */
function breadcrumb(path: string): string {
  const names = path.split('/').filter((name) => name !== '');
  if (names.length === 0) return '';
  const ancestors = ['/', ...names.slice(0, -1)].map((name, depth) => {
    const href = '../'.repeat(names.length - depth);
    return `<li><a href="${href}"><bdi>${escapeHtml(name, false)}</bdi></a></li>`;
  });
  const here = `<li aria-current="page"><bdi>${escapeHtml(names.at(-1)!, false)}</bdi></li>`;
  return `<nav aria-label="Breadcrumb"><ol>${ancestors.join('')}${here}</ol></nav>\n`;
}

/** The link asks for the other order if the column is the sorted one already. */
function columnHead({ key, label, firstOrder }: Column, sort: ListingSort): string {
  const sorted = sort.key === key;
  const order = !sorted ? firstOrder : sort.order === 'asc' ? 'desc' : 'asc';
  const state = !sorted ? '' : ` aria-sort="${sort.order === 'asc' ? 'ascending' : 'descending'}"`;
  return `<th scope="col"${state}><a href="?sort=${key}&amp;order=${order}">${label}</a></th>`;
}

function row(entry: ListingEntry): string {
  const mark = entry.isLink === true ? '@' : entry.isDirectory ? '/' : '';
  const name = escapeHtml(entry.name + mark, false);
  const size = entry.isDirectory ? '' : `<data value="${entry.size}">${formatSize(entry.size)}</data>`;
  return (
    `<tr class="${entry.isDirectory ? 'directory' : 'file'}">` +
    // bdi: a right-to-left name, or one with an override in it, must not turn its surroundings about.
    `<td><a href="${hrefOf(entry)}"><bdi>${name}</bdi></a></td><td>${size}</td><td>${dateCell(entry.mtimeMs)}</td></tr>\n`
  );
}

/** Needs no `./` before a name with a colon, since the colon is percent-encoded (RFC 3986 §4.2). */
function hrefOf(entry: ListingEntry): string {
  return encodeSegment(entry.bytes ?? entry.name) + (entry.isDirectory ? '/' : '');
}

function dateCell(mtimeMs: number): string {
  const iso = isoTime(mtimeMs);
  if (iso === undefined) return '';
  const [day, time] = iso.split('T');
  return `<time datetime="${iso}">${day} <span>${time!.slice(0, 5)} UTC</span></time>`;
}

/** `undefined` for what `Date` cannot hold: a file system can. */
function isoTime(timeMs: number): string | undefined {
  return Math.abs(timeMs) <= 8.64e15 ? new Date(timeMs).toISOString() : undefined;
}

/** `999 B`, `1.5 kB`, `15 MB`: powers of 1000. */
function formatSize(size: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let unit = 0;
  let value = size;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

function summary(entries: readonly ListingEntry[], omitted: boolean): string {
  const directories = entries.filter((entry) => entry.isDirectory).length;
  const counts = `${count(directories, 'folder')}, ${count(entries.length - directories, 'file')}`;
  return omitted ? `${counts}. There are more: only the first ${MAX_LISTING_ENTRIES} are shown.` : counts;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
