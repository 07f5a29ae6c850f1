import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CGIHTTPRequestHandler, HTTPServer } from '../../src/index.js';
import { CGISite, says, shell, variablesOf } from '../support/cgi-site.js';
import { hasProgram, RunningProgram } from '../support/command.js';
import { namesInBold, PageExamples, readPage } from '../support/page-examples.js';
import type { Files } from '../support/site.js';

vi.setConfig({ testTimeout: 60_000 });

const page = readPage('cgihttpserver.md');

const ENV = shell("printf 'Content-Type: text/plain\\n\\n'", 'env');

/** The rows of the table below a heading or a paragraph: what is in code in the first column. */
function firstColumn(before: string): string[] {
  const start = page.indexOf(before);
  if (start < 0) throw new Error(`There is no "${before}"`);
  const [table = ''] = /(?:^\|.*\n)+/m.exec(page.slice(start))!;
  return table
    .split('\n')
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([\w-]+)/g)].map(([, name = '']) => name));
}

describe.skipIf(process.platform === 'win32')('the text', () => {
  const { prototype } = CGIHTTPRequestHandler;
  const httpd = new HTTPServer(['', 0], CGIHTTPRequestHandler, { bindAndActivate: false });
  const handler = new CGIHTTPRequestHandler(new Socket(), ['', 0], httpd);
  const own = Object.getOwnPropertyNames(prototype);
  const bold = namesInBold(page);

  it('tells of every attribute and method of the class', () => {
    const inner = ['constructor', 'onError', 'parseRequest'];
    expect(own.length).toBeGreaterThan(15);
    expect(own.filter((name) => ![...inner, ...bold].includes(name))).toEqual([]);
  });

  it('tells of none that is not there', () => {
    expect(bold.filter((name) => !(name in handler))).toEqual([]);
  });

  it('tells the limits, and their defaults', () => {
    expect(firstColumn('**`cgiLimits`**').sort()).toEqual(Object.keys(prototype.cgiLimits).sort());
    for (const [name, value] of Object.entries(prototype.cgiLimits)) {
      const written = value % 2 ** 20 === 0 ? `${value / 2 ** 20} MiB` : value.toLocaleString('en');
      expect(page).toMatch(new RegExp(`^\\| \`${name}\` .* \\| ${written} \\|$`, 'm'));
    }
    expect(page).toContain(`two pieces of it: ${prototype.cgiTimeout}.`);
  });

  it('tells of every variable', async () => {
    const named = firstColumn('All of it is in its environment.');
    await using site = await CGISite.serve({ 'cgi-bin/run': ENV });
    const fields = { Accept: '*/*', Cookie: 'a=b', 'Content-Type': 'text/plain' };
    const answer = await site.ask('POST', '/cgi-bin/run/a?b', { fields, body: 'body' });
    const told = Object.keys(variablesOf(answer)).filter(
      (name) => !/^(?:HTTP_HOST|PWD|OLDPWD|SHLVL|_)$/.test(name),
    );
    expect(told.filter((name) => !named.includes(name))).toEqual([]);
    const conditional = ['HTTPS', 'REMOTE_USER', 'AUTH_TYPE'];
    expect(named.filter((name) => ![...told, ...conditional].includes(name))).toEqual([]);
  });
});

describe.skipIf(process.platform === 'win32')('the examples', () => {
  let examples: PageExamples;

  beforeAll(() => {
    examples = new PageExamples(page, 'CGIHTTPRequestHandler');
  }, 60_000);

  afterAll(() => examples?.[Symbol.dispose]());

  /** Serves with a class of the page, but the files given, and to clients that may say where they are. */
  async function example(name: string, files: Files): Promise<CGISite> {
    const path = join(examples.path, `${name}-served.ts`);
    const code = examples
      .code(name)
      .replace(/CGIHTTPRequestHandler|^ {2}directory = .*$/gm, (found) =>
        found.startsWith(' ') ? '' : 'Base',
      );
    writeFileSync(path, `export const extend = (Base) => {\n${code}\nreturn ${name};\n};\n`);
    const { extend }: { extend: Extend } = await import(path);
    const extendMore: Extend = (Base) =>
      class extends extend(Base) {
        override parseRequest(): boolean {
          const isToBeAnswered = super.parseRequest();
          const from = this.headers.get('x-from');
          if (from !== undefined) Object.assign(this, { clientAddress: [from, 0] });
          return isToBeAnswered;
        }
      };
    return await CGISite.serve(files, extendMore);
  }

  it('the first, and a shell script', async () => {
    const path = join(examples.path, 'program.js');
    writeFileSync(path, readFileSync(path, 'utf8').replace('8000', '0'));
    cpSync(
      fileURLToPath(new URL('../../examples/cgi/cgi-bin', import.meta.url)),
      join(examples.path, 'cgi-bin'),
      { recursive: true },
    );
    await using program = await RunningProgram.start([path], examples.path);
    const [, target = '', output = ''] = /curl -s 'http:\/\/127.0.0.1:8000(\S+)'.*\n([^`]+)/.exec(page)!;
    const answer = await (await fetch(new URL(target, program.url))).text();
    for (const line of output.trim().split('\n')) expect(answer.split('\n')).toContain(line);
  });

  it('Site', async () => {
    await using site = await example('Site', {
      'programs/run': ENV,
      'programs/a.php': '<?php echo 6 * 7;',
      'cgi-bin/run': says('is not run'),
    });
    const variables = variablesOf(await site.get('/programs/run'));
    expect(variables).toMatchObject({ LANG: 'C.UTF-8', STATE_DIRECTORY: '/var/lib/site' });
    expect((await site.get('/cgi-bin/run')).text).toContain('#!/bin/sh');
    if (hasProgram('php-cgi')) expect((await site.get('/programs/a.php')).text).toBe('42');
  });

  it('Tools', async () => {
    await using site = await example('Tools', { 'cgi-bin/run': ENV });
    expect((await site.get('/cgi-bin/run')).status).toBe(200);
    expect((await site.get('/cgi-bin/run', { 'X-From': '192.0.2.1' })).status).toBe(403);
  });

  it('are all of them here', () => {
    const tests = readFileSync(fileURLToPath(import.meta.url), 'utf8');
    for (const name of examples.names)
      if (name !== 'program') expect(tests).toContain(`await example('${name}'`);
  });
});

type Extend = (Base: typeof CGIHTTPRequestHandler) => typeof CGIHTTPRequestHandler;
