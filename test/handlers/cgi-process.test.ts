// Programs that are run: what goes in, what comes out, and that nothing of them is left.

import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import {
  type CGIProcess,
  type CGIProcessOptions,
  SILENCE_MS,
  startCGI,
} from '../../src/handlers/cgi-process.js';
import { built } from '../support/built.js';
import { canSeeProcesses, childrenOf, membersOf, untilGone } from '../support/processes.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const ENV = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };

/** A running shell, and what is known of it. */
interface Shell extends AsyncDisposable {
  readonly program: CGIProcess;
  readonly stderr: string[];
}

async function shell(script: string, options: Partial<CGIProcessOptions> = {}): Promise<Shell> {
  const stderr: string[] = [];
  const program = await startCGI(
    { file: '/bin/sh', args: ['-c', script], env: ENV, directory: '/' },
    { killAfterMs: 2000, onStderr: (line) => stderr.push(line), ...options },
  );
  return {
    program,
    stderr,
    async [Symbol.asyncDispose]() {
      program.stop();
      await program.exited;
    },
  };
}

async function readAll({ stdout }: CGIProcess): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for (let chunk = await stdout.read(); chunk !== undefined; chunk = await stdout.read()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The first line of the output, which all of these programs write in one piece. */
async function readLine({ stdout }: CGIProcess): Promise<string> {
  return String(Buffer.from((await stdout.read())!)).trimEnd();
}

/** Where a program stands when nothing moves any more: two looks see the same. */
async function settled(look: () => number): Promise<number> {
  for (let last = look(); ; ) {
    await delay(200);
    const now = look();
    if (now === last && now > 0) return now;
    last = now;
  }
}

describe.skipIf(process.platform === 'win32')('a program', () => {
  it('has the arguments, the environment and the directory it is given, and nothing else', async () => {
    await using directory = await temporaryDirectory({});
    const args = ['-c', 'env; pwd; printf "<%s>" "$0" "$@"', 'zero', '; exit 1', '$HOME', '*'];
    const program = await startCGI(
      { file: '/bin/sh', args, env: { ...ENV, A: '$B `c`', UTF: 'ü' }, directory: directory.path },
      { killAfterMs: 2000, onStderr: () => {} },
    );
    const lines = (await readAll(program)).toString().split('\n');
    const own = /^(PWD|OLDPWD|SHLVL|_)=/; // the shell's
    expect(
      lines
        .slice(0, -2)
        .filter((line) => !own.test(line))
        .sort(),
    ).toEqual(['A=$B `c`', 'UTF=ü', `PATH=${ENV.PATH}`].sort());
    expect(lines.at(-2)).toMatch(new RegExp(`${directory.path}$`));
    expect(lines.at(-1)).toBe('<zero><; exit 1><$HOME><*>');
    expect(await program.exited).toEqual({ code: 0, signal: undefined });
  });

  it.each([
    ['exit 7', { code: 7, signal: undefined }],
    ['kill -9 $$', { code: undefined, signal: 'SIGKILL' }],
  ])('tells how it has ended: %s', async (script, exit) => {
    await using sh = await shell(script);
    expect((await readAll(sh.program)).length).toBe(0);
    expect(await sh.program.exited).toEqual(exit);
    expect(await sh.program.stdout.read()).toBeUndefined();
  });

  it('reads what is written, and the end', async () => {
    await using sh = await shell('cat; echo end');
    const part = Buffer.alloc(100_000, 'x');
    const output = readAll(sh.program);
    for (let i = 0; i < 20; i++) await sh.program.stdin.write(part);
    sh.program.stdin.end();
    expect((await output).toString()).toBe(`${'x'.repeat(2_000_000)}end\n`);
  });

  it('reads an empty file if nothing is to be written', async () => {
    await using sh = await shell('cat; echo end', { input: false });
    await sh.program.stdin.write(Buffer.from('lost'));
    sh.program.stdin.end();
    expect(sh.program.stdin.closed).toBe(true);
    expect(String(await readAll(sh.program))).toBe('end\n');
  });

  it('may leave its input alone', async () => {
    await using sh = await shell('exec 0<&-; echo here');
    expect(await readLine(sh.program)).toBe('here');
    while (!sh.program.stdin.closed) await sh.program.stdin.write(Buffer.alloc(100_000));
    await sh.program.stdin.write(Buffer.alloc(100_000));
    sh.program.stdin.end();
    expect(await sh.program.exited).toMatchObject({ code: 0 });
  });

  it('that ends does not leave a writer waiting', async () => {
    await using sh = await shell('read line; echo "$line"; exec sleep 1000');
    expect(sh.program.stdin.write(Buffer.from('hello\n'))).toBeUndefined();
    expect(await readLine(sh.program)).toBe('hello');
    const waiting = (async () => {
      while (!sh.program.stdin.closed) await sh.program.stdin.write(Buffer.alloc(100_000));
    })();
    sh.program.stop();
    await waiting;
  });

  it('waits for who reads it', async () => {
    let wrote = 0;
    const count = (line: string) => {
      wrote = Number(/(\d+) KiB/.exec(line)?.[1] ?? wrote);
    };
    // One line of standard error for each 64 KiB, as long as the log takes them: more would be read ahead.
    const script =
      'i=0; while [ $i -lt 10 ]; do head -c 65536 /dev/zero; i=$((i+1)); echo $((64*i)) KiB >&2; done';
    await using sh = await shell(script, { onStderr: count });
    const ahead = await settled(() => wrote);
    expect(ahead).toBeLessThan(640);
    expect((await readAll(sh.program)).length).toBe(655_360);
  });

  it('is not held up by its standard error', async () => {
    await using sh = await shell(
      'head -c 1000000 /dev/zero | tr "\\0" "\\n" >&2; printf "a\\033[2Jb\\n" >&2; echo done',
    );
    expect(await readLine(sh.program)).toBe('done');
    await using other = await shell('printf "a\\033[2Jb" >&2; echo done');
    expect(await readLine(other.program)).toBe('done');
    await vi.waitFor(() => expect(other.stderr).toEqual(['a\x1b[2Jb']));
  });
});

describe('a program that cannot be started', () => {
  const start = (file: string, directory = '/') =>
    startCGI({ file, args: [], env: ENV, directory }, { killAfterMs: 2000, onStderr: () => {} });

  it('is not there', async () => {
    await expect(start('/nowhere/at-all')).rejects.toMatchObject({
      name: 'CGIStartError',
      kind: 'failed',
      code: 'ENOENT',
      message: expect.stringMatching(/^Cannot run \/nowhere\/at-all: .* not there \(ENOENT\)$/),
    });
  });

  it.skipIf(process.platform === 'win32')('is not executable, or its directory is not there', async () => {
    await using directory = await temporaryDirectory({ script: '#!/bin/sh\n', lost: '#!/no/interpreter\n' });
    await expect(start(join(directory.path, 'script'))).rejects.toMatchObject({
      kind: 'failed',
      code: 'EACCES',
    });
    chmodSync(join(directory.path, 'lost'), 0o755);
    await expect(start(join(directory.path, 'lost'))).rejects.toMatchObject({
      kind: 'failed',
      code: 'ENOENT',
    });
    await expect(start('/bin/sh', '/nowhere')).rejects.toMatchObject({ kind: 'failed', code: 'ENOENT' });
  });
});

describe.skipIf(!canSeeProcesses)('all of a program', () => {
  /** Three generations, all of which print their names and then sleep. */
  const FAMILY = 'sh -c "sh -c \'echo \\$PPID; exec sleep 1000\' & wait" & echo $$; wait';

  async function family(options: Partial<CGIProcessOptions> = {}) {
    const sh = await shell(FAMILY, options);
    let said = '';
    while (said.trim().split('\n').length < 2) said += Buffer.from((await sh.program.stdout.read())!);
    const group = childrenOf(process.pid).find(
      ({ pid, group }) => pid === group && said.includes(`${pid}`),
    )!.group;
    expect(membersOf(group).length).toBeGreaterThanOrEqual(3);
    return { sh, group };
  }

  it('is ended by stop()', async () => {
    const { sh, group } = await family();
    const read = sh.program.stdout.read();
    sh.program.stop();
    sh.program.stop();
    await expect(read).rejects.toThrow('stopped');
    await expect(sh.program.stdout.read()).rejects.toThrow('stopped');
    expect(await sh.program.exited).toEqual({ code: undefined, signal: 'SIGTERM' });
    await untilGone(group);
    sh.program.stop();
    expect(childrenOf(process.pid).some(({ pid }) => pid === group)).toBe(false); // no zombie either
  });

  it('is killed if it does not want to end', async () => {
    await using sh = await shell('trap "" TERM; echo $$; while :; do sleep 1000; done', { killAfterMs: 100 });
    const group = Number(await readLine(sh.program));
    sh.program.stop();
    expect(await sh.program.exited).toEqual({ code: undefined, signal: 'SIGKILL' });
    await untilGone(group);
  });

  it('is killed also where its first process has ended', async () => {
    const script = 'sh -c \'trap "" TERM; echo $PPID; while :; do sleep 1000; done\' & wait';
    await using sh = await shell(script, { killAfterMs: 100 });
    const group = Number(await readLine(sh.program));
    sh.program.stop();
    expect(await sh.program.exited).toMatchObject({ signal: 'SIGTERM' });
    await untilGone(group);
  });

  it('MUST 77: cannot hold the output once the program has ended', async () => {
    await using sh = await shell('echo $$; sleep 1000 &');
    const output = await readAll(sh.program);
    expect(await sh.program.exited).toMatchObject({ code: 0 });
    await untilGone(Number(output));
  });

  it('may hold it while it has something to say, and while nobody listens', async () => {
    const script = `(for i in 1 2 3; do sleep ${SILENCE_MS / 2000}; echo $i; done; sleep 1000) & echo 0`;
    await using sh = await shell(script);
    expect(String(await readAll(sh.program))).toBe('0\n1\n2\n3\n');

    await using other = await shell('head -c 50000 /dev/zero; sleep 1000 &');
    await other.program.exited;
    await delay(SILENCE_MS * 1.5);
    expect((await readAll(other.program)).length).toBe(50_000);
  });

  it('may go on if it has let go of the output', async () => {
    await using sh = await shell('sleep 1000 >/dev/null 2>&1 & echo $$');
    const group = Number(await readAll(sh.program));
    await sh.program.exited;
    sh.program.stop();
    try {
      expect(membersOf(group).length).toBe(1);
    } finally {
      process.kill(-group, 'SIGKILL');
    }
  });

  it('MUST 78: is killed when the server process exits', async () => {
    const script = `
      const { startCGI } = await import(${JSON.stringify(built('handlers/cgi-process.js'))});
      const command = { file: '/bin/sh', args: ['-c', 'trap "" TERM; echo $$; sleep 1000 & wait'], env: process.env, directory: '/' };
      const { stdout } = await startCGI(command, { killAfterMs: 2000, onStderr() {} });
      process.stdout.write(await stdout.read());
      process.exit(3);`;
    const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script]);
    expect(status).toBe(3);
    expect(Number(stdout)).toBeGreaterThan(0);
    await untilGone(Number(stdout));
  });
});
