// HTTPServer: a TCPServer that knows its name and its port, and what its connections may do.

import { hostname } from 'node:os';
import { Connection } from './connection/connection.js';
import {
  type ConnectionOptions,
  type ConnectionSettings,
  connectionSettings,
} from './connection/settings.js';
import type { ServerAddress } from './socketserver/address.js';
import type { RequestHandlerConstructor } from './socketserver/base-server.js';
import { TCPServer } from './socketserver/tcp-server.js';

/** What can be set for one server; what is left out has its default. */
export interface HTTPServerOptions extends ConnectionOptions {
  /** False: bind and listen only when `serverBind()` and `serverActivate()` are called. */
  readonly bindAndActivate?: boolean;
}

/**
 * Creates and listens at the HTTP socket, and dispatches the requests to a handler.
 *
 * ```ts
 * const httpd = new HTTPServer(['', 8000], Handler);
 * await httpd.serveForever();
 * ```
 */
export class HTTPServer extends TCPServer {
  /** The name of the host that is listened on: the machine's own name for all interfaces. Set by `serverBind()`. */
  serverName = '';
  /** The port that is listened on. Set by `serverBind()`. */
  serverPort = 0;
  /** What the connections of this server share. */
  readonly connectionSettings: ConnectionSettings;

  /**
   * @param serverAddress `['', 8000]`, `{host, port}`, `{path}` for a Unix socket, or `{fd}`.
   * @param RequestHandlerClass makes one instance for each connection.
   */
  constructor(
    serverAddress: ServerAddress,
    RequestHandlerClass: RequestHandlerConstructor,
    options: HTTPServerOptions = {},
  ) {
    super(serverAddress, RequestHandlerClass, options.bindAndActivate ?? true);
    this.connectionSettings = connectionSettings(options);
    this.maxConnections = this.connectionSettings.limits.maxConnections;
  }

  override async serverBind(): Promise<void> {
    await super.serverBind();
    const [host, port] = this.serverAddress;
    this.serverName = ALL_INTERFACES.has(host) ? hostname() : host;
    this.serverPort = port;
  }

  /** Closes the connection that has been idle the longest, to make room for a new one. */
  override makeRoom(): boolean {
    let longestIdle: Connection | undefined;
    let since = Number.POSITIVE_INFINITY;
    for (const timed of this.connectionSettings.deadlines) {
      const idleSince = timed instanceof Connection ? timed.idleSince : undefined;
      if (idleSince === undefined || idleSince >= since) continue;
      longestIdle = timed as Connection;
      since = idleSince;
    }
    longestIdle?.destroy();
    return longestIdle !== undefined;
  }
}

/** As in Python, the same server: every server here handles its connections concurrently. */
export class ThreadingHTTPServer extends HTTPServer {}

const ALL_INTERFACES = new Set(['', '0.0.0.0', '::']);
