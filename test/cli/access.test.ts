// Who may come in: the check of Host, and passwords.

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { hashPassword } from '../../src/handlers/credentials.js';
import { runCommand, startCommand } from '../support/command.js';
import { statuses, talk } from '../support/raw-client.js';
import { parseAnswer, TemporaryDirectory } from '../support/site.js';

vi.setConfig({ testTimeout: 60_000 }); // each starts several commands, and the machine may be busy

let site: TemporaryDirectory;
let outside: TemporaryDirectory;

beforeAll(() => {
  site = new TemporaryDirectory({ 'a.txt': 'hello' });
  outside = new TemporaryDirectory();
});

afterAll(() => {
  site[Symbol.dispose]();
  outside[Symbol.dispose]();
});

const basic = (text: string) => `Authorization: Basic ${Buffer.from(text).toString('base64')}\r\n`;

/** One request with these field lines and no others. */
async function ask(port: number, fields: string, line = 'GET /a.txt HTTP/1.1') {
  return parseAnswer(await talk(port, `${line}\r\n${fields}Connection: close\r\n\r\n`));
}

describe('MUST 82: under which names it answers', () => {
  const TRUSTED = [
    'localhost',
    'LocalHost:8000',
    'localhost.',
    'a.localhost:1',
    '127.0.0.1',
    '127.0.0.1:9',
    '[::1]:8000',
    '192.168.0.7',
  ];
  const UNTRUSTED = [
    'evil.example',
    'localhost.evil.example',
    'localhost6',
    '127.0.0.1.evil.example',
    '0177.0.0.1',
    '0x7f.0.0.1',
    '2130706433',
    '127.1',
    'a',
  ];

  it('on the loopback address: local ones and addresses, and no other', async () => {
    await using command = await startCommand(['0', site.path]);
    for (const host of TRUSTED)
      expect((await ask(command.port, `Host: ${host}\r\n`)).body, host).toBe('hello');
    for (const host of UNTRUSTED) {
      const answer = await ask(command.port, `Host: ${host}\r\n`);
      expect(answer.status, host).toBe(421);
      expect(answer.body).not.toContain('hello');
      expect(answer.body).toContain(`--allow-host ${host}`);
      expect(answer.field('Access-Control-Allow-Origin')).toBeUndefined();
    }
  });

  it('the name in an absolute-form target counts, not the one in Host', async () => {
    await using command = await startCommand(['0', site.path]);
    const target = (name: string) => `GET http://${name}/a.txt HTTP/1.1`;
    expect((await ask(command.port, 'Host: localhost\r\n', target('evil.example'))).status).toBe(421);
    expect((await ask(command.port, 'Host: evil.example\r\n', target('localhost'))).status).toBe(200);
  });

  it('each request of a connection is looked at, whatever its method', async () => {
    await using command = await startCommand(['0', site.path]);
    const [one, two] = ['localhost', 'evil.example'].map(
      (host) => `HEAD /a.txt HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    );
    expect(statuses(await talk(command.port, `${one}${one}${two}`))).toEqual([200, 200, 421]);
    for (const method of ['HEAD', 'POST', 'OPTIONS', 'SPAM'])
      expect((await ask(command.port, 'Host: evil.example\r\n', `${method} / HTTP/1.1`)).status).toBe(421);
  });

  it('HTTP/1.0 without Host is served: no browser speaks it', async () => {
    await using command = await startCommand(['0', site.path]);
    expect((await ask(command.port, '', 'GET /a.txt HTTP/1.0')).status).toBe(200);
    expect((await ask(command.port, 'Host: evil.example\r\n', 'GET /a.txt HTTP/1.0')).status).toBe(421);
  });

  it('what a shell would not take for a name is not repeated', async () => {
    await using command = await startCommand(['0', site.path]);
    for (const host of ['$(spam)', 'a;spam', "'&spam", 'spam'.repeat(100)]) {
      const { status, body } = await ask(command.port, `Host: ${host}\r\n`);
      expect(status, host).toBe(421);
      expect(body).not.toContain('spam');
      expect(body).toContain('--allow-host NAME');
    }
  });

  it('--allow-host: that name, too', async () => {
    await using command = await startCommand(['0', site.path, '--allow-host', 'Spam.example']);
    expect((await ask(command.port, 'Host: spam.EXAMPLE:80\r\n')).status).toBe(200);
    expect((await ask(command.port, 'Host: localhost\r\n')).status).toBe(200);
    expect((await ask(command.port, 'Host: a.spam.example\r\n')).status).toBe(421);
  });

  it('on other addresses: any name, unless --allow-host says which', async () => {
    await using all = await startCommand(['0', site.path, '--bind', '0.0.0.0']);
    expect((await ask(all.port, 'Host: evil.example\r\n')).status).toBe(200);
    await using some = await startCommand([
      '0',
      site.path,
      '--bind',
      '0.0.0.0',
      '--allow-host',
      'spam.example',
    ]);
    expect((await ask(some.port, 'Host: evil.example\r\n')).status).toBe(421);
    expect((await ask(some.port, 'Host: spam.example\r\n')).status).toBe(200);
  });
});

describe('--auth', () => {
  const LOCAL = 'Host: localhost\r\n';

  it('asks everyone, whatever they ask for, and lets in who knows', async () => {
    await using command = await startCommand(['0', site.path, '--auth', 'eve:spam:eggs']);
    for (const line of ['GET /a.txt', 'GET /no-such-file', 'HEAD /', 'POST /', 'OPTIONS /a.txt', 'SPAM /']) {
      const answer = await ask(command.port, LOCAL, `${line} HTTP/1.1`);
      expect(answer.status, line).toBe(401);
      expect(answer.field('WWW-Authenticate')).toBe('Basic realm="basehttp", charset="UTF-8"');
    }
    for (const wrong of ['eve:spam', 'eve:', 'mallory:spam:eggs', ':spam:eggs'])
      expect((await ask(command.port, LOCAL + basic(wrong))).status, wrong).toBe(401);
    expect((await ask(command.port, LOCAL + basic('eve:spam:eggs'))).body).toBe('hello');
  });

  it('each request of a connection is asked', async () => {
    await using command = await startCommand(['0', site.path, '--auth', 'eve:spam']);
    const with_ = `HEAD /a.txt HTTP/1.1\r\n${LOCAL}${basic('eve:spam')}\r\n`;
    const without = `HEAD /a.txt HTTP/1.1\r\n${LOCAL}\r\n`;
    expect(statuses(await talk(command.port, with_ + with_ + without))).toEqual([200, 200, 401]);
  });

  it('in the environment, where ps does not show it', async () => {
    await using command = await startCommand(['0', site.path], undefined, { BASEHTTP_AUTH: 'eve:spam' });
    expect((await ask(command.port, LOCAL)).status).toBe(401);
    expect((await ask(command.port, LOCAL + basic('eve:spam'))).status).toBe(200);
  });

  it('--auth-file: several, with comments, hashed ones among them', async () => {
    const text = `\ufeff# who may come in\r\n\neve:spam\nzoë:${await hashPassword('café')}\r\n`;
    const file = outside.write('users', text);
    await using command = await startCommand(['0', site.path, '--auth-file', file]);
    const tried = ['eve:spam', 'zoë:café', 'zoë:café', 'zoë:spam', 'eve:café', '# who may come in:'];
    const answers = await Promise.all(tried.map((one) => ask(command.port, LOCAL + basic(one))));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 401, 401, 401]);
    // The answers of a connection keep their order.
    const two = ['zoë:nobody', 'eve:spam'].map((one) => `HEAD /a.txt HTTP/1.1\r\n${LOCAL}${basic(one)}\r\n`);
    expect(statuses(await talk(command.port, two[1]! + two[0]!))).toEqual([200, 401]);
  });

  it('a name that is wrong comes before a password', async () => {
    await using command = await startCommand(['0', site.path, '--auth', 'eve:spam']);
    expect((await ask(command.port, 'Host: evil.example\r\n')).status).toBe(421);
  });

  it('with --cors, a preflight needs no password, and gets nothing but leave to ask', async () => {
    await using command = await startCommand(['0', site.path, '--auth', 'eve:spam', '--cors']);
    const preflight =
      'Origin: http://spam.example\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: authorization\r\n';
    const answer = await ask(command.port, LOCAL + preflight, 'OPTIONS /a.txt HTTP/1.1');
    expect([answer.status, answer.body]).toEqual([204, '']);
    expect(answer.field('Access-Control-Allow-Headers')).toBe('authorization');
    expect((await ask(command.port, LOCAL + preflight)).status).toBe(401);
    expect((await ask(command.port, LOCAL, 'OPTIONS /a.txt HTTP/1.1')).status).toBe(401);
  });

  it('says so where others can listen', async () => {
    await using command = await startCommand(['0', site.path, '--auth', 'eve:spam', '--bind', '0.0.0.0']);
    await expect.poll(() => command.stderr).toContain('Passwords are sent in clear');
    expect(command.stderr).not.toContain('Everybody who can reach this machine can read these files');
    await using local = await startCommand(['0', site.path, '--auth', 'eve:spam']);
    await ask(local.port, LOCAL);
    expect(local.stderr).not.toContain('Passwords');
  });

  it.each([
    ['no such file', () => 'no-such-file', 'the passwords cannot be read'],
    ['a directory', () => outside.path, 'the passwords cannot be read'],
    ['nobody in it', () => outside.write('empty', '# nobody\n\n'), 'nobody could enter'],
    ['no password', () => outside.write('bad', 'eve:spam\nbob-secret\n'), 'line 2 of'],
    ['a bad hash', () => outside.write('hash', 'eve:$scrypt$secret\n'), '$scrypt$ln=15,r=8,p=1$salt$hash'],
  ])('MUST 86: --auth-file: %s', (_title, file, sentence) => {
    const { status, stdout, stderr } = runCommand(['0', site.path, '--auth-file', file()]);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^basehttp: [^\n]+\n$/);
    expect(stderr).toContain(sentence);
    expect(stderr).not.toContain('secret');
  });

  it('--hash-password makes what --auth takes, of the first line it reads', async () => {
    const { status, stdout } = runCommand(['--hash-password'], {}, 'päss:wörd\nanother\n');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^\$scrypt\$\S+\n$/);
    await using command = await startCommand(['0', site.path, '--auth', `eve:${stdout.trim()}`]);
    expect((await ask(command.port, `Host: localhost\r\n${basic('eve:päss:wörd')}`)).status).toBe(200);
    expect((await ask(command.port, `Host: localhost\r\n${basic('eve:another')}`)).status).toBe(401);
    const { status: none, stderr } = runCommand(['--hash-password']);
    expect(none).toBe(1);
    expect(stderr).toMatch(/^basehttp: there is no password [^\n]+\n$/);
  });

  it('MUST 86: --auth with a bad hash', () => {
    const { status, stderr } = runCommand(['0', site.path, '--auth', 'eve:$scrypt$secret']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^basehttp: --auth: [^\n]+\n$/);
    expect(stderr).not.toContain('secret');
  });
});
