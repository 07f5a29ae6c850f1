// HTTPSServer: an HTTPServer whose connections are TLS. Python 3.14's, and a certificate that is renewed while it serves.

import { readFileSync, statSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { createServer, type SecureContextOptions, type Server as TLSServer, type TlsOptions } from 'node:tls';
import { HTTPServer, type HTTPServerOptions } from './http-server.js';
import type { ServerAddress } from './socketserver/address.js';
import type { RequestHandlerConstructor } from './socketserver/base-server.js';

/** What an HTTPS server needs besides. */
export interface HTTPSServerOptions extends HTTPServerOptions {
  /** File of the certificate and the chain above it, in PEM. */
  readonly certfile?: string;
  /** File of the private key, in PEM; by default it is in `certfile` too. */
  readonly keyfile?: string;
  /** Of the private key, if it is encrypted. */
  readonly password?: string;
  /** Protocols offered in ALPN; this server speaks one. */
  readonly alpnProtocols?: readonly string[];
  /** Node's options instead of files, or beside them: `cert`, `key`, `ca`, `SNICallback`, `minVersion`… */
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
 * A certificate or key file that is replaced is taken up within a second, for new connections. One that cannot be used
 * is told by `handleCertificateError()`, and the old one stays.
 */
export class HTTPSServer extends HTTPServer {
  readonly #options: HTTPSServerOptions;
  readonly #handshakes = new Set<Socket>();
  #loaded: string;

  /**
   * @throws {Error} the certificate or the key cannot be read, or do not go together; the message names the file.
   */
  constructor(
    serverAddress: ServerAddress,
    RequestHandlerClass: RequestHandlerConstructor,
    options: HTTPSServerOptions,
  ) {
    super(serverAddress, RequestHandlerClass, options);
    this.#options = options;
    this.#loaded = this.#fileTimes();
    // Made now, so that a certificate that cannot be used is told to whoever configured it.
    void this.socket;
  }

  override createSocket(): Server {
    const { handshake } = this.connectionSettings.timeouts;
    const server = createServer({
      minVersion: 'TLSv1.2',
      ALPNProtocols: [...(this.#options.alpnProtocols ?? ['http/1.1'])],
      ...this.#options.tls,
      ...this.#secureContext(),
      handshakeTimeout: handshake,
      allowHalfOpen: true,
      pauseOnConnect: true,
      noDelay: true,
    });
    server.on('connection', (socket) => this.#watchHandshake(socket));
    server.on('secureConnection', (request) => this.requestArrived(request));
    // Garbage, plain HTTP, or a peer that gave up: its connection ends, and nothing else does.
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    return server;
  }

  /** Takes up the certificate and the key from their files, for connections from now on. @throws as the constructor. */
  reloadCertificate(): void {
    this.#loaded = this.#fileTimes();
    (this.socket as TLSServer).setSecureContext(this.#secureContext());
  }

  /** The files have changed, and cannot be used; the old certificate stays. Prints that to standard error. */
  handleCertificateError(error: Error): void {
    console.error(`The certificate was not renewed: ${error.message}`);
  }

  override serviceActions(): void {
    super.serviceActions();
    if (this.#fileTimes() === this.#loaded) return;
    try {
      this.reloadCertificate();
    } catch (error) {
      this.handleCertificateError(error as Error);
    }
  }

  protected override stopListening(): void {
    super.stopListening();
    for (const socket of this.#handshakes) socket.destroy();
  }

  /** Until its handshake is over, nobody but us knows of a connection. */
  #watchHandshake(socket: Socket): void {
    this.#handshakes.add(socket);
    socket.on('close', () => this.#handshakes.delete(socket)).on('error', () => {});
  }

  #secureContext(): SecureContextOptions {
    const { certfile, keyfile = certfile, password } = this.#options;
    if (certfile === undefined || keyfile === undefined) return {};
    const context = { cert: readFileSync(certfile), key: readFileSync(keyfile) };
    return password === undefined ? context : { ...context, passphrase: password };
  }

  /** Changes when one of the files does. A file that is missing for a moment has not changed yet. */
  #fileTimes(): string {
    const { certfile, keyfile } = this.#options;
    const files = [certfile, keyfile].filter((file) => file !== undefined);
    return files.map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0).join(' ');
  }
}

/** As in Python, the same server: every server here handles its connections concurrently. */
export class ThreadingHTTPSServer extends HTTPSServer {}
