// The public names, one by one; nothing else.

export { Connection } from './connection/connection.js';
export { Deadlines } from './connection/deadlines.js';
export {
  type Application,
  ConnectionResetError,
  type Exchange,
  UnansweredError,
  type Upgraded,
} from './connection/exchange.js';
export {
  defaultLimits,
  defaultReceiveRate,
  defaultTimeouts,
  type Limits,
  type ReceiveRate,
  type Timeouts,
} from './connection/limits.js';
export type { RequestBody } from './connection/request-body.js';
export type { ResponseState, ResponseWriter } from './connection/response-writer.js';
export {
  type ConnectionOptions,
  type ConnectionSettings,
  connectionSettings,
} from './connection/settings.js';
export { SocketTransport, type Transport, type TransportListener } from './connection/transport.js';
export { isTrustedHost } from './files/host.js';
export type { ExtensionsMap } from './files/media-type.js';
export { BaseHTTPRequestHandler, type MessageClass, type MethodHandler } from './handlers/base-handler.js';
export type { Variables } from './handlers/cgi-environment.js';
export { CGIHTTPRequestHandler, type CGILimits } from './handlers/cgi-handler.js';
export type { CGIInfo } from './handlers/cgi-path.js';
export { Credentials, hashPassword } from './handlers/credentials.js';
export { type ClosableSource, MemorySource } from './handlers/file-source.js';
export { SimpleHTTPRequestHandler } from './handlers/simple-handler.js';
export { HTTPServer, type HTTPServerOptions, ThreadingHTTPServer } from './http-server.js';
export { ProtocolError, type ProtocolErrorCode } from './http1/errors.js';
export { FieldLines, HTTPMessage } from './http1/message.js';
export type { RequestHead } from './http1/request-head.js';
export { type HTTPVersion, ResponseHead } from './http1/response-head.js';
export { HTTPStatus, responses } from './http1/status.js';
export { HTTPSServer, type HTTPSServerOptions, ThreadingHTTPSServer } from './https-server.js';
export type { Address, AddressFamily, ClientAddress, ServerAddress } from './socketserver/address.js';
export {
  BaseServer,
  type RequestHandler,
  type RequestHandlerConstructor,
  type ShutdownOptions,
} from './socketserver/base-server.js';
export {
  type Forking,
  ForkingMixIn,
  ForkingTCPServer,
  ForkingUnixStreamServer,
  type Threading,
  ThreadingMixIn,
  ThreadingTCPServer,
  ThreadingUnixStreamServer,
} from './socketserver/mixins.js';
export { BaseRequestHandler, StreamRequestHandler } from './socketserver/request-handler.js';
export { TCPServer, UnixStreamServer } from './socketserver/tcp-server.js';
export {
  ByteLimitError,
  ByteReader,
  type ByteReaderOptions,
  type ByteSource,
} from './streams/byte-reader.js';
export { type ByteSink, ByteWriter } from './streams/byte-writer.js';
