// HTTPS for the command: with the certificate it is given, or with one of its own. Loaded only when it is asked for.

import { readFileSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import type { HTTPServer } from '../http-server.js';
import { HTTPSServer, type HTTPSServerOptions } from '../https-server.js';
import type { Address } from '../socketserver/address.js';
import type { RequestHandlerConstructor } from '../socketserver/base-server.js';
import { type InterfaceAddress, networkAddresses } from './address.js';
import { type KeptCertificate, keepCertificate, stateDirectory } from './certificate.js';
import { CommandFailure } from './failure.js';
import type { Settings } from './settings.js';
import { mayBeServed, type Site } from './site.js';

/** How the command speaks TLS. */
export interface Tls {
  /** @throws {CommandFailure} the certificate cannot be used. */
  makeServer(address: Address, Handler: RequestHandlerConstructor): HTTPServer;
  /** Reads the certificate of a server of ours again; if it cannot be used, the old one stays, and that is said. */
  reload(httpd: HTTPServer): void;
  /** The certificate, if it is one of the command's own. */
  readonly kept: KeptCertificate | undefined;
}

/** @throws {CommandFailure} there is no certificate to be had. */
export function prepareTls(settings: Settings, site: Site, interfaces: readonly InterfaceAddress[]): Tls {
  const kept = settings.tlsCert === undefined ? ownCertificate(settings, site, interfaces) : undefined;
  const options = kept === undefined ? givenFiles(settings) : { certfile: kept.file };
  return {
    kept,
    makeServer(address, Handler) {
      try {
        return new HTTPSServer(address, Handler, options);
      } catch (error) {
        throw new CommandFailure((error as Error).message);
      }
    },
    reload(httpd) {
      try {
        if (httpd instanceof HTTPSServer) httpd.reloadCertificate();
      } catch (error) {
        console.error(`The old certificate stays: ${(error as Error).message}`);
      }
    },
  };
}

function givenFiles({ tlsCert, tlsKey, tlsPasswordFile }: Settings): HTTPSServerOptions {
  return {
    ...(tlsCert !== undefined && { certfile: tlsCert }),
    ...(tlsKey !== undefined && { keyfile: tlsKey }),
    ...(tlsPasswordFile !== undefined && { password: readPassword(tlsPasswordFile) }),
  };
}

function readPassword(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim(); // as Python does
  } catch (error) {
    throw new CommandFailure(`the password of the key cannot be read: ${(error as Error).message}`);
  }
}

function ownCertificate(
  settings: Settings,
  site: Site,
  interfaces: readonly InterfaceAddress[],
): KeptCertificate {
  const place = { platform: process.platform, home: homedir(), variables: process.env };
  const kept = keepCertificate(stateDirectory(place), certificateNames(interfaces), Date.now());
  if (mayBeServed(kept.file, site, settings.dotfiles))
    throw new CommandFailure(
      `the key of the certificate, ${kept.file}, would be served: keep it elsewhere with XDG_STATE_HOME, or serve another directory`,
    );
  return kept;
}

/** How this machine is called from itself and from its network. Addresses of IPv6 change too often to be in it. */
function certificateNames(interfaces: readonly InterfaceAddress[]): string[] {
  const name = hostname().toLowerCase();
  const own = name.includes('.') ? [name] : [name, `${name}.local`];
  return [
    'localhost',
    '*.localhost',
    '127.0.0.1',
    '::1',
    ...own.filter((one) => /^[a-z0-9_.-]+$/.test(one) && one !== 'localhost'),
    ...networkAddresses(interfaces).filter((address) => !address.includes(':')),
  ];
}
