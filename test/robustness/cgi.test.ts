// CGI in a process of its own: what programs, their output and their callers can make the server hold, and what is left
// of them. BASEHTTP_FULL=1 for the full sizes.

import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { hasProgram } from '../support/command.js';
import { CompiledExamples } from '../support/examples.js';
import { git, hasGit, makeRepository, objectsOf } from '../support/git.js';
import { childrenOf, processesIn } from '../support/processes.js';
import { RawClient, request, statuses, talk, times } from '../support/raw-client.js';
import { canMeasure, isFull, ServerProcess } from '../support/server-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

vi.setConfig({ testTimeout: 600_000 });

const MIB = 1024 * 1024;
const HEAD = 'printf "Content-Type: text/plain\\n\\n"';

/** A server of programs, by name, and what is known of it. */
class CGIProcesses implements AsyncDisposable {
  readonly server: ServerProcess;
  readonly #directory: Awaited<ReturnType<typeof temporaryDirectory>>;

  private constructor(server: ServerProcess, directory: Awaited<ReturnType<typeof temporaryDirectory>>) {
    this.server = server;
    this.#directory = directory;
  }

  /** @param variables of the handler class */
  static async start(
    programs: Readonly<Record<string, string>>,
    variables: Readonly<Record<string, unknown>> = {},
    maxDescriptors?: number,
  ): Promise<CGIProcesses> {
    const directory = await temporaryDirectory();
    mkdirSync(join(directory.path, 'cgi-bin'));
    for (const [name, program] of Object.entries(programs)) {
      const path = join(directory.path, 'cgi-bin', name);
      writeFileSync(path, program.startsWith('<?') ? program : `#!/bin/sh\n${program}\n`);
      chmodSync(path, 0o755);
    }
    const options = { directory: directory.path, cgi: variables };
    const server = await ServerProcess.start(
      maxDescriptors === undefined ? options : { ...options, maxDescriptors },
    );
    return new CGIProcesses(server, directory);
  }

  get(name: string, fields = ''): Promise<string> {
    return talk(this.server.port, request(`GET /cgi-bin/${name}`, `${fields}Connection: close\r\n`));
  }

  /** Waits until no program is left, alive or dead, nor what it has started. */
  async untilNobodyIsLeft(): Promise<void> {
    while (childrenOf(this.server.pid).length + processesIn(this.#directory.path).length > 0) await delay(20);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    for (const pid of processesIn(this.#directory.path)) process.kill(pid, 'SIGKILL');
    await this.#directory[Symbol.asyncDispose]();
  }
}

/** The most memory that a process has while something is done, in octets. */
async function peakDuring(pid: number, work: Promise<unknown>): Promise<number> {
  let peak = 0;
  let done = false;
  const finished = work.finally(() => {
    done = true;
  });
  while (!done) {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    peak = Math.max(peak, Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) * 1024);
    await delay(20);
  }
  await finished;
  return peak;
}

function report(what: string, figures: object): void {
  if (isFull) console.log(what, figures);
}

describe.skipIf(!canMeasure)('large bodies', () => {
  const upload = async (port: number, size: number): Promise<void> => {
    const digest = createHash('sha256');
    const piece = Buffer.alloc(64 * 1024);
    const body = Readable.from(
      (function* () {
        for (let sent = 0; sent < size; sent += piece.length) {
          piece.writeUInt32LE(sent);
          digest.update(piece);
          yield Buffer.from(piece);
        }
      })(),
      { highWaterMark: 1 },
    );
    const answer = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
      const headers = { 'Content-Length': size };
      const put = httpRequest({ port, method: 'PUT', path: '/cgi-bin/digest', headers }, resolve);
      body.pipe(put.on('error', reject));
    });
    expect((await text(answer)).slice(0, 64)).toBe(digest.digest('hex'));
  };

  const uploadSize = (isFull ? 200 : 32) * MIB;
  it(`an upload of ${uploadSize / MIB} MiB is byte-exact, and memory stays as it is`, async () => {
    await using site = await CGIProcesses.start({ digest: `${HEAD}; exec sha256sum` });
    const { server } = site;
    // What the work needs, with all that the collector has not come to yet.
    const usual = await peakDuring(
      server.pid,
      times(3, 1, () => upload(server.port, 32 * MIB)),
    );
    const peak = await peakDuring(server.pid, upload(server.port, uploadSize));
    expect(peak - usual).toBeLessThan(20 * MIB);
    await site.untilNobodyIsLeft();
    report('upload', { usual: usual / MIB, growth: (peak - usual) / MIB });
  });

  const outputSize = (isFull ? 1024 : 64) * MIB;
  it(`MUST 79: ${outputSize / MIB} MiB of output pass, and memory stays as it is, also while clients stall`, async () => {
    const zeros = (size: number) => `${HEAD}; exec head -c ${size} /dev/zero`;
    await using site = await CGIProcesses.start({ some: zeros(64 * MIB), all: zeros(outputSize) });
    const { server } = site;
    const receive = async (name: string) => {
      using client = await RawClient.connect(server.port);
      client.drop();
      client.send(request(`GET /cgi-bin/${name}`, 'Connection: close\r\n'));
      expect(await client.closed).toBeUndefined();
      return client.socket.bytesRead;
    };
    const usual = await peakDuring(
      server.pid,
      times(3, 1, async () => void (await receive('some'))),
    );
    let received = 0;
    const work = receive('all').then((octets) => {
      received = octets;
    });
    const peak = await peakDuring(server.pid, work);
    expect(received).toBeGreaterThan(outputSize);
    expect(peak - usual).toBeLessThan(20 * MIB);

    const stalled = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const client = await RawClient.connect(server.port);
        client.stall();
        client.send(request('GET /cgi-bin/all', 'Connection: close\r\n'));
        return client;
      }),
    );
    await server.until(({ active }) => active === stalled.length);
    const waiting = await server.stuck('written');
    expect(waiting.rss - usual).toBeLessThan(20 * MIB);
    const [first, ...others] = stalled;
    first!.drop();
    expect(await first!.closed).toBeUndefined();
    expect(first!.socket.bytesRead).toBeGreaterThan(outputSize);
    for (const client of others) client.reset();
    await site.untilNobodyIsLeft();
    report('output', {
      usual: usual / MIB,
      growth: (peak - usual) / MIB,
      stalled: (waiting.rss - usual) / MIB,
    });
  });
});

describe.skipIf(!canMeasure)('many at once', () => {
  const count = isFull ? 500 : 100;
  const programs = {
    short: `${HEAD}; sleep 0.05; echo done`,
    long: `${HEAD}; sleep 0.5; echo done`,
  };

  it(`MUST 80: ${count} requests at once are all answered, and nothing is left`, async () => {
    await using site = await CGIProcesses.start(programs);
    const { server } = site;
    await site.get('short');
    const before = await server.until(({ sockets }) => sockets === 0);
    await times(count, count, async () => {
      const answer = await site.get('short');
      expect(statuses(answer)).toEqual([200]);
      expect(answer).toContain('done');
    });
    await site.untilNobodyIsLeft();
    const after = await server.until(
      ({ sockets, active, descriptors }) => sockets + active === 0 && descriptors <= before.descriptors,
    );
    expect(after).toMatchObject({ failed: 0, uncaught: 0 });
    report('parallel', { before, after });
  });

  it('MUST 80: those beyond the limit are answered 503, with Retry-After', async () => {
    const cgiLimits = { maxRunning: 4, maxWaiting: 8, maxWaitMs: 60_000, maxSpoolSize: 0, killAfterMs: 2000 };
    await using site = await CGIProcesses.start(programs, { cgiLimits });
    const answers: string[] = [];
    await times(count, count, async () => void answers.push(await site.get('long')));
    const busy = answers.filter((answer) => statuses(answer)[0] === 503);
    for (const answer of busy) expect(answer).toMatch(/^Retry-After: \d+\r$/m);
    expect(answers.filter((answer) => statuses(answer)[0] === 200).length).toBe(count - busy.length);
    expect(busy.length).toBeGreaterThan(0);
    expect(busy.length).toBeLessThanOrEqual(count - 12);
    await site.untilNobodyIsLeft();
  });

  it('MUST 80: where descriptors run out, requests wait or are answered 503', async () => {
    await using site = await CGIProcesses.start(programs, {}, 60);
    const answers: string[] = [];
    await times(100, 100, async () => void answers.push(await site.get('long').catch(String)));
    const codes = new Set(answers.flatMap(statuses));
    expect([...codes].filter((code) => code !== 200 && code !== 503)).toEqual([]);
    expect(codes).toContain(503);
    await site.untilNobodyIsLeft();
    expect(statuses(await site.get('short'))).toEqual([200]);
    expect(await site.server.stats()).toMatchObject({ uncaught: 0, active: 0 });
  });
});

describe.skipIf(!canMeasure)('programs that are not waited for', () => {
  const programs = {
    silent: 'sleep 1000',
    slow: `${HEAD}; echo one; sleep 1000`,
    family: `${HEAD}; sleep 1000 & sleep 1000 | cat`,
    endless: `${HEAD}; exec cat /dev/zero`,
    deaf: `trap "" TERM; ${HEAD}; echo one; while :; do sleep 1; done`,
    reader: `${HEAD}; exec cat`,
  };
  const upload = request('POST /cgi-bin/reader', 'Content-Length: 1000000\r\n', 'x'.repeat(100_000));

  const count = isFull ? 1_000 : 120;
  it(`MUST 78: after ${count} aborts there is no process, zombie or descriptor left`, async () => {
    const cgiLimits = {
      maxRunning: 64,
      maxWaiting: 512,
      maxWaitMs: 30_000,
      maxSpoolSize: 0,
      killAfterMs: 100,
    };
    await using site = await CGIProcesses.start(programs, { cgiLimits });
    const { server } = site;
    const names = Object.keys(programs);
    const abort = async (index: number) => {
      using client = await RawClient.connect(server.port);
      const name = names[index % names.length]!;
      client.send(name === 'reader' ? upload : request(`GET /cgi-bin/${name}`));
      if (index % 4 === 0) await turn();
      else if (name === 'silent') await delay(index % 50);
      else await client.until((received) => received.length > 0);
      client.reset();
    };
    await talk(server.port, request('GET /', 'Connection: close\r\n'));
    const before = await server.until(({ sockets, active }) => sockets + active === 0);
    await times(count, 20, abort);
    await site.untilNobodyIsLeft();
    const after = await server.until(
      ({ sockets, active, descriptors, timers }) =>
        sockets + active === 0 && descriptors <= before.descriptors && timers <= before.timers,
    );
    expect(after).toMatchObject({ failed: 0, uncaught: 0 });
    report('aborts', { before, after });
  });

  it('MUST 77: what a program leaves running does not hold its answer, and is ended if it holds the output', async () => {
    await using site = await CGIProcesses.start({ leaves: `${HEAD}; echo one; sleep 1000 &` });
    expect(await site.get('leaves')).toMatch(/one\n\r\n0\r\n\r\n$/);
    await site.untilNobodyIsLeft();
  });

  it('MUST 77: a program that is silent for too long is answered 504, or cut off, and ended', async () => {
    await using site = await CGIProcesses.start(programs, { cgiTimeout: 0.5 });
    expect(statuses(await site.get('silent'))).toEqual([504]);
    const cut = await site.get('deaf');
    expect(statuses(cut)).toEqual([200]);
    expect(cut).not.toMatch(/0\r\n\r\n$/);
    await site.untilNobodyIsLeft();
  });
});

describe.skipIf(!hasGit)('git http-backend', () => {
  const commits = isFull ? 10_000 : 1_700; // each of them three objects

  it(`clone, shallow fetch and push of ${commits * 3} objects are byte-exact`, async () => {
    using examples = new CompiledExamples();
    await using directory = await temporaryDirectory();
    const at = (name: string) => join(directory.path, name);
    await makeRepository(at('a.git'), commits);
    const original = await objectsOf(at('a.git'));
    expect(original.count).toBeGreaterThanOrEqual(5_000);
    await using server = await examples.start('cgi/git-server', {
      GIT_PROJECT_ROOT: directory.path,
      GIT_PASSWORD: 'secret',
    });
    const url = `${server.url}a.git`;

    await git(directory.path, ['clone', '--quiet', '--bare', url, 'clone.git']);
    expect(await objectsOf(at('clone.git'))).toEqual(original);

    await git(directory.path, ['clone', '--quiet', '--depth', '10', url, 'shallow']);
    const history = async () => Number(await git(at('shallow'), ['rev-list', '--count', 'HEAD']));
    expect(await history()).toBe(10);
    await git(at('shallow'), ['fetch', '--quiet', '--depth', '100']);
    expect(await history()).toBe(100);
    await git(at('shallow'), ['fetch', '--quiet', '--unshallow']);
    expect(await objectsOf(at('shallow'))).toEqual(original);

    await git(directory.path, ['clone', '--quiet', url, 'work']);
    // More than git puts into one piece, so it is pushed in chunks.
    const large = Buffer.alloc(3 * MIB, createHash('sha512').update('seed').digest('base64'));
    for (let at = 0; at < large.length; at += 1024) large.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, at);
    writeFileSync(join(at('work'), 'large'), large);
    await git(at('work'), ['add', 'large']);
    await git(at('work'), ['commit', '--quiet', '--message', 'large']);
    await expect(git(at('work'), ['push', '--quiet'])).rejects.toThrow(
      /could not read Username|Authentication/,
    );
    const known = url.replace('://', '://git:secret@');
    const wrong = url.replace('://', '://git:wrong@');
    await expect(git(at('work'), ['push', '--quiet', wrong, 'main'])).rejects.toThrow(
      'Authentication failed',
    );
    await git(at('work'), ['-c', 'http.postBuffer=65536', 'push', '--quiet', known, 'main']);
    expect(await objectsOf(at('a.git'))).toEqual(await objectsOf(at('work')));

    await git(directory.path, ['init', '--quiet', '--bare', 'empty.git']);
    const empty = known.replace('a.git', 'empty.git');
    await git(at('work'), ['-c', 'http.postBuffer=65536', 'push', '--quiet', empty, 'main']);
    expect((await objectsOf(at('empty.git'))).digest).toBe((await objectsOf(at('work'))).digest);
  });
});

describe.skipIf(!canMeasure || !hasProgram('php-cgi'))('php-cgi', () => {
  const PHP = `<?php
    header('X-Method: ' . $_SERVER['REQUEST_METHOD']);
    http_response_code(201);
    echo json_encode([$_GET, $_POST, $_SERVER['SCRIPT_NAME'], $_SERVER['PATH_INFO'] ?? null]);`;

  it('runs .php files, which need not be executable', async () => {
    await using site = await CGIProcesses.start({ 'a.php': PHP }, { cgiInterpreters: { '.php': 'php-cgi' } });
    const post = request(
      'POST /cgi-bin/a.php/b/c?d=e&f',
      'Connection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 5\r\n',
      'g=h+i',
    );
    const answer = await talk(site.server.port, post);
    expect(statuses(answer)).toEqual([201]);
    expect(answer).toContain('X-Method: POST\r\n');
    expect(answer).toContain('[{"d":"e","f":""},{"g":"h i"},"\\/cgi-bin\\/a.php","\\/b\\/c"]');
    // CVE-2012-1823: a query is no argument.
    expect(await site.get('a.php?-s')).not.toContain('<?php');
    expect(await site.get('a.php?-v')).not.toContain('Zend');
  });
});
