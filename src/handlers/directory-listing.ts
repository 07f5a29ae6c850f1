// What a listing of a directory says: its entries, in the order and with the filter that a request asks for, as a page or
// as JSON. Knows no handler: the request comes in as the text of its parts.

import { LISTING_CONTENT_SECURITY_POLICY, renderListing, renderListingJson } from '../files/listing.js';
import { nameFilter, parseListingQuery } from '../files/listing-entries.js';
import { prefers } from '../files/negotiation.js';
import { directoryEntries } from './directory-entries.js';
import type { Boundary, OpenFailure } from './opened-file.js';
import { findReadme } from './readme.js';

/** What is asked for. */
export interface ListingRequest {
  /** The canonical path of the directory, decoded. */
  readonly path: string;
  readonly query: string | undefined;
  /** Accept, several lines joined. */
  readonly accept: string | undefined;
}

/** A body, and what to say of it. */
export interface DirectoryListing {
  readonly text: string;
  readonly type: string;
  readonly contentSecurityPolicy: string;
}

/**
 * The listing of a directory; or why there is none. Column heads are links only for those who ask for HTML by name, as
 * browsers do: programs that mirror a site would follow each of them.
 * @param directory in the file system.
 */
export async function makeListing(
  directory: string,
  boundary: Boundary,
  { path, query, accept }: ListingRequest,
): Promise<DirectoryListing | OpenFailure> {
  const { sort, filter } = parseListingQuery(query);
  const entries = await directoryEntries(directory, boundary, nameFilter(filter));
  if (typeof entries === 'string') return entries;
  const listing = { path, entries, sort, filter };
  const contentSecurityPolicy = LISTING_CONTENT_SECURITY_POLICY;
  if (prefers(accept, ['text/html', 'application/json']) === 'application/json') {
    return { text: renderListingJson(listing), type: 'application/json', contentSecurityPolicy };
  }
  const sortable = /\btext\/html\b/i.test(accept ?? '');
  const text = renderListing({ ...listing, sortable, readme: await findReadme(directory, boundary) });
  return { text, type: 'text/html; charset=utf-8', contentSecurityPolicy };
}
