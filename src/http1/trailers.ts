// Which trailers an application may see (RFC 9110 §6.5.1): none that would change framing, routing, authentication or
// how the content is understood, since all of that was decided from the head.

import { FieldLines } from './message.js';

const FORBIDDEN = new Set([
  'authorization',
  'cache-control',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'keep-alive',
  'max-forwards',
  'pragma',
  'proxy-authorization',
  'proxy-connection',
  'range',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
]);

/** The trailers without the fields that may not be sent as such. */
export function withoutForbidden(trailers: FieldLines): FieldLines {
  const kept = [...trailers].filter(([name]) => !FORBIDDEN.has(name.toLowerCase()));
  return kept.length === trailers.length ? trailers : FieldLines.from(kept);
}
