// The built command in a process of its own, as a person or a script meets it.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { built } from './built.js';

const program = fileURLToPath(built('cli/main.js'));

/** A command that runs; it is killed when it is disposed of. */
export class RunningCommand implements AsyncDisposable {
  readonly child: ChildProcess;
  /** What it has written so far. */
  stdout = '';
  stderr = '';
  /** Resolves with the exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;

  private constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      this.stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
    });
    this.exited = once(child, 'close').then(([code, signal]) => code ?? signal);
  }

  /** Starts the command, and waits until it has said where it listens. */
  static async start(args: readonly string[], cwd?: string): Promise<RunningCommand> {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'], cwd });
    const command = new RunningCommand(child);
    try {
      await expect.poll(() => command.stdout + (child.exitCode ?? ''), { timeout: 15_000 }).toMatch(/\n|^\d/);
      if (!command.stdout.includes('\n')) throw new Error(`The command ended: ${command.stderr}`);
    } catch (error) {
      await command[Symbol.asyncDispose]();
      throw error;
    }
    return command;
  }

  /** The first URL it has printed. */
  get url(): string {
    return /http:\S+/.exec(this.stdout)![0];
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.exited;
  }
}

/** Runs the command until it ends by itself. */
export function runCommand(args: readonly string[], cwd?: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    timeout: 15_000,
    cwd,
  });
  return { status, stdout, stderr };
}

/** Whether a program is there to be run. */
export function hasProgram(name: string): boolean {
  return spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined;
}
