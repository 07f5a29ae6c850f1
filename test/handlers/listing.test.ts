// Listings as clients get them: what is filtered, what is shown below, what is said in the head.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LISTING_CONTENT_SECURITY_POLICY } from '../../src/files/listing.js';
import { tokenize } from '../files/html-tokens.js';
import { Site } from '../support/site.js';

let site: Site;

beforeAll(async () => {
  site = await Site.serve({
    'book/chapter-1.txt': 'x'.repeat(30),
    'book/Chapter-2.txt': 'x'.repeat(20),
    'book/cover.png': 'x',
    'book/chapters/a.txt': '',
    'book/Größe.csv': '',
    'project/README.md': '# Project\n\n<script>alert(1)</script> [docs](docs/)',
    'project/a.txt': '',
    'hostile/README.md': '![x](javascript:alert(1)) <img src=x onerror=alert(1)>',
    'hostile/&.txt': '',
  });
});

afterAll(() => site?.[Symbol.asyncDispose]());

async function names(target: string): Promise<string[]> {
  const { body } = await site.get(target);
  return [
    ...Buffer.from(body, 'latin1')
      .toString()
      .matchAll(/<bdi>([^<]*)<\/bdi><\/a><\/td>/g),
  ].map(([, name]) => name!);
}

async function json(target: string) {
  return JSON.parse((await site.get(target, { Accept: 'application/json' })).body);
}

describe('a filter', () => {
  it.each([
    ['?filter=chapter', ['chapters/', 'chapter-1.txt', 'Chapter-2.txt']],
    ['?filter=CHAPTER-', ['chapter-1.txt', 'Chapter-2.txt']],
    ['?filter=chapter&sort=size&order=asc', ['chapters/', 'Chapter-2.txt', 'chapter-1.txt']],
    ['?filter=gr%C3%B6%C3%9Fe', ['Größe.csv']],
    ['?filter=.png', ['cover.png']],
    ['?filter=nothing', []],
    ['?filter=', ['chapters/', 'chapter-1.txt', 'Chapter-2.txt', 'cover.png', 'Größe.csv']],
    ['?filter=%ff', []],
  ])('%s shows %j, in JSON too', async (query, expected) => {
    expect(await names(`/book/${query}`)).toEqual(expected);
    const { entries } = await json(`/book/${query}`);
    const inJson = entries.map((entry: { name: string; type: string }) =>
      entry.type === 'directory' ? `${entry.name}/` : entry.name,
    );
    expect(inJson).toEqual(expected.map((name) => Buffer.from(name).toString('latin1')));
  });

  it('MUST 60: is reflected as a value', async () => {
    const { body } = await site.get('/book/?filter=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&sort=%22%3E');
    expect(tokenize(body).filter((tag) => tag.name === 'script')).toHaveLength(1);
    const input = tokenize(body).find((tag) => tag.attributes.get('name') === 'filter');
    expect(input?.attributes.get('value')).toBe('"><script>alert(1)</script>');
  });

  it('looks at names that a listing of all has no room for', async () => {
    const path = join(site.root.path, 'many');
    execFileSync('sh', ['-c', `mkdir ${path} && cd ${path} && seq 10100 | xargs touch && touch needle`]);
    expect((await json('/many/')).complete).toBe(false);
    const found = await json('/many/?filter=NEEDLE');
    expect(found.complete).toBe(true);
    expect(found.entries.map(({ name }: { name: string }) => name)).toEqual(['needle']);
  }, 60_000);
});

describe('a README', () => {
  it('is shown below, in pages only, whatever the filter', async () => {
    for (const target of ['/project/', '/project/?filter=a.txt', '/project/?sort=date']) {
      const { body } = await site.get(target);
      expect(body).toContain('<div><h1 id="project">Project</h1>');
      expect(body).toContain('<p>&lt;script&gt;alert(1)&lt;/script&gt; <a href="docs/">docs</a></p>');
    }
    expect(Object.keys(await json('/project/'))).toEqual(['path', 'entries', 'complete']);
    expect((await site.get('/book/')).body).not.toContain('<article');
  });

  it('MUST 60: brings no markup of its own', async () => {
    const tags = tokenize((await site.get('/hostile/')).body).map(({ name }) => name);
    expect(tags.filter((name) => name === 'img' || name === 'script')).toEqual(['script']);
  });

  it('that cannot be shown is none, and the listing comes all the same', async () => {
    site.root.link('broken/README.md', 'README.md');
    site.root.write('broken/a.txt');
    expect(await names('/broken/')).toEqual(['a.txt']);
  });
});

it('MUST 60: the policy is sent with each, nosniff too', async () => {
  for (const target of ['/book/', '/book/?filter=x', '/project/']) {
    const answer = await site.get(target);
    expect(answer.field('content-security-policy')).toBe(LISTING_CONTENT_SECURITY_POLICY);
    expect(answer.field('x-content-type-options')).toBe('nosniff');
    expect(answer.field('content-type')).toBe('text/html; charset=utf-8');
  }
});
