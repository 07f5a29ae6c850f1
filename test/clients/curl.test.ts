// curl, with what people use it for: downloads that resume, in parts, compressed, or not at all if nothing has changed.

import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, succeed } from '../support/client-program.js';
import { hasProgram } from '../support/command.js';
import { octets, Site, TemporaryDirectory } from '../support/site.js';

const SIZE = 3_000_000;
const OCTETS = octets(SIZE);
const TEXT = 'A line of text, as there are many.\n'.repeat(5000);
const NAMES = ['with space.txt', 'größe.txt', '100%.txt', 'a+b&c=d;e.txt', '#1?.txt', "it's (1).txt"];

describe.skipIf(!hasProgram('curl'))('curl (skipped where it is not installed)', { timeout: 60_000 }, () => {
  let site: Site;
  let copies: TemporaryDirectory;

  beforeAll(async () => {
    site = await Site.serve({
      'big.bin': OCTETS,
      'text.html': TEXT,
      'dir/index.html': '<p>index</p>',
      ...Object.fromEntries(NAMES.map((name) => [`names/${name}`, `content of ${name}`])),
    });
    copies = new TemporaryDirectory();
  });

  afterAll(async () => {
    copies?.[Symbol.dispose]();
    await site?.[Symbol.asyncDispose]();
    expect(site.errors).toEqual([]);
  });

  const url = (path: string) => `http://127.0.0.1:${site.port}/${path}`;
  const copy = (name: string) => join(copies.path, name);
  const OPTIONS = ['--disable', '--silent', '--show-error', '--max-time', '60'];
  const curl = (...args: string[]) => succeed('curl', [...OPTIONS, '--fail', ...args]);
  /** What `-w` says, the body thrown away. */
  const told = async (format: string, ...args: string[]) =>
    (await succeed('curl', [...OPTIONS, '-o', '/dev/null', '-w', format, ...args])).stdout;

  it('gets a whole file', async () => {
    const { octets } = await curl(url('big.bin'));
    expect(octets.equals(OCTETS)).toBe(true);
  });

  it('-C -: goes on with what it has, octet by octet', async () => {
    const path = copy('part');
    writeFileSync(path, OCTETS.subarray(0, 1_234_567));
    const { stdout } = await curl(
      '-C',
      '-',
      '-o',
      path,
      '-w',
      '%{http_code} %{size_download}',
      url('big.bin'),
    );
    expect(stdout).toBe(`206 ${SIZE - 1_234_567}`);
    expect(readFileSync(path).equals(OCTETS)).toBe(true);
  });

  it('-C -: has nothing more to get of what is whole', async () => {
    const path = copy('whole');
    writeFileSync(path, OCTETS);
    const { code } = await run('curl', [...OPTIONS, '--fail', '-C', '-', '-o', path, url('big.bin')]);
    expect([0, 22]).toContain(code); // 416, which curl takes for success since 7.88 or so
    expect(readFileSync(path).equals(OCTETS)).toBe(true);
    expect(site.log.at(-1)).toMatch(/GET \/big\.bin HTTP\/1\.1 416/);
  });

  it('--compressed: gets the same in fewer octets', async () => {
    const path = copy('text.html');
    const { stdout } = await curl('--compressed', '-o', path, '-w', '%{size_download}', url('text.html'));
    expect(readFileSync(path, 'utf8')).toBe(TEXT);
    expect(Number(stdout)).toBeGreaterThan(0);
    expect(Number(stdout)).toBeLessThan(TEXT.length / 10);
  });

  it('-Z, -r: parts got at the same time make the whole', async () => {
    const size = Math.ceil(SIZE / 8);
    const parts = Array.from({ length: 8 }, (_, index) => copy(`part-${index}`));
    const requests = parts.flatMap((path, index) => [
      ...(index > 0 ? ['--next'] : []),
      ...[
        '--fail',
        '-r',
        `${index * size}-${index < 7 ? (index + 1) * size - 1 : ''}`,
        '-o',
        path,
        url('big.bin'),
      ],
    ]);
    await succeed('curl', [...OPTIONS, '--parallel', ...requests]);
    expect(Buffer.concat(parts.map((path) => readFileSync(path))).equals(OCTETS)).toBe(true);
  });

  it('-r: the last octets, and several ranges at once', async () => {
    expect((await curl('-H', 'Range: bytes=-5', url('big.bin'))).octets).toEqual(OCTETS.subarray(-5));
    const { stdout } = await curl('-r', '0-1,10-12', '-w', '%{content_type}', url('text.html'));
    expect(stdout).toMatch(/^Content-Range: bytes 0-1\/175000\r\n\r\nA \r\n--/m);
    expect(stdout).toMatch(
      /^Content-Range: bytes 10-12\/175000\r\n\r\ntex\r\n--.+--\r\nmultipart\/byteranges; /m,
    );
  });

  it('-z: does not get what it has already', async () => {
    utimesSync(join(site.root.path, 'big.bin'), 1_000_000_000, 1_000_000_000);
    const since = (date: string) =>
      told('%{http_code} %{size_download}', '-z', new Date(date).toUTCString(), url('big.bin'));
    expect(await since('2001-09-09T01:46:40Z')).toBe('304 0');
    expect(await since('2001-09-09T01:46:39Z')).toBe(`200 ${SIZE}`);
  });

  it('--etag-save, --etag-compare: nor what has the same entity tag', async () => {
    const tag = copy('etag');
    await curl('-o', '/dev/null', '--etag-save', tag, url('text.html'));
    expect(readFileSync(tag, 'utf8')).toMatch(/^(W\/)?"[^"]+"\n?$/);
    const compare = () => told('%{http_code}', '--etag-compare', tag, url('text.html'));
    expect(await compare()).toBe('304');
    site.root.write('text.html', `${TEXT}!`);
    expect(await compare()).toBe('200');
    site.root.write('text.html', TEXT);
  });

  it('-I: gets the head, and keeps the connection for the next', async () => {
    const { stdout } = await curl('-I', '-w', '[%{num_connects}]', url('big.bin'), url('dir/'));
    expect(stdout).toContain(`Content-Length: ${SIZE}\r\n`);
    expect(stdout.match(/\[\d\]/g)).toEqual(['[1]', '[0]']);
  });

  it('-L: follows the redirect to a directory, with the query', async () => {
    const { stdout } = await curl('-L', '-w', ' %{num_redirects} %{url_effective}', url('dir?x=1'));
    expect(stdout).toBe(`<p>index</p> 1 ${url('dir/?x=1')}`);
  });

  it.each([
    ['at once', 3, []],
    ['when it has asked for leave', 10_000_000, []],
    ['without asking', 10_000_000, ['-H', 'Expect:']],
  ] as const)('-T: may not upload, %s', async (_how, size, options) => {
    writeFileSync(copy('upload'), Buffer.alloc(size));
    const upload = ['-o', '/dev/null', '-w', '%{http_code}', '-T', copy('upload'), url('uploaded')];
    const { stdout, stderr } = await run('curl', [...OPTIONS, ...options, ...upload]);
    expect([stdout, stderr]).toEqual(['405', '']);
    expect(await told('%{http_code}', url('uploaded'))).toBe('404');
  });

  it('-d: may not post', async () => {
    expect(await told('%{http_code}', '-d', 'a=b', url('text.html'))).toBe('405');
  });

  it.each(NAMES)('gets %j by its URL', async (name) => {
    const { stdout } = await curl('--globoff', url(`names/${encodeURIComponent(name)}`));
    expect(stdout).toBe(`content of ${name}`);
  });

  it('may send octets beyond ASCII as they are', async () => {
    expect((await curl(url('names/größe.txt'))).stdout).toBe('content of größe.txt');
  });

  it('--http1.0: gets the same, and the connection ends', async () => {
    const { octets } = await curl('--http1.0', url('big.bin'));
    expect(octets.equals(OCTETS)).toBe(true);
    const { stdout } = await curl('--http1.0', '-w', '[%{num_connects}]', url('dir/'), url('dir/'));
    expect(stdout).toBe('<p>index</p>[1]<p>index</p>[1]');
  });

  it('--path-as-is: does not get out of the directory', async () => {
    expect(await told('%{http_code}', '--path-as-is', url('../../etc/passwd'))).toBe('404');
    expect(await told('%{http_code}', url('..%2f..%2fetc%2fpasswd'))).toBe('404');
  });
});
