// What a connection needs of a socket, and nothing else: real sockets, TLS, the tests' fake and other runtimes' sockets
// all fit. The adapter for Node's sockets is here too.

import type { Socket } from 'node:net';

/** A duplex stream of octets. It never calls its listener from within a call. */
export interface Transport {
  /** Takes octets, text as latin1. False: the peer must be waited for, and `onDrain` will be called. */
  write(data: string | Uint8Array): boolean;
  /** Whether octets that were written have not been given to the system yet, which copies them. */
  readonly pending: boolean;
  /** Holds back what is written until `uncork`, so that it leaves in one piece. */
  cork(): void;
  uncork(): void;
  /** Stops, or starts again, the calls of `onData`. */
  pause(): void;
  resume(): void;
  /** Half-closes, once everything written has been sent, and calls `onSent` then. */
  end(onSent: () => void): void;
  /** Ends both directions now. */
  destroy(): void;
  /** Like `destroy`, so that the peer cannot take it for a proper end: a TCP reset. */
  reset(): void;
  /** Tells the listener from now on; `undefined`: nobody any more, and reading stops. */
  listen(listener: TransportListener | undefined): void;
}

/** What a transport tells. */
export interface TransportListener {
  /** Octets came; they belong to the listener. */
  onData(chunk: Buffer): void;
  /** The peer has taken everything, which need not have been waited for. */
  onDrain(): void;
  /** The peer will send no more. */
  onEnd(): void;
  /** Both directions have ended. Called once, and last. */
  onClose(): void;
}

const LISTENER: unique symbol = Symbol('listener');
interface ListenedSocket extends Socket {
  [LISTENER]?: TransportListener;
}

/** A `net.Socket` or `tls.TLSSocket` as a transport. It must have been made with `allowHalfOpen`. */
export class SocketTransport implements Transport {
  readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  write(data: string | Uint8Array): boolean {
    const { socket } = this;
    // False is also what it says of much that the system has taken at once.
    return (
      (typeof data === 'string' ? socket.write(data, 'latin1') : socket.write(data)) ||
      socket.writableLength === 0
    );
  }

  get pending(): boolean {
    return this.socket.writableLength > 0;
  }

  cork(): void {
    this.socket.cork();
  }

  uncork(): void {
    this.socket.uncork();
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  end(onSent: () => void): void {
    this.socket.end(onSent);
  }

  destroy(): void {
    this.socket.destroy();
  }

  reset(): void {
    try {
      this.socket.resetAndDestroy();
    } catch {
      this.socket.destroy(); // only TCP has a reset
    }
  }

  listen(listener: TransportListener | undefined): void {
    const socket: ListenedSocket = this.socket;
    if (listener === undefined) {
      delete socket[LISTENER];
      socket
        .off('data', onData)
        .off('drain', onDrain)
        .off('end', onEnd)
        .off('close', onClose)
        .off('error', onError);
      // Nothing may be lost before the new owner listens; a 'data' listener alone does not end a pause.
      socket.pause().on('newListener', resumeForData);
      return;
    }
    socket[LISTENER] = listener;
    socket.on('data', onData).on('drain', onDrain).on('end', onEnd).on('close', onClose).on('error', onError);
    socket.resume();
  }
}

// One function for all sockets, instead of five closures for each.

function onData(this: ListenedSocket, chunk: Buffer): void {
  this[LISTENER]?.onData(chunk);
}

function onDrain(this: ListenedSocket): void {
  this[LISTENER]?.onDrain();
}

function onEnd(this: ListenedSocket): void {
  // A reset that comes right behind octets is told as an end by libuv. Then an empty write fails, and the socket closes;
  // behind an end that is one it sends nothing.
  if (this.writable) this.write('');
  this[LISTENER]?.onEnd();
}

function onClose(this: ListenedSocket): void {
  this[LISTENER]?.onClose();
}

function resumeForData(this: Socket, event: string | symbol): void {
  if (event !== 'data') return;
  this.off('newListener', resumeForData);
  this.resume();
}

// What went wrong with a socket is the peer's or the network's matter; that it ended is told by 'close'.
function onError(): void {}
