// HTTPSServer: an HTTPServer whose connections are TLS, as in Python 3.14, with a certificate that may be renewed while it
// serves. It knows certificates and handshakes; what is said over a connection is for others.

import { readFileSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import {
  createSecureContext,
  createServer,
  type SecureContextOptions,
  type Server,
  type TLSSocket,
  type TlsOptions,
} from 'node:tls';
import { HTTPServer, type HTTPServerOptions } from './http-server.js';
import { ResponseHead } from './http1/response-head.js';
import type { ServerAddress } from './socketserver/address.js';
import type { RequestHandlerConstructor } from './socketserver/base-server.js';

/** What an HTTPS server needs besides: a certificate, from files or in `tls`. */
export interface HTTPSServerOptions extends HTTPServerOptions {
  /** File of the certificate and the chain above it, in PEM. */
  readonly certfile?: string;
  /** File of the private key, in PEM. Default: it is in `certfile` too. */
  readonly keyfile?: string;
  /** Of the private key, if it is encrypted. */
  readonly password?: string;
  /** What the server speaks, by the names of ALPN. Default: `['http/1.1']`. */
  readonly alpnProtocols?: readonly string[];
  /** Node's options instead of the files, or beside them: `cert`, `key`, `ca`, `ciphers`, `requestCert`, `SNICallback`… */
  readonly tls?: TlsOptions;
}

/**
 * An HTTP server over TLS 1.2 and 1.3.
 *
 * ```ts
 * const httpd = new HTTPSServer(['', 8443], Handler, { certfile: 'cert.pem', keyfile: 'key.pem' });
 * await httpd.serveForever();
 * ```
 *
 * While it serves, files that are replaced are taken up within about a second, for new connections. If they cannot be
 * used, the old certificate stays, and `handleTLSError()` tells.
 *
 * A connection whose handshake fails, or takes longer than `timeouts.handshake`, is closed and nobody is told; the event
 * `tlsClientError` of `socket` does, to whoever listens to it. A client that speaks plain HTTP is answered with a 400 that
 * says so. A handler meets a connection when it is secure, as a `tls.TLSSocket`.
 */
export class HTTPSServer extends HTTPServer {
  readonly #options: HTTPSServerOptions;
  readonly #certificate: CertificateFiles | undefined;
  /** Every connection counts, from when it is accepted. */
  #connections = 0;
  /** Those whose handshake is not over, the oldest first, by their peer. */
  readonly #handshakes = new Map<string, Socket>();

  /**
   * @throws {TypeError} there is no certificate.
   * @throws {Error} the certificate or the key cannot be read or used, or they do not belong together.
   */
  constructor(
    serverAddress: ServerAddress,
    RequestHandlerClass: RequestHandlerConstructor,
    options: HTTPSServerOptions,
  ) {
    // Before all else: a server that has been constructed binds, whatever its constructor throws then.
    const certificate = certificateOf(options);
    super(serverAddress, RequestHandlerClass, options);
    this.#options = options;
    this.#certificate = certificate;
  }

  override get socket(): Server {
    return super.socket as Server;
  }

  override createSocket(): Server {
    return createServer({
      ...this.#tlsOptions(),
      handshakeTimeout: Math.min(this.connectionSettings.timeouts.handshake, LONGEST_TIMER),
      allowHalfOpen: true,
      pauseOnConnect: true,
      noDelay: true,
    })
      .on('connection', (socket) => this.#handshakeBegins(socket))
      .on('secureConnection', (request) => this.#handshakeSucceeds(request))
      .on('tlsClientError', (error, request) => this.#handshakeFails(error, request));
  }

  /**
   * Reads the certificate and the key again, for connections from now on. To be called where a signal or a clock tells
   * of the renewal; replaced files are noticed without it.
   * @throws {Error} as the constructor does; the old ones stay.
   */
  reloadCertificate(): void {
    this.#certificate?.load();
    this.socket.setSecureContext(this.#tlsOptions());
  }

  /**
   * Something on our side of TLS has failed: a callback in `tls` threw `error.cause`, which ends that handshake and no
   * other; or the files of the certificate have been replaced by some that cannot be used. Prints one line to standard
   * error.
   */
  handleTLSError(error: Error): void {
    console.error(error.message.replace(CONTROL_CHARACTERS, ' '));
  }

  override serviceActions(): void {
    super.serviceActions();
    if (!this.#certificate?.isReplaced()) return;
    try {
      this.reloadCertificate();
    } catch (error) {
      this.handleTLSError(error as Error);
    }
  }

  /** Closes the longest idle connection, or else breaks off the oldest handshake. */
  override makeRoom(): boolean {
    if (super.makeRoom()) return true;
    const [oldest] = this.#handshakes.values();
    oldest?.destroy();
    return oldest !== undefined;
  }

  protected override stopListening(): void {
    super.stopListening();
    for (const socket of this.#handshakes.values()) socket.destroy();
  }

  /** Until its handshake is over, nobody but us knows of the connection. */
  #handshakeBegins(socket: Socket): void {
    const peer = peerOf(socket);
    this.#connections++;
    socket.on('close', () => {
      this.#connections--;
      this.#handshakes.delete(peer);
    });
    if (this.maxConnections !== undefined && this.#connections > this.maxConnections && !this.makeRoom())
      socket.destroy();
    // A peer on a Unix socket has no name to be found by. Its handshake ends when its time is up, if not before.
    else if (peer !== NAMELESS) this.#handshakes.set(peer, socket);
  }

  #handshakeSucceeds(request: TLSSocket): void {
    const peer = peerOf(request);
    const socket = this.#handshakes.get(peer);
    this.#handshakes.delete(peer);
    if (socket !== undefined) letResetsPass(request, socket);
    this.requestArrived(request);
  }

  #handshakeFails({ code = '' }: NodeJS.ErrnoException, request: TLSSocket): void {
    // Node closes the connection when it has told of this. What is short is on its way by then.
    if (PLAIN_HTTP.has(code)) this.#handshakes.get(peerOf(request))?.write(USE_HTTPS, 'latin1');
    request.destroy();
  }

  /** Of the secure context, and of each handshake. */
  #tlsOptions(): TlsOptions {
    const { alpnProtocols = ['http/1.1'], tls = {} } = this.#options;
    const { SNICallback, ALPNCallback, pskCallback } = tls;
    const tell = (error: Error) => this.handleTLSError(error);
    return {
      minVersion: 'TLSv1.2',
      ...(ALPNCallback === undefined && { ALPNProtocols: [...alpnProtocols] }), // node takes one of the two
      ...tls,
      ...this.#certificate?.context,
      ...(SNICallback && { SNICallback: guardedSNI(SNICallback, tell) }),
      ...(ALPNCallback && { ALPNCallback: guardedALPN(ALPNCallback, tell) }),
      ...(pskCallback && { pskCallback: guardedPSK(pskCallback, tell) }),
    };
  }
}

/** As in Python, the same server: every server here handles its connections concurrently. */
export class ThreadingHTTPSServer extends HTTPSServer {}

const CONTROL_CHARACTERS = /[\0-\x1f\x7f-\x9f]+/g;
/** The longest time that node's timers can count: more is no limit. */
const LONGEST_TIMER = 2 ** 31 - 1;
const NAMELESS = '';
/** How OpenSSL calls it, which knows the usual methods, if the first octets of a connection are a request. */
const PLAIN_HTTP: ReadonlySet<string> = new Set(['ERR_SSL_HTTP_REQUEST', 'ERR_SSL_HTTPS_PROXY_REQUEST']);
const USE_HTTPS = refusal(400, 'This server speaks HTTPS: use https:// instead of http://\n');

/** The same for a connection and for what node makes of it when it is secure: nothing else tells which became which. */
function peerOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return remoteAddress === undefined ? NAMELESS : `${remoteAddress} ${remotePort} ${localAddress}`;
}

/** A whole response that ends the connection, to a request that nobody has read. */
function refusal(status: number, text: string): string {
  const head = new ResponseHead(status)
    .append('Content-Type', 'text/plain; charset=utf-8')
    .append('Content-Length', text.length);
  return head.serialize('length', 'close', Number.POSITIVE_INFINITY) + text;
}

/** Resets, in both directions: a TLSSocket knows none, but the TCP below it does. */
function letResetsPass(request: TLSSocket, socket: Socket): void {
  // An end without the `close_notify` of TLS is what many clients take for a proper one.
  request.resetAndDestroy = () => {
    socket.resetAndDestroy();
    return request;
  };
  // What is told as an end may be a reset. Then an empty write fails; behind an end that is one it sends nothing.
  request.on('end', () => {
    if (request.writable) socket.write('');
  });
}

// ── The certificate ────────────────────────────────────────────────────────────────────────────────────────────────

function certificateOf(options: HTTPSServerOptions): CertificateFiles | undefined {
  const { certfile, keyfile, password, tls = {} } = options;
  if (certfile !== undefined) return new CertificateFiles(certfile, keyfile ?? certfile, password);
  if (keyfile === undefined && (tls.cert ?? tls.pfx ?? tls.SNICallback ?? tls.pskCallback)) return undefined;
  throw new TypeError(
    'An HTTPS server needs a certificate: give it certfile, or cert, pfx or SNICallback in tls',
  );
}

/** A certificate and its key, in files that may be replaced at any time. */
class CertificateFiles {
  /** What was loaded last. */
  context!: SecureContextOptions;
  readonly #certfile: string;
  readonly #keyfile: string;
  readonly #password: string | undefined;
  /** The state of the files when they were last loaded, and when last looked at. */
  #loaded = '';
  #seen = '';

  /** @throws as `load()` does. */
  constructor(certfile: string, keyfile: string, password: string | undefined) {
    this.#certfile = certfile;
    this.#keyfile = keyfile;
    this.#password = password;
    this.load();
  }

  /** @throws {Error} the files cannot be read or used: the message names them, and says why. */
  load(): void {
    this.#loaded = this.#state();
    const cert = read(this.#certfile);
    const key = { key: read(this.#keyfile), passphrase: this.#password };
    // The first and the second find out which file it is that cannot be used.
    check({ cert }, `The certificate in ${this.#certfile}`);
    check(key, `The private key in ${this.#keyfile}`);
    check({ cert, ...key }, `The certificate in ${this.#certfile} with the key in ${this.#keyfile}`);
    this.context = { cert, ...key };
  }

  /** Whether the files are others than those loaded, and the same as in the last call: nobody is still writing them. */
  isReplaced(): boolean {
    const before = this.#seen;
    this.#seen = this.#state();
    return this.#seen === before && this.#seen !== this.#loaded;
  }

  #state(): string {
    return `${stateOf(this.#certfile)} ${stateOf(this.#keyfile)}`;
  }
}

/** Another whenever the file is written to, or another one takes its place. */
function stateOf(file: string): string {
  try {
    const { ino, ctimeMs } = statSync(file);
    return `${ino} ${ctimeMs}`;
  } catch {
    return 'missing';
  }
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Error(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

function check(context: SecureContextOptions, what: string): void {
  try {
    createSecureContext(context);
  } catch (error) {
    const { message, reason = message } = error as Error & { reason?: string };
    throw new Error(`${what} cannot be used: ${REASONS[reason] ?? reason}`, { cause: error });
  }
}

/** What OpenSSL means to say. */
const REASONS: Readonly<Record<string, string>> = {
  'no start line': 'there is none in PEM',
  unsupported: 'there is none in PEM',
  'bad decrypt': 'the password is missing or wrong',
  'key values mismatch': 'they do not belong together',
};

// ── The callbacks of the user ──────────────────────────────────────────────────────────────────────────────────────
// What they throw, or answer wrongly, would end the process in some versions of node. Here it ends the handshake.

type Tell = (error: Error) => void;

function guardedSNI(
  callback: NonNullable<TlsOptions['SNICallback']>,
  tell: Tell,
): NonNullable<TlsOptions['SNICallback']> {
  return async (servername, done) => {
    try {
      await callback(servername, done); // its type says nothing of promises, but people write them
    } catch (cause) {
      const error = failure('SNICallback', cause);
      done(error);
      tell(error);
    }
  };
}

function guardedALPN(
  callback: NonNullable<TlsOptions['ALPNCallback']>,
  tell: Tell,
): NonNullable<TlsOptions['ALPNCallback']> {
  return (offer) => {
    try {
      const protocol = callback(offer);
      if (protocol === undefined || offer.protocols.includes(protocol)) return protocol;
      throw new RangeError(`The client does not offer ${protocol}`);
    } catch (cause) {
      tell(failure('ALPNCallback', cause));
      return undefined;
    }
  };
}

function guardedPSK(
  callback: NonNullable<TlsOptions['pskCallback']>,
  tell: Tell,
): NonNullable<TlsOptions['pskCallback']> {
  return (socket, identity) => {
    try {
      return callback(socket, identity);
    } catch (cause) {
      tell(failure('pskCallback', cause));
      return null;
    }
  };
}

function failure(callback: string, cause: unknown): Error {
  return new Error(`${callback} has failed: ${cause instanceof Error ? cause.message : String(cause)}`, {
    cause,
  });
}
