// The entries of a listing: which of them a query asks for, and in which order. Knows no markup and no file system.
// The page's script does the same to what it shows, so whoever changes a rule here changes it in listing-script.ts.

import { foldCase } from './path.js';

/** One name in a directory. */
export interface ListingEntry {
  readonly name: string;
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

/** What a request wants of a listing. */
export interface ListingQuery {
  readonly sort: ListingSort;
  /** Part of the names to show; `''` for all. */
  readonly filter: string;
}

/** The order of names. */
export const DEFAULT_SORT: ListingSort = { key: 'name', order: 'asc' };

/** In UTF-16 code units. No name of a file is longer, so that no more of a filter need be looked at. */
export const MAX_FILTER_LENGTH = 256;

/** What a query such as `filter=chapter&sort=size&order=desc` asks for; what it does not say, or says wrongly, is the default. */
export function parseListingQuery(query: string | undefined): ListingQuery {
  const parameters = new URLSearchParams(query ?? '');
  const key = parameters.get('sort');
  return {
    sort: {
      key: key === 'size' || key === 'date' ? key : 'name',
      order: parameters.get('order') === 'desc' ? 'desc' : 'asc',
    },
    filter: (parameters.get('filter') ?? '').slice(0, MAX_FILTER_LENGTH),
  };
}

/** The query that `parseListingQuery` understands so, with its question mark. */
export function formatListingQuery({ sort, filter }: ListingQuery): string {
  const parameters = new URLSearchParams();
  if (filter !== '') parameters.set('filter', filter);
  parameters.set('sort', sort.key);
  parameters.set('order', sort.order);
  return `?${parameters}`;
}

/** Whether a name is wanted: it holds the filter, in upper or lower case, its accents composed or not. */
export function nameFilter(filter: string): (name: string) => boolean {
  const wanted = foldCase(filter);
  return wanted === '' ? () => true : (name) => foldCase(name).includes(wanted);
}

/** Directories first; then as asked for, and by name where that is equal. */
export function sortEntries(entries: readonly ListingEntry[], { key, order }: ListingSort): ListingEntry[] {
  const direction = order === 'asc' ? 1 : -1;
  const compare = COMPARISONS[key];
  return entries
    .map((entry) => ({ entry, name: sortName(entry.name) }))
    .sort(
      (a, b) =>
        Number(b.entry.isDirectory) - Number(a.entry.isDirectory) ||
        direction * compare(a, b) ||
        compareNames(a, b),
    )
    .map(({ entry }) => entry);
}

/** An entry, and the form of its name that is compared. */
interface Sortable {
  readonly entry: ListingEntry;
  readonly name: string;
}

const COMPARISONS: Readonly<Record<ListingKey, (a: Sortable, b: Sortable) => number>> = {
  name: compareNames,
  size: (a, b) => (a.entry.isDirectory ? 0 : a.entry.size - b.entry.size),
  date: (a, b) => shownTime(a.entry) - shownTime(b.entry),
};

/** To the millisecond, as it is told; what no calendar has counts as 1970. */
function shownTime({ mtimeMs }: ListingEntry): number {
  return Math.abs(mtimeMs) <= 8.64e15 ? Math.trunc(mtimeMs) : 0;
}

function compareNames(a: Sortable, b: Sortable): number {
  return compareText(a.name, b.name) || compareText(a.entry.name, b.entry.name);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * A form of a name whose code units are in the order that people expect of names: neither case nor accents matter, and
 * `file2` comes before `file10`. Made once a name, it costs a fraction of a collator that looks at every pair.
 */
function sortName(name: string): string {
  const plain = /[^\0-\x7f]/.test(name) ? name.normalize('NFKD').replace(/\p{M}+/gu, '') : name;
  return plain.toLowerCase().replace(/\d+/g, sortNumber);
}

/** The longer number is the larger one, and a digit in front keeps numbers between punctuation and letters. */
function sortNumber(digits: string): string {
  const number = digits.replace(/^0+(?=.)/, '');
  return `0${String.fromCharCode(number.length)}${number}`;
}
