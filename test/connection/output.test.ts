import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Output } from '../../src/connection/output.js';
import { FakeTransport, settle } from '../support/fake-transport.js';

const PIECE_SIZE = 64 * 1024;
const LARGE_PIECE_SIZE = 512 * 1024;

function setUp() {
  const transport = new FakeTransport();
  let progress = 0;
  const output = new Output(transport, () => progress++);
  return { transport, output, progress: () => progress };
}

describe('Output: gathering', () => {
  it('holds text and small arrays until flush, and sends them in one write', () => {
    const { transport, output } = setUp();
    output.write('head\r\n');
    output.write(Buffer.from([0xe9, 0x00, 0xff]));
    output.write('tail');
    expect(transport.writes).toEqual([]);
    expect(output.pending).toBe(true);
    output.flush();
    expect(transport.writes).toEqual(['head\r\n\xe9\x00\xfftail']);
    expect(transport.sizes).toHaveLength(1);
    expect(output.pending).toBe(false);
  });

  it('sends a large array uncopied between the text around it, corked into one', () => {
    const { transport, output } = setUp();
    const large = Buffer.alloc(10_000, 'x');
    output.write('before');
    output.write(large);
    output.write('after');
    output.flush();
    expect(transport.writes).toEqual([`before${'x'.repeat(10_000)}after`]);
    expect(transport.sizes).toEqual([6, 10_000, 5]);
  });

  it('does not copy a view by its whole memory', () => {
    const { transport, output } = setUp();
    output.write(new Uint8Array(Buffer.from('..abc..')).subarray(2, 5));
    output.flush();
    expect(transport.sent).toBe('abc');
  });

  it('writes nothing when there is nothing', () => {
    const { transport, output } = setUp();
    output.flush();
    output.onDrain();
    expect(transport.sizes).toEqual([]);
  });

  it('does not gather more than 64 KiB, of text or of arrays', () => {
    for (const piece of ['x'.repeat(1000), Buffer.alloc(10_000)]) {
      const { transport, output } = setUp();
      transport.blocked = true;
      let gathered = 0;
      while (!output.blocked && gathered < 1_000_000) {
        output.write(piece);
        gathered += piece.length;
      }
      expect(gathered).toBeLessThanOrEqual(PIECE_SIZE + piece.length);
      expect(transport.sizes.length).toBeGreaterThan(0);
    }
  });
});

describe('Output: a peer that is slow', () => {
  it('stops at the first write that the transport does not take, and goes on when it drains', () => {
    const { transport, output, progress } = setUp();
    transport.blocked = true;
    output.write('a');
    output.flush();
    output.write('b');
    output.flush();
    expect([output.blocked, transport.sent, progress()]).toEqual([true, 'a', 1]);
    output.onDrain();
    expect([output.blocked, transport.sent, progress()]).toEqual([true, 'ab', 2]);
    transport.blocked = false;
    output.onDrain();
    expect([output.blocked, transport.sent, progress()]).toEqual([false, 'ab', 2]);
  });

  it('gives pieces of at most 64 KiB, so that progress can be seen', () => {
    const { transport, output, progress } = setUp();
    transport.blocked = true;
    const large = Buffer.alloc(200_000, 'y');
    output.write(large);
    output.flush();
    for (let i = 0; i < 10; i++) output.onDrain();
    expect(transport.sizes).toEqual([PIECE_SIZE, PIECE_SIZE, PIECE_SIZE, 200_000 - 3 * PIECE_SIZE]);
    expect(transport.sent).toBe(large.toString('latin1'));
    expect(progress()).toBe(4);
  });

  it('gives larger ones to a peer that has kept up, until it does not', () => {
    const { transport, output } = setUp();
    const write = (size: number) => {
      output.write(Buffer.alloc(size));
      return transport.sizes.splice(0);
    };
    expect(write(2 * LARGE_PIECE_SIZE)).toEqual(Array(16).fill(PIECE_SIZE));
    expect(write(2 * LARGE_PIECE_SIZE)).toEqual([LARGE_PIECE_SIZE, LARGE_PIECE_SIZE]);
    transport.blocked = true;
    expect(write(LARGE_PIECE_SIZE + 2 * PIECE_SIZE)).toEqual([LARGE_PIECE_SIZE]);
    transport.blocked = false;
    transport.drain();
    output.onDrain();
    expect(transport.sizes.splice(0)).toEqual([PIECE_SIZE, PIECE_SIZE]);
    expect(write(LARGE_PIECE_SIZE)).toEqual(Array(8).fill(PIECE_SIZE));
  });

  it('cuts long text in the same way', () => {
    const { transport, output } = setUp();
    transport.blocked = true;
    output.write('a');
    output.flush();
    output.write('z'.repeat(150_000));
    for (let i = 0; i < 5; i++) output.onDrain();
    expect(Math.max(...transport.sizes)).toBe(PIECE_SIZE);
    expect(transport.sent).toBe(`a${'z'.repeat(150_000)}`);
  });

  it('ready() is a promise only while blocked, one for all, and resolves when all is taken', async () => {
    const { transport, output } = setUp();
    expect(output.ready()).toBeUndefined();
    transport.blocked = true;
    output.write('a');
    expect(output.ready()).toBeUndefined();
    output.flush();
    const ready = output.ready();
    expect(ready).toBeInstanceOf(Promise);
    expect(output.ready()).toBe(ready);
    let resolved = false;
    void ready?.then(() => {
      resolved = true;
    });
    output.write('b');
    output.onDrain(); // takes 'b', which blocks again
    await settle();
    expect(resolved).toBe(false);
    transport.blocked = false;
    output.onDrain();
    await settle();
    expect(resolved).toBe(true);
    expect(output.ready()).toBeUndefined();
  });

  it('keeps every octet in order, whatever is written and whenever the peer takes it', () => {
    const step = fc.oneof(
      fc.record({ text: fc.nat({ max: 100_000 }) }),
      fc.record({ bytes: fc.nat({ max: 100_000 }) }),
      fc.constantFrom('flush' as const, 'drain' as const, 'block' as const, 'unblock' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const { transport, output } = setUp();
        let expected = '';
        let letter = 0;
        for (const what of steps) {
          if (what === 'flush') output.flush();
          else if (what === 'drain') {
            if (output.blocked) output.onDrain();
          } else if (what === 'block') transport.blocked = true;
          else if (what === 'unblock') transport.blocked = false;
          else {
            const data = String.fromCharCode(97 + (letter++ % 26)).repeat(
              'text' in what ? what.text : what.bytes,
            );
            output.write('text' in what ? data : Buffer.from(data));
            expected += data;
          }
        }
        transport.blocked = false;
        if (output.blocked) output.onDrain();
        output.flush();
        return (
          transport.sent === expected &&
          !output.pending &&
          Math.max(0, ...transport.sizes) <= LARGE_PIECE_SIZE
        );
      }),
      { numRuns: 200 },
    );
  });
});

describe('Output: a peer that is gone', () => {
  it('drops what is left, takes no more, and tells who waits', async () => {
    const { transport, output } = setUp();
    transport.blocked = true;
    output.write('a');
    output.flush();
    output.write('b');
    const waiting = output.ready();
    const gone = new Error('gone');
    output.fail(gone);
    await expect(waiting).rejects.toBe(gone);
    await expect(output.ready()).rejects.toBe(gone);
    output.write('c');
    output.flush();
    output.onDrain();
    expect(transport.sent).toBe('a');
    expect([output.pending, output.blocked]).toEqual([false, false]);
  });

  it('is no unhandled rejection when nobody waits', async () => {
    const { transport, output } = setUp();
    transport.blocked = true;
    output.write('a');
    output.flush();
    void output.ready();
    output.fail(new Error('gone'));
    void output.ready();
    await settle(); // vitest fails a run with an unhandled rejection
  });
});

describe('Output: handing over', () => {
  it('gives the transport everything, taken or not', () => {
    const { transport, output } = setUp();
    transport.blocked = true;
    output.write('a');
    output.flush();
    output.write(Buffer.alloc(100_000, 'b'));
    output.write('c');
    output.handOver(new Error('over'));
    expect(transport.sent).toBe(`a${'b'.repeat(100_000)}c`);
    output.write('d');
    output.flush();
    expect(transport.sent.endsWith('c')).toBe(true);
  });
});
