// The table of options, written once. The command line, the environment, the configuration file, the help, the
// completions, the man page and docs/command.md are made from it. Knows none of them.

import { DEFAULT_BIND, DEFAULT_PORT, type Settings } from './settings.js';
import {
  toAccount,
  toAddress,
  toBasePath,
  toCacheRule,
  toChoice,
  toFileName,
  toHeaderField,
  toHostName,
  toInterpreter,
  toMediaType,
  toPort,
  toProtocol,
  toSeconds,
  toSize,
  toText,
  toUrlPath,
  toVariable,
} from './values.js';

/** A setting, and its row in the table. */
export type Key = keyof Settings;

/** Headings under which options are shown. */
export type Group = 'Where' | 'Pages' | 'Answers' | 'Access' | 'HTTPS' | 'Output' | 'CGI' | 'Command';

/** What people are told of an option. */
interface Shown {
  /** The long name without its dashes; by default the key in kebab case. */
  readonly long?: string;
  /** The short name, one letter. */
  readonly short?: string;
  readonly group: Group;
  /** What it does, in a line without a full stop. */
  readonly does: string;
  /** Whether it is on the one screen of `--help`. */
  readonly daily?: true;
  /** How it may be said. */
  readonly example: string;
}

interface WithArgument extends Shown {
  /** What the argument is called. */
  readonly argument: string;
  /** What to show as default, where the default itself says little. */
  readonly usually?: string;
}

interface Row {
  /** What is said of the one sets aside what a weaker source says of the other; the same source may not say both. */
  readonly rival?: Key;
  /** Means nothing unless this is said, too. */
  readonly needs?: Key;
}

/** On or off: `--spa`, or `--no-spa`. One that is on by default is shown as `--no-…`. */
export interface Flag extends Shown, Row {
  readonly kind: 'flag';
  readonly default: boolean;
}

/** One value; said again, the last counts. */
export interface Single<Value> extends WithArgument, Row {
  readonly kind: 'text' | 'number';
  readonly default: Value;
  readonly toValue: (text: string) => Value;
  /** The only values there are. */
  readonly choices?: readonly string[];
  /** Whether it is relative to where it is said: to the current directory, or that of the configuration file. */
  readonly isPath?: true;
}

/** Several values: said again, one more. In the environment, between commas. */
export interface List<Item> extends WithArgument, Row {
  readonly kind: 'list';
  readonly default: readonly Item[];
  readonly toItem: (text: string) => Item;
}

/** Several names with their values. In the environment one a line, in the configuration file an object, too. */
export interface Pairs<Item> extends WithArgument, Row {
  readonly kind: 'pairs';
  readonly default: readonly Item[];
  readonly toItem: (text: string) => Item;
  /** What is between name and value. */
  readonly joint: ':' | '=';
}

/** Any row of the table. */
export type Option = Flag | Single<unknown> | List<unknown> | Pairs<unknown>;

type OptionOf<Value> = [Value] extends [boolean]
  ? Flag
  : [Value] extends [readonly (infer Item)[]]
    ? List<Item> | Pairs<Item>
    : Single<Value>;

const PROTOCOLS = ['HTTP/1.0', 'HTTP/1.1'] as const;
const LOG_FORMATS = ['python', 'clf', 'combined', 'json', 'off'] as const;

/** The options that are settings, in the order in which they are shown. */
export const OPTIONS: { readonly [Name in Key]: OptionOf<Settings[Name]> } = {
  port: {
    group: 'Where',
    does: 'port, 0 for any that is free; the same as the argument',
    kind: 'number',
    argument: 'NUMBER',
    default: undefined,
    usually: `${DEFAULT_PORT}, or the next free`,
    toValue: toPort,
    example: '--port 9000',
  },
  directory: {
    short: 'd',
    group: 'Where',
    does: 'directory or file to serve; the same as the argument',
    kind: 'text',
    argument: 'PATH',
    default: '.',
    toValue: toText,
    isPath: true,
    example: '--directory public',
  },
  bind: {
    short: 'b',
    group: 'Where',
    does: 'address to listen on',
    daily: true,
    kind: 'text',
    argument: 'ADDRESS',
    default: DEFAULT_BIND,
    toValue: toAddress,
    example: '--bind 0.0.0.0',
  },
  lan: {
    group: 'Where',
    does: 'listen on the network, and show the URLs',
    daily: true,
    kind: 'flag',
    default: false,
    rival: 'bind',
    example: '--lan',
  },
  strictPort: {
    group: 'Where',
    does: `fail if ${DEFAULT_PORT} is in use, rather than take the next port`,
    kind: 'flag',
    default: false,
    example: '--strict-port',
  },
  base: {
    group: 'Where',
    does: 'path of the URL below which everything is served',
    kind: 'text',
    argument: 'PATH',
    default: '',
    usually: '/',
    toValue: toBasePath,
    example: '--base /docs',
  },

  spa: {
    group: 'Pages',
    does: 'single-page app: index page, not 404',
    daily: true,
    kind: 'flag',
    default: false,
    example: '--spa',
  },
  cleanUrls: {
    group: 'Pages',
    does: 'serve about.html as /about',
    daily: true,
    kind: 'flag',
    default: false,
    example: '--clean-urls',
  },
  notFound: {
    long: '404',
    group: 'Pages',
    does: 'file in the directory that is shown where nothing is found',
    kind: 'text',
    argument: 'FILE',
    default: undefined,
    usually: '404.html',
    toValue: toText,
    example: '--404 errors/missing.html',
  },
  index: {
    group: 'Pages',
    does: 'file that is served for a directory, the first that is there',
    kind: 'list',
    argument: 'NAME',
    default: [],
    usually: 'index.html, index.htm',
    toItem: toFileName,
    example: '--index home.html',
  },
  listing: {
    group: 'Pages',
    does: 'do not list directories that have no index page',
    kind: 'flag',
    default: true,
    example: '--no-listing',
  },
  dotfiles: {
    group: 'Pages',
    does: 'serve names that begin with a dot',
    daily: true,
    kind: 'flag',
    default: false,
    example: '--dotfiles',
  },
  followSymlinks: {
    group: 'Pages',
    does: 'serve what links lead to outside of the directory',
    kind: 'flag',
    default: false,
    example: '--follow-symlinks',
  },

  headers: {
    long: 'header',
    short: 'H',
    group: 'Answers',
    does: 'header field of every file and listing',
    daily: true,
    kind: 'pairs',
    argument: "'NAME: VALUE'",
    default: [],
    joint: ':',
    toItem: toHeaderField,
    example: "--header 'X-Robots-Tag: noindex'",
  },
  cache: {
    group: 'Answers',
    does: 'Cache-Control of files by name',
    daily: true,
    kind: 'pairs',
    argument: 'PATTERN=VALUE',
    default: [],
    usually: 'no-cache',
    joint: '=',
    toItem: toCacheRule,
    example: "--cache '*.css=max-age=3600'",
  },
  contentType: {
    group: 'Answers',
    does: 'media type of files whose name tells none',
    kind: 'text',
    argument: 'TYPE',
    default: undefined,
    usually: 'application/octet-stream',
    toValue: toMediaType,
    example: '--content-type text/plain',
  },
  cors: {
    group: 'Answers',
    does: 'let other sites read the answers',
    daily: true,
    kind: 'flag',
    default: false,
    example: '--cors',
  },
  coop: {
    group: 'Answers',
    does: 'isolate pages, as SharedArrayBuffer asks for (COOP, COEP)',
    kind: 'flag',
    default: false,
    example: '--coop',
  },
  protocol: {
    short: 'p',
    group: 'Answers',
    does: 'version of the answers',
    kind: 'text',
    argument: PROTOCOLS.join('|'),
    default: 'HTTP/1.1',
    toValue: toProtocol,
    choices: PROTOCOLS,
    example: '--protocol HTTP/1.0',
  },

  auth: {
    group: 'Access',
    does: 'ask for a password; as ps shows it, rather use BASEHTTP_AUTH or --auth-file',
    kind: 'text',
    argument: 'USER:PASSWORD',
    default: undefined,
    toValue: toAccount,
    example: '--auth ann:secret',
  },
  authFile: {
    group: 'Access',
    does: 'passwords, one USER:PASSWORD a line',
    daily: true,
    kind: 'text',
    argument: 'FILE',
    default: undefined,
    toValue: toText,
    isPath: true,
    rival: 'auth',
    example: '--auth-file users.txt',
  },
  allowHost: {
    group: 'Access',
    does: 'name to accept in Host besides the local ones',
    kind: 'list',
    argument: 'NAME',
    default: [],
    toItem: toHostName,
    example: '--allow-host site.test',
  },

  tls: {
    group: 'HTTPS',
    does: 'HTTPS, with a certificate of its own',
    daily: true,
    kind: 'flag',
    default: false,
    example: '--tls',
  },
  tlsCert: {
    group: 'HTTPS',
    does: 'HTTPS, with this certificate and its chain, in PEM',
    kind: 'text',
    argument: 'FILE',
    default: undefined,
    toValue: toText,
    isPath: true,
    rival: 'tls',
    example: '--tls-cert cert.pem',
  },
  tlsKey: {
    group: 'HTTPS',
    does: 'its private key, in PEM',
    kind: 'text',
    argument: 'FILE',
    default: undefined,
    usually: 'in the file of the certificate',
    toValue: toText,
    isPath: true,
    rival: 'tls',
    needs: 'tlsCert',
    example: '--tls-key key.pem',
  },
  tlsPasswordFile: {
    group: 'HTTPS',
    does: 'file with the password of the private key',
    kind: 'text',
    argument: 'FILE',
    default: undefined,
    toValue: toText,
    isPath: true,
    rival: 'tls',
    needs: 'tlsCert',
    example: '--tls-password-file password.txt',
  },

  open: {
    group: 'Output',
    does: 'show it in the browser',
    daily: true,
    kind: 'flag',
    default: false,
    example: '--open',
  },
  qr: {
    group: 'Output',
    does: 'show the address as a QR code',
    kind: 'flag',
    default: false,
    example: '--qr',
  },
  log: {
    group: 'Output',
    does: 'how requests are logged',
    kind: 'text',
    argument: LOG_FORMATS.join('|'),
    default: 'python',
    toValue: toChoice(LOG_FORMATS),
    choices: LOG_FORMATS,
    example: '--log json',
  },
  quiet: {
    group: 'Output',
    does: 'show errors only',
    kind: 'flag',
    default: false,
    example: '--quiet',
  },

  cgi: {
    group: 'CGI',
    does: 'run the programs in the CGI directories',
    kind: 'flag',
    default: false,
    example: '--cgi',
  },
  cgiDir: {
    group: 'CGI',
    does: 'path of the URL of a CGI directory',
    kind: 'list',
    argument: 'PATH',
    default: [],
    usually: '/cgi-bin, /htbin',
    toItem: toUrlPath,
    needs: 'cgi',
    example: '--cgi-dir /bin',
  },
  cgiTimeout: {
    group: 'CGI',
    does: 'how long a program may be silent',
    kind: 'number',
    argument: 'SECONDS',
    default: 30,
    toValue: toSeconds,
    needs: 'cgi',
    example: '--cgi-timeout 120',
  },
  cgiMaxSpool: {
    group: 'CGI',
    does: 'longest body in chunks, which is kept until it is complete',
    kind: 'text',
    argument: 'SIZE',
    default: 64 * 1024 * 1024,
    usually: '64M',
    toValue: toSize,
    needs: 'cgi',
    example: '--cgi-max-spool 1G',
  },
  cgiEnv: {
    group: 'CGI',
    does: 'variable that programs get, too',
    kind: 'pairs',
    argument: 'NAME[=VALUE]',
    default: [],
    joint: '=',
    toItem: toVariable,
    needs: 'cgi',
    example: '--cgi-env GIT_PROJECT_ROOT=/srv/git',
  },
  cgiInterpreter: {
    group: 'CGI',
    does: 'program that runs the files with a suffix',
    kind: 'pairs',
    argument: 'SUFFIX=PROGRAM',
    default: [],
    joint: '=',
    toItem: toInterpreter,
    needs: 'cgi',
    example: '--cgi-interpreter .php=php-cgi',
  },
};

/** The keys of `OPTIONS`, in its order. */
export const KEYS = Object.keys(OPTIONS) as readonly Key[];

/** A row of the table, whatever its type. */
export function optionOf(key: Key): Option {
  return OPTIONS[key];
}

/** `cleanUrls` → `clean-urls`. */
export function longName(key: Key): string {
  return OPTIONS[key].long ?? key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The name in the configuration file: `clean-urls` → `cleanUrls`. */
export function fieldName(key: Key): string {
  return longName(key).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** The name in the environment: `clean-urls` → `BASEHTTP_CLEAN_URLS`. */
export function variableName(key: Key): string {
  return toVariableName(longName(key));
}

/** The variable that names the configuration file. */
export const CONFIG_VARIABLE = toVariableName('config');

function toVariableName(long: string): string {
  return `BASEHTTP_${long.toUpperCase().replaceAll('-', '_')}`;
}

/** What there is to show of an option. */
export interface OptionInfo {
  /** With its dashes, as it is mostly said: `--spa`, `--no-listing`. */
  readonly long: string;
  /** With its dash. */
  readonly short: string | undefined;
  /** What the argument is called; `undefined` if there is none. */
  readonly argument: string | undefined;
  readonly does: string;
  readonly group: Group;
  readonly daily: boolean;
  readonly repeatable: boolean;
  readonly choices: readonly string[];
  /** Whether the argument is the path of a file or directory. */
  readonly isPath: boolean;
  /** In words; `undefined` if it goes without saying. */
  readonly default: string | undefined;
  readonly example: string;
  /** In the environment; `undefined` if it has no place there. */
  readonly variable: string | undefined;
  /** In the configuration file; `undefined` if it has no place there. */
  readonly field: string | undefined;
}

/** The shells that completions are for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** One of them. */
export type Shell = (typeof SHELLS)[number];

const ABOUT_THE_COMMAND = {
  group: 'Command',
  short: undefined,
  argument: undefined,
  daily: false,
  repeatable: false,
  choices: [],
  isPath: false,
  default: undefined,
  variable: undefined,
  field: undefined,
} as const;

/** Every option there is, those that are no settings too, in the order in which they are shown. */
export const OPTION_INFOS: readonly OptionInfo[] = [
  ...KEYS.map(describe),
  {
    ...ABOUT_THE_COMMAND,
    long: '--config',
    argument: 'FILE',
    does: 'JSON file with options',
    daily: true,
    isPath: true,
    example: '--config site.json',
    variable: CONFIG_VARIABLE,
  },
  {
    ...ABOUT_THE_COMMAND,
    long: '--completions',
    argument: SHELLS.join('|'),
    does: 'print a script that completes options in this shell',
    choices: SHELLS,
    example: '--completions bash',
  },
  {
    ...ABOUT_THE_COMMAND,
    long: '--hash-password',
    does: 'read a password, and print it as --auth takes it',
    example: '--hash-password',
  },
  {
    ...ABOUT_THE_COMMAND,
    long: '--version',
    short: '-V',
    does: 'print the version',
    example: '--version',
  },
  {
    ...ABOUT_THE_COMMAND,
    long: '--help',
    short: '-h',
    does: 'print the help; --help=all for every option',
    example: '--help=all',
  },
];

function describe(key: Key): OptionInfo {
  const option = optionOf(key);
  return {
    long: `${option.kind === 'flag' && option.default ? '--no-' : '--'}${longName(key)}`,
    short: option.short === undefined ? undefined : `-${option.short}`,
    argument: option.kind === 'flag' ? undefined : option.argument,
    does: option.does,
    group: option.group,
    daily: option.daily === true,
    repeatable: option.kind === 'list' || option.kind === 'pairs',
    choices: 'choices' in option ? (option.choices ?? []) : [],
    isPath: 'isPath' in option && option.isPath === true,
    default: shownDefault(option),
    example: option.example,
    variable: variableName(key),
    field: fieldName(key),
  };
}

function shownDefault(option: Option): string | undefined {
  if (option.kind === 'flag') return undefined;
  if (option.usually !== undefined) return option.usually;
  const isWorthSaying = typeof option.default === 'string' || typeof option.default === 'number';
  return isWorthSaying ? String(option.default) : undefined;
}
