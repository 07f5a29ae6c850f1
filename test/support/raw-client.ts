// A client that sends octets and looks at octets, over a real socket.

import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';

/** Where a server listens on this machine. */
export type Target = number | { readonly path: string };

/** One connection. It reads whatever comes, unless told to `stall`. */
export class RawClient implements Disposable {
  readonly socket: Socket;
  /** What the server has sent so far, as latin1. */
  received = '';
  /** Resolves when the connection has closed: with an error if that was no proper end. */
  readonly closed: Promise<NodeJS.ErrnoException | undefined>;
  #isRecording = true;
  #error: NodeJS.ErrnoException | undefined;
  #notice: (() => void)[] = [];
  #isClosed = false;
  #isEnded = false;

  protected constructor(socket: Socket, allowHalfOpen: boolean) {
    this.socket = socket;
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('data', (chunk) => {
      if (this.#isRecording) this.received += chunk.toString('latin1');
      this.#wake();
    });
    socket.on('end', () => {
      this.#isEnded = true;
      // libuv tells of a reset that comes right behind octets as of an end; then an empty write fails.
      socket.write('');
      if (!allowHalfOpen) socket.end();
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#isClosed = true;
        resolve(this.#error);
        this.#wake();
      });
    });
  }

  /** @param allowHalfOpen whether our end stays open when the server has ended its own. */
  static async connect(target: Target, allowHalfOpen = false): Promise<RawClient> {
    const client = new RawClient(dial(target), allowHalfOpen);
    await once(client.socket, 'connect');
    return client;
  }

  get isOpen(): boolean {
    return !this.#isClosed;
  }

  /** Whether the server has ended its half, in whatever way. */
  get hasEnded(): boolean {
    return this.#isEnded || this.#isClosed;
  }

  /** Whether it has done so by RST. */
  get wasReset(): boolean {
    return this.#error?.code === 'ECONNRESET';
  }

  /** Sends octets, text as latin1. */
  send(data: string | Uint8Array): this {
    this.socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
    return this;
  }

  /** Sends FIN, behind what has been sent. */
  end(): this {
    this.socket.end();
    return this;
  }

  /** Sends RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Takes nothing any more, so that the server has to wait. */
  stall(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** Reads on, but keeps nothing of it: see `socket.bytesRead`. */
  drop(): void {
    this.#isRecording = false;
    this.socket.resume();
  }

  /** Resolves when what has been received is as wanted; rejects when it never will be. */
  async until(wanted: (received: string) => boolean): Promise<string> {
    while (!wanted(this.received)) {
      if (this.hasEnded)
        throw new Error(`The server ended behind ${JSON.stringify(this.received.slice(-500))}`);
      await this.news();
    }
    return this.received;
  }

  /** Resolves when the server has ended its half, with all that was received. */
  async ended(): Promise<string> {
    while (!this.hasEnded) await this.news();
    return this.received;
  }

  /** Resolves when something has come, or the end. */
  protected news(): Promise<void> {
    return new Promise((resolve) => this.#notice.push(resolve));
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #wake(): void {
    for (const notice of this.#notice.splice(0)) notice();
  }
}

/** A socket on its way to a server. */
export function dial(target: Target): Socket {
  const where: NetConnectOpts = typeof target === 'number' ? { port: target, host: '127.0.0.1' } : target;
  return connect({ ...where, allowHalfOpen: true, noDelay: true });
}

/** Sends, and gives everything that comes until the server closes. */
export async function talk(target: Target, text: string | Uint8Array): Promise<string> {
  using client = await RawClient.connect(target);
  client.send(text);
  await client.closed;
  return client.received;
}

/** An HTTP/1.1 request, under a name that every server of this machine goes by. */
export function request(line: string, fields = '', body = ''): string {
  return `${line} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n${body}`;
}

/** The body of an ordinary GET, which says that it is the last. */
export async function getBody(target: Target, path = '/'): Promise<string> {
  const answer = await talk(target, request(`GET ${path}`, 'Connection: close\r\n'));
  return answer.slice(answer.indexOf('\r\n\r\n') + 4);
}

/** The status codes of the responses, in order. */
export function statuses(received: string): number[] {
  return [...received.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map((match) => Number(match[1]));
}

/** Does something for each number below `count`, so many at a time. */
export async function times(
  count: number,
  atOnce: number,
  task: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await task(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
