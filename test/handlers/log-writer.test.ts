// Pipes, sockets and full devices are tried in processes of their own, with the built package.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LogWriter } from '../../src/handlers/log-writer.js';
import { built } from '../support/built.js';

const onLinux = process.platform === 'linux';

let directory: string;
const cleanups: (() => void)[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'basehttp-log-'));
});

afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
  rmSync(directory, { recursive: true });
});

function open(path: string, flags: string | number): number {
  const fd = openSync(path, flags);
  cleanups.push(() => closeSync(fd));
  return fd;
}

describe('LogWriter on a file', () => {
  function logFile(): { writer: LogWriter; content: () => string } {
    const path = join(directory, 'log');
    return { writer: new LogWriter(open(path, 'w')), content: () => readFileSync(path, 'utf8') };
  }

  it('writes lines in order, together, when flushed', () => {
    const { writer, content } = logFile();
    writer.write('one');
    writer.write('two ä');
    expect(content()).toBe('');
    writer.flush();
    expect(content()).toBe('one\ntwo ä\n');
  });

  it('writes without being flushed, soon', async () => {
    const { writer, content } = logFile();
    writer.write('one');
    await vi.waitFor(() => expect(content()).toBe('one\n'));
  });

  it('writes at once when a batch is full, whole lines only', () => {
    const { writer, content } = logFile();
    const line = 'x'.repeat(999);
    for (let i = 0; i < 5; i++) writer.write(line);
    expect(content()).toBe(`${line}\n`.repeat(4));
  });

  it('writes at once what comes after the end', () => {
    const { writer, content } = logFile();
    writer.write('one');
    writer.finish();
    expect(content()).toBe('one\n');
    writer.write('two');
    expect(content()).toBe('one\ntwo\n');
  });

  it.each([
    ['ASCII', 'a'.repeat(100_000), 4096],
    ['two bytes', 'é'.repeat(4000), 4095],
    ['four bytes', `a${'\u{1f600}'.repeat(4000)}`, 4093],
  ])('MUST 87: cuts a line to 4 KiB, between characters (%s)', (_, line, bytes) => {
    const { writer, content } = logFile();
    writer.write(line);
    writer.flush();
    const written = content();
    expect(Buffer.byteLength(written)).toBeLessThanOrEqual(4096);
    expect(Buffer.byteLength(written)).toBeGreaterThanOrEqual(bytes - 4);
    expect(written.endsWith('...\n')).toBe(true);
    expect(line.startsWith(written.slice(0, -4))).toBe(true);
    expect(written).not.toContain('\ufffd');
  });

  it('does not cut a line that fits', () => {
    const { writer, content } = logFile();
    writer.write('é'.repeat(2047));
    writer.flush();
    expect(content()).toBe(`${'é'.repeat(2047)}\n`);
  });
});

describe('LogWriter on what cannot be written', () => {
  it.runIf(onLinux)('MUST 87: keeps some, drops and counts the rest, and does not throw', () => {
    const writer = new LogWriter(open('/dev/full', 'w'));
    const line = 'x'.repeat(999);
    for (let i = 0; i < 2000; i++) writer.write(line);
    expect(writer.dropped).toBeGreaterThan(900);
    expect(writer.dropped).toBeLessThan(1100);
    writer.flush();
    writer.finish();
  });

  it('MUST 87: does not throw if it is not open at all', () => {
    const writer = new LogWriter(1_000_000);
    writer.write('lost');
    writer.flush();
    writer.finish();
  });
});

describe('writeToStderr', () => {
  const writeLines = `for (let i = 0; i < 30_000; i++) writeToStderr('line ' + i + ' ' + 'x'.repeat(70));`;
  // Long enough for the writer to have tried again, as it would under a server that goes on.
  const later = (then: string) => `setTimeout(() => { ${then} }, 250);`;
  const waitForStdin = `process.stdin.resume().on('end', () => process.exit(0));`;

  it('MUST 87: writes what is left when the process exits', async () => {
    const child = run(`writeToStderr('one'); writeToStderr('two'); process.exit(3);`);
    const [stderr, [code]] = await Promise.all([text(child.stderr!), once(child, 'exit')]);
    expect([stderr, code]).toEqual(['one\ntwo\n', 3]);
  });

  it('writes what is left when the process has nothing more to do, or dies of an error', async () => {
    const ending = run(`writeToStderr('one');`);
    expect(await text(ending.stderr!)).toBe('one\n');
    const dying = run(`writeToStderr('one'); throw new Error('uncaught');`);
    expect(await text(dying.stderr!)).toMatch(/^one$/m);
  });

  it('writes also what is logged while the process exits', async () => {
    const child = run(`writeToStderr('one'); process.on('exit', () => writeToStderr('two'));`);
    expect(await text(child.stderr!)).toBe('one\ntwo\n');
  });

  it('writes when it is told to', async () => {
    const child = run(`writeToStderr('one'); flushLog(); process.kill(process.pid, 'SIGKILL');`);
    expect(await text(child.stderr!)).toBe('one\n');
  });

  it('loses nothing at exit to a reader that reads', async () => {
    const child = run(
      `for (let i = 0; i < 3000; i++) writeToStderr('line ' + i + ' ' + 'x'.repeat(70)); process.exit()`,
    );
    const lines = (await text(child.stderr!)).trimEnd().split('\n');
    expect(lines.map((line) => line.split(' ')[1])).toEqual(
      Array.from({ length: 3000 }, (_, i) => String(i)),
    );
  });

  it('MUST 87: goes on when the reader goes away, as head -1 does', async () => {
    const child = run(
      `writeToStderr('first'); flushLog();
       process.stdin.resume().on('end', () => { ${writeLines} ${later(`console.log('done')`)} });`,
    );
    await once(child.stderr!, 'readable');
    child.stderr!.destroy();
    await once(child.stderr!, 'close');
    child.stdin!.end();
    await expectToFinish(child);
  });

  it('MUST 87: goes on, and ends, when nobody reads (socket)', async () => {
    const child = run(`${writeLines} ${later(`console.log('done'); process.exit()`)}`);
    await expectToFinish(child);
  });

  it('MUST 87: goes on, and ends, when stderr was closed from the start', async ({ skip }) => {
    if (process.platform === 'win32') skip('there is no sh');
    const script = `${writeLines} console.log('done');`;
    const child = started(spawn('sh', ['-c', 'exec "$0" "$@" 2>&-', ...nodeArguments(script)]));
    await expectToFinish(child);
  });

  it.skipIf(process.platform === 'win32').each([
    ['keeps the first lines', `writeToStderr('one'); flushLog();`, /^one\ntwo\n$/],
    ['counts what is too much', `${writeLines} flushLog();`, /^\d+ log lines were lost here/m],
  ])('MUST 87: %s while descriptors have run out', async (_title, logging, expected) => {
    const child = exhausted(`exhaust(); ${logging} release(); writeToStderr('two'); ${waitForStdin}`);
    let stderr = '';
    child.stderr!.setEncoding('utf8').on('data', (part) => {
      stderr += part;
    });
    await vi.waitFor(() => expect(stderr).toMatch(expected), 20_000);
    child.stdin!.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  describe('to a pipe', () => {
    let reader: number;

    // Stands for both ends until the child has its own, since a pipe without a reader cannot be opened for writing.
    function pipe(): number {
      const path = join(directory, 'pipe');
      expect(spawnSync('mkfifo', [path]).status).toBe(0);
      reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      return open(path, constants.O_WRONLY);
    }

    it.runIf(onLinux)('MUST 87: goes on, and ends, when nobody reads', async () => {
      const stderr = pipe();
      cleanups.push(() => closeSync(reader));
      const child = run(`${writeLines} ${later(`console.log('done'); process.exit()`)}`, stderr);
      await expectToFinish(child);
      expect(readAvailable()).toMatch(/^line 0 x+\nline 1 x+\n/);
    });

    it.runIf(onLinux)('MUST 87: ends also by itself when nobody reads', async () => {
      const stderr = pipe();
      cleanups.push(() => closeSync(reader));
      await expectToFinish(run(`${writeLines} console.log('done');`, stderr));
    });

    it.runIf(onLinux)('MUST 87: goes on when the reader goes away', async () => {
      const stderr = pipe();
      const child = run(`${waitForStdin} ${writeLines} console.log('done');`, stderr);
      await once(child.stdout!, 'readable');
      closeSync(reader);
      child.stdin!.end();
      await expectToFinish(child);
    });

    it.runIf(onLinux)('says how many lines were lost, once they are read again', async () => {
      const stderr = pipe();
      cleanups.push(() => closeSync(reader));
      const child = run(`${waitForStdin} ${writeLines} console.log('done');`, stderr);
      await once(child.stdout!, 'readable');
      let log = '';
      await vi.waitFor(() => expect((log += readAvailable())).toContain('lines were lost'), {
        timeout: 10_000,
      });
      child.stdin!.end();
      await expectToFinish(child);

      const lines = log.trimEnd().split('\n');
      const kept = lines.filter((line) => /^line \d+ x{70}$/.test(line)).length;
      const report = lines.find((line) => line.includes('lost'));
      expect(report).toBe(
        `${30_000 - kept} log lines were lost here, because they were not read fast enough`,
      );
      expect(lines.length).toBe(kept + 1);
    });

    it.runIf(onLinux)('leaves the pipe as it is for the processes it is shared with', async () => {
      const stderr = pipe();
      cleanups.push(() => closeSync(reader));
      const before = flagsOf(stderr);
      await expectToFinish(run(`writeToStderr('one'); flushLog(); console.log('done');`, stderr));
      expect(flagsOf(stderr)).toBe(before);
    });

    function flagsOf(fd: number): string | undefined {
      return /^flags:.*$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[0];
    }

    function readAvailable(): string {
      const buffer = Buffer.alloc(1 << 20);
      try {
        return buffer.toString('utf8', 0, readSync(reader, buffer));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return '';
        throw error;
      }
    }
  });

  function nodeArguments(script: string): string[] {
    const imports = `import { flushLog, writeToStderr } from ${JSON.stringify(built('handlers/log-writer.js'))};`;
    return [process.execPath, '--input-type=module', '-e', `${imports}\n${script}`];
  }

  function run(script: string, stderr: 'pipe' | number = 'pipe'): ChildProcess {
    const [node, ...args] = nodeArguments(script);
    return started(spawn(node!, args, { stdio: ['pipe', 'pipe', stderr] }));
  }

  /** Runs a script that can take all descriptors, and give them back. */
  function exhausted(script: string): ChildProcess {
    const functions = `
      import { closeSync, openSync } from 'node:fs';
      const held = [];
      const exhaust = () => { try { for (;;) held.push(openSync('/dev/null')); } catch {} };
      const release = () => { for (const descriptor of held.splice(0)) closeSync(descriptor); };`;
    const limited = 'ulimit -n 64 && exec "$0" "$@"';
    return started(spawn('sh', ['-c', limited, ...nodeArguments(functions + script)]));
  }

  function started(child: ChildProcess): ChildProcess {
    cleanups.push(() => child.kill('SIGKILL'));
    return child;
  }

  /** That it said "done", and ended of itself. It is the test's time limit that tells if it does not. */
  async function expectToFinish(child: ChildProcess): Promise<void> {
    const [stdout, [code, signal]] = await Promise.all([text(child.stdout!), once(child, 'exit')]);
    expect([stdout, code, signal]).toEqual(['done\n', 0, null]);
  }
});
