// What the command has been told to do, wherever it was said: on the command line, in the environment, in a file.

/** The port to try first if none is asked for, as in Python. */
export const DEFAULT_PORT = 8000;

/** Where to listen if nothing is said: this machine alone. */
export const DEFAULT_BIND = '127.0.0.1';

/** A header field to add to answers. */
export type HeaderField = readonly [name: string, value: string];

/**
 * How requests are logged: as Python does; as Apache does, in its Common Log Format, or the same with referrer and user
 * agent; as JSON; or not at all.
 */
export type LogFormat = 'python' | 'clf' | 'combined' | 'json' | 'off';

/** What the command is to do. */
export interface Settings {
  /** `undefined`: the default port, or the next free one. */
  readonly port: number | undefined;
  /** Address or name to listen on. */
  readonly bind: string;
  /** Listen on all interfaces, and show the addresses other machines can use. */
  readonly lan: boolean;
  /** Fail if the port is in use, rather than take the next. */
  readonly strictPort: boolean;
  /** Directory or file, as given; relative to the current directory. */
  readonly directory: string;
  /** Of the answers. */
  readonly protocol: 'HTTP/1.0' | 'HTTP/1.1';

  /** Added to each answer with a file or a listing. */
  readonly headers: readonly HeaderField[];
  /** Media type of files whose name tells none. */
  readonly contentType: string | undefined;
  /** Cache-Control by file name pattern, the first that matches. */
  readonly cache: readonly { readonly pattern: string; readonly value: string }[];
  /** Let pages of other origins read the answers. */
  readonly cors: boolean;
  /** Isolate pages from other origins (COOP and COEP), which SharedArrayBuffer asks for. */
  readonly coop: boolean;

  /** Index pages; empty for the usual ones. */
  readonly index: readonly string[];
  /** Answer paths that name no file with the index page of the root. */
  readonly spa: boolean;
  /** Serve `/about` from `about.html`. */
  readonly cleanUrls: boolean;
  /** Page shown where nothing is found, relative to the directory; `undefined`: the usual one, if it is there. */
  readonly notFound: string | undefined;
  /** Path below which the directory is served: `/docs`. */
  readonly base: string;
  readonly listing: boolean;
  readonly dotfiles: boolean;
  /** Serve what links lead to outside of the directory. */
  readonly followSymlinks: boolean;

  /** `user:password`, plain or hashed; `undefined` asks for none. */
  readonly auth: string | undefined;
  /** File with one `user:password` a line. */
  readonly authFile: string | undefined;
  /** Names accepted in Host besides the local ones. */
  readonly allowHost: readonly string[];

  /** Make a certificate, and keep it for next time. */
  readonly tls: boolean;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  readonly tlsPasswordFile: string | undefined;

  readonly log: LogFormat;
  /** Nothing but errors. */
  readonly quiet: boolean;
  /** Show the page in the browser. */
  readonly open: boolean;
  /** Show the address as a QR code. */
  readonly qr: boolean;

  /** Run the programs in the CGI directories. */
  readonly cgi: boolean;
  /** URL paths of the CGI directories; empty for the usual ones. */
  readonly cgiDir: readonly string[];
  /** Seconds a program may take to begin its answer, or be silent. */
  readonly cgiTimeout: number;
  /** Octets of a body in chunks that are kept until all have come. */
  readonly cgiMaxSpool: number;
  /** Environment variables for the programs, besides CGI's own: a name to pass on, or a name and its value. */
  readonly cgiEnv: readonly { readonly name: string; readonly value: string | undefined }[];
  /** Programs that run files of a suffix: `.php` → `php-cgi`. */
  readonly cgiInterpreter: readonly { readonly suffix: string; readonly program: string }[];
}

/** Whether the settings ask for HTTPS. */
export function speaksTls({ tls, tlsCert }: Settings): boolean {
  return tls || tlsCert !== undefined;
}

/** Whether the settings ask for passwords. */
export function hasPasswords({ auth, authFile }: Settings): boolean {
  return auth !== undefined || authFile !== undefined;
}
