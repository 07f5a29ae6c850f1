// What the command says when it begins, and whom it shows it to.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openerOf, whyNoBrowser } from '../../src/cli/browser.js';
import { built } from '../support/built.js';
import { runCommand, startCommand } from '../support/command.js';
import { getBody, request, statuses, talk } from '../support/raw-client.js';
import { TemporaryDirectory } from '../support/site.js';

vi.setConfig({ testTimeout: 60_000 }); // each starts several commands, and the machine may be busy

let site: TemporaryDirectory;

beforeAll(() => {
  site = new TemporaryDirectory({ 'a.txt': 'hello', 'cgi-bin/spam': '#!/bin/sh\n' });
});

afterAll(() => site[Symbol.dispose]());

const lanAddresses = Object.values(networkInterfaces())
  .flatMap((all) => all ?? [])
  .filter(({ internal, family }) => !internal && family === 'IPv4')
  .map(({ address }) => address);

describe('--lan', () => {
  it('MUST 81: listens on all interfaces, says by which addresses, and warns', async () => {
    await using command = await startCommand(['0', site.path, '--lan']);
    const urls = /at (.*) \(Ctrl-C stops\)\n$/.exec(command.stdout)![1]!.split(' ');
    expect(urls[0]).toBe(`http://127.0.0.1:${command.port}/`);
    expect(urls.slice(1).sort()).toEqual(
      lanAddresses.map((address) => `http://${address}:${command.port}/`).sort(),
    );
    await expect.poll(() => command.stderr).toContain('Everybody who can reach this machine');
    for (const url of urls) expect(await (await fetch(`${url}a.txt`)).text()).toBe('hello');
  });
});

describe('--quiet', () => {
  it('says nothing', async () => {
    const port = 20_000 + (process.pid % 10_000); // no port that systems give to those who ask for any
    const main = fileURLToPath(built('bin/basehttp.js'));
    const child = spawn(process.execPath, [main, String(port), site.path, '--quiet', '--bind', '0.0.0.0']);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
    try {
      await expect.poll(() => getBody(port, '/a.txt').catch(() => 'not yet')).toBe('hello');
      expect(await getBody(port, '/missing')).toContain('404');
      child.kill('SIGTERM');
      expect(await once(child, 'close')).toEqual([0, null]);
      expect(said).toBe('');
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('but for errors', () => {
    const { status, stderr } = runCommand(['0', 'no-such-directory', '--quiet']);
    expect(status).toBe(1);
    expect(stderr).toContain('does not exist');
  });
});

describe('--qr', () => {
  it('shows the address as a picture, and in words', async () => {
    await using command = await startCommand(['0', site.path, '--qr']);
    await expect.poll(() => command.stderr).toContain('Only this machine can reach it: --lan is for others.');
    expect(command.stderr).toMatch(/^[█▀▄ \n]{200,}\n/);
    expect(command.stderr).toContain(`\n${command.url}\n`);
    expect(command.stdout.split('\n')).toHaveLength(2);
  });

  it.skipIf(lanAddresses.length === 0)(
    'of the network, if it listens there (skipped without one)',
    async () => {
      await using command = await startCommand(['0', site.path, '--qr', '--lan']);
      const second = command.stdout.split(' ').filter((word) => word.startsWith('http'))[1]!;
      await expect.poll(() => command.stderr).toContain(`\n${second}\n`);
    },
  );
});

describe('secrets that are served with the files', () => {
  it('are named', async () => {
    using own = new TemporaryDirectory({ users: 'eve:spam\n', '.users': 'eve:spam\n' });
    const users = join(own.path, 'users');
    await using command = await startCommand(['0', own.path, '--auth-file', users]);
    await expect
      .poll(() => command.stderr)
      .toContain(`Whoever may read these files can read ${users}, too: keep secrets elsewhere.\n`);
    await using hidden = await startCommand(['0', own.path, '--auth-file', join(own.path, '.users')]);
    expect(await getBody(hidden.port, '/')).toContain('401');
    expect(hidden.stderr).not.toContain('secrets');
  });
});

describe('--spa', () => {
  it('says so if its page is not there, and sends it when it is', async () => {
    using own = new TemporaryDirectory();
    await using command = await startCommand(['0', own.path, '--spa', '--index', 'app.html']);
    const page = join(own.path, 'app.html');
    await expect
      .poll(() => command.stderr)
      .toContain(`The app's page, ${page}, is not there yet: paths that name no file get 404 until it is.\n`);
    expect(await getBody(command.port, '/users/42')).toContain('404');
    own.write('app.html', 'the app');
    expect(await getBody(command.port, '/users/42')).toContain('the app');
    await using other = await startCommand(['0', own.path, '--spa', '--index', 'app.html']);
    await getBody(other.port, '/');
    expect(other.stderr).not.toContain('not there');
  });
});

describe.skipIf(process.platform === 'win32')('--cgi', () => {
  it('runs programs as it is told to', async () => {
    using own = new TemporaryDirectory({
      'cgi-bin/spam.eggs': 'echo Content-Type: text/plain; echo; echo "$SPAM,$REMOTE_USER,$AUTH_TYPE"',
    });
    const args = ['--cgi', '--cgi-interpreter', '.eggs=sh', '--cgi-env', 'SPAM=ham', '--auth', 'eve:spam'];
    await using command = await startCommand(['0', own.path, ...args]);
    const eve = `Authorization: Basic ${Buffer.from('eve:spam').toString('base64')}\r\nConnection: close\r\n`;
    expect(await talk(command.port, request('GET /cgi-bin/spam.eggs', eve))).toContain('ham,eve,Basic');
    const refused = await getBody(command.port, '/cgi-bin/spam.eggs');
    expect(refused).toContain('401');
    expect(refused).not.toContain('ham');
  });

  it('says where programs are run', async () => {
    await using command = await startCommand(['0', site.path, '--cgi']);
    await expect.poll(() => command.stderr).toContain('Programs are run in /cgi-bin.\n');
    const args = ['--base', '/docs', '--cgi-dir', '/', '--cgi-dir', '/cgi-bin', '--cgi-dir', '/a.txt'];
    await using other = await startCommand(['0', site.path, '--cgi', ...args]);
    await expect.poll(() => other.stderr).toContain('Programs are run in /docs/, /docs/cgi-bin.\n');
    await using none = await startCommand(['0', site.path]);
    expect(await getBody(none.port, '/cgi-bin/spam')).toBe('#!/bin/sh\n');
    expect(none.stderr).not.toMatch(/programs/i);
  });

  it('says so if there is nowhere to run programs', async () => {
    using own = new TemporaryDirectory({ 'a.txt': 'hello' });
    await using command = await startCommand(['0', own.path, '--cgi']);
    const place = join(own.path, 'cgi-bin');
    await expect
      .poll(() => command.stderr)
      .toContain(`There are no programs: make the directory ${place}, or name another with --cgi-dir.\n`);
    expect(command.stderr).not.toContain('Programs are run');
  });

  it('--cgi-max-spool: how long a body in chunks may be', async () => {
    using own = new TemporaryDirectory({ 'cgi-bin/cat.sh': 'echo Content-Type: text/plain; echo; cat' });
    const args = ['--cgi', '--cgi-interpreter', '.sh=sh', '--cgi-max-spool', '1K'];
    await using command = await startCommand(['0', own.path, ...args]);
    const post = (length: number) => {
      const fields = 'Transfer-Encoding: chunked\r\nConnection: close\r\n';
      const body = `${length.toString(16)}\r\n${'x'.repeat(length)}\r\n0\r\n\r\n`;
      return talk(command.port, request('POST /cgi-bin/cat.sh', fields) + body);
    };
    expect(await post(1024)).toContain('x'.repeat(1024));
    expect(statuses(await post(1025))).toEqual([413]);
  });
});

describe.skipIf(process.platform === 'win32')('--open', () => {
  let bin: TemporaryDirectory;
  beforeAll(() => {
    bin = new TemporaryDirectory();
  });
  afterAll(() => bin[Symbol.dispose]());

  /** A directory with an opener in it that does what a script says. */
  function opener(name: string, script: string): string {
    const file = bin.write(`${name}/${openerOf(process.platform)[0]}`, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return join(bin.path, name);
  }

  const desktop = (path: string) => ({ PATH: `${path}:${process.env['PATH']}`, DISPLAY: ':0', CI: '' });

  it('gives the address to what opens addresses here', async () => {
    const given = join(bin.path, 'given');
    const path = opener('good', `printf '%s,%s' "$#" "$1" > '${given}.part'; mv '${given}.part' '${given}'`);
    const args = ['0', site.path, '--open', '--base', '/$(spam);x &'];
    await using command = await startCommand(args, undefined, desktop(path));
    const read = () => {
      try {
        return readFileSync(given, 'utf8');
      } catch {
        return '';
      }
    };
    await expect.poll(read).toBe(`1,${command.url}`);
    expect(command.url).toMatch(/\/%24%28spam%29%3Bx%20%26\/$/);
    expect(await getBody(command.port, '/%24%28spam%29%3Bx%20%26/a.txt')).toBe('hello');
    expect(command.stderr).not.toContain('browser');
  });

  it('serves on, and says where to go, if that fails', async () => {
    await using command = await startCommand(
      ['0', site.path, '--open'],
      undefined,
      desktop(opener('bad', 'exit 3')),
    );
    const sentence = `No browser is opened, because none can be started: go to ${command.url}\n`;
    await expect.poll(() => command.stderr).toContain(sentence);
    await using bare = await startCommand(['0', site.path, '--open'], undefined, {
      ...desktop(''),
      PATH: bin.path,
    });
    await expect.poll(() => bare.stderr).toContain('none can be started');
    expect(await getBody(bare.port, '/a.txt')).toBe('hello');
  });

  it('does not try where nobody would see it', async () => {
    const env = { ...desktop(opener('unused', 'exit 3')), CI: 'true' };
    await using command = await startCommand(['0', site.path, '--open'], undefined, env);
    const sentence = `No browser is opened, because nobody sits here: go to ${command.url}\n`;
    await expect.poll(() => command.stderr).toContain(sentence);
  });
});

it('knows where nobody would see a browser', () => {
  const why = (platform: string, variables = {}) => whyNoBrowser({ platform, variables });
  expect(why('linux')).toBe('there is no display');
  expect(why('linux', { DISPLAY: ':0' })).toBeUndefined();
  expect(why('linux', { WAYLAND_DISPLAY: 'wayland-0' })).toBeUndefined();
  expect(why('linux', { DISPLAY: ':0', CI: '1' })).toBe('nobody sits here');
  expect(why('linux', { DISPLAY: 'localhost:10.0', SSH_CONNECTION: 'x' })).toBeUndefined();
  expect(why('darwin')).toBeUndefined();
  expect(why('darwin', { SSH_CONNECTION: 'x' })).toBe('you are on another machine');
  expect(why('win32')).toBeUndefined();
});

it('opens addresses without a shell', () => {
  expect(openerOf('linux')).toEqual(['xdg-open']);
  expect(openerOf('darwin')).toEqual(['open']);
  expect(openerOf('win32')[0]).toBe('rundll32');
});
