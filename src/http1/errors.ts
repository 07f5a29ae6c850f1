// What the engine throws about a peer. Faults of the caller are TypeError or RangeError instead.

/** A short, stable name for each way a request can be wrong; for logs and tests, never sent to the peer. */
export type ProtocolErrorCode =
  | 'BAD_REQUEST_LINE'
  | 'BAD_METHOD'
  | 'BAD_TARGET'
  | 'BAD_VERSION'
  | 'UNSUPPORTED_VERSION'
  | 'BAD_LINE_END'
  | 'BAD_FIELD_NAME'
  | 'BAD_FIELD_VALUE'
  | 'BAD_HOST'
  | 'BAD_CONTENT_LENGTH'
  | 'BAD_TRANSFER_ENCODING'
  | 'UNSUPPORTED_TRANSFER_CODING'
  | 'AMBIGUOUS_FRAMING'
  | 'BAD_EXPECTATION'
  | 'BAD_CHUNK'
  | 'BAD_TRAILER'
  | 'REQUEST_LINE_TOO_LONG'
  | 'HEADER_TOO_LARGE'
  | 'TOO_MANY_FIELDS'
  | 'BODY_TOO_LARGE'
  | 'INCOMPLETE'
  | 'TIMEOUT';

/**
 * The peer broke the protocol, or a limit. It knows its answer: send `status` with `message` as the reason, and
 * close the connection, because what follows on it cannot be trusted (RFC 9112 §2.2, §11.2).
 */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  /** The HTTP status code that answers it: 400, 408, 413, 414, 417, 431, 501 or 505. */
  readonly status: number;
  readonly code: ProtocolErrorCode;

  /** @param sentence what is wrong, in printable ASCII without any byte the peer sent: it may become a reason phrase. */
  constructor(status: number, code: ProtocolErrorCode, sentence: string) {
    super(sentence);
    this.status = status;
    this.code = code;
  }
}
