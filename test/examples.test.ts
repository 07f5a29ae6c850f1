// Every example is compiled against the built package, started, and used for what it is there for.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { RunningProgram } from './support/command.js';

const project = dirname(dirname(fileURLToPath(import.meta.url)));
const examples = readdirSync(join(project, 'examples')).filter((name) => name.endsWith('.ts'));

/** In the project, so that the name of the package leads to what is built. */
let compiled: string;

beforeAll(() => {
  compiled = mkdtempSync(join(project, 'examples', '.compiled-'));
  const config = {
    extends: join(project, 'tsconfig.json'),
    compilerOptions: { noEmit: false, rootDir: join(project, 'examples'), outDir: '.', paths: {} },
    include: [join(project, 'examples/*.ts')],
  };
  writeFileSync(join(compiled, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(project, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', compiled], { encoding: 'utf8' });
  expect(stdout).toBe('');
  expect(status).toBe(0);
}, 60_000);

afterAll(() => rmSync(compiled, { recursive: true, force: true }));

function start(name: string): Promise<RunningProgram> {
  return RunningProgram.start([join(compiled, `${name}.js`), '0']);
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
};

it('every example is used here', () => {
  expect(Object.keys(uses).sort()).toEqual(examples.map((name) => name.slice(0, -'.ts'.length)).sort());
});

it.each(examples)('%s is 40 lines at most', (name) => {
  const lines = readFileSync(join(project, 'examples', name), 'utf8')
    .trimEnd()
    .split('\n');
  expect(lines.length).toBeLessThanOrEqual(40);
  expect(lines[0]).toMatch(/^\/\/ /);
});

it.each(Object.entries(uses))('%s does what it is there for', (_name, use) => use());
