// The access log, as the command writes it.

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type RunningProgram, startCommand } from '../support/command.js';
import { RawClient, request, talk } from '../support/raw-client.js';
import { TemporaryDirectory } from '../support/site.js';

vi.setConfig({ testTimeout: 60_000 }); // each starts several commands, and the machine may be busy

const SIZE = 32 * 1024 * 1024;
/** `[10/Oct/2000:13:55:36 -0700]` */
const TIME = String.raw`\[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]`;

let site: TemporaryDirectory;

beforeAll(() => {
  site = new TemporaryDirectory({ 'a.txt': 'hello', 'big.bin': Buffer.alloc(SIZE, 'x'), 'list/': '' });
});

afterAll(() => site[Symbol.dispose]());

function start(format: string, ...args: string[]): Promise<RunningProgram> {
  return startCommand(['0', site.path, '--log', format, ...args], undefined, { TZ: 'Asia/Kolkata' });
}

const send = (command: RunningProgram, line: string, fields = '') =>
  talk(command.port, request(line, `Connection: close\r\n${fields}`));

/** What has been logged, once there are as many lines. */
async function lines(command: RunningProgram, count: number): Promise<string[]> {
  await expect.poll(() => command.stderr.split('\n').length - 1).toBe(count);
  return command.stderr.trimEnd().split('\n');
}

describe('without --log', () => {
  it('a request is logged as Python does, an error in two lines', async () => {
    await using command = await startCommand(['0', site.path]);
    await send(command, 'GET /a.txt');
    await send(command, 'GET /missing');
    const [first, second, third] = await lines(command, 3);
    expect(first).toMatch(
      /^127\.0\.0\.1 - - \[\d\d\/\w{3}\/\d{4} [\d:]{8}\] "GET \/a\.txt HTTP\/1\.1" 200 -$/,
    );
    expect(second).toMatch(/\] code 404, message /);
    expect(third).toMatch(/"GET \/missing HTTP\/1\.1" 404 -$/);
  });
});

describe('--log clf', () => {
  it('MUST 87: one line a request, errors and what cannot be understood too, in the Common Log Format', async () => {
    await using command = await start('clf', '--auth', 'eve x:spam');
    const eve = `Authorization: Basic ${Buffer.from('eve x:spam').toString('base64')}\r\n`;
    await send(command, 'GET /a.txt', eve);
    await send(command, 'HEAD /a.txt', eve);
    await send(command, 'GET /a.txt', `${eve}Range: bytes=1-2\r\n`);
    await send(command, 'GET /a.txt');
    await send(command, 'SPAM /', eve);
    await talk(command.port, 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n');
    const logged = await lines(command, 6);
    const expected = [
      String.raw`eve\\x20x ${TIME} "GET \/a\.txt HTTP\/1\.1" 200 5`,
      String.raw`eve\\x20x ${TIME} "HEAD \/a\.txt HTTP\/1\.1" 200 -`,
      String.raw`eve\\x20x ${TIME} "GET \/a\.txt HTTP\/1\.1" 206 2`,
      String.raw`- ${TIME} "GET \/a\.txt HTTP\/1\.1" 401 \d{3,4}`,
      String.raw`eve\\x20x ${TIME} "SPAM \/ HTTP\/1\.1" 501 \d{3,4}`,
      String.raw`- ${TIME} "GET \/ HTTP\/1\.1" 400 \d{3,4}`,
    ];
    expected.forEach((pattern, index) => {
      expect(logged[index]).toMatch(new RegExp(`^127\\.0\\.0\\.1 - ${pattern}$`));
    });
    expect(logged[0]).toContain(' +0530]');
  });

  it('requests of one connection are logged each, in order', async () => {
    await using command = await start('clf');
    await talk(
      command.port,
      `${request('GET /a.txt')}${request('GET /list/')}${request('GET /x', 'Connection: close\r\n')}`,
    );
    const logged = await lines(command, 3);
    expect(logged.map((line) => /" (\d+) /.exec(line)?.[1])).toEqual(['200', '200', '404']);
  });

  it('says how much was sent when the client goes away in the middle', async () => {
    await using command = await start('clf');
    using client = await RawClient.connect(command.port);
    client.send(request('GET /big.bin'));
    await client.until((received) => received.length > 0);
    client.reset();
    const [line] = await lines(command, 1);
    const size = Number(/ 200 (\d+)$/.exec(line!)![1]);
    expect(size).toBeGreaterThan(0);
    expect(size).toBeLessThan(SIZE);
  });
});

describe('--log combined', () => {
  it('MUST 87: adds referrer and user agent, escaped', async () => {
    await using command = await start('combined');
    await send(command, 'GET /a.txt', 'Referer: http://a.example/"x\\\r\nUser-Agent: sp\xe4m \x85\r\n');
    await send(command, 'GET /a.txt');
    const [first, second] = await lines(command, 2);
    expect(first).toMatch(/ 200 5 "http:\/\/a\.example\/\\x22x\\\\" "späm \\x85"$/);
    expect(second).toMatch(/ 200 5 "-" "-"$/);
  });

  it('MUST 87: no line is above 4 KiB, and each has its end', async () => {
    await using command = await start('combined');
    const long = '"'.repeat(5000);
    await send(command, `GET /${'x'.repeat(7000)}`, `Referer: ${long}\r\nUser-Agent: ${long}\r\n`);
    const [line] = await lines(command, 1);
    expect(line!.length).toBeLessThan(4096);
    expect(line).toMatch(
      /^127\.0\.0\.1 - - \[[^\]]+\] "GET \/x+\.\.\." 404 \d+ "(?:\\x22)+\.\.\." "(?:\\x22)+\.\.\."$/,
    );
  });
});

describe('--log json', () => {
  it('MUST 87: one object a request', async () => {
    await using command = await start('json', '--auth', 'eve:spam');
    const eve = `Authorization: Basic ${Buffer.from('eve:spam').toString('base64')}\r\n`;
    await send(command, 'GET /a.txt?q=1', `${eve}Referer: r\r\nUser-Agent: u"\x9b\r\n`);
    await send(command, 'GET /missing', eve);
    await talk(command.port, 'GET\x1b[2J / HTTP/1.1\r\n\r\n');
    const logged = await lines(command, 3);
    for (const line of logged) expect(line).toMatch(/^[\x20-\x7e]+$/);
    const [first, second, third] = logged.map((line) => JSON.parse(line));
    expect(first).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      client: '127.0.0.1',
      user: 'eve',
      method: 'GET',
      target: '/a.txt?q=1',
      version: 'HTTP/1.1',
      status: 200,
      size: 5,
      durationMs: expect.any(Number),
      referrer: 'r',
      agent: 'u"\x9b',
    });
    expect(second).toMatchObject({ status: 404, target: '/missing', user: 'eve' });
    expect(second).not.toHaveProperty('referrer');
    expect(third).toMatchObject({ status: 400 });
    expect(third).not.toHaveProperty('durationMs');
  });

  it('MUST 87: no line is above 4 KiB, and each can be parsed', async () => {
    await using command = await start('json');
    const long = '\x80'.repeat(5000);
    await send(command, `GET /${'x'.repeat(7000)}`, `Referer: ${long}\r\nUser-Agent: ${long}\r\n`);
    const [line] = await lines(command, 1);
    expect(line!.length).toBeLessThan(4096);
    const { target, status, referrer } = JSON.parse(line!);
    expect([status, target.slice(0, 3), target.slice(-3), referrer.slice(0, 2)]).toEqual([
      404,
      '/xx',
      '...',
      '\x80\x80',
    ]);
  });
});

describe('--log off, --quiet', () => {
  it('log nothing of requests that are answered', async () => {
    await using command = await start('off');
    await send(command, 'GET /a.txt');
    await send(command, 'GET /missing');
    await talk(command.port, 'spam\r\n\r\n');
    command.child.kill('SIGTERM');
    expect(await command.exited).toBe(0);
    expect(command.stderr).toBe('');
  });
});
