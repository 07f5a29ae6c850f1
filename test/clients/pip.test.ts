// pip, which finds packages by the links of a listing.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, succeed } from '../support/client-program.js';
import { Site, TemporaryDirectory } from '../support/site.js';

const hasPip = spawnSync('python3', ['-m', 'pip', '--version'], { stdio: 'ignore' }).status === 0;

/** Makes the wheel of a package with one module. Its name has a plus sign if the version has. */
const MAKE_WHEEL = `
import sys, zipfile
directory, version = sys.argv[1:]
info = f'spam_eggs-{version}.dist-info'
members = {
    'spam_eggs.py': f'version = {version!r}\\n',
    f'{info}/METADATA': f'Metadata-Version: 2.1\\nName: spam-eggs\\nVersion: {version}\\n',
    f'{info}/WHEEL': 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n',
}
record = ''.join(f'{name},,\\n' for name in [*members, f'{info}/RECORD'])
with zipfile.ZipFile(f'{directory}/spam_eggs-{version}-py3-none-any.whl', 'w') as wheel:
    for name, text in {**members, f'{info}/RECORD': record}.items():
        wheel.writestr(name, text)
`;

describe.skipIf(!hasPip)('pip (skipped where python3 has none)', { timeout: 60_000 }, () => {
  let site: Site;
  let downloads: TemporaryDirectory;

  beforeAll(async () => {
    site = await Site.serve({ 'simple/spam-eggs/': '', 'README.txt': 'packages' });
    downloads = new TemporaryDirectory();
    for (const version of ['1.0', '1.1', '2.0+local.1']) await makeWheel(version);
  }, 60_000);

  afterAll(async () => {
    downloads?.[Symbol.dispose]();
    await site?.[Symbol.asyncDispose]();
    expect(site.errors).toEqual([]);
  });

  const wheels = () => join(site.root.path, 'simple/spam-eggs');
  const makeWheel = (version: string) => succeed('python3', ['-c', MAKE_WHEEL, wheels(), version]);
  const url = (path: string) => `http://127.0.0.1:${site.port}/${path}`;
  const pip = (name: string, ...args: string[]) => [
    ...['-m', 'pip', '--isolated', '--disable-pip-version-check', '--no-cache-dir', '--quiet', 'download'],
    ...['--no-deps', '--only-binary', ':all:', '--dest', join(downloads.path, name), ...args],
  ];
  /** The names of what was downloaded, which is what is served. */
  const downloaded = (name: string) =>
    readdirSync(join(downloads.path, name)).filter((file) => {
      const copied = readFileSync(join(downloads.path, name, file));
      expect(copied.equals(readFileSync(join(wheels(), file)))).toBe(true);
      return true;
    });

  it('download --find-links: finds the latest version in a listing', async () => {
    const links = ['--no-index', '--find-links', url('simple/spam-eggs/')];
    await succeed('python3', pip('links', ...links, 'spam-eggs'));
    expect(downloaded('links')).toEqual(['spam_eggs-2.0+local.1-py3-none-any.whl']);
  });

  it('download --index-url: takes a folder of folders for an index', async () => {
    const index = ['--index-url', url('simple/')];
    await succeed('python3', pip('index', ...index, 'spam-eggs==1.0'));
    expect(downloaded('index')).toEqual(['spam_eggs-1.0-py3-none-any.whl']);
    const { code, stderr } = await run('python3', pip('index', ...index, 'other-package'));
    expect([code, stderr]).toEqual([1, expect.stringContaining('No matching distribution')]);
  });

  it('sees a version that is new', async () => {
    await makeWheel('3.0');
    await succeed('python3', pip('new', '--index-url', url('simple/'), 'spam-eggs>=1'));
    expect(downloaded('new')).toEqual(['spam_eggs-3.0-py3-none-any.whl']);
  });
});
