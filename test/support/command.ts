// Programs in processes of their own, as a person or a script meets them: the built command, the examples.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { built } from './built.js';

/** A program that runs; it is killed when it is disposed of. */
export class RunningProgram implements AsyncDisposable {
  readonly child: ChildProcess;
  /** What it has written so far. */
  stdout = '';
  stderr = '';
  /** Resolves with the exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  readonly #announced: Promise<void>;

  private constructor(args: readonly string[], cwd?: string, env?: Readonly<Record<string, string>>) {
    this.child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd,
      env: { ...process.env, ...env },
    });
    this.#announced = new Promise((resolve) => {
      this.child.stdout!.setEncoding('utf8').on('data', (text) => {
        this.stdout += text;
        if (text.includes('\n')) resolve();
      });
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
    });
    this.exited = once(this.child, 'close').then(([code, signal]) => code ?? signal);
  }

  /**
   * Runs node with these arguments, and waits until the program has printed its first line.
   * @param env added to the environment of this process
   */
  static async start(
    args: readonly string[],
    cwd?: string,
    env?: Readonly<Record<string, string>>,
  ): Promise<RunningProgram> {
    const program = new RunningProgram(args, cwd, env);
    await Promise.race([program.#announced, program.exited]);
    if (!program.stdout.includes('\n')) throw new Error(`${args.join(' ')} has ended: ${program.stderr}`);
    return program;
  }

  /** The first URL it has printed. */
  get url(): string {
    return /https?:\S+/.exec(this.stdout)![0];
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.exited;
  }
}

/** Starts the command, and waits until it has said where it listens. @param env added to the environment */
export function startCommand(
  args: readonly string[],
  cwd?: string,
  env?: Readonly<Record<string, string>>,
): Promise<RunningProgram> {
  return RunningProgram.start([commandPath(), ...args], cwd, env);
}

/** Runs the command until it ends by itself. @param env added to the environment @param input for it to read */
export function runCommand(
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
  input: string = '',
) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [commandPath(), ...args], {
    encoding: 'utf8',
    timeout: 15_000,
    input,
    env: { ...process.env, ...env },
  });
  return { status, stdout, stderr };
}

/** Whether a program is there to be run. */
export function hasProgram(name: string): boolean {
  return spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined;
}

function commandPath(): string {
  return fileURLToPath(built('bin/basehttp.js'));
}
