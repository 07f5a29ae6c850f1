import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { SocketTransport, type TransportListener } from '../../src/connection/transport.js';
import { settle } from '../support/fake-transport.js';

/** A duplex stream in place of a socket: `received` is what was written to it, `push` gives what is to be read. */
class FakeSocket extends Duplex {
  received = '';
  wasReset = false;
  takesAtOnce = false;

  constructor() {
    super({ allowHalfOpen: true, emitClose: true });
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.received += chunk.toString('latin1');
    if (this.takesAtOnce) done();
    else setImmediate(done);
  }

  resetAndDestroy(): this {
    this.wasReset = true;
    return this.destroy(new Error('reset'));
  }
}

function setUp() {
  const socket = new FakeSocket();
  const told: string[] = [];
  const listener: TransportListener = {
    onData: (chunk) => told.push(`data ${chunk.toString('latin1')}`),
    onDrain: () => told.push('drain'),
    onEnd: () => told.push('end'),
    onClose: () => told.push('close'),
  };
  const transport = new SocketTransport(socket as unknown as Socket);
  transport.listen(listener);
  return { socket, transport, told };
}

const EVENTS = ['data', 'drain', 'end', 'close', 'error'];

describe('SocketTransport', () => {
  it('tells what comes, until the close', async () => {
    const { socket, transport, told } = setUp();
    socket.push('a');
    await settle();
    socket.push(null);
    await settle();
    let sent = 0;
    transport.end(() => sent++);
    await settle();
    expect(told).toEqual(['data a', 'end', 'close']);
    expect(sent).toBe(1);
  });

  it('writes text as latin1, and octets as they are', async () => {
    const { socket, transport } = setUp();
    transport.cork();
    transport.write('\xe9\r\n');
    transport.write(new Uint8Array([0xff, 0x00]));
    expect(socket.received).toBe('');
    transport.uncork();
    await settle();
    expect(socket.received).toBe('\xe9\r\n\xff\x00');
  });

  it('says when the peer must be waited for, and when no longer', async () => {
    const { transport, told } = setUp();
    expect(transport.write('a')).toBe(true);
    expect(transport.write('x'.repeat(1024 * 1024))).toBe(false);
    await settle();
    expect(told).toEqual(['drain']);
  });

  it('does not have the peer waited for when the system has taken everything, however much', () => {
    const { socket, transport } = setUp();
    socket.takesAtOnce = true;
    expect(transport.write(Buffer.alloc(1024 * 1024))).toBe(true);
    expect(transport.pending).toBe(false);
    socket.takesAtOnce = false;
    expect(transport.write(Buffer.alloc(1024 * 1024))).toBe(false);
    expect(transport.pending).toBe(true);
  });

  it('calls onSent only when everything written has left', async () => {
    const { socket, transport } = setUp();
    const held: (() => void)[] = [];
    socket._write = (_chunk, _encoding, done) => void held.push(done);
    let sent = 0;
    transport.write('a');
    transport.end(() => sent++);
    await settle();
    expect(sent).toBe(0);
    held[0]!();
    await settle();
    expect(sent).toBe(1);
  });

  it('keeps what comes while it is paused', async () => {
    const { socket, transport, told } = setUp();
    transport.pause();
    socket.push('a');
    await settle();
    expect(told).toEqual([]);
    transport.resume();
    await settle();
    expect(told).toEqual(['data a']);
  });

  it('survives errors: that the connection is gone is told by its close', async () => {
    for (const end of ['destroy', 'reset'] as const) {
      const { socket, transport, told } = setUp();
      if (end === 'destroy') socket.destroy(new Error('EPIPE'));
      else transport.reset();
      await settle();
      expect(told).toEqual(['close']);
      expect(socket.wasReset).toBe(end === 'reset');
    }
  });

  it('leaves nothing of its own on a socket that nobody listens to any more', () => {
    const { socket, transport } = setUp();
    expect(EVENTS.map((event) => socket.listenerCount(event))).toEqual([1, 1, 1, 1, 1]);
    transport.listen(undefined);
    expect(EVENTS.map((event) => socket.listenerCount(event))).toEqual([0, 0, 0, 0, 0]);
    expect(socket.isPaused()).toBe(true);
  });
});
