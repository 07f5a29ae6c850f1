// The command as a person meets it: what it says, where it listens, how it ends.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import packageInfo from '../../package.json' with { type: 'json' };
import { makeHandler } from '../../src/cli/handler.js';
import { answersMs } from '../../src/cli/serve.js';
import type { CGIHTTPRequestHandler } from '../../src/index.js';
import { built } from '../support/built.js';
import { type RunningProgram, runCommand, startCommand } from '../support/command.js';
import { settingsOf } from '../support/options.js';
import { canSeeProcesses, membersOf, untilGone } from '../support/processes.js';
import { getBody, RawClient, request, talk } from '../support/raw-client.js';
import { parseAnswer, TemporaryDirectory } from '../support/site.js';

let site: TemporaryDirectory;

beforeAll(() => {
  site = new TemporaryDirectory({
    'a.txt': 'hello',
    'sub/b.txt': 'sub',
    'big.bin': Buffer.alloc(32 * 1024 * 1024, 'x'),
  });
});

afterAll(() => site[Symbol.dispose]());

/** Listens on a port of this machine; `undefined` if somebody does already. */
async function occupy(port: number): Promise<Server | undefined> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return server;
  } catch {
    return undefined;
  }
}

/** A client whose answer is on its way and waits for it. */
async function stalled(command: RunningProgram): Promise<RawClient> {
  const client = await RawClient.connect(command.port);
  client.send(request('GET /big.bin'));
  await client.until((received) => received.length > 0);
  client.stall();
  return client;
}

describe('what it says', () => {
  it('--version: the version of the package', () => {
    expect(runCommand(['--version'])).toEqual({ status: 0, stdout: `${packageInfo.version}\n`, stderr: '' });
    expect(runCommand(['-V']).stdout).toBe(`${packageInfo.version}\n`);
  });

  it('--help: one screen, with examples', () => {
    const { status, stdout, stderr } = runCommand(['--help']);
    expect([status, stderr]).toEqual([0, '']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    for (const word of ['Usage: basehttp', '--bind', '--spa', '--help=all', 'man basehttp', 'Ctrl-C']) {
      expect(stdout).toContain(word);
    }
  });

  it.each([
    [['--bnd', 'x'], 2, "unknown option '--bnd' (Did you mean --bind?); see basehttp --help"],
    [['0', 'no-such-directory'], 1, 'no-such-directory does not exist: name a directory or a file that does'],
    [['0', '-b', '192.0.2.1'], 1, '192.0.2.1 is not an address of this machine: leave it out'],
    [['0', '-b', ''], 2, "--bind: '' is no address: say 0.0.0.0 for all"],
  ])('MUST 86: %j ends with one line that says what is wrong', (args, exitCode, sentence) => {
    const { status, stdout, stderr } = runCommand(args);
    expect([status, stdout]).toEqual([exitCode, '']);
    expect(stderr).toContain(sentence);
    expect(stderr).toMatch(/^basehttp: [^\n]+\n$/);
  });

  it.skipIf(process.platform === 'win32')('MUST 86: the current directory has been removed', () => {
    using empty = new TemporaryDirectory();
    const script = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"';
    const command = [process.execPath, fileURLToPath(built('bin/basehttp.js')), '0'];
    const { status, stderr } = spawnSync('sh', ['-c', script, 'sh', ...command], {
      cwd: empty.path,
      encoding: 'utf8',
      timeout: 15_000,
    });
    expect(status).toBe(1);
    expect(stderr).toBe(
      'basehttp: the current directory is not there any more: go to another, or name one\n',
    );
  });

  it('MUST 86: a port in use', async () => {
    const server = (await occupy(0))!;
    const { port } = server.address() as { port: number };
    try {
      const { status, stderr } = runCommand([String(port)]);
      expect(status).toBe(1);
      expect(stderr).toBe(`basehttp: port ${port} is in use: name another, or 0 for any that is free\n`);
    } finally {
      server.close();
    }
  });

  it('without a port: the next one that is free, and it says so; or that there is none', async () => {
    const servers = [await occupy(8000)];
    try {
      {
        await using command = await startCommand([site.path]);
        expect(command.port).toBeGreaterThan(8000);
        await expect.poll(() => command.stderr).toContain(`Port 8000 is in use: this is ${command.port}.`);
      }
      for (let port = 8001; port < 8020; port++) servers.push(await occupy(port));
      const { status, stderr } = runCommand([site.path]);
      expect(status).toBe(1);
      expect(stderr).toBe(
        'basehttp: ports 8000 to 8019 are in use: name another, or 0 for any that is free\n',
      );
    } finally {
      for (const server of servers) server?.close();
    }
  });

  it('MUST 86: with --strict-port: the default port, or none', async () => {
    const server = await occupy(8000);
    try {
      const { status, stdout, stderr } = runCommand([site.path, '--strict-port']);
      expect([status, stdout]).toEqual([1, '']);
      expect(stderr).toBe('basehttp: port 8000 is in use: name another, or 0 for any that is free\n');
    } finally {
      server?.close();
    }
  });
});

describe('what it serves', () => {
  it.each([
    ['port and directory', () => ['0', site.path]],
    ['directory and port', () => [site.path, '0']],
    ['-d', () => ['-d', site.path, '0']],
    ['--directory', () => ['0', '--directory', site.path]],
  ])('%s', async (_title, args) => {
    await using command = await startCommand(args());
    expect(command.stdout).toBe(`Serving ${site.path} at http://127.0.0.1:${command.port}/ (Ctrl-C stops)\n`);
    expect(await getBody(command.port, '/a.txt')).toBe('hello');
  });

  it('the current directory, unless told otherwise; a relative one is below it', async () => {
    await using here = await startCommand(['0'], site.path);
    expect(await getBody(here.port, '/a.txt')).toBe('hello');
    await using sub = await startCommand(['0', 'sub'], site.path);
    expect(await getBody(sub.port, '/b.txt')).toBe('sub');
  });

  it('logs each request to standard error, nothing more to standard output', async () => {
    await using command = await startCommand(['0', site.path]);
    await talk(command.port, request('GET /a.txt', 'Connection: close\r\n'));
    await talk(command.port, request('GET /%1b[2J', 'Connection: close\r\n'));
    await expect.poll(() => command.stderr).toMatch(/"GET \/%1b\[2J HTTP\/1\.1" 404 -\n$/);
    expect(command.stderr).toMatch(/^127\.0\.0\.1 - - \[[^\]]+\] "GET \/a\.txt HTTP\/1\.1" 200 -\n/);
    expect(command.stdout.split('\n')).toHaveLength(2);
  });

  it('-p: the version of the answers', async () => {
    await using new11 = await startCommand(['0', site.path]);
    await using old = await startCommand(['0', site.path, '-p', 'HTTP/1.0']);
    const ask = (port: number) => talk(port, request('HEAD /a.txt', 'Connection: close\r\n'));
    expect(parseAnswer(await ask(new11.port)).version).toBe('HTTP/1.1');
    expect(parseAnswer(await ask(old.port)).version).toBe('HTTP/1.0');
  });
});

describe('where it listens', () => {
  const table = '/proc/net/tcp';
  const listeners = (port: number) => {
    const hex = port.toString(16).toUpperCase().padStart(4, '0');
    return [...readFileSync(table, 'latin1').matchAll(new RegExp(`(\\w{8}):${hex} 0{8}:0000 0A`, 'g'))].map(
      ([, at]) => at,
    );
  };

  it('MUST 81: on the loopback address, and nowhere else', async () => {
    await using command = await startCommand(['0', site.path]);
    expect(new URL(command.url).hostname).toBe('127.0.0.1');
    if (process.platform === 'linux') expect(listeners(command.port)).toEqual(['0100007F']);
    await talk(command.port, request('GET /', 'Connection: close\r\n'));
    expect(command.stderr).not.toContain('Everybody');
  });

  it('MUST 81: on all addresses only if asked to, with a warning', async () => {
    await using command = await startCommand(['0', site.path, '--bind', '0.0.0.0']);
    if (process.platform === 'linux') expect(listeners(command.port)).toEqual(['00000000']);
    await expect
      .poll(() => command.stderr)
      .toContain('Everybody who can reach this machine can read these files.');
    expect(await getBody(command.port, '/a.txt')).toBe('hello');
  });

  it('on IPv6, if this machine has it', async ({ skip }) => {
    const probe = createServer().listen(0, '::1');
    const has = await once(probe, 'listening').then(
      () => true,
      () => false,
    );
    probe.close();
    if (!has) skip('this machine has no IPv6');
    await using command = await startCommand(['0', site.path, '-b', '[::1]']);
    expect(command.url).toBe(`http://[::1]:${command.port}/`);
    expect(await (await fetch(`${command.url}a.txt`)).text()).toBe('hello');
  });
});

describe('how it ends', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'MUST 83: %s: at once if nothing is in progress, with exit code 0',
    async (signal) => {
      await using command = await startCommand(['0', site.path]);
      using idle = await RawClient.connect(command.port);
      idle.send(request('GET /a.txt'));
      await idle.until((received) => received.endsWith('hello'));
      command.child.kill(signal);
      expect(await command.exited).toBe(0);
      expect(idle.isOpen).toBe(false);
      expect(command.stderr).toContain('"GET /a.txt HTTP/1.1" 200');
    },
  );

  it('MUST 83: it does not wait for clients that keep their side open', async () => {
    await using command = await startCommand(['0', site.path]);
    const client = connect({ port: command.port, host: '127.0.0.1', allowHalfOpen: true });
    try {
      client.write(request('GET /a.txt'));
      await once(client, 'data');
      command.child.kill('SIGTERM');
      expect(await command.exited).toBe(0);
      expect(command.stderr).not.toContain('Answers are in progress');
    } finally {
      client.destroy();
    }
  });

  it('MUST 83: an answer in progress is sent to its end; nobody new is let in', async () => {
    await using command = await startCommand(['0', site.path]);
    using client = await stalled(command);
    command.child.kill('SIGTERM');
    await expect
      .poll(() =>
        RawClient.connect(command.port).then(
          () => 'let in',
          (error) => error.code,
        ),
      )
      .toBe('ECONNREFUSED');
    await expect.poll(() => command.stderr).toContain('Answers are in progress: Ctrl-C ends them.');
    client.resume();
    await client.ended();
    expect(parseAnswer(client.received).body.length).toBe(32 * 1024 * 1024);
    expect(await command.exited).toBe(0);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('MUST 83: a second %s ends at once, with exit code %i', async (signal, exitCode) => {
    await using command = await startCommand(['0', site.path]);
    using client = await stalled(command);
    command.child.kill(signal);
    await expect.poll(() => command.stderr).toContain('Answers are in progress');
    expect(client.isOpen).toBe(true);
    command.child.kill(signal);
    expect(await command.exited).toBe(exitCode);
  });

  it.skipIf(!canSeeProcesses)('MUST 83: a second signal leaves no program that would not end', async () => {
    const script = 'trap "" TERM INT; echo Content-Type: text/plain; echo; echo $$; sleep 60';
    using own = new TemporaryDirectory({ 'cgi-bin/stubborn.sh': script });
    await using command = await startCommand(['0', own.path, '--cgi', '--cgi-interpreter', '.sh=sh']);
    using client = await RawClient.connect(command.port);
    client.send(request('GET /cgi-bin/stubborn.sh'));
    const [, group] = /^(\d+)\n/m.exec(await client.until((received) => /^\d+\n/m.test(received)))!;
    command.child.kill('SIGTERM');
    await expect.poll(() => command.stderr).toContain('Answers are in progress');
    expect(membersOf(Number(group)).length).toBeGreaterThan(0);
    command.child.kill('SIGTERM');
    expect(await command.exited).toBe(143);
    await untilGone(Number(group));
  });

  it('programs that have to be killed do not make it longer', async () => {
    const site = { directory: '/srv', file: undefined };
    const handlerFor = (line: string) => makeHandler(settingsOf(line), site, true);
    expect(answersMs(await handlerFor(''))).toBe(10_000);
    const Handler = (await handlerFor('--cgi')) as typeof CGIHTTPRequestHandler;
    expect(answersMs(Handler) + Handler.prototype.cgiLimits.killAfterMs).toBe(10_000);
  });

  it('a Ctrl-C that arrives twice, as behind npm, is one', async () => {
    await using command = await startCommand(['0', site.path]);
    using client = await stalled(command);
    command.child.kill('SIGINT');
    command.child.kill('SIGINT');
    await expect.poll(() => command.stderr).toContain('Answers are in progress');
    client.resume();
    await client.ended();
    expect(await command.exited).toBe(0);
  });
});

describe('MUST 87: readers that go away', () => {
  it.each(['stdout', 'stderr'] as const)('of %s: it serves on', async (stream) => {
    await using command = await startCommand(['0', site.path]);
    command.child[stream]!.destroy();
    for (let round = 0; round < 20; round++) expect(await getBody(command.port, '/a.txt')).toBe('hello');
    command.child.kill('SIGTERM');
    expect(await command.exited).toBe(0);
  });

  it.each(['--help', '--help=all', '--completions=bash', '--version'])(
    'of %s: that is no failure',
    async (word) => {
      const child = spawn(process.execPath, [fileURLToPath(built('bin/basehttp.js')), word]);
      child.stdout.destroy();
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (text) => {
        stderr += text;
      });
      expect(await once(child, 'close')).toEqual([0, null]);
      expect(stderr).toBe('');
    },
  );
});
