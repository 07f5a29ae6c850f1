// The server in docs/engine.md is compiled against the built package, run, and talked to.

import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RunningProgram } from '../support/command.js';
import { request, statuses, talk } from '../support/raw-client.js';

const project = fileURLToPath(new URL('../../', import.meta.url));
let directory: string;

beforeAll(async () => {
  // In the project, so that the name of the package leads to what is built.
  directory = await mkdtemp(join(project, 'docs', '.compiled-'));
  const page = await readFile(join(project, 'docs/engine.md'), 'utf8');
  const [, example] = /<!-- example:begin -->\s+```ts\n(.*?)```/s.exec(page)!;
  await writeFile(join(directory, 'server.ts'), example!);
  const config = {
    extends: join(project, 'tsconfig.json'),
    compilerOptions: { noEmit: false, paths: {} },
    include: ['server.ts'],
  };
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(project, 'node_modules/typescript/bin/tsc');
  expect(spawnSync(process.execPath, [tsc, '-p', directory], { encoding: 'utf8' }).stdout).toBe('');
}, 60_000);

afterAll(() => rm(directory, { recursive: true, force: true }));

it('is a server', async () => {
  await using server = await RunningProgram.start([join(directory, 'server.js'), '0']);
  const received = await talk(
    server.port,
    request('PUT /spam?eggs', 'Content-Length: 5\r\n', 'hello') +
      request('GET /'.padEnd(20, 'x')) +
      request('GET /', 'A: b\r\n'.repeat(50)),
  );
  expect(statuses(received)).toEqual([200, 200, 431]);
  expect(received).toContain('PUT /spam?eggs, 5 octets\n');
  expect(received).toMatch(/\r\n\r\nToo many header fields$/);
});
