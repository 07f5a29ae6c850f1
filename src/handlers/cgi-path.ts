// Which part of a URL path names a CGI directory, and which the script in it. Only text: knows no file system.

import type { CanonicalPath } from '../files/path.js';

/** A path in a CGI directory: the directory, and what is behind it, script first, without the slash between them. */
export type CGIInfo = readonly [directory: string, rest: string];

/**
 * Where a path leads into one of the directories; `undefined` if into none. Octet by octet: what another spelling
 * means to a file system that ignores case is for the file system to say.
 * @param directories URL paths below the base, decoded: `/cgi-bin`. `/` makes a CGI directory of everything.
 * @param base what paths of this site begin with: the segments of a path.
 * @returns both parts decoded, the directory with its base. The second keeps its trailing slash, and is empty for the
 * directory itself.
 */
export function splitCgiPath(
  path: CanonicalPath,
  directories: readonly string[],
  base: readonly string[] = [],
): CGIInfo | undefined {
  for (const directory of directories) {
    const prefix = [...base, ...segmentsOf(directory)];
    if (!prefix.every((segment, index) => segment === path.segments[index])) continue;
    const rest = path.segments.slice(prefix.length);
    const end = path.trailingSlash && rest.length > 0 ? '/' : '';
    return [`/${prefix.join('/')}`, rest.join('/') + end];
  }
  return undefined;
}

/** The names in a path. */
export function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

/**
 * CPython's `_url_collapse_path()`: percent-encoding undone, empty and `.` segments removed, `..` resolved; the query
 * is kept. There is always a slash in front of the last segment, and one more for what is in front of that: `//a`.
 *
 * The paths of requests do not go this way: `parsePath` refuses `..`, which a client has resolved. For the paths that it
 * accepts both say the same. It is for paths that come from no client: those in a script's local redirect.
 * @throws {RangeError} more `..` than there are segments.
 */
export function collapseUrlPath(path: string): string {
  const [encoded, query] = cutQuery(path);
  const parts = unquote(encoded).split('/');
  const last = parts.pop()!;
  const head: string[] = [];
  for (const part of last === '..' ? [...parts, last] : parts) {
    if (part !== '..') {
      if (part !== '' && part !== '.') head.push(part);
    } else if (head.pop() === undefined) {
      throw new RangeError(`There is nothing above the root: ${path}`);
    }
  }
  const tail = last === '..' || last === '.' ? '' : last;
  return `/${head.join('/')}/${tail}${query === '' ? '' : `?${query}`}`;
}

function cutQuery(path: string): [path: string, query: string] {
  const at = path.indexOf('?');
  return at < 0 ? [path, ''] : [path.slice(0, at), path.slice(at + 1)];
}

/** As Python's `unquote()`: what is no percent-encoding stays, what is not UTF-8 becomes U+FFFD. */
function unquote(text: string): string {
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}
