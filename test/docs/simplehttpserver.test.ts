import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type BaseHTTPRequestHandler, HTTPServer, SimpleHTTPRequestHandler } from '../../src/index.js';
import { RunningProgram } from '../support/command.js';
import { serveLive } from '../support/live.js';
import { namesInBold, PageExamples, readPage } from '../support/page-examples.js';
import { getBody, request, talk } from '../support/raw-client.js';
import { type Answer, type Files, parseAnswer, TemporaryDirectory } from '../support/site.js';

const page = readPage('simplehttpserver.md');

describe('the text', () => {
  const httpd = new HTTPServer(['', 0], SimpleHTTPRequestHandler, { bindAndActivate: false });
  const handler = new SimpleHTTPRequestHandler(new Socket(), ['', 0], httpd);
  const own = Object.getOwnPropertyNames(SimpleHTTPRequestHandler.prototype);
  const bold = namesInBold(page);

  it('tells of every attribute and method of the class', () => {
    expect(own.length).toBeGreaterThan(25);
    expect(own.filter((name) => name !== 'constructor' && !bold.includes(name))).toEqual([]);
  });

  it('tells of none that is not there', () => {
    expect(bold.filter((name) => !(name in handler))).toEqual([]);
  });

  it('tells the defaults', () => {
    const { prototype } = SimpleHTTPRequestHandler;
    for (const name of own) {
      const value = prototype[name as keyof SimpleHTTPRequestHandler] as unknown;
      const paragraph = new RegExp(`\\*\\*\`${name}\`\\*\\*(.+?)\\n\\n`, 's').exec(page)?.[1] ?? '';
      if (typeof value === 'string') expect(paragraph, name).toContain(`'${value}'`);
      if (typeof value === 'boolean') expect(paragraph, name).toContain(value ? 'True' : 'False');
    }
  });

  it('has the listing as it is', async () => {
    const [, json = ''] = /```console\n.*?\n(\{"path".*?)```/s.exec(page)!;
    const files = { 'photos/2026/': '', 'photos/a b.jpg': Buffer.alloc(12_345) };
    await using site = await serve(SimpleHTTPRequestHandler, new TemporaryDirectory(files));
    for (const name of ['2026', 'a b.jpg']) {
      const time = Date.parse('2026-01-02T03:04:05.000Z') / 1000;
      utimesSync(join(site.root.path, 'photos', name), time, time);
    }
    const { body } = await site.ask('/photos/', 'Accept: application/json\r\n');
    expect(body).toBe(json.replaceAll('\n', ''));
  });
});

describe('the examples', () => {
  let examples: PageExamples;

  beforeAll(() => {
    examples = new PageExamples(page, 'SimpleHTTPRequestHandler');
  }, 60_000);

  afterAll(() => examples?.[Symbol.dispose]());

  /** Serves with a class of the page. The directory that it names, if it does, is where the files are. */
  async function example(name: string, files: Files): Promise<Served> {
    const root = new TemporaryDirectory(files);
    const path = join(examples.path, `${name}-served.ts`);
    writeFileSync(path, examples.module(name).replace(/\/srv\/\w+/g, root.path));
    return await serve((await import(path))[name], root);
  }

  it('the first: a program', async () => {
    using directory = new TemporaryDirectory({ 'a.txt': 'content' });
    const path = join(examples.path, 'program.js');
    writeFileSync(path, readFileSync(path, 'utf8').replace('8000', '0'));
    await using program = await RunningProgram.start([path], directory.path);
    expect(await getBody(program.port, '/a.txt')).toBe('content');
  });

  it('Site', async () => {
    await using site = await example('Site', { 'about.html': 'about', '404.html': 'own 404' });
    expect(await site.ask('/about')).toMatchObject({ version: 'HTTP/1.1', status: 200, body: 'about' });
    expect(await site.ask('/missing')).toMatchObject({ status: 404, body: 'own 404' });
  });

  it('Logs', async () => {
    await using site = await example('Logs', { 'a.log': '', 'a.rst': '', 'a.gz': '' });
    const types = await Promise.all(
      ['/a.log', '/a.rst', '/a.gz'].map(async (path) => (await site.ask(path)).field('content-type')),
    );
    expect(types).toEqual(['text/plain; charset=utf-8', 'text/x-rst; charset=latin1', 'application/gzip']);
  });

  it('Form', async () => {
    await using site = await example('Form', { 'a.txt': 'a' });
    const said = vi.spyOn(console, 'log').mockImplementation(() => {});
    const body = 'name=Ann&text=Hello';
    const answer = await site.ask('/feedback', `Content-Length: ${body.length}\r\n`, 'POST', body);
    expect([answer.status, answer.field('location')]).toEqual([303, '/thanks.html']);
    expect(said.mock.calls).toEqual([['%s says: %s', 'Ann', 'Hello']]);
    said.mockRestore();
    const refused = await site.ask('/a.txt', 'Content-Length: 0\r\n', 'POST');
    expect([refused.status, refused.field('allow')]).toEqual([405, 'GET, HEAD, OPTIONS, POST']);
  });

  it('Moved', async () => {
    await using site = await example('Moved', { 'new.html': 'new' });
    const answer = await site.ask('/old.html');
    expect([answer.status, answer.field('location')]).toEqual([301, '/new.html']);
    expect((await site.ask('/new.html')).body).toBe('new');
  });

  it('Documentation', async () => {
    await using site = await example('Documentation', { 'v1/a.html': 'one', 'v2/a.html': 'two' });
    expect((await site.ask('/latest/a.html')).body).toBe('two');
    expect((await site.ask('/v1/a.html')).body).toBe('one');
    expect((await site.ask('/latest/../../etc/passwd')).status).toBe(404);
  });

  it('Downloads', async () => {
    await using site = await example('Downloads', { LICENSE: 'license', unknown: 'unknown' });
    expect((await site.ask('/LICENSE')).field('content-type')).toBe('text/plain');
    expect((await site.ask('/unknown')).field('content-type')).toBe('application/octet-stream');
  });

  it('Plain', async () => {
    await using site = await example('Plain', { 'd/a.txt': '', 'd/.hidden': '' });
    expect((await site.ask('/d/')).body).toBe('a.txt\n');
  });

  it('Counting', async () => {
    await using site = await example('Counting', { 'a.txt': 'x'.repeat(200_000) });
    expect((await site.ask('/a.txt')).body).toHaveLength(200_000);
    expect(site.log).toContain('%s: %d octets /a.txt 200000');
  });

  it('Assets', async () => {
    await using site = await example('Assets', { 'assets/app-0123abcd.js': '', 'index.html': '' });
    const control = async (path: string) => (await site.ask(path)).field('cache-control');
    expect(await control('/assets/app-0123abcd.js')).toContain('immutable');
    expect(await control('/')).toBe('no-cache');
  });

  it('Members', async () => {
    await using site = await example('Members', { 'members/a.txt': 'secret', 'b.txt': 'public' });
    site.root.link('link', 'members');
    for (const path of ['/members/a.txt', '//members/a.txt', '/%6dembers/a.txt', '/link/a.txt', '/members/'])
      expect(await site.ask(path), path).toMatchObject({
        status: 404,
        body: expect.not.stringContaining('secret'),
      });
    expect((await site.ask('/b.txt')).body).toBe('public');
    for (let again = 0; again < 2; again++)
      expect((await site.ask('/link/a.txt', 'X-Member: yes\r\n')).body).toBe('secret');
    expect((await site.ask('/link/a.txt')).status).toBe(404);
  });

  it('Isolated', async () => {
    await using site = await example('Isolated', { 'a.txt': '' });
    for (const path of ['/a.txt', '/', '/missing', '/%zz'])
      expect((await site.ask(path)).field('cross-origin-opener-policy'), path).toBe('same-origin');
  });

  it('are all of them here', () => {
    const tests = readFileSync(fileURLToPath(import.meta.url), 'utf8');
    for (const name of examples.names)
      if (name !== 'program') expect(tests).toContain(`await example('${name}'`);
  });
});

/** A served directory, which is gone when this is disposed of. */
interface Served extends AsyncDisposable {
  readonly root: TemporaryDirectory;
  readonly log: readonly string[];
  ask(path: string, fields?: string, method?: string, body?: string): Promise<Answer>;
}

async function serve(Handler: typeof SimpleHTTPRequestHandler, root: TemporaryDirectory): Promise<Served> {
  const log: string[] = [];
  class Quiet extends Handler {
    override directory = root.path;
    override logMessage(format: string, ...args: unknown[]): void {
      log.push([format, ...args].join(' '));
    }
  }
  const live = await serveLive(Quiet as typeof BaseHTTPRequestHandler);
  return {
    root,
    log,
    ask: async (path, fields = '', method = 'GET', body = '') =>
      parseAnswer(
        await talk(live.port, request(`${method} ${path}`, `Connection: close\r\n${fields}`, body)),
      ),
    async [Symbol.asyncDispose]() {
      await live[Symbol.asyncDispose]();
      root[Symbol.dispose]();
    },
  };
}
