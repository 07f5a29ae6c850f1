import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  LISTING_CONTENT_SECURITY_POLICY,
  MAX_LISTING_ENTRIES,
  renderListing,
  renderListingJson,
} from '../../src/files/listing.js';
import type { ListingEntry } from '../../src/files/listing-entries.js';
import { LISTING_SCRIPT } from '../../src/files/listing-script.js';
import { LISTING_STYLE } from '../../src/files/listing-style.js';
import { parsePath } from '../../src/files/path.js';
import { type Tag, tokenize } from './html-tokens.js';

const TIME = Date.UTC(2024, 0, 2, 3, 4, 5);

function file(name: string, more: Partial<ListingEntry> = {}): ListingEntry {
  return { name, isDirectory: false, size: 1234, mtimeMs: TIME, ...more };
}

function directory(name: string, more: Partial<ListingEntry> = {}): ListingEntry {
  return file(name, { isDirectory: true, ...more });
}

/** The page's tokens as a client gets them: from the octets of its UTF-8. */
function tokens(html: string): Tag[] {
  return tokenize(Buffer.from(html, 'utf8').toString('utf8'));
}

/** Link and shown name of every entry, in order. */
function shown(html: string): { href: string; text: string }[] {
  const all = tokens(html);
  const body = all.slice(all.findIndex((tag) => tag.name === 'tbody'));
  return body.flatMap((tag, index) =>
    tag.name === 'a' && body[index + 1]?.name === 'bdi'
      ? [{ href: tag.attributes.get('href')!, text: body[index + 1]!.text }]
      : [],
  );
}

function textOf(html: string, name: string): string | undefined {
  return tokens(html).find((tag) => tag.name === name)?.text;
}

/** What the markup is made of, whatever the names: tags and the names of their attributes. */
function shape(html: string): string[] {
  return tokens(html).map((tag) => [tag.name, ...tag.attributes.keys()].join(' '));
}

const HOSTILE = [
  '"><img src=x onerror=alert(1)>',
  '<script>alert(1)',
  `' onmouseover='alert(1)`,
  'javascript:alert(1)',
  'data:,x',
  'a:b',
  '&amp; &lt; &#60; &',
  'line\nfeed',
  'carriage\rreturn\r\n',
  'tab\t esc\x1b del\x7f',
  '?query',
  '#fragment',
  '%2e%2e',
  'q? f# &amp; &amp <i> "dq" \'sq\' %A4 %E2%82%AC',
  '\u202egnp.exe',
  '\u2028\u2029',
  '\ufeffbom',
  '\u{1f600}é',
  '<!--',
  ' leading and trailing ',
  '-->',
  ']]>',
];

const anyName = fc
  .oneof(
    fc.constantFrom(...HOSTILE),
    fc.string({ unit: 'binary', minLength: 1 }),
    fc.string({ minLength: 1 }),
  )
  .filter((name) => !/[/\\\0]|^\.{1,2}$/.test(name));

describe('renderListing', () => {
  const statusOf = (listing: Parameters<typeof renderListing>[0]) =>
    tokens(renderListing(listing)).find((tag) => tag.attributes.get('role') === 'status')?.text;

  it('has the title and heading of Python', () => {
    const html = renderListing({ path: '/a/<b>&"c"', entries: [] });
    expect(html).toContain('<title>Directory listing for /a/&lt;b&gt;&amp;"c"/</title>');
    expect(html).toContain('<h1>Directory listing for /a/&lt;b&gt;&amp;"c"/</h1>');
    const path = '/</title></h1></style><script>alert(1)</script>/';
    expect(shape(renderListing({ path, entries: [] }))).toEqual(
      shape(renderListing({ path: '/</b/c/d/e/', entries: [] })),
    );
    expect(html).toMatch(/^<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">/);
  });

  it('lists directories first, with a slash, links with an @', () => {
    const entries = [
      file('b'),
      directory('z'),
      file('a', { isLink: true }),
      directory('y', { isLink: true }),
    ];
    expect(shown(renderListing({ path: '/', entries }))).toEqual([
      { href: 'y/', text: 'y@' },
      { href: 'z/', text: 'z/' },
      { href: 'a', text: 'a@' },
      { href: 'b', text: 'b' },
    ]);
  });

  it('leads back to every directory above', () => {
    const links = (path: string) =>
      tokens(renderListing({ path, entries: [] }))
        .map((tag) => tag.attributes.get('href'))
        .filter((href) => href?.startsWith('..'))
        .map((href) => new URL(href!, `http://h/prefix${path}`).pathname);
    expect(links('/')).toEqual([]);
    expect(links('/a/')).toEqual(['/prefix/', '/prefix/']);
    expect(links('/a/b/c/')).toEqual(['/prefix/', '/prefix/a/', '/prefix/a/b/', '/prefix/a/b/']);
  });

  it('shows sizes and times, with the exact value beside', () => {
    const sizes = [
      0,
      999,
      1000,
      1234,
      9949,
      9950,
      999_499,
      999_500,
      15e6,
      2 ** 40,
      5e15,
      Number.MAX_SAFE_INTEGER,
    ];
    const html = renderListing({
      path: '/',
      entries: sizes.map((size, index) => file(`${index}`, { size })),
    });
    const data = tokens(html).filter((tag) => tag.name === 'data');
    expect(data.map((tag) => Number(tag.attributes.get('value')))).toEqual(sizes);
    expect(data.map((tag) => tag.text)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '1.2 kB',
      '9.9 kB',
      '10 kB',
      '999 kB',
      '1.0 MB',
      '15 MB',
      '1.1 TB',
      '5.0 PB',
      '9.0 PB',
    ]);
    expect(html).toContain('<time datetime="2024-01-02T03:04:05.000Z">2024-01-02 <span>03:04</span></time>');
    expect(renderListing({ path: '/', entries: [directory('d')] })).not.toContain('<data');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1e300, -1e300])(
    'leaves out the time %d, which no calendar has',
    (mtimeMs) => {
      expect(renderListing({ path: '/', entries: [file('a', { mtimeMs })] })).not.toContain('<time');
    },
  );

  it.each([
    ['name', 'asc', ['d/', 'a2', 'a10', 'b']],
    ['name', 'desc', ['d/', 'b', 'a10', 'a2']],
    ['size', 'asc', ['d/', 'a10', 'a2', 'b']],
    ['size', 'desc', ['d/', 'a2', 'b', 'a10']],
    ['date', 'asc', ['d/', 'b', 'a2', 'a10']],
    ['date', 'desc', ['d/', 'a10', 'a2', 'b']],
  ] as const)('sorts by %s, %s', (key, order, names) => {
    const entries = [
      file('b', { size: 9, mtimeMs: 1 }),
      file('a10', { size: 1, mtimeMs: 3 }),
      directory('d', { size: 5, mtimeMs: 9 }),
      file('a2', { size: 9, mtimeMs: 2 }),
    ];
    const html = renderListing({ path: '/', entries, sort: { key, order } });
    expect(shown(html).map((entry) => entry.text)).toEqual(names);
  });

  it('says how it is sorted, and links to the other orders', () => {
    const html = renderListing({ path: '/', entries: [], sort: { key: 'size', order: 'desc' } });
    const heads = tokens(html).filter((tag) => tag.name === 'th');
    expect(heads.map((tag) => tag.attributes.get('aria-sort'))).toEqual([undefined, 'descending', undefined]);
    const links = tokens(html).flatMap((tag) => tag.attributes.get('href') ?? []);
    expect(links).toEqual(['?sort=name&order=asc', '?sort=size&order=asc', '?sort=date&order=desc']);
  });

  it.each(HOSTILE)('MUST 60 (pure part): %j is shown as text, and its link leads to it', (name) => {
    const [entry] = shown(renderListing({ path: '/', entries: [file(name)] }));
    expect(entry?.text).toBe(name);
    const url = new URL(entry!.href, 'http://here.example/dir/');
    expect(url.origin).toBe('http://here.example');
    expect(parsePath(url.pathname + url.search)).toMatchObject({ ok: true, segments: ['dir', name] });
    expect(url.search + url.hash).toBe('');
  });

  it('MUST 60 (pure part): no name changes the markup, each comes back as it was', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyName, { maxLength: 6 }), anyName, (names, own) => {
        const html = renderListing({ path: `/${own}/`, entries: names.map((name) => file(name)) });
        const plain = renderListing({ path: '/x/', entries: names.map((_, index) => file(`${index}`)) });
        expect(shape(html)).toEqual(shape(plain));
        expect(textOf(html, 'title')).toBe(`Directory listing for /${own}/`);
        expect(textOf(html, 'h1')).toBe(`Directory listing for /${own}/`);
        const entries = shown(html);
        expect(entries.map((entry) => entry.text).toSorted()).toEqual(names.toSorted());
        for (const { href, text } of entries) {
          const url = new URL(href, 'http://here.example/dir/');
          expect(parsePath(url.pathname)).toMatchObject({ ok: true, segments: ['dir', text] });
        }
      }),
    );
  });

  it('MUST 60 (pure part): a lone surrogate is shown, and linked, as U+FFFD', () => {
    const lone = shown(renderListing({ path: '/', entries: [file('a\ud800')] }));
    expect(lone).toEqual([{ href: 'a%EF%BF%BD', text: 'a\ufffd' }]);
  });

  it('MUST 60 (pure part): shows 10 000 entries and says that there are more', () => {
    const entries = Array.from({ length: MAX_LISTING_ENTRIES + 1 }, (_, index) => file(`${index}`));
    const html = renderListing({ path: '/', entries });
    expect(shown(html)).toHaveLength(10_000);
    expect(html).toContain('only the first 10000 are shown');
    expect(
      tokens(html)
        .find((tag) => tag.name === 'table')
        ?.attributes.has('data-partial'),
    ).toBe(true);
    const whole = renderListing({ path: '/', entries: entries.slice(1) });
    expect(
      tokens(whole)
        .find((tag) => tag.name === 'table')
        ?.attributes.has('data-partial'),
    ).toBe(false);
    expect(statusOf({ path: '/', entries: entries.slice(1) })).toBe('10000 files');
  });

  it('marks a long table, whose rows are laid out as they come into sight', () => {
    const classOf = (length: number) => {
      const html = renderListing({
        path: '/',
        entries: Array.from({ length }, (_, index) => file(`${index}`)),
      });
      return tokens(html)
        .find((tag) => tag.name === 'table')
        ?.attributes.get('class');
    };
    expect([classOf(500), classOf(501)]).toEqual(['list', 'list long']);
  });

  it.each([
    [[], '', 'Empty'],
    [[], 'x', 'Nothing found'],
    [[file('a')], '', '1 file'],
    [[directory('a'), file('b'), file('c')], '', '1 folder, 2 files'],
    [[directory('a'), directory('b')], 'x', 'Found: 2 folders'],
  ])('tells how many there are: %#', (entries, filter, text) => {
    expect(statusOf({ path: '/', entries, filter })).toBe(text);
  });

  it('has a form that filters and keeps the order, and heads that keep the filter', () => {
    const html = renderListing({
      path: '/',
      entries: [],
      filter: 'a b&"c"',
      sort: { key: 'size', order: 'desc' },
    });
    const inputs = tokens(html).filter((tag) => tag.name === 'input');
    expect(inputs.map(({ attributes }) => [attributes.get('name'), attributes.get('value')])).toEqual([
      ['filter', 'a b&"c"'],
      ['sort', 'size'],
      ['order', 'desc'],
    ]);
    const links = tokens(html).flatMap((tag) => tag.attributes.get('href') ?? []);
    expect(links.map((href) => Object.fromEntries(new URLSearchParams(href)))).toEqual([
      { filter: 'a b&"c"', sort: 'name', order: 'asc' },
      { filter: 'a b&"c"', sort: 'size', order: 'asc' },
      { filter: 'a b&"c"', sort: 'date', order: 'desc' },
    ]);
  });

  it('MUST 60 (pure part): a filter is a value and nothing else', () => {
    const plain = shape(renderListing({ path: '/x/', entries: [], filter: 'x' }));
    fc.assert(
      fc.property(anyName, (filter) => {
        const html = renderListing({ path: '/x/', entries: [], filter });
        expect(shape(html)).toEqual(plain);
        const input = tokens(html).find((tag) => tag.attributes.get('name') === 'filter');
        expect(input?.attributes.get('value')).toBe(Buffer.from(filter).toString());
      }),
    );
  });

  it('shows a README below the table, and leads to it', () => {
    const readme = { name: 'READ<ME>.md', html: '<p>Hello</p>' };
    const all = tokens(renderListing({ path: '/', entries: [], readme }));
    const article = all.slice(all.findIndex((tag) => tag.name === 'article'));
    expect(all.findIndex((tag) => tag.name === '/table')).toBeLessThan(all.indexOf(article[0]!));
    expect(article[0]?.attributes.get('aria-label')).toBe('READ<ME>.md');
    expect(article.slice(1, 7).map((tag) => tag.name)).toEqual(['header', 'a', '/a', '/header', 'div', 'p']);
    expect(article[2]?.attributes.get('href')).toBe('READ%3CME%3E.md');
    expect(renderListing({ path: '/', entries: [] })).not.toContain('<article');
  });

  it('MUST 60 (pure part): its policy allows this style, this script, this server, and nothing else', () => {
    const html = renderListing({ path: '/a/', entries: [file('b'), directory('c')] });
    const hash = (text: string) => createHash('sha256').update(text).digest('base64');
    expect(/<style>([^<]*)<\/style>/.exec(html)?.[1]).toBe(LISTING_STYLE);
    expect(/<script>(.*?)<\/script>/s.exec(html)?.[1]).toBe(LISTING_SCRIPT);
    expect(LISTING_CONTENT_SECURITY_POLICY.split('; ')).toEqual([
      "default-src 'none'",
      `style-src 'sha256-${hash(LISTING_STYLE)}'`,
      `script-src 'sha256-${hash(LISTING_SCRIPT)}'`,
      "connect-src 'self'",
      "img-src 'self'",
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ]);
    const markup = html.replace(LISTING_SCRIPT, '');
    expect(markup.match(/<script/g)).toHaveLength(1);
    expect(markup).not.toMatch(/<link|<img| style=| on[a-z]+=/);
  });

  it('its script cannot end its element too soon, and its style neither', () => {
    expect(LISTING_SCRIPT).not.toMatch(/<\/script|<!--/i);
    expect(LISTING_STYLE).not.toContain('<');
  });
});

describe('renderListingJson', () => {
  it('says the same in the same order', () => {
    const entries = [file('b?', { mtimeMs: Number.NaN }), directory('a')];
    expect(JSON.parse(renderListingJson({ path: '/x', entries }))).toEqual({
      path: '/x/',
      entries: [
        { name: 'a', href: 'a/', type: 'directory', modified: '2024-01-02T03:04:05.000Z' },
        { name: 'b?', href: 'b%3F', type: 'file', size: 1234 },
      ],
      complete: true,
    });
  });

  it('says what it was filtered by', () => {
    const listing = JSON.parse(renderListingJson({ path: '/', entries: [file('a')], filter: 'A' }));
    expect(listing).toMatchObject({ filter: 'A', entries: [{ name: 'a' }], complete: true });
  });

  it('MUST 60 (pure part): is capped too, and says so', () => {
    const entries = Array.from({ length: MAX_LISTING_ENTRIES + 1 }, (_, index) => file(`${index}`));
    const listing = JSON.parse(renderListingJson({ path: '/', entries }));
    expect(listing.entries).toHaveLength(MAX_LISTING_ENTRIES);
    expect(listing.complete).toBe(false);
  });
});

it('the heads of the columns are links, unless that is not wanted', () => {
  const headOf = (html: string) => /<th scope="col" data-key="size"[^>]*>(.*?)<\/th>/.exec(html)?.[1];
  const listing = { path: '/', entries: [] };
  expect(headOf(renderListing(listing))).toMatch(/^<a href="\?sort=size&amp;order=desc">Size<\/a>$/);
  expect(headOf(renderListing({ ...listing, sortable: false }))).toBe('Size');
});
