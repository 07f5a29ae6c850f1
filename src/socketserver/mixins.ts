// Python's ways to serve several requests at a time, as functions that derive a class from a server class, and the
// servers made with them.

import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import type { BaseServer, ShutdownOptions } from './base-server.js';
import { TCPServer, UnixStreamServer } from './tcp-server.js';
import { leave, onShutdown, reportBinding, Workers } from './workers.js';

/** A class that a mixin can be applied to, or that it adds. The language demands `any[]` of mixins, and looks behind it. */
// biome-ignore lint/suspicious/noExplicitAny: a mixin class must have a constructor with a rest parameter of type any[].
type Class<T> = new (...args: any[]) => T;

/** What {@link ThreadingMixIn} adds. */
export interface Threading {
  /** Whether `serverClose()` leaves requests in flight alone. Default: false. */
  daemonThreads: boolean;
  /** Whether `serverClose()` waits until the requests in flight have finished. Default: true, unless `daemonThreads`. */
  blockOnClose: boolean;
}

/**
 * A server class that handles requests concurrently. Every server here does, without threads: so this adds only that
 * `serverClose()` waits for the requests in flight, as Python's does. What computes for long still keeps all others
 * waiting: see {@link ForkingMixIn}.
 */
export function ThreadingMixIn<B extends Class<BaseServer>>(Base: B): B & Class<Threading> {
  class ThreadingServer extends Base implements Threading {
    declare daemonThreads: boolean;
    declare blockOnClose: boolean;

    override async serverClose(): Promise<void> {
      await super.serverClose();
      if (this.blockOnClose && !this.daemonThreads) await this.allFinished();
    }
  }
  Object.assign(ThreadingServer.prototype, { daemonThreads: false, blockOnClose: true });
  return ThreadingServer;
}

/** What {@link ForkingMixIn} adds. */
export interface Forking {
  /** How many worker processes serve. Default: as many as the machine can run at a time. */
  maxChildren: number;
  /** Whether `serverClose()` waits until the worker processes have exited. Default: true. */
  blockOnClose: boolean;
}

/**
 * A server class that handles requests in processes of their own. Not one for each request: node cannot fork while it
 * runs. Instead the process that makes the server becomes the primary, which starts `maxChildren` workers with
 * `node:cluster`. They **run the same program from its beginning**, come to the same server, and it is in them that it
 * listens and serves; connections are dealt out to them in turn. A worker that dies is replaced, after a while if that
 * happens often. Have one such server in a program, and do in it nothing before that must be done only once, or ask
 * `cluster.isPrimary`.
 *
 * In the primary, `ready` and `serverAddress` tell the address of the workers, `serveForever()` lasts as long as they
 * serve, `shutdown()` has them shut down, and no handler is ever made. Memory is not shared between workers.
 */
export function ForkingMixIn<B extends Class<BaseServer>>(Base: B): B & Class<Forking> {
  return cluster.isPrimary ? PrimaryMixIn(Base) : WorkerMixIn(Base);
}

function PrimaryMixIn<B extends Class<BaseServer>>(Base: B): B & Class<Forking> {
  class ForkingServer extends Base implements Forking {
    declare maxChildren: number;
    declare blockOnClose: boolean;
    readonly #workers = new Workers();

    override async serverBind(): Promise<void> {
      this.serverAddress = await this.#workers.start(this.maxChildren);
    }

    override async handleRequest(): Promise<void> {
      throw new Error(
        'A forking server handles requests in its workers, not in this process: use serveForever()',
      );
    }

    override async shutdown(options: ShutdownOptions = {}): Promise<void> {
      await this.#workers.end(options.graceMs);
      await super.shutdown(options);
    }

    override async serverClose(): Promise<void> {
      const ended = this.#workers.end();
      await super.serverClose();
      if (this.blockOnClose) await ended;
    }

    protected override stopListening(): void {
      this.#workers.giveUp();
    }
  }
  Object.assign(ForkingServer.prototype, { maxChildren: availableParallelism(), blockOnClose: true });
  return ForkingServer;
}

function WorkerMixIn<B extends Class<BaseServer>>(Base: B): B & Class<Forking> {
  class ForkedServer extends Base implements Forking {
    declare maxChildren: number;
    declare blockOnClose: boolean;

    override async serverBind(): Promise<void> {
      await reportBinding(async () => {
        await super.serverBind();
        onShutdown((graceMs) => void this.shutdown({ graceMs }));
        return this.serverAddress;
      });
    }

    override async shutdown(options: ShutdownOptions = {}): Promise<void> {
      await super.shutdown(options);
      leave();
    }

    override async serverClose(): Promise<void> {
      await super.serverClose();
      if (this.blockOnClose) await this.allFinished();
      leave();
    }
  }
  Object.assign(ForkedServer.prototype, { maxChildren: availableParallelism(), blockOnClose: true });
  return ForkedServer;
}

/** A threading {@link TCPServer}. */
export class ThreadingTCPServer extends ThreadingMixIn(TCPServer) {}

/** A threading {@link UnixStreamServer}. */
export class ThreadingUnixStreamServer extends ThreadingMixIn(UnixStreamServer) {}

/** A forking {@link TCPServer}. */
export class ForkingTCPServer extends ForkingMixIn(TCPServer) {}

/** A forking {@link UnixStreamServer}. */
export class ForkingUnixStreamServer extends ForkingMixIn(UnixStreamServer) {}
