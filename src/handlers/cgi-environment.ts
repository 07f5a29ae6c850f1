// The environment of a CGI program: the meta-variables of RFC 3875 §4.1, and those that are customary. A pure function
// of the request; which variables of the server's own process go along is said here too, and they are few.

/** What a request says to a program. Text is latin1, one character an octet, where it comes as it was received. */
export interface CGIRequest {
  readonly method: string;
  /** `HTTP/1.1`. */
  readonly protocol: string;
  /** Path and query as received. */
  readonly uri: string;
  /** What is behind the first `?`, as received. */
  readonly query: string | undefined;
  /** The field lines, as received. */
  readonly fields: Iterable<readonly [name: string, value: string]>;
  /** Octets of the body; `undefined` if there is none. */
  readonly contentLength: number | undefined;

  /** URL path of the script, decoded: `/cgi-bin/a.py`. */
  readonly scriptName: string;
  /** What is behind it in the path, decoded: `/b/c`, or empty. */
  readonly pathInfo: string;
  /** The file that `pathInfo` would name as a path of its own; `undefined` if it is empty or names none. */
  readonly pathTranslated: string | undefined;
  /** The file of the script. */
  readonly scriptFilename: string;
  readonly documentRoot: string;

  /** The address of the client; empty if it called over a Unix socket. */
  readonly remoteAddress: string;
  /** Who the client is, if the server has made sure of it, and how it has. */
  readonly remoteUser: string | undefined;
  readonly authType: string | undefined;
  /** The server's own name, for clients that do not say which they mean. */
  readonly serverName: string;
  readonly serverPort: number;
  readonly serverSoftware: string;
  readonly https: boolean;
}

/** Environment variables by name; those that are `undefined` are not there. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The whole environment of a program.
 * @param configured variables to add. Those that say something of the request cannot be set: what the server knows of
 * it stands, and what it does not know stays unknown.
 * @param own the environment of this process, of which {@link INHERITED} is passed on.
 */
export function makeCgiEnvironment(
  request: CGIRequest,
  configured: Variables,
  own: Variables,
): Record<string, string> {
  const environment: Record<string, string> = {};
  const set = (name: string, value: string | undefined) => {
    if (value !== undefined) environment[name] = value;
  };
  for (const name of INHERITED) set(name, own[name]);
  for (const name of Object.keys(configured)) if (!isRequestVariable(name)) set(name, configured[name]);
  setFieldVariables(environment, request.fields);
  const known = metaVariables(request, environment['HTTP_HOST']);
  for (const name of Object.keys(known)) set(name, known[name]);
  return environment;
}

/** What programs need to run at all. Everything else may hold secrets, or change how a program is loaded. */
export const INHERITED: readonly string[] = ['PATH', 'PATHEXT', 'SystemRoot'];

/** Whether a variable speaks of the request, so that nothing but the request may set it. */
function isRequestVariable(name: string): boolean {
  return name.startsWith('HTTP_') || REQUEST_VARIABLES.has(name);
}

const REQUEST_VARIABLES: ReadonlySet<string> = new Set([
  'AUTH_TYPE',
  'CONTENT_LENGTH',
  'CONTENT_TYPE',
  'DOCUMENT_ROOT',
  'GATEWAY_INTERFACE',
  'HTTPS',
  'PATH_INFO',
  'PATH_TRANSLATED',
  'QUERY_STRING',
  'REDIRECT_STATUS',
  'REMOTE_ADDR',
  'REMOTE_HOST',
  'REMOTE_USER',
  'REQUEST_METHOD',
  'REQUEST_URI',
  'SCRIPT_FILENAME',
  'SCRIPT_NAME',
  'SERVER_NAME',
  'SERVER_PORT',
  'SERVER_PROTOCOL',
  'SERVER_SOFTWARE',
]);

/** RFC 3875 §4.1; at the end those that it does not have, but programs expect. */
function metaVariables(request: CGIRequest, host: string | undefined): Variables {
  const { pathInfo, remoteAddress } = request;
  return {
    AUTH_TYPE: request.authType,
    CONTENT_LENGTH: request.contentLength?.toString(),
    GATEWAY_INTERFACE: 'CGI/1.1',
    PATH_INFO: pathInfo === '' ? undefined : pathInfo,
    PATH_TRANSLATED: request.pathTranslated,
    QUERY_STRING: toAscii(request.query ?? ''),
    REMOTE_ADDR: remoteAddress,
    REMOTE_HOST: remoteAddress, // §4.1.9 allows it; the name would have to be looked up
    REMOTE_USER: request.remoteUser,
    REQUEST_METHOD: request.method,
    SCRIPT_NAME: request.scriptName,
    SERVER_NAME: serverName(request, host),
    SERVER_PORT: request.serverPort.toString(),
    SERVER_PROTOCOL: request.protocol,
    SERVER_SOFTWARE: request.serverSoftware,

    DOCUMENT_ROOT: request.documentRoot,
    HTTPS: request.https ? 'on' : undefined,
    REDIRECT_STATUS: '200', // php-cgi asks for it, to know that it was not called directly
    REQUEST_URI: toAscii(request.uri),
    SCRIPT_FILENAME: request.scriptFilename,
  };
}

/**
 * The fields as `HTTP_` variables (RFC 3875 §4.1.18), and CONTENT_TYPE. Names are letters, digits and hyphens: `_` would
 * be taken for a hyphen, and others break the shell's variables. So no two names make the same variable.
 */
function setFieldVariables(environment: Record<string, string>, fields: CGIRequest['fields']): void {
  for (const [name, value] of fields) {
    const key = name.toLowerCase();
    if (key === 'content-type') environment['CONTENT_TYPE'] ??= toText(value);
    if (!/^[a-z0-9-]+$/.test(key) || WITHHELD.has(key)) continue;
    const variable = `HTTP_${key.toUpperCase().replaceAll('-', '_')}`;
    const before = environment[variable];
    const separator = key === 'cookie' ? '; ' : ',';
    environment[variable] = before === undefined ? toText(value) : before + separator + toText(value);
  }
}

const WITHHELD: ReadonlySet<string> = new Set([
  'proxy', // would be HTTP_PROXY, which programs take for the proxy to use (CVE-2016-5385)
  'authorization', // a secret of the client; what follows from it is in REMOTE_USER
  'proxy-authorization',
  'content-length', // in variables of their own
  'content-type',
  'connection', // the connection is the server's matter, and so is how the body was framed
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The host that the client means, if that is a plain name or address: scripts make links of it. */
function serverName({ serverName: own }: CGIRequest, host = ''): string {
  const name = host.replace(/:\d*$/, '');
  if (/^(?:[\w.-]+|\[[\da-fA-F:.]+\])$/.test(name)) return name;
  return own.includes(':') ? `[${own}]` : own;
}

/** Octets as the environment gives them back: it is UTF-8. What is not that is taken for latin1. */
function toText(octets: string): string {
  if (!/[\x80-\xff]/.test(octets)) return octets;
  const text = Buffer.from(octets, 'latin1').toString('utf8');
  return text.includes('\ufffd') ? octets : text;
}

/** Part of a URL with the octets percent-encoded that clients should have encoded. */
function toAscii(octets: string): string {
  return octets.replace(/[^\x21-\x7e]/g, (octet) => {
    const hex = octet.charCodeAt(0).toString(16).toUpperCase();
    return `%${hex.padStart(2, '0')}`;
  });
}
