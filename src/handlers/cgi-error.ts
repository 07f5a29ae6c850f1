// A request that a program should have answered, and what it is answered instead.

/** Knows its answer, as `sendError()` takes it. */
export class CGIError extends Error {
  override readonly name = 'CGIError';
  /** The HTTP status code. */
  readonly status: number;
  /** What it means, and what helps; for the client to see. */
  readonly explain: string | undefined;
  readonly fields: Readonly<Record<string, string>>;

  /** @param message a short reason, for the client to see: it names the path at most. */
  constructor(
    status: number,
    message: string,
    explain?: string,
    fields: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.explain = explain;
    this.fields = fields;
  }

  /** There are too many programs, or too few resources; soon there may be more. */
  static unavailable(): CGIError {
    return new CGIError(503, 'Too many CGI programs are running', undefined, { 'Retry-After': '5' });
  }
}
