// git, over plain files ("dumb" HTTP): a bare repository that is served as it is.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { git, hasGit, makeRepository, objectsOf } from '../support/git.js';
import { Site, TemporaryDirectory } from '../support/site.js';

const COMMITS = 300;

describe.skipIf(!hasGit)('git (skipped where it is not installed)', { timeout: 60_000 }, () => {
  let site: Site;
  let clones: TemporaryDirectory;
  let served: string;

  beforeAll(async () => {
    site = await Site.serve({ 'README.txt': 'repositories' });
    clones = new TemporaryDirectory();
    served = join(site.root.path, 'spam.git');
    await makeRepository(served, COMMITS);
    await git(served, ['repack', '-adq']);
  }, 60_000);

  afterAll(async () => {
    clones?.[Symbol.dispose]();
    await site?.[Symbol.asyncDispose]();
    expect(site.errors).toEqual([]);
  });

  const url = () => `http://127.0.0.1:${site.port}/spam.git`;
  /** A commit of a file of its own, whose objects are put in no pack. */
  const commit = async (name: string) => {
    const who = 'committer A <a@example.org> 1800000000 +0000';
    const stream = `commit refs/heads/main\n${who}\ndata ${name.length}\n${name}\nfrom refs/heads/main^0\nM 644 inline ${name}\ndata ${name.length}\n${name}\n`;
    await git(served, ['-c', 'fastimport.unpackLimit=100', 'fast-import', '--quiet'], stream);
    await git(served, ['update-server-info']);
    return (await git(served, ['rev-parse', 'main'])).trim();
  };
  const clone = async (name: string) => {
    await git(clones.path, ['clone', '--quiet', '--bare', url(), name]);
    return join(clones.path, name);
  };

  it('clones what is packed and what is not, and has every object', async () => {
    await commit('loose-one');
    await commit('loose-two');
    const { count, digest } = await objectsOf(await clone('first.git'));
    expect(count).toBeGreaterThan(2 * COMMITS);
    expect(digest).toBe((await objectsOf(served)).digest);
    const requests = site.log.join('\n');
    expect(requests).toMatch(/GET \/spam\.git\/objects\/pack\/pack-[0-9a-f]{40}\.pack HTTP\/1\.1 200/);
    expect(requests).toMatch(/GET \/spam\.git\/objects\/[0-9a-f]{2}\/[0-9a-f]{38} HTTP\/1\.1 200/);
  });

  it('fetches what is new, as soon as it is there', async () => {
    const mirror = await clone('second.git');
    const fetched = async () => {
      await git(mirror, ['fetch', '--quiet', 'origin', '+main:main']);
      return (await git(mirror, ['rev-parse', 'main'])).trim();
    };
    for (const name of ['new-one', 'new-two', 'new-three']) {
      const made = await commit(name);
      expect(await fetched()).toBe(made);
    }
    await git(served, ['gc', '--quiet', '--prune=now']);
    const made = await commit('behind-gc');
    expect(await fetched()).toBe(made);
    expect((await objectsOf(mirror)).digest).toBe((await objectsOf(served)).digest);
  });

  it('may not push', async () => {
    const mirror = await clone('third.git');
    await expect(git(mirror, ['push', '--quiet', 'origin', 'main:other'])).rejects.toThrow(/push|lock/i);
    expect((await git(served, ['branch', '--list', 'other'])).trim()).toBe('');
  });
});
