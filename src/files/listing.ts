// A directory's listing as a page and as JSON. Pure text: reading the directory, and leaving out what must not be
// shown (hidden names, links that leave the root) or is not asked for, is the handler's part.

import { kindOf } from './entry-kind.js';
import { escapeHtml } from './html.js';
import { isoTime } from './iso-time.js';
import {
  DEFAULT_SORT,
  formatListingQuery,
  type ListingEntry,
  type ListingKey,
  type ListingOrder,
  type ListingQuery,
  type ListingSort,
  MAX_FILTER_LENGTH,
  sortEntries,
} from './listing-entries.js';
import { LISTING_SCRIPT, LISTING_SCRIPT_HASH } from './listing-script.js';
import { LISTING_STYLE, LISTING_STYLE_HASH } from './listing-style.js';
import { encodeSegment } from './path.js';

export interface Listing {
  /** The canonical path of the directory, decoded, with or without its trailing slash. */
  readonly path: string;
  readonly entries: readonly ListingEntry[];
  /** By name, ascending, unless given. Directories come first in any case. */
  readonly sort?: ListingSort | undefined;
  /** What the entries were chosen by, as `nameFilter()` does; `''` if they are all. */
  readonly filter?: string | undefined;
  /** Whether the heads of a page's columns are links that sort; they are, unless it is said. */
  readonly sortable?: boolean | undefined;
  /** Shown below the entries of a page. */
  readonly readme?: ListingReadme | undefined;
}

export interface ListingReadme {
  /** The file's name in the directory. */
  readonly name: string;
  /** The file's text as HTML that is safe to show. */
  readonly html: string;
}

/**
 * The most entries a listing shows, so that a page stays one that a browser can lay out. A handler need read no
 * more than one above it: the page then says that there are more.
 */
export const MAX_LISTING_ENTRIES = 10_000;

/**
 * For the Content-Security-Policy field of a listing: this style and this script, which may ask this server for the
 * rows it lacks; the images of this server that a README shows; a form that asks this server; and nothing else.
 */
export const LISTING_CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src '${LISTING_STYLE_HASH}'`,
  `script-src '${LISTING_SCRIPT_HASH}'`,
  "connect-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * The listing as an HTML page. Send it as `text/html; charset=utf-8`, with `LISTING_CONTENT_SECURITY_POLICY` and
 * `nosniff`, at a URL that ends in a slash: its links are relative, so that it works below any prefix.
 */
export function renderListing(listing: Listing): string {
  const { path, title, entries, omitted, query } = arrange(listing);
  const { sortable = true } = listing;
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
${breadcrumb(path)}<div class="bar">
<p role="status">${summary(entries, omitted, query)}</p>
${filterForm(query)}</div>
<table class="${entries.length > LONG ? 'list long' : 'list'}"${omitted ? ' data-partial' : ''}>
<thead>
<tr>${COLUMNS.map((column) => columnHead(column, query, sortable)).join('')}</tr>
</thead>
<tbody>
${path === '/' ? '' : PARENT_ROW}${rows(entries)}</tbody>
</table>
${readmeArticle(listing.readme)}</main>
<script>${LISTING_SCRIPT}</script>
</body>
</html>
`;
}

/**
 * The listing as JSON, same order, same limit: `{path, filter, entries: [{name, href, type, size, modified}],
 * complete}`, `filter` only if there is one.
 */
export function renderListingJson(listing: Listing): string {
  const { path, entries, omitted, query } = arrange(listing);
  return JSON.stringify({
    path,
    filter: query.filter || undefined,
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
  { key: 'date', label: 'Modified <span>(UTC)</span>', firstOrder: 'desc' },
];

/** More entries than that are laid out as they come into sight. */
const LONG = 500;

const PARENT_ROW = '<tr class="up"><td><a href="../">../</a></td><td></td><td></td></tr>\n';

function arrange(listing: Listing) {
  const { sort = DEFAULT_SORT, filter = '' } = listing;
  const path = listing.path.endsWith('/') ? listing.path : `${listing.path}/`;
  return {
    path,
    title: escapeHtml(`Directory listing for ${path}`, false),
    entries: sortEntries(listing.entries, sort).slice(0, MAX_LISTING_ENTRIES),
    omitted: listing.entries.length > MAX_LISTING_ENTRIES,
    query: { sort, filter },
  };
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

function summary(entries: readonly ListingEntry[], omitted: boolean, { filter }: ListingQuery): string {
  const directories = entries.filter((entry) => entry.isDirectory).length;
  const files = entries.length - directories;
  const counts = [...count(directories, 'folder'), ...count(files, 'file')].join(', ');
  if (counts === '') return filter === '' ? 'Empty' : 'Nothing found';
  const found = filter === '' ? counts : `Found: ${counts}`;
  return omitted
    ? `${found}. There are more: only the first ${MAX_LISTING_ENTRIES} are shown. Filter to find the others.`
    : found;
}

/** Nothing is not worth a word. */
function count(number: number, noun: string): string[] {
  return number === 0 ? [] : [`${number} ${noun}${number === 1 ? '' : 's'}`];
}

/** Asks for the same order once more. The button goes where the script filters while one types. */
function filterForm({ filter, sort }: ListingQuery): string {
  return (
    '<form role="search">' +
    `<input type="search" name="filter" value="${escapeHtml(filter)}" maxlength="${MAX_FILTER_LENGTH}"` +
    ' placeholder="Filter by name" aria-label="Filter by name" autocomplete="off" spellcheck="false">' +
    `<input type="hidden" name="sort" value="${sort.key}"><input type="hidden" name="order" value="${sort.order}">` +
    '<button>Filter</button></form>\n'
  );
}

/** The link asks for the other order if the column is the sorted one already. */
function columnHead(
  { key, label, firstOrder }: Column,
  { sort, filter }: ListingQuery,
  sortable: boolean,
): string {
  const sorted = sort.key === key;
  const order = !sorted ? firstOrder : sort.order === 'asc' ? 'desc' : 'asc';
  const state = !sorted ? '' : ` aria-sort="${sort.order === 'asc' ? 'ascending' : 'descending'}"`;
  const href = escapeHtml(formatListingQuery({ sort: { key, order }, filter }));
  const content = sortable ? `<a href="${href}">${label}</a>` : label;
  return `<th scope="col" data-key="${key}"${state}>${content}</th>`;
}

/** One by one: ten thousand strings need not be there at the same time. */
function rows(entries: readonly ListingEntry[]): string {
  let html = '';
  for (const entry of entries) html += row(entry);
  return html;
}

function row(entry: ListingEntry): string {
  const { isDirectory, isLink = false, size, mtimeMs } = entry;
  const mark = isLink ? '@' : isDirectory ? '/' : '';
  const cell = isDirectory ? '' : `<data value="${size}">${formatSize(size)}</data>`;
  return (
    `<tr class="${kindOf(entry)}${isLink ? ' link' : ''}">` +
    // bdi: a right-to-left name, or one with an override in it, must not turn its surroundings about.
    `<td><a href="${hrefOf(entry)}"><bdi>${escapeHtml(entry.name, false)}${mark}</bdi></a></td>` +
    `<td>${cell}</td><td>${dateCell(mtimeMs)}</td></tr>\n`
  );
}

/** Needs no `./` before a name with a colon, since the colon is percent-encoded (RFC 3986 §4.2). */
function hrefOf(entry: ListingEntry): string {
  return encodeSegment(entry.name) + (entry.isDirectory ? '/' : '');
}

function dateCell(mtimeMs: number): string {
  const iso = isoTime(mtimeMs);
  if (iso === undefined) return '';
  const middle = iso.indexOf('T');
  return `<time datetime="${iso}">${iso.slice(0, middle)} <span>${iso.slice(middle + 1, middle + 6)}</span></time>`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** `999 B`, `1.5 kB`, `15 MB`: powers of 1000. */
function formatSize(size: number): string {
  let unit = 0;
  let value = size;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

function readmeArticle(readme: ListingReadme | undefined): string {
  if (readme === undefined) return '';
  const name = escapeHtml(readme.name);
  const link = `<a href="${encodeSegment(readme.name)}">${name}</a>`;
  return `<article aria-label="${name}">\n<header>${link}</header>\n<div>${readme.html}</div>\n</article>\n`;
}
