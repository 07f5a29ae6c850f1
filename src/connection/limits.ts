// How much and how long: every default number of the engine, with its reason. All can be set per server.

import type { ParserLimits } from '../http1/parser.js';

/** How much a peer may send or hold; octets unless it says otherwise. */
export interface Limits extends ParserLimits {
  /** A body that is read whole, as by `text()` or `json()`: more is answered 413. Streams are not capped. */
  readonly maxRequestBodySize: number;
  /** Requests on one connection; the last is answered with `Connection: close`. */
  readonly maxRequestsPerConnection: number;
  /** Open connections of one server; one more closes the longest idle one, or is closed itself. */
  readonly maxConnections: number;
  /** What is read ahead of the application before the socket is paused. */
  readonly maxReadAhead: number;
  /** What is read and dropped of a body that the application left unread, before the connection is closed instead. */
  readonly maxDiscardSize: number;
}

/** How long a peer may take, in milliseconds; `Infinity` for as long as it likes. */
export interface Timeouts {
  /** For the TLS handshake. */
  readonly handshake: number;
  /** From the first octet of a head, or from the start of the connection, to the end of the head: 408. */
  readonly headers: number;
  /** Without any octet of a body that the application waits for: 408. */
  readonly receive: number;
  /** Without any progress in taking our output: the connection is cut. */
  readonly send: number;
  /** Between two requests on a connection. */
  readonly idle: number;
  /** For what is left of a body that the application did not read. */
  readonly discard: number;
  /** For the peer to be silent, once we have sent our last octet. */
  readonly linger: number;
  /** For the peer to close at all, once we have sent our last octet. */
  readonly lingerTotal: number;
}

/** The pace below which a body counts as stalled although it trickles. */
export interface ReceiveRate {
  /** Octets a second, on average over the time in which we waited for the peer; 0 for any pace. */
  readonly minimum: number;
  /** Milliseconds of waiting before the rate counts. */
  readonly grace: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND = 1000;

export const defaultLimits: Limits = {
  maxRequestLineSize: 8 * KIB, // nginx and Apache; longer URLs do not survive the way here anyway
  maxHeaderSize: 16 * KIB, // node and hyper; the largest cookies of real browsers fit
  maxHeaderCount: 100, // hyper and CPython
  maxChunkLineSize: 4 * KIB, // Go
  maxChunkExtensionsSize: 16 * KIB, // hyper: a flood of extensions costs us more than the peer
  maxRequestBodySize: MIB, // nginx client_max_body_size
  maxRequestsPerConnection: 1000, // nginx keepalive_requests: frees what a connection has gathered
  maxConnections: 10_000, // about 80 MB of connections that do nothing (docs/performance.md)
  maxReadAhead: 64 * KIB, // one read of the socket
  maxDiscardSize: 256 * KIB, // Go: cheaper than a new connection up to about here
};

export const defaultTimeouts: Timeouts = {
  handshake: 10 * SECOND, // Go and Caddy
  headers: 20 * SECOND, // Apache RequestReadTimeout
  receive: 60 * SECOND, // nginx client_body_timeout
  send: 60 * SECOND, // nginx send_timeout
  idle: 65 * SECOND, // node 26; longer than the minute after which many proxies give up a connection
  discard: 5 * SECOND,
  linger: 5 * SECOND, // nginx lingering_timeout
  lingerTotal: 30 * SECOND, // nginx lingering_time
};

export const defaultReceiveRate: ReceiveRate = { minimum: 240, grace: 5 * SECOND }; // Kestrel
