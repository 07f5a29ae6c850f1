import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CGIConversation } from '../../src/handlers/cgi-conversation.js';
import type { CGIExit, CGIProcess } from '../../src/handlers/cgi-process.js';

const HEAD = 'Content-Type: text/plain\n\n';

/** A program that says what the test has it say, when the test has it say it. */
class FakeProgram {
  #said: (Buffer | Error | undefined)[] = [];
  #wake: (() => void) | undefined;
  exit!: (exit: CGIExit) => void;

  readonly exited = new Promise<CGIExit>((resolve) => {
    this.exit = resolve;
  });
  readonly stdin = { closed: true, write() {}, end() {} };
  readonly stdout = {
    read: async (): Promise<Buffer | undefined> => {
      while (this.#said.length === 0) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      const said = this.#said.shift();
      if (said instanceof Error) throw said;
      return said;
    },
  };

  stop(): void {}

  says(...said: (string | Error | undefined)[]): void {
    for (const one of said) this.#said.push(typeof one === 'string' ? Buffer.from(one) : one);
    this.#wake?.();
  }
}

let program: FakeProgram;
let conversation: CGIConversation;

beforeEach(() => {
  vi.useFakeTimers();
  program = new FakeProgram();
  conversation = new CGIConversation(program as unknown as CGIProcess, undefined, 30_000);
});

afterEach(() => {
  conversation.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** Whether the conversation still gathers, and so later. */
async function gathersAfter(...times: readonly number[]): Promise<boolean[]> {
  let isGathering = true;
  void conversation.gather().then(() => {
    isGathering = false;
  });
  const found: boolean[] = [];
  for (const time of times) {
    await vi.advanceTimersByTimeAsync(time);
    found.push(isGathering);
  }
  return found;
}

async function body(): Promise<string> {
  let text = '';
  for (
    let chunk = await conversation.readBody();
    chunk !== undefined;
    chunk = await conversation.readBody()
  ) {
    text += chunk;
  }
  return text;
}

describe('gather()', () => {
  it('waits for the rest of the output and for the end of the program, and gives it out in one piece', async () => {
    program.says(`${HEAD}a`, 'b', 'c', undefined, undefined);
    await conversation.readHead();
    const gathering = conversation.gather();
    await vi.advanceTimersByTimeAsync(1);
    program.exit({ code: 3, signal: undefined });
    await gathering;
    expect(await conversation.readBody()).toEqual(Buffer.from('abc'));
    expect(await conversation.readBody()).toBeUndefined();
    expect(await conversation.exit()).toEqual({ code: 3, signal: undefined });
  });

  it.each([
    ['says no more', []],
    ['does not end behind its output', [undefined, undefined]],
  ])('does not wait long for a program that %s', async (_, said) => {
    program.says(`${HEAD}a`, ...said);
    await conversation.readHead();
    expect(await gathersAfter(1, 1)).toEqual([true, false]);
  });

  it('loses nothing of what comes after it', async () => {
    program.says(HEAD);
    await conversation.readHead();
    expect(await gathersAfter(2)).toEqual([false]);
    program.says('a');
    await vi.advanceTimersByTimeAsync(1);
    program.says('b', undefined);
    expect(await body()).toBe('ab');
  });

  it('does not gather much', async () => {
    program.says(HEAD + 'a'.repeat(40_000), 'b', undefined);
    await conversation.readHead();
    expect(await gathersAfter(0)).toEqual([false]);
    expect(await conversation.readBody()).toHaveLength(40_000);
    expect(await body()).toBe('b');
  });

  it('fails as the output does', async () => {
    program.says(`${HEAD}a`, new Error('stopped'));
    await conversation.readHead();
    await expect(conversation.gather()).rejects.toThrow('stopped');
  });

  it('leaves a failure behind it to whoever reads', async () => {
    program.says(HEAD);
    await conversation.readHead();
    expect(await gathersAfter(2)).toEqual([false]);
    program.says(new Error('stopped'));
    await vi.advanceTimersByTimeAsync(1); // nobody is told yet, which is no unhandled rejection
    await expect(conversation.readBody()).rejects.toThrow('stopped');
  });
});
