// Refuses requests under a name that is not this server's: see files/host.ts for whom that keeps out.

import { hostName, isTrustedHost } from '../files/host.js';
import type { Handler, HandlerClass } from './handler-class.js';

/** @param allowed names besides those of every machine, as `isTrustedHost()` takes them, in any case. */
export function withHostCheck(Base: HandlerClass, allowed: readonly string[]): HandlerClass {
  const names = allowed.map(hostName);
  return class extends Base {
    /** The Host that was right last: on one connection it is the same each time. */
    #trusted: string | undefined;

    override parseRequest(): boolean {
      if (!super.parseRequest()) return false;
      const host = this.headers.get('host');
      // Only what is older than Host leaves it out, and no browser is.
      if (host === undefined || host === this.#trusted) return true;
      if (!isTrustedHost(host, names)) return refuse(this, host);
      this.#trusted = host;
      return true;
    }
  };
}

/** A name that can be typed as it is. What else may stand in Host a shell would take for a command. */
const PLAIN_NAME = /^[a-z0-9._-]{1,80}$/;

function refuse(handler: Handler, host: string): false {
  const name = hostName(host);
  const shown = PLAIN_NAME.test(name) ? name : 'NAME';
  handler.sendError(
    421,
    undefined,
    `This server is for its own machine, and does not go by the name in the address. If it should, start it with --allow-host ${shown}`,
  );
  return false;
}
