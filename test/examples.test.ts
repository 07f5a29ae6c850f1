// Every example is compiled against the built package, started, and used for what it is there for.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { RunningProgram } from './support/command.js';
import { hasProgram } from './support/command.js';
import { CompiledExamples, examplesDirectory } from './support/examples.js';
import { git, hasGit, makeRepository } from './support/git.js';
import { temporaryDirectory } from './support/temporary-directory.js';

const examples = ['.', 'cgi']
  .flatMap((directory) =>
    readdirSync(join(examplesDirectory, directory)).map((name) => join(directory, name)),
  )
  .filter((name) => name.endsWith('.ts'));

let compiled: CompiledExamples;

beforeAll(() => {
  compiled = new CompiledExamples();
}, 60_000);

afterAll(() => compiled[Symbol.dispose]());

function start(name: string): Promise<RunningProgram> {
  return compiled.start(name);
}

/** Octets in no order that could be taken for another. */
const MEBIBYTE = Buffer.from(
  Array.from({ length: 1024 * 1024 }, (_, index) => (index * 31 + (index >> 8)) & 0xff),
);

const uses: Readonly<Record<string, () => Promise<void>>> = {
  async hello() {
    await using example = await start('hello');
    const response = await fetch(`${example.url}spam?eggs`);
    expect(await response.text()).toBe('Hello from /spam?eggs\n');
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  },

  async 'form-post'() {
    await using example = await start('form-post');
    expect(await (await fetch(example.url)).text()).toContain('<form method="post">');
    const answer = await fetch(example.url, { method: 'POST', body: new URLSearchParams({ name: '<b>Ü&' }) });
    expect(await answer.text()).toContain('Hello, &lt;b>Ü&amp;!');
    expect((await fetch(example.url, { method: 'POST', body: 'x' })).status).toBe(415);
    const large = new URLSearchParams({ name: 'x'.repeat(2 * 1024 * 1024) });
    expect((await fetch(example.url, { method: 'POST', body: large })).status).toBe(413);
  },

  async 'upload-echo'() {
    await using example = await start('upload-echo');
    for (const method of ['PUT', 'POST']) {
      const headers = { 'Content-Type': 'application/x-mine' };
      const response = await fetch(example.url, { method, body: MEBIBYTE, headers });
      expect(response.headers.get('content-type')).toBe('application/x-mine');
      expect(Buffer.from(await response.arrayBuffer()).equals(MEBIBYTE)).toBe(true);
    }
  },

  async 'server-sent-events'() {
    await using example = await start('server-sent-events');
    expect(await (await fetch(example.url)).text()).toContain('new EventSource');
    const gone = new AbortController();
    const events = await fetch(`${example.url}events`, { signal: gone.signal });
    expect(events.headers.get('content-type')).toBe('text/event-stream');
    let received = '';
    for await (const chunk of events.body!.pipeThrough(new TextDecoderStream())) {
      received += chunk;
      if (received.split('\n\n').length > 2) break;
    }
    gone.abort();
    expect(received).toMatch(/^(data: \d{4}-\d\d-\d\dT[\d:.]+Z\n\n){2}/);
    expect((await fetch(example.url)).status).toBe(200);
    expect(example.stderr).not.toContain('Error');
  },

  async websocket() {
    await using example = await start('websocket');
    expect((await fetch(example.url)).status).toBe(426);
    const socket = new WebSocket(example.url.replace('http', 'ws'));
    try {
      const answers: string[] = [];
      const echoed = new Promise<void>((resolve, reject) => {
        socket.on('error', reject).on('message', (data, isBinary) => {
          answers.push(isBinary ? (data as Buffer).toString('hex') : String(data));
          if (answers.length === 2) resolve();
        });
      });
      socket.on('open', () => {
        socket.send('Grüße');
        socket.send(Buffer.of(0, 255));
      });
      await echoed;
      expect(answers).toEqual(['Grüße', '00ff']);
    } finally {
      socket.terminate();
    }
  },

  async 'line-echo'() {
    await using example = await start('line-echo');
    const [, host = '', port = ''] = /Listening on (\S+), port (\d+)/.exec(example.stdout)!;
    const socket = connect(Number(port), host);
    socket.end('eins\nzwei');
    expect(await text(socket)).toBe('EINS\nZWEI');
    example.child.kill('SIGINT');
    expect(await example.exited).toBe(0);
  },

  async 'cgi/server'() {
    await using example = await start('cgi/server');
    const program = (name: string) => new URL(`/cgi-bin/${name}`, example.url);
    const environment = await (await fetch(program('environment.sh/some/where?eggs=1'))).text();
    expect(environment).toMatch(/^PATH_INFO=\/some\/where$/m);
    expect(environment).toMatch(/^QUERY_STRING=eggs=1$/m);

    const digest = await fetch(program('digest.mjs'), { method: 'PUT', body: MEBIBYTE });
    expect(await digest.json()).toEqual({ sha256: createHash('sha256').update(MEBIBYTE).digest('hex') });
    const refused = await fetch(program('digest.mjs'));
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'PUT, POST']);

    if (!hasProgram('python3')) return;
    expect(await (await fetch(program('form.py'))).text()).toContain('Hello, stranger!');
    const body = new URLSearchParams({ name: '<b>Ü&' });
    for (const answer of [
      fetch(program(`form.py?${body}`)),
      fetch(program('form.py'), { method: 'POST', body }),
    ])
      expect(await (await answer).text()).toContain('Hello, &lt;b&gt;Ü&amp;!');
  },

  async 'cgi/git-server'() {
    if (!hasGit) return;
    await using directory = await temporaryDirectory();
    await makeRepository(join(directory.path, 'a.git'), 3);
    const env = { GIT_PROJECT_ROOT: directory.path, GIT_PASSWORD: 'secret' };
    await using example = await compiled.start('cgi/git-server', env);
    const clone = join(directory.path, 'clone');
    await git(directory.path, ['clone', '--quiet', `${example.url}a.git`, clone]);
    await git(clone, ['commit', '--quiet', '--allow-empty', '--message', 'one more']);
    await expect(git(clone, ['push'])).rejects.toThrow('could not read Username');
    const known = new URL('a.git', example.url.replace('://', '://git:secret@'));
    await git(clone, ['push', '--quiet', known.href, 'main']);
    expect(await git(join(directory.path, 'a.git'), ['log', '-1', '--format=%s', 'main'])).toBe('one more\n');
    expect((await fetch(`${example.url}a.git/git-receive-pack`, { method: 'POST' })).status).toBe(401);
  },
};

it('every example is used here', () => {
  expect(Object.keys(uses).sort()).toEqual(examples.map((name) => name.slice(0, -'.ts'.length)).sort());
});

it.each(examples)('%s is 40 lines at most', (name) => {
  const lines = readFileSync(join(examplesDirectory, name), 'utf8').trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(40);
  expect(lines[0]).toMatch(/^\/\/ /);
});

it.each(Object.entries(uses))('%s does what it is there for', { timeout: 60_000 }, (_name, use) => use());
