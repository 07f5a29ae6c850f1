// The collection of raw HTTP/1.x cases that lies beside the project in development, against a live echo server.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { HTTPServer } from '../../src/index.js';
import { EchoHandler } from '../support/echo-handler.js';

const runner = fileURLToPath(new URL('../../../shared/http-cases/run.mjs', import.meta.url));

interface Report {
  readonly totals: {
    readonly run: number;
    readonly pass: number;
    readonly alt: number;
    readonly fail: number;
  };
  readonly results: readonly { id: string; verdict: string; got: string; why?: string }[];
}

/** Where docs/security.md says that more is accepted than the strictest server would. */
const LENIENT = new Set([
  'target/raw-backtick',
  'target/raw-brackets-in-path',
  'target/raw-caret',
  'target/raw-pipe',
  'target/raw-rbrace',
  'target/utf8',
  'target/overlong-utf8-slash',
]);

it.skipIf(!existsSync(runner))(
  'answers every case of the collection strictly, but for the leniencies that are documented',
  { timeout: 280_000 },
  async () => {
    await using httpd = new HTTPServer(['127.0.0.1', 0], EchoHandler);
    const [host, port] = await httpd.ready;
    void httpd.serveForever();
    const { totals, results } = await run(host, port);
    const notStrict = results.filter(
      ({ verdict, id }) => verdict === 'fail' || (verdict === 'alt' && !LENIENT.has(id)),
    );
    expect(notStrict).toEqual([]);
    expect(totals.run).toBeGreaterThan(400);
  },
);

function run(host: string, port: number): Promise<Report> {
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, [runner, host, String(port), '--json'], options, (error, stdout) => {
      if (stdout === '') reject(error);
      else resolve(JSON.parse(stdout));
    });
  });
}
