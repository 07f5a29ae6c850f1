import { describe, expect, it } from 'vitest';
import { type ByteSink, ByteWriter } from '../../src/streams/byte-writer.js';

/** Keeps what it is given; makes the writer wait while `waits`. */
class Kept implements ByteSink {
  readonly data: (string | Uint8Array)[] = [];
  flushes = 0;
  waits = false;
  proceed!: () => void;
  refuse!: (error: Error) => void;

  write(data: string | Uint8Array): void | Promise<void> {
    this.data.push(data);
    if (!this.waits) return;
    return new Promise((resolve, reject) => {
      this.proceed = resolve;
      this.refuse = reject;
    });
  }

  flush(): void {
    this.flushes++;
  }
}

describe('write()', () => {
  it('hands text and bytes to the sink, without a promise if there is nothing to wait for', () => {
    const sink = new Kept();
    const bytes = Buffer.from('bytes');
    expect(new ByteWriter(sink).write('text')).toBeUndefined();
    expect(new ByteWriter(sink).write(bytes)).toBeUndefined();
    expect(sink.data).toEqual(['text', bytes]);
    expect(sink.data[1]).toBe(bytes);
  });

  it('waits as long as the sink wants, and passes on its error', async () => {
    const sink = new Kept();
    sink.waits = true;
    const wfile = new ByteWriter(sink);
    const first = wfile.write('a');
    expect(first).toBeInstanceOf(Promise);
    sink.proceed();
    await first;
    const second = wfile.write('b');
    sink.refuse(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
  });

  it.each([
    [1, 'number'],
    [null, 'null'],
    [undefined, 'undefined'],
    [[1], 'object'],
  ])('refuses %j', (data, name) => {
    const sink = new Kept();
    expect(() => new ByteWriter(sink).write(data as never)).toThrow(`not ${name}`);
    expect(sink.data).toEqual([]);
  });
});

describe('writelines()', () => {
  it('writes one after the other, and adds nothing', async () => {
    const sink = new Kept();
    await new ByteWriter(sink).writelines(['a\n', 'b', Buffer.from('c')]);
    expect(sink.data.join('')).toBe('a\nbc');
  });

  it('takes no further line while the sink wants to wait', async () => {
    const sink = new Kept();
    sink.waits = true;
    let taken = 0;
    async function* lines() {
      for (; taken < 3; taken++) yield `${taken}`;
    }
    const written = new ByteWriter(sink).writelines(lines());
    await new Promise(setImmediate);
    expect(sink.data).toEqual(['0']);
    expect(taken).toBe(0);
    sink.waits = false;
    sink.proceed();
    await written;
    expect(sink.data).toEqual(['0', '1', '2']);
  });
});

describe('stream()', () => {
  it('is one web stream whose end flushes', async () => {
    const sink = new Kept();
    const wfile = new ByteWriter(sink);
    expect(wfile.stream()).toBe(wfile.stream());
    await new Blob(['from a blob']).stream().pipeTo(wfile.stream());
    expect(sink.data.map((data) => Buffer.from(data as Uint8Array).toString()).join('')).toBe('from a blob');
    expect(sink.flushes).toBe(1);
    wfile.write('the writer goes on');
    expect(sink.data.at(-1)).toBe('the writer goes on');
  });

  it('breaks when the sink breaks', async () => {
    const sink = new Kept();
    sink.waits = true;
    const writer = new ByteWriter(sink).stream().getWriter();
    const written = writer.write('a');
    const closed = expect(writer.closed).rejects.toThrow('gone');
    await new Promise(setImmediate);
    sink.refuse(new Error('gone'));
    await expect(written).rejects.toThrow('gone');
    await closed;
  });
});

it('flush() is the sink’s', () => {
  const sink = new Kept();
  expect(new ByteWriter(sink).flush()).toBeUndefined();
  expect(sink.flushes).toBe(1);
});

it('pending is what the sink says; one that says nothing may look at the bytes at any time', () => {
  const silent = { write: () => {}, flush: () => {} };
  expect(new ByteWriter(silent).pending).toBe(true);
  expect(new ByteWriter({ ...silent, pending: false }).pending).toBe(false);
});
