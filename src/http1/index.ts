// The engine alone: bytes to requests and responses to text, without I/O, clock or timer. `basehttp/http1`.

export { formatHttpDate, parseHttpDate } from './date.js';
export { ProtocolError, type ProtocolErrorCode } from './errors.js';
export { type BodyFraming, CHUNKED, frameResponse, responseHasBody } from './framing.js';
export { FieldLines, HTTPMessage } from './message.js';
export {
  DATA,
  END,
  HEAD,
  NEED_DATA,
  type ParserEvent,
  type ParserLimits,
  RequestParser,
} from './parser.js';
export type { RequestHead } from './request-head.js';
export { type HTTPVersion, ResponseHead } from './response-head.js';
export { HTTPStatus, mayHaveBody, reasonPhrase, responses } from './status.js';
