import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { ByteLimitError, ByteReader, type ByteSource } from '../../src/streams/byte-reader.js';

/** Delivers the chunks; every second one only after a turn of the event loop if `slow`. */
class Chunks implements ByteSource {
  readonly #chunks: Uint8Array[];
  readonly #slow: boolean;
  /** How many reads it has served. */
  reads = 0;

  constructor(chunks: readonly (string | Uint8Array)[], slow = false) {
    this.#chunks = chunks.map((chunk) => (typeof chunk === 'string' ? Buffer.from(chunk) : chunk));
    this.#slow = slow;
  }

  read(): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    const chunk = this.#chunks.shift();
    if (!this.#slow || this.reads++ % 2 === 0) return chunk;
    return new Promise((resolve) => setImmediate(resolve, chunk));
  }
}

function reader(...chunks: (string | Uint8Array)[]): ByteReader {
  return new ByteReader(new Chunks(chunks));
}

/** A source that waits until it is given something. */
class Hand implements ByteSource {
  give!: (chunk: Uint8Array | undefined) => void;
  break!: (error: Error) => void;

  read(): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      this.give = resolve;
      this.break = reject;
    });
  }
}

describe('read(n)', () => {
  it('gives exactly n bytes, whatever the chunks', async () => {
    const rfile = reader('ab', 'cde', 'f', 'ghij');
    expect(String(await rfile.read(4))).toBe('abcd');
    expect(String(await rfile.read(1))).toBe('e');
    expect(String(await rfile.read(3))).toBe('fgh');
  });

  it('gives fewer only if the end comes first, and then an empty Buffer', async () => {
    const rfile = reader('ab', 'c');
    expect(String(await rfile.read(10))).toBe('abc');
    const end = await rfile.read(10);
    expect(Buffer.isBuffer(end)).toBe(true);
    expect(end).toHaveLength(0);
  });

  it('reads nothing for 0 bytes', async () => {
    const source = new Chunks(['ab'], true);
    expect(await new ByteReader(source).read(0)).toHaveLength(0);
    expect(source.reads).toBe(0);
  });

  it('reads to the end without n, and with -1', async () => {
    expect(String(await reader('ab', 'c').read())).toBe('abc');
    expect(String(await reader('ab', 'c').read(-1))).toBe('abc');
    expect(await reader().read()).toHaveLength(0);
  });

  it('gives a Buffer for any Uint8Array, without copying it', async () => {
    const bytes = new Uint8Array([1, 2, 3, 4]).subarray(1);
    const read = await reader(bytes).read();
    expect(Buffer.isBuffer(read)).toBe(true);
    expect([...read]).toEqual([2, 3, 4]);
    expect(read.buffer).toBe(bytes.buffer);
  });

  it.each([-2, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses %s', async (n) => {
    await expect(reader('ab').read(n)).rejects.toThrow(RangeError);
    await expect(reader('ab').readline(n)).rejects.toThrow(RangeError);
  });
});

describe('readline()', () => {
  it('gives each line with its LF, then what is left, then an empty Buffer', async () => {
    const rfile = reader('one\ntw', 'o\n\nth', 'ree');
    const lines = [];
    for (let i = 0; i < 5; i++) lines.push(String(await rfile.readline()));
    expect(lines).toEqual(['one\n', 'two\n', '\n', 'three', '']);
  });

  it('gives no more than the limit, and goes on in the same line', async () => {
    const rfile = reader('abcdef\ngh', '\n');
    expect(String(await rfile.readline(4))).toBe('abcd');
    expect(String(await rfile.readline(3))).toBe('ef\n');
    expect(String(await rfile.readline(2))).toBe('gh');
    expect(String(await rfile.readline(-1))).toBe('\n');
    expect(await reader('x').readline(0)).toHaveLength(0);
  });

  it('can be mixed with read(n) and readChunk()', async () => {
    const rfile = reader('GET\nbody', 'more');
    expect(String(await rfile.readline())).toBe('GET\n');
    expect(String(await rfile.read(2))).toBe('bo');
    expect(String(await rfile.readChunk())).toBe('dy');
    expect(String(await rfile.readChunk())).toBe('more');
    expect(await rfile.readChunk()).toBeUndefined();
  });

  it('MUST 21: joins what comes one byte at a time only once', async () => {
    let left = 20_000;
    const source: ByteSource = { read: () => Uint8Array.of(left-- > 0 ? 0x61 : 0x0a) };
    const concat = vi.spyOn(Buffer, 'concat');
    try {
      expect(await new ByteReader(source).readline()).toHaveLength(20_001);
      expect(concat).toHaveBeenCalledTimes(1);
    } finally {
      concat.mockRestore();
    }
  });

  it('gives the same for every partition of the bytes', async () => {
    const bytes = fc.array(fc.constantFrom(0x61, 0x62, 0x0a), { maxLength: 40 });
    const cuts = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(bytes, cuts, fc.boolean(), async (all, sizes, slow) => {
        const chunks: Uint8Array[] = [];
        for (let at = 0, i = 0; at < all.length; at += sizes[i++ % sizes.length]!) {
          chunks.push(Uint8Array.from(all.slice(at, at + sizes[i % sizes.length]!)));
        }
        const lines: string[] = [];
        for await (const line of new ByteReader(new Chunks(chunks, slow)).lines()) lines.push(String(line));
        expect(lines).toEqual(
          Buffer.from(all)
            .toString()
            .match(/.*\n|.+$/g) ?? [],
        );
      }),
    );
  });
});

describe('the whole at once', () => {
  it('gives text, JSON and bytes', async () => {
    expect(
      await reader(
        Buffer.from('gr\u00fc\u00df').subarray(0, 3),
        Buffer.from('gr\u00fc\u00df').subarray(3),
      ).text(),
    ).toBe('gr\u00fc\u00df');
    expect(await reader('\ufeffx', new Uint8Array([0xff])).text()).toBe('x\ufffd');
    expect(await reader('{"a":', '[1]}').json()).toEqual({ a: [1] });
    expect([...(await reader(new Uint8Array([0, 255])).bytes())]).toEqual([0, 255]);
    await expect(reader('{').json()).rejects.toThrow(SyntaxError);
  });

  it('gives what is left behind a first read', async () => {
    const rfile = reader('line\nrest', ' of it');
    await rfile.readline();
    expect(await rfile.text()).toBe('rest of it');
  });

  it.each(['read', 'bytes', 'text', 'json'] as const)(
    'MUST 35: %s() is refused at the first byte too many',
    async (method) => {
      const source = new Chunks(['123', '45', '67', '8'], true);
      const error = await new ByteReader(source, { maxBytes: 4 })
        [method]()
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ByteLimitError);
      expect(error).toBeInstanceOf(RangeError);
      expect(error).toMatchObject({ name: 'ByteLimitError', limit: 4 });
      expect(source.reads).toBe(2);
    },
  );

  it('allows exactly maxBytes', async () => {
    expect(await new ByteReader(new Chunks(['12', '34']), { maxBytes: 4 }).text()).toBe('1234');
    expect(await new ByteReader(new Chunks([]), { maxBytes: 0 }).text()).toBe('');
  });

  it('MUST 35: a length announced above the limit is refused before anything is read', async () => {
    const source = new Chunks(['12345'], true);
    const rfile = new ByteReader(source, { maxBytes: 4, announced: 5 });
    await expect(rfile.bytes()).rejects.toThrow(ByteLimitError);
    expect(source.reads).toBe(0);
    expect(String(await rfile.read(5))).toBe('12345');
  });

  it('counts what was read before as no longer announced', async () => {
    const rfile = new ByteReader(new Chunks(['1234', '56']), { maxBytes: 4, announced: 6 });
    await rfile.read(2);
    expect(await rfile.text()).toBe('3456');
  });

  it('does not limit read(n), readline() and chunks', async () => {
    const limited = () => new ByteReader(new Chunks(['12345\n']), { maxBytes: 2 });
    expect(await limited().read(6)).toHaveLength(6);
    expect(await limited().readline()).toHaveLength(6);
    expect(await limited().readChunk()).toHaveLength(6);
  });
});

describe('iteration', () => {
  it('gives the chunks, and leaves the rest to be read when it is left', async () => {
    const rfile = reader('a', 'b', 'c', 'd');
    const seen: string[] = [];
    for await (const chunk of rfile) {
      seen.push(String(chunk));
      if (seen.length === 2) break;
    }
    for await (const line of rfile.lines()) seen.push(String(line));
    expect(seen).toEqual(['a', 'b', 'cd']);
  });
});

describe('stream()', () => {
  it('is the rest as a web stream, made once', async () => {
    const rfile = reader('ab\n', 'cd');
    await rfile.read(1);
    expect(rfile.stream()).toBe(rfile.stream());
    expect(await new Response(rfile.stream()).text()).toBe('b\ncd');
  });

  it('reads nothing before it is read, and nothing after it is cancelled', async () => {
    const source = new Chunks(['a', 'b', 'c', 'd'], true);
    const rfile = new ByteReader(source);
    const stream = rfile.stream().getReader();
    await new Promise(setImmediate);
    expect(source.reads).toBe(0);
    await stream.read();
    await stream.read();
    await stream.cancel();
    expect(source.reads).toBe(2);
    expect(String(await rfile.read())).toBe('cd');
  });

  it('breaks when the source breaks', async () => {
    const source: ByteSource = { read: () => Promise.reject(new Error('gone')) };
    await expect(new ByteReader(source).stream().getReader().read()).rejects.toThrow('gone');
  });
});

describe('waiting', () => {
  it('readChunk() gives a promise only if the source does', async () => {
    expect(String(reader('ab').readChunk())).toBe('ab');
    const source = new Hand();
    const chunk = new ByteReader(source).readChunk();
    expect(chunk).toBeInstanceOf(Promise);
    source.give(Buffer.from('ab'));
    expect(String(await chunk)).toBe('ab');
  });

  it('refuses a second read while one is under way, and goes on behind it', async () => {
    const source = new Hand();
    const rfile = new ByteReader(source);
    const line = rfile.readline();
    await expect(rfile.read(1)).rejects.toThrow('Another read is under way');
    expect(() => rfile.readChunk()).toThrow('Another read is under way');
    source.give(Buffer.from('ab\ncd'));
    expect(String(await line)).toBe('ab\n');
    expect(String(await rfile.read(2))).toBe('cd');
  });

  it('passes on the error of a source that breaks, and can be asked again', async () => {
    const source = new Hand();
    const rfile = new ByteReader(source);
    const line = rfile.readline();
    source.break(new Error('gone'));
    await expect(line).rejects.toThrow('gone');
    const chunk = rfile.readChunk();
    source.give(undefined);
    expect(await chunk).toBeUndefined();
  });
});
