// Programs that are run for a request: a process group of its own each, pipes with back-pressure, and an end in every
// case. Knows neither HTTP nor the variables of CGI: what is run and what its output means is for others to say.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { ByteSource } from '../streams/byte-reader.js';
import { StderrLines } from './cgi-stderr.js';

/** What is to be run. */
export interface CGICommand {
  /** Path of the program; a name without a slash is looked up in `PATH` of `env`. */
  readonly file: string;
  /** Without the name of the program. No shell sees them. */
  readonly args: readonly string[];
  /** The whole environment of the program: nothing of the server's own is added. */
  readonly env: Readonly<Record<string, string>>;
  /** Path of its working directory. */
  readonly directory: string;
}

/** How it is to be run. */
export interface CGIProcessOptions {
  /** Milliseconds from asking the program to end (SIGTERM) to ending it (SIGKILL). */
  readonly killAfterMs: number;
  /** Whether anything is to be written to `stdin`; else the program reads from an empty file, which costs less. */
  readonly input?: boolean;
  /** Told each line of the program's standard error: as it is, without its end, and not too many of them. */
  onStderr(line: string): void;
}

/** How a program has ended: by itself with a code, or by a signal. */
export interface CGIExit {
  readonly code: number | undefined;
  /** `'SIGKILL'`. */
  readonly signal: string | undefined;
}

/** Standard input of a program. */
export interface CGIInput {
  /** Whether the program takes no more: what is written now is lost. */
  readonly closed: boolean;
  /**
   * One call at a time. A promise only if the program must be waited for; it resolves also when the program has ended
   * or has closed its standard input, which is not an error: not every program wants to know.
   */
  write(chunk: Uint8Array): void | Promise<void>;
  /** The program reads the end behind what was written. */
  end(): void;
}

/** A program could not be started. */
export class CGIStartError extends Error {
  override readonly name = 'CGIStartError';
  /** `'exhausted'`: there are too many processes or descriptors, so it may work later. `'failed'`: it is the program. */
  readonly kind: 'exhausted' | 'failed';
  /** The error of the system: `'EACCES'`. */
  readonly code: string;

  constructor(command: CGICommand, cause: unknown) {
    const { code = 'unknown error', message } = cause as NodeJS.ErrnoException;
    super(`Cannot run ${command.file}: ${REASONS[code] ?? message} (${code})`, { cause });
    this.code = code;
    this.kind = EXHAUSTED.has(code) ? 'exhausted' : 'failed';
  }
}

/**
 * Starts a program.
 * @throws {CGIStartError} it cannot be started.
 */
export async function startCGI(command: CGICommand, options: CGIProcessOptions): Promise<CGIProcess> {
  let child: ChildProcess;
  try {
    child = spawnChild(command, options.input ?? true);
    if (child.pid === undefined) throw (await once(child, 'error'))[0];
  } catch (error) {
    throw new CGIStartError(command, error);
  }
  return new CGIProcess(child, options);
}

/**
 * A program that runs, and what it has started in turn, as far as that stays in its process group.
 *
 * Its output must be read to the end, or `stop()` called: until then it holds a pipe. What it leaves running in the
 * background may outlive it if it has let go of standard output; standard error is not listened to any longer then.
 */
export class CGIProcess {
  readonly stdin: CGIInput;
  /**
   * Standard output. Not read ahead of its reader beyond some 128 KiB: then the program has to wait.
   *
   * It ends when all who have it have closed it; or when the program has exited and nothing has come for
   * {@link SILENCE_MS} since it was asked for, because something in the background holds it: that is then stopped.
   * After `stop()` it does not end but breaks, since an output that was cut is not a complete one.
   */
  readonly stdout: ByteSource;
  /** Resolves when the program has ended; what it started may run on, and its output may not have been read yet. */
  readonly exited: Promise<CGIExit>;

  readonly #group: ProcessGroup;
  readonly #input: Input;
  readonly #output: Output;
  readonly #killAfterMs: number;
  #hasExited = false;
  #stopped = false;
  #kill: NodeJS.Timeout | undefined;

  /** @internal Made by {@link startCGI}. */
  constructor(child: ChildProcess, { killAfterMs, onStderr }: CGIProcessOptions) {
    this.#killAfterMs = killAfterMs;
    this.#group = new ProcessGroup(child);
    this.stdin = this.#input = new Input(child.stdin);
    const stderr = listen(child.stderr!, onStderr);
    const finish = () => {
      this.#finish();
      endSoon(stderr);
    };
    this.stdout = this.#output = new Output(child.stdout!, (held) => {
      if (held) this.stop();
      if (this.#hasExited) finish();
    });

    child.on('error', ignore); // a signal that could not be sent
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, name) => {
        this.#hasExited = true;
        this.#output.expectEnd();
        if (this.#output.ended) finish();
        resolve({ code: code ?? undefined, signal: name ?? undefined });
      });
    });
  }

  /**
   * Ends the program and all of its group: SIGTERM, and after `killAfterMs` SIGKILL. Its output breaks at once. May be
   * called twice, and when the program has ended.
   */
  stop(): void {
    if (this.#stopped || !this.#group.watched) return;
    this.#stopped = true;
    this.#group.signal('SIGTERM');
    this.#kill = setTimeout(() => {
      this.#kill = undefined;
      this.#group.signal('SIGKILL');
      if (this.#hasExited) this.#group.forget();
    }, this.#killAfterMs).unref();
    this.#input.abandon();
    this.#output.abandon(new Error('The program has been stopped'));
  }

  /** The program has exited and its output is over. */
  #finish(): void {
    if (this.#kill !== undefined && this.#group.signal(0)) return; // the others have until then
    clearTimeout(this.#kill);
    this.#group.forget();
  }
}

/** What is asked of a program whose output nobody closes, in milliseconds: to say something in that time. */
export const SILENCE_MS = 1000;

const EXHAUSTED: ReadonlySet<string> = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM']);

const REASONS: Readonly<Record<string, string>> = {
  EAGAIN: 'there are too many processes',
  EMFILE: 'the server has too many files open',
  ENFILE: 'the system has too many files open',
  ENOMEM: 'there is not enough memory',
  EACCES: 'the server may not execute it',
  ENOENT: 'it, its directory, or the interpreter that its first line names, is not there',
  ENOEXEC: 'it is no program: a script begins with a line like #!/bin/sh',
  E2BIG: 'its environment is too large',
};

const WINDOWS = process.platform === 'win32';

/** @throws what cannot be told by an event: the errors that nobody expects of a program that is there. */
function spawnChild({ file, args, env, directory }: CGICommand, input: boolean): ChildProcess {
  const child = spawn(file, args, {
    cwd: directory,
    // Node would add this one by itself.
    env: { ...env, NODE_V8_COVERAGE: env['NODE_V8_COVERAGE'] },
    shell: false,
    stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    detached: !WINDOWS,
    windowsHide: true,
  });
  if (child.pid === undefined) for (const stream of child.stdio ?? []) stream?.destroy();
  return child;
}

/** The processes that have their program's process id as group. On Windows, where there are no groups, that alone. */
class ProcessGroup {
  readonly #child: ChildProcess;
  readonly #pid: number;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#pid = child.pid!;
    if (groups === undefined) {
      groups = new Set();
      process.on('exit', killAll);
    }
    groups.add(this);
  }

  /** Whether it would be killed at the end of this process. */
  get watched(): boolean {
    return groups?.has(this) === true;
  }

  /**
   * Sends a signal to all of them. Not to be called long after the group has become empty, since its number may be
   * given to another.
   * @returns whether there was anyone to send it to
   */
  signal(signal: NodeJS.Signals | 0): boolean {
    try {
      return WINDOWS ? this.#child.kill(signal) : process.kill(-this.#pid, signal);
    } catch {
      return false; // nobody is left, or they are another user's by now
    }
  }

  forget(): void {
    groups?.delete(this);
  }
}

/** The groups that someone may still be in. */
let groups: Set<ProcessGroup> | undefined;

/** This process ends, in whatever way: there is no time left to ask. */
function killAll(): void {
  for (const group of groups ?? []) group.signal('SIGKILL');
}

class Input implements CGIInput {
  readonly #stream: Writable | null;
  /** Tells who has written that there is room again, or that it does not matter any more. */
  #resume: (() => void) | undefined;

  constructor(stream: Writable | null) {
    this.#stream = stream;
    stream?.on('error', ignore); // EPIPE
    stream?.on('drain', () => this.#resume?.());
    stream?.on('close', () => this.#resume?.());
  }

  get closed(): boolean {
    return this.#stream?.writable !== true;
  }

  write(chunk: Uint8Array): void | Promise<void> {
    if (this.closed || this.#stream!.write(chunk)) return;
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  end(): void {
    this.#stream?.end();
  }

  abandon(): void {
    this.#stream?.destroy();
  }
}

class Output implements ByteSource {
  readonly #stream: Readable;
  readonly #onEnd: (held: boolean) => void;
  /** Whoever waits for the next bytes. */
  #reader: { resolve(chunk: Buffer | undefined): void; reject(reason: Error): void } | undefined;
  #failure: Error | undefined;
  #ended = false;
  #isEndDue = false;
  #silence: NodeJS.Timeout | undefined;

  /** @param onEnd is told the end, and whether it had to be made because someone holds the stream without need. */
  constructor(stream: Readable, onEnd: (held: boolean) => void) {
    this.#stream = stream;
    this.#onEnd = onEnd;
    stream.on('readable', () => this.#wake());
    stream.on('end', () => this.#end(false));
    stream.on('error', (error) => this.abandon(error));
  }

  /** Whether there is nothing more to come, read or not. */
  get ended(): boolean {
    return this.#ended;
  }

  read(): Buffer | undefined | Promise<Buffer | undefined> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return this.#stream.read() ?? (this.#ended ? undefined : this.#wait());
  }

  /** The program has exited, and with it everyone who should hold the stream. */
  expectEnd(): void {
    this.#isEndDue = true;
    if (this.#reader !== undefined) this.#watchSilence();
  }

  /** What has not been read is lost, and reading fails for this reason. */
  abandon(reason: Error): void {
    if (this.#ended) return;
    this.#failure = reason;
    const reader = this.#reader;
    this.#end(false);
    reader?.reject(reason);
  }

  #wait(): Promise<Buffer | undefined> {
    if (this.#isEndDue) this.#watchSilence();
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  #wake(): void {
    if (this.#reader === undefined) return;
    const chunk: Buffer | null = this.#stream.read();
    if (chunk !== null) this.#settle()?.resolve(chunk);
  }

  #end(held: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stream.destroy();
    this.#onEnd(held);
    if (this.#failure === undefined) this.#settle()?.resolve(undefined);
    else this.#settle();
  }

  /** Only while someone waits: that a slow client has not asked yet is not the program's silence. */
  #watchSilence(): void {
    this.#silence = setTimeout(() => this.#end(true), SILENCE_MS);
  }

  #settle() {
    clearTimeout(this.#silence);
    const reader = this.#reader;
    this.#reader = undefined;
    return reader;
  }
}

/** Standard error is read in any case, and at once: a full pipe would stop the program. */
function listen(stream: Readable, onLine: (line: string) => void): Readable {
  const lines = new StderrLines(onLine);
  return stream
    .on('data', (chunk: Buffer) => lines.write(chunk))
    .on('error', ignore)
    .on('close', () => lines.end());
}

/** Gives who still has the pipe a moment for last words. */
function endSoon(stream: Readable): void {
  if (stream.destroyed) return;
  const timer = setTimeout(() => stream.destroy(), SILENCE_MS).unref();
  stream.once('close', () => clearTimeout(timer));
}

function ignore(): void {}
