// Servers that listen with node:net: on a port, on a Unix socket, on a file descriptor. How requests are handled is
// base-server.ts.

import { createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { type AddressFamily, boundAddress, listenOptions, type ServerAddress } from './address.js';
import { BaseServer, type RequestHandlerConstructor } from './base-server.js';

/**
 * A server on a TCP port.
 *
 * To override besides what {@link BaseServer} has: `createSocket()`, and the class variables `addressFamily`,
 * `allowReuseAddress` and `allowReusePort`.
 */
export class TCPServer extends BaseServer {
  /** By which a host name is looked up, and `''` understood. Default: `'IPv4'`. An IP address may be of either. */
  declare addressFamily: AddressFamily;
  /** Always a stream. Here for Python's sake. */
  declare readonly socketType: 'stream';
  /** Whether an address may be bound while old connections to it linger. Node always allows it: false changes nothing. */
  declare allowReuseAddress: boolean;
  /**
   * Whether several processes may listen on the same port, and share the connections. Default: false.
   * It needs node 22.12 or 23.1, and a system that can do it.
   */
  declare allowReusePort: boolean;

  readonly #givenAddress: ServerAddress;
  #socket: Server | undefined;
  #bound: Promise<void> | undefined;
  #stopped = false;
  /** When the next failure to accept may be told of, by performance.now(). */
  #quietUntil = 0;

  constructor(
    serverAddress: ServerAddress,
    RequestHandlerClass: RequestHandlerConstructor,
    bindAndActivate = true,
  ) {
    super(serverAddress, RequestHandlerClass, bindAndActivate);
    this.#givenAddress = serverAddress;
  }

  /** The listening socket. */
  get socket(): Server {
    this.#socket ??= this.#openSocket();
    return this.#socket;
  }

  override fileno(): number {
    return 'fd' in this.#givenAddress && this.#socket?.listening ? this.#givenAddress.fd : -1;
  }

  /**
   * Makes the listening socket. Whatever it is, it must allow half-open connections, and hand each to
   * `requestArrived()` before anything has been read from it.
   */
  createSocket(): Server {
    return createServer(
      { allowHalfOpen: true, pauseOnConnect: true, noDelay: true, highWaterMark: HIGH_WATER_MARK },
      (request) => this.requestArrived(request),
    );
  }

  /**
   * Binds and listens, which is one step for node, so connections are accepted from here on. Once; calling it again
   * gives the same promise.
   * @throws {Error} with node's `code`: the address is in use, must not be used, or does not exist.
   */
  override serverBind(): Promise<void> {
    this.#bound ??= this.#bind();
    return this.#bound;
  }

  override shutdownRequest(request: Socket): void {
    if (request.destroyed) return;
    request.end();
    this.closeRequest(request);
  }

  /** Closes the connection as soon as what was written is sent, or after a minute in which the peer takes nothing. */
  override closeRequest(request: Socket): void {
    if (request.writableLength > 0) request.setTimeout(LAST_WORDS_MS, destroy);
    request.destroySoon();
  }

  protected override get bindingBegun(): boolean {
    return this.#bound !== undefined;
  }

  protected override stopListening(): void {
    this.#stopped = true;
    if (this.#socket?.listening) this.#socket.close();
  }

  #openSocket(): Server {
    const socket = this.createSocket();
    socket.on('error', (error) => {
      if (socket.listening) this.#warn(error);
    });
    return socket;
  }

  /** A connection could not be accepted, as a rule for want of file descriptors: it is lost, the server is not. */
  #warn(error: Error): void {
    const now = performance.now();
    if (now < this.#quietUntil) return;
    this.#quietUntil = now + WARN_EVERY_MS;
    process.emitWarning(error);
  }

  async #bind(): Promise<void> {
    const options: ListenOptions & { reusePort?: boolean } = await listenOptions(
      this.#givenAddress,
      this.addressFamily,
    );
    options.backlog = this.requestQueueSize;
    if (this.allowReusePort) options.reusePort = canReusePort();
    if (this.#stopped) throw new Error(CLOSED_EARLY);
    await listening(this.socket, options);
    // In a worker of node:cluster, listening is up to the primary, and cannot be stopped before it has begun.
    if (this.#stopped) {
      this.socket.close();
      throw new Error(CLOSED_EARLY);
    }
    this.serverAddress = boundAddress(this.socket) ?? this.serverAddress;
  }
}

// Class variables live on the prototype: see base-server.ts.
Object.assign(TCPServer.prototype, {
  addressFamily: 'IPv4',
  socketType: 'stream',
  allowReuseAddress: true,
  allowReusePort: false,
});

/** A server on a Unix socket. Its file is removed when the server is closed. */
export class UnixStreamServer extends TCPServer {
  constructor(
    serverAddress: string | ServerAddress,
    RequestHandlerClass: RequestHandlerConstructor,
    bindAndActivate = true,
  ) {
    const address = typeof serverAddress === 'string' ? { path: serverAddress } : serverAddress;
    super(address, RequestHandlerClass, bindAndActivate);
  }
}

UnixStreamServer.prototype.addressFamily = 'unix';

/** Octets that may wait for a peer before `write()` says so. With Node's 16 KiB, each small file would be waited for. */
const HIGH_WATER_MARK = 64 * 1024;
/** How long a peer that has been answered may keep a connection open without taking anything. */
const LAST_WORDS_MS = 60_000;
const WARN_EVERY_MS = 1000;

function destroy(this: Socket): void {
  this.destroy();
}

/** Resolves when the server listens; rejects when it cannot, or is closed before it does. */
function listening(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      server.off('listening', settle).off('error', settle).off('close', onClose);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onClose = () => settle(new Error(CLOSED_EARLY));
    server.on('listening', settle).on('error', settle).on('close', onClose).listen(options);
  });
}

function canReusePort(): true {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12)) return true;
  throw new Error(`allowReusePort needs node 22.12 or 23.1 or later, and this is ${process.versions.node}`);
}

const CLOSED_EARLY = 'The server was closed before it was bound';
