// What pages of other origins may do with the answers: read them (CORS), or nothing at all (COOP, COEP, CORP).
// Everything is in every answer, errors included: a page cannot tell why it may not see what it may not see.

import type { Handler, HandlerClass } from './handler-class.js';

/**
 * Whether a request asks on behalf of a page whether it may send another. It comes without credentials, whatever the
 * other will have (Fetch §3.3.5).
 */
export function isPreflight({ command, headers }: Handler): boolean {
  return command === 'OPTIONS' && headers.has('origin') && headers.has('access-control-request-method');
}

/** Lets pages of every origin read the answers, with all their fields; not with cookies, which `*` excludes. */
export function withCors(Base: HandlerClass): HandlerClass {
  return class extends Base {
    override do_OPTIONS(): void | Promise<void> {
      if (!isPreflight(this)) return super.do_OPTIONS();
      this.sendResponse(204);
      this.#grant('Methods', 'access-control-request-method');
      this.#grant('Headers', 'access-control-request-headers');
      this.sendHeader('Access-Control-Max-Age', PREFLIGHT_SECONDS);
      this.endHeaders();
    }

    /** Whether there is such a method, or what becomes of a field, is for the request itself to find out. */
    #grant(what: 'Methods' | 'Headers', wish: string): void {
      const names = this.headers.getAll(wish).join(', ');
      if (NAMES.test(names)) this.sendHeader(`Access-Control-Allow-${what}`, names);
    }

    override endHeaders(): void {
      this.sendHeader('Access-Control-Allow-Origin', '*');
      this.sendHeader('Access-Control-Expose-Headers', '*'); // Content-Range, ETag, and those added with --header
      super.endHeaders();
    }
  };
}

/** How long a browser need not ask again. */
const PREFLIGHT_SECONDS = 600;
/** Names between commas. What is longer than any page needs is not repeated. */
const NAMES = /^(?=.{1,1024}$)[\w!#$%&'*+.^`|~-]+(?:[ \t]*,[ \t]*[\w!#$%&'*+.^`|~-]+)*$/;

/**
 * Isolates pages from those of other origins, which is what browsers ask for before a page may share memory.
 * @param readers who may embed the answers.
 */
export function withIsolation(Base: HandlerClass, readers: 'same-origin' | 'cross-origin'): HandlerClass {
  return class extends Base {
    override endHeaders(): void {
      this.sendHeader('Cross-Origin-Opener-Policy', 'same-origin');
      this.sendHeader('Cross-Origin-Embedder-Policy', 'require-corp');
      this.sendHeader('Cross-Origin-Resource-Policy', readers);
      super.endHeaders();
    }
  };
}
