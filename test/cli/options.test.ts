// Each option, said in each place where it can be said, and shown in each place where it is to be shown.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import packageInfo from '../../package.json' with { type: 'json' };
import { currentManPage, currentPage, updatedManPage, updatedPage } from '../../scripts/command-pages.js';
import { completions } from '../../src/cli/completions.js';
import * as help from '../../src/cli/help.js';
import { fieldName, KEYS, type Key, longName, OPTION_INFOS, variableName } from '../../src/cli/options.js';
import type { Settings } from '../../src/cli/settings.js';
import { failureOf, settingsOf, words } from '../support/options.js';
import { TemporaryDirectory } from '../support/site.js';

/** The same, said in three places, and what it means. */
interface Said<Value> {
  readonly line: string;
  readonly variable: string;
  readonly json: unknown;
  readonly value: Value;
  /** What it means in the file, if that is something else: a path is relative to it. */
  readonly inFile?: (directory: string) => Value;
}

const SAID: { readonly [Name in Key]: Said<Settings[Name]> } = {
  port: { line: '--port 9000', variable: '9000', json: 9000, value: 9000 },
  directory: {
    line: '--directory public',
    variable: 'public',
    json: 'public',
    value: 'public',
    inFile: (directory) => join(directory, 'public'),
  },
  bind: { line: '--bind [::1]', variable: '[::1]', json: '::1', value: '::1' },
  lan: { line: '--lan', variable: '1', json: true, value: true },
  strictPort: { line: '--strict-port', variable: 'true', json: true, value: true },
  base: { line: '--base docs/a%20b/', variable: '/docs/a b', json: '/docs/a b/', value: '/docs/a b' },

  spa: { line: '--spa', variable: 'yes', json: true, value: true },
  cleanUrls: { line: '--clean-urls', variable: 'on', json: true, value: true },
  notFound: { line: '--404 x/y.html', variable: 'x/y.html', json: 'x/y.html', value: 'x/y.html' },
  index: {
    line: '--index a.html --index b.html',
    variable: 'a.html, b.html',
    json: ['a.html', 'b.html'],
    value: ['a.html', 'b.html'],
  },
  listing: { line: '--no-listing', variable: '0', json: false, value: false },
  dotfiles: { line: '--dotfiles', variable: 'TRUE', json: true, value: true },
  followSymlinks: { line: '--follow-symlinks', variable: '1', json: true, value: true },

  headers: {
    line: "--header 'A: b, c' --header D:e",
    variable: 'A: b, c\nD: e\n',
    json: { A: 'b, c', D: 'e' },
    value: [
      ['A', 'b, c'],
      ['D', 'e'],
    ],
  },
  contentType: {
    line: "--content-type 'text/plain; charset=utf-8'",
    variable: 'text/plain; charset=utf-8',
    json: 'text/plain; charset=utf-8',
    value: 'text/plain; charset=utf-8',
  },
  cache: {
    line: "--cache '*.css=public, max-age=60' --cache '*=no-store'",
    variable: '*.css=public, max-age=60\n*=no-store',
    json: { '*.css': 'public, max-age=60', '*': 'no-store' },
    value: [
      { pattern: '*.css', value: 'public, max-age=60' },
      { pattern: '*', value: 'no-store' },
    ],
  },
  cors: { line: '--cors', variable: '1', json: true, value: true },
  coop: { line: '--coop', variable: '1', json: true, value: true },
  protocol: { line: '--protocol HTTP/1.0', variable: 'HTTP/1.0', json: 'HTTP/1.0', value: 'HTTP/1.0' },

  auth: { line: '--auth ann:a:b', variable: 'ann:a:b', json: 'ann:a:b', value: 'ann:a:b' },
  authFile: {
    line: '--auth-file users.txt',
    variable: 'users.txt',
    json: 'users.txt',
    value: 'users.txt',
    inFile: (directory) => join(directory, 'users.txt'),
  },
  allowHost: {
    line: '--allow-host A.test --allow-host .b.test',
    variable: 'a.test,.b.test',
    json: ['a.test', '.b.test'],
    value: ['a.test', '.b.test'],
  },

  tls: { line: '--tls', variable: '1', json: true, value: true },
  tlsCert: {
    line: '--tls-cert c.pem',
    variable: '/etc/c.pem',
    json: '/etc/c.pem',
    value: '/etc/c.pem',
  },
  tlsKey: {
    line: '--tls-key k.pem',
    variable: 'k.pem',
    json: 'k.pem',
    value: 'k.pem',
    inFile: (directory) => join(directory, 'k.pem'),
  },
  tlsPasswordFile: {
    line: '--tls-password-file p.txt',
    variable: 'p.txt',
    json: '../p.txt',
    value: 'p.txt',
    inFile: (directory) => join(directory, '../p.txt'),
  },

  log: { line: '--log json', variable: 'json', json: 'json', value: 'json' },
  quiet: { line: '--quiet', variable: '1', json: true, value: true },
  open: { line: '--open', variable: '1', json: true, value: true },
  qr: { line: '--qr', variable: '1', json: true, value: true },

  cgi: { line: '--cgi', variable: '1', json: true, value: true },
  cgiDir: {
    line: '--cgi-dir /bin --cgi-dir a/b/',
    variable: '/bin,/a/b',
    json: ['/bin', '/a/b'],
    value: ['/bin', '/a/b'],
  },
  cgiTimeout: { line: '--cgi-timeout 120', variable: '120', json: 120, value: 120 },
  cgiMaxSpool: { line: '--cgi-max-spool 2G', variable: '2g', json: '2G', value: 2 * 1024 ** 3 },
  cgiEnv: {
    line: "--cgi-env A --cgi-env 'B=c = d'",
    variable: 'A\nB=c = d',
    json: ['A', 'B=c = d'],
    value: [
      { name: 'A', value: undefined },
      { name: 'B', value: 'c = d' },
    ],
  },
  cgiInterpreter: {
    line: '--cgi-interpreter .php=php-cgi --cgi-interpreter .py=/usr/bin/python3',
    variable: '.php=php-cgi\n.py=/usr/bin/python3',
    json: { '.php': 'php-cgi', '.py': '/usr/bin/python3' },
    value: [
      { suffix: '.php', program: 'php-cgi' },
      { suffix: '.py', program: '/usr/bin/python3' },
    ],
  },
};

/** What an option means nothing without. */
const NEEDED: Partial<Record<Key, Key>> = {
  tlsKey: 'tlsCert',
  tlsPasswordFile: 'tlsCert',
  cgiDir: 'cgi',
  cgiTimeout: 'cgi',
  cgiMaxSpool: 'cgi',
  cgiEnv: 'cgi',
  cgiInterpreter: 'cgi',
};

let place: TemporaryDirectory;

beforeAll(() => {
  place = new TemporaryDirectory({});
});

afterAll(() => place[Symbol.dispose]());

describe.each(KEYS)('%s', (key) => {
  const { line, variable, json, value, inFile } = SAID[key];
  const needed = NEEDED[key];

  it('on the command line', () => {
    const settings = settingsOf(needed === undefined ? line : `${line} ${SAID[needed].line}`);
    expect(settings[key]).toEqual(line === '--tls-cert c.pem' ? 'c.pem' : value);
  });

  it('in the environment', () => {
    const env = { [variableName(key)]: variable };
    if (needed !== undefined) env[variableName(needed)] = SAID[needed].variable;
    expect(settingsOf('', env)[key]).toEqual(value);
  });

  it('in the configuration file', () => {
    const object = { [fieldName(key)]: json };
    if (needed !== undefined) object[fieldName(needed)] = SAID[needed].json;
    const file = place.write(`${key}.json`, JSON.stringify(object));
    expect(settingsOf(`--config ${file}`)[key]).toEqual(inFile?.(place.path) ?? value);
  });

  it('its example is understood, and says this option', () => {
    const info = OPTION_INFOS.find(({ field }) => field === fieldName(key))!;
    expect(info.example.startsWith(info.long)).toBe(true);
    const settings = settingsOf(needed === undefined ? info.example : `${info.example} ${SAID[needed].line}`);
    expect(settings[key]).not.toEqual(settingsOf('')[key]);
  });
});

it('there is a default for each', () => {
  expect(settingsOf('')).toEqual({
    port: undefined,
    bind: '127.0.0.1',
    lan: false,
    strictPort: false,
    directory: '.',
    protocol: 'HTTP/1.1',
    headers: [],
    contentType: undefined,
    cache: [],
    cors: false,
    coop: false,
    index: [],
    spa: false,
    cleanUrls: false,
    notFound: undefined,
    base: '',
    listing: true,
    dotfiles: false,
    followSymlinks: false,
    auth: undefined,
    authFile: undefined,
    allowHost: [],
    tls: false,
    tlsCert: undefined,
    tlsKey: undefined,
    tlsPasswordFile: undefined,
    log: 'python',
    quiet: false,
    open: false,
    qr: false,
    cgi: false,
    cgiDir: [],
    cgiTimeout: 30,
    cgiMaxSpool: 64 * 1024 * 1024,
    cgiEnv: [],
    cgiInterpreter: [],
  } satisfies Settings);
});

describe('a value that does not fit is one line that says what would, and exit code 2', () => {
  it.each([
    ['65536', "'65536' is not a port: ports are numbers from 0 to 65535"],
    ['99999999999999999999', "'99999999999999999999' is not a port"],
    ['public 99999', "'99999' is not a port: ports are numbers from 0 to 65535"],
    ['--port 80a', "--port: '80a' is not a port: ports are numbers from 0 to 65535"],
    ['-p HTTP/2', "--protocol: 'HTTP/2' is not HTTP/1.0 or HTTP/1.1"],
    ['-p 8080', 'for the port, say basehttp 8080'],
    ['--log xml', "--log: 'xml' is not one of python, clf, combined, json, off"],
    ['--base /a/../b', "--base: '/a/../b' is not the path of a URL: such as /docs"],
    ['--base /a?b', 'is not the path of a URL'],
    ['--base C:/Git/docs', 'is not the path of a URL'],
    ['--base %zz', 'is not the path of a URL'],
    ['--index a/b', "--index: 'a/b' is not a file name: such as index.html"],
    ['-H A', "--header: 'A' is not a header field: say 'Name: value'"],
    ["-H 'A b: c'", 'A field name is a token'],
    ["-H 'A: \u0416'", 'has a character that may not be sent'],
    ['-H Content-Length:1', "--header: 'Content-Length' is the server's to send: leave it out"],
    ['-H ETag:1', "--header: 'ETag' is the server's to send: leave it out"],
    ['-H Server:x', "--header: 'Server' is the server's to send: leave it out"],
    ['--content-type text', "--content-type: 'text' is not a media type: such as text/plain"],
    ['--cache no-store', "--cache: 'no-store' is not a rule: say PATTERN=VALUE"],
    ['--cache =no-store', 'is not a rule'],
    ["--cache '*=\u0416'", 'has a character that may not be sent'],
    ['--allow-host http://a.test/', "'http://a.test/' is not the name of a host"],
    ['--cgi --cgi-timeout 0', "--cgi-timeout: '0' is not a time: it is a number of seconds from 1 to 86400"],
    [
      '--cgi --cgi-max-spool 64MB',
      "--cgi-max-spool: '64MB' is not a size: it is a number of octets, or one with K, M or G behind it, such as 64M",
    ],
    ['--cgi --cgi-max-spool -1', 'is not a size'],
    ['--cgi --cgi-env A-B=c', "--cgi-env: 'A-B=c' is not a variable: say NAME"],
    ['--cgi --cgi-dir /a/../b', '--cgi-dir: '],
    [
      '--cgi --cgi-interpreter php=x',
      "'php=x' is not an interpreter: say SUFFIX=PROGRAM, as in .php=php-cgi",
    ],
    ['--cgi --cgi-interpreter .php=./php', "'./php' is a relative path: name a program in PATH"],
    [`--index /${'x'.repeat(100)}`, `--index: '/${'x'.repeat(56)}...' is not a file name`],
  ])('%j', (line, sentence) => {
    const { message, exitCode } = failureOf(() => settingsOf(line));
    expect(message).toContain(sentence);
    expect(message).not.toContain('\n');
    expect(exitCode).toBe(2);
  });

  it.each(['secret', ':secret', 'ann:', 'ann:secret\nbob:secret'])(
    'the secret %j is not repeated',
    (auth) => {
      const { message } = failureOf(() => settingsOf('', { BASEHTTP_AUTH: auth }));
      expect(message).toBe('BASEHTTP_AUTH: this is not USER:PASSWORD');
    },
  );

  it('a control character in it is not shown to the terminal', () => {
    const { message } = failureOf(() => settingsOf('', { BASEHTTP_INDEX: 'a/\x1b[2J' }));
    expect(message).toContain("'a/?[2J'");
  });
});

it('a size is a number of octets, or has a unit', () => {
  const sizes = ['0', '1000', '1K', '64m', '2G'].map(
    (size) => settingsOf(`--cgi --cgi-max-spool ${size}`).cgiMaxSpool,
  );
  expect(sizes).toEqual([0, 1000, 1024, 64 * 1024 ** 2, 2 * 1024 ** 3]);
});

describe('each option is shown', () => {
  const places = {
    'the help': help.fullHelp(),
    'the completions of bash': completions('bash'),
    'the completions of zsh': completions('zsh'),
    'the completions of fish': completions('fish').replaceAll(' -l ', ' --'),
    'the man page': currentManPage().replaceAll('\\-', '-'),
    'docs/command.md': currentPage(),
  };

  it('and none else: the table has every setting, and what is about the command', () => {
    expect(KEYS).toHaveLength(Object.keys(SAID).length);
    const others = OPTION_INFOS.filter(({ field }) => field === undefined).map(({ long }) => long);
    expect(others).toEqual(['--config', '--completions', '--hash-password', '--version', '--help']);
  });

  it.each(Object.entries(places))('in %s', (_place, text) => {
    const missing = OPTION_INFOS.filter(({ long }) => !new RegExp(`${long}(?![\\w-])`).test(text));
    expect(missing.map(({ long }) => long)).toEqual([]);
  });

  it('under one name, and no other option has it', () => {
    const names = OPTION_INFOS.flatMap(({ long, short }) => (short === undefined ? [long] : [long, short]));
    expect(new Set(names).size).toBe(names.length);
    expect(KEYS.map(longName).every((name) => /^[a-z0-9]+(-[a-z]+)*$/.test(name))).toBe(true);
  });
});

describe('what is made of the table is up to date (npm run build, node scripts/command-pages.js)', () => {
  const source = { OPTION_INFOS, ...help };

  it('man/basehttp.1, which is in the package', () => {
    expect(currentManPage()).toBe(updatedManPage(source));
    expect(packageInfo).toMatchObject({ man: 'man/basehttp.1', files: expect.arrayContaining(['man']) });
  });

  it('docs/command.md', () => {
    expect(currentPage()).toBe(updatedPage(source));
  });

  const groff = spawnSync('groff', ['-v']).error === undefined;
  it.skipIf(!groff)('the man page has no mistake (skipped where groff is not installed)', () => {
    const { stderr, stdout } = spawnSync('groff', ['-man', '-Tascii', '-ww', 'man/basehttp.1'], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(stdout.replace(/.\x08/g, '')).toContain('--clean-urls'); // bold is the same letter twice
  });
});

describe('the help', () => {
  const screen = help.shortHelp();

  it('fits on a screen', () => {
    const lines = screen.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(80);
    expect(
      Math.max(
        ...help
          .fullHelp()
          .split('\n')
          .map((line) => line.length),
      ),
    ).toBeLessThan(80);
  });

  it('has examples that are understood', () => {
    expect(help.EXAMPLES.length).toBeGreaterThanOrEqual(5);
    for (const [command] of help.EXAMPLES) {
      expect(screen).toContain(command);
      expect(() => settingsOf(command.replace(/^basehttp ?/, ''))).not.toThrow();
    }
  });

  it('has a dozen options for every day, and says where the others are', () => {
    for (const { long } of OPTION_INFOS.filter(({ daily }) => daily)) expect(screen).toContain(long);
    expect(OPTION_INFOS.filter(({ daily }) => daily)).toHaveLength(12);
    expect(screen).toContain('basehttp --help=all');
    expect(screen).toContain('man basehttp');
  });

  it('says that a password does not belong on the command line', () => {
    expect(help.fullHelp().replace(/\s+/g, ' ')).toContain(
      'as ps shows it, rather use BASEHTTP_AUTH or --auth-file',
    );
  });
});

describe('docs/command.md is true', () => {
  const page = currentPage();

  it('its configuration file is understood', () => {
    const [, json] = /```json\n(\{\n[^`]*)```/.exec(page)!;
    const file = place.write('site.json', json!);
    const { port, listing, cache, headers, index, authFile } = settingsOf(`--config ${file}`);
    expect([port, listing, index.length, cache.length, headers.length]).toEqual([9000, false, 2, 2, 2]);
    expect(authFile).toBe(join(place.path, 'users.txt'));
  });

  it('its commands are understood', () => {
    const blocks = [...page.matchAll(/```sh\n([^`]*)```/g)].flatMap(([, block]) => block!.split('\n'));
    const commands = blocks.filter(
      (line) => /^(?:BASEHTTP_\S+=\S.*)?basehttp(?: |$)/.test(line) && !line.includes('| source'),
    );
    expect(commands.length).toBeGreaterThan(12);
    for (const command of commands) {
      const said = words(command);
      const at = said.indexOf('basehttp');
      const env = Object.fromEntries(
        said.slice(0, at).map((word) => word.split(/=(.*)/s) as [string, string]),
      );
      const line = said
        .slice(at + 1)
        .map((word) => `'${word.replace('site.json', join(place.path, 'site.json'))}'`);
      expect(() => settingsOf(line.join(' '), env), command).not.toThrow();
    }
  });
});
