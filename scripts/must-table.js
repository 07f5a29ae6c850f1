// Rewrites the table at the end of docs/security.md: which requirement is proved where, from the titles of the
// tests and the cases of the corpus.
// node scripts/must-table.js; with --check it only says whether the table is up to date.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** The requirements, by number. A test that proves one has `MUST` and its number in its title. */
const REQUIREMENTS = {
  1: 'Content-Length and Transfer-Encoding together are refused',
  2: 'A Content-Length that is not digits is refused',
  3: 'A Content-Length beyond 2^53 − 1 is refused; announcing a length allocates nothing',
  4: 'A second Content-Length is refused, even if equal',
  5: 'Any Transfer-Encoding but one `chunked` is refused',
  6: 'Transfer-Encoding in HTTP/1.0 is refused',
  7: 'A chunk size that is not hexadecimal digits, or too large, is refused',
  8: 'Chunk data and chunk-size lines end in CRLF, and nothing else',
  9: 'Chunk extensions are checked and limited, also in a body that nobody reads',
  10: 'Trailers are checked like fields, kept apart, and never change framing or routing',
  11: 'Bare LF and bare CR are refused',
  12: 'A head ends in CRLF CRLF, and nothing else',
  13: 'A field name is a token right before its colon',
  14: 'Folded lines are refused',
  15: 'Control characters in field values are refused; octets from 0x80 are kept',
  16: 'HTTP/1.1 has exactly one Host, and it is `host[:port]`',
  17: 'The request line is `token SP target SP HTTP/d.d`; a major version but 1 is 505',
  18: 'The target has one of the four forms, and no character that may not be in it',
  19: 'The authority of absolute-form replaces Host',
  20: 'Field names such as `__proto__`, and names that are integers, are names like any other',
  21: 'Octets in any pieces give the same result, at a cost that is linear',
  22: 'Random octets give events or an error; no exception, no endless loop, no unbounded memory',
  23: 'Pipelined requests are answered in order, and wait while the client does not read',
  24: 'A header name, value or reason that could split a response is never sent',
  25: '100 (Continue) is sent when the body is first read, and only then',
  26: 'CONNECT and Upgrade that nobody handles do not desynchronise the connection',
  27: 'A request line above 8 KiB is 414',
  28: 'A header section above 16 KiB or 100 fields is 431, never a shortened list',
  29: 'A head that is not complete in 20 s is 408',
  30: 'A body that stalls, or is too slow on average, is 408; a steady one may take its time',
  31: 'A client that takes nothing of our output for 60 s is cut off; a slow one gets everything',
  32: 'A connection without another request is closed after 65 s, which the client is told',
  33: 'The 1,000th request of a connection is its last, and is told so',
  34: 'Too many connections evict the longest idle one, or are closed; the server recovers at once',
  35: 'A body read whole is limited to 1 MiB; memory grows with what is received',
  36: 'What is left of a body is stepped over up to a limit, and is never a request',
  37: 'A thousand slow clients of any kind stop nobody else, and are closed in time',
  38: 'A client that half-closes behind its request gets the whole response',
  39: 'A request that is cut off reaches no handler, or gives an error to the reader of its body',
  40: 'An early error reaches a client that is still sending',
  41: 'A reset at any moment leaves nothing behind',
  42: 'A handler that fails is answered 500, or its response is cut; nothing else is affected',
  43: 'A response is as long as its Content-Length, or the client can tell that it is not',
  44: 'Responses that have no body have none, and no wrong length; HTTP/1.0 gets no chunks',
  45: 'A client that does not read costs little memory, and `write()` tells the handler to wait',
  46: 'Memory does not grow with the number of requests served',
  47: 'Paths are decoded once, as strict UTF-8; encoded slashes, NUL and backslashes are refused',
  48: 'Paths with a `..` segment are refused',
  49: 'Every spelling of a path gets the same verdict',
  50: 'Containment is decided at the boundary of a segment: `/srv/www-secret` is not in `/srv/www`',
  51: 'What is sent is the file that was checked, by its descriptor',
  52: 'Links that leave the root are not followed, for files, index pages and listings alike',
  53: 'Pipes, sockets and devices are not served, and do not block',
  54: 'A file that changes while it is sent never sends more than announced; less cuts the connection',
  55: 'A file that cannot be opened is 404, a shortage of descriptors 503; no path or stack is shown',
  56: 'Names with a dot in front are hidden, except `.well-known`, on the real path too',
  57: 'Names that mean something else on Windows are refused there',
  58: 'Names are compared in a form that ignores case where the file system does',
  59: 'A redirect leads to the same host',
  60: 'Listings escape names, hide what is not served, and are limited',
  61: 'Error pages and redirects escape what they repeat',
  62: 'Every response with a body has a media type; unknown ones are not sniffed',
  63: 'Ranges are limited, and parsed in one pass',
  64: 'Dates in conditions are parsed strictly; what is none is ignored',
  65: 'Entity tags have no inode in them; conditions have the precedence of RFC 9110',
  66: 'Any path of 8 KiB is decided on in linear time',
  67: 'The file server knows GET and HEAD, and answers others 405',
  68: 'Of the fields of a request, CGI programs see those with plain names; never `Proxy`',
  69: 'Of the environment, CGI programs see what is on a list',
  70: 'CGI programs are told of a user only if the server has made sure of it, and never see Authorization',
  71: 'Nothing of a request is on the command line of a CGI program, and no shell reads it',
  72: 'What lies in a CGI directory is run or refused, never shown, however its path is spelt',
  73: 'Which part of a path is the CGI program is decided octet by octet on the canonical path',
  74: 'A CGI program gets the octets of the body, their number, and then the end',
  75: 'What a CGI program says in its head is checked and limited; hop-by-hop fields are dropped',
  76: 'A CGI answer without a media type is not taken for a page',
  77: 'A CGI program that takes too long, or is silent, is ended, with all that it has started',
  78: 'A CGI program ends with its client and with the server; none is left behind',
  79: 'The output of a CGI program is sent as fast as the client takes it; less than announced cuts the connection',
  80: 'CGI programs that run at the same time are limited, and so is what they log',
  81: 'The command listens on the loopback interface unless told otherwise, and prints the real address',
  82: 'A server on the loopback interface refuses a Host that is not local',
  83: 'A shutdown finishes what is in flight, ends what is idle, and is over in time',
  84: 'A restart loses no request',
  85: 'A listening descriptor can be handed over',
  86: 'An address that cannot be used is one line of error',
  87: 'A log line is one line, escaped and limited, and never blocks or crashes the server',
  88: 'A worker that crashes is replaced',
  89: 'A TLS handshake that fails, stalls, or is none ends that connection, and no other',
};

const project = new URL('../', import.meta.url);
const page = new URL('docs/security.md', project);
const BEGIN = '<!-- must:begin -->';
const END = '<!-- must:end -->';

/** The page, with the table as the tests have it now. */
export function updatedPage() {
  const text = readFileSync(page, 'utf8');
  const [before, rest] = text.split(BEGIN);
  const [, after] = rest.split(END);
  return `${before}${BEGIN}\n\n${table()}\n${END}${after}`;
}

/** The page as it is. */
export function currentPage() {
  return readFileSync(page, 'utf8');
}

function table() {
  const numbers = [...testsByNumber()].sort(([a], [b]) => a - b);
  const rows = [
    ['MUST', 'requirement', 'proved in'],
    ['---', '---', '---'],
    ...numbers.map(([number, files]) => cells(number, files)),
  ];
  return rows.map((row) => `| ${row.join(' | ')} |\n`).join('');
}

function cells(number, files) {
  const requirement = REQUIREMENTS[number];
  if (requirement === undefined)
    throw new Error(`MUST ${number} in ${files[0]} is not in scripts/must-table.js`);
  const names = files.map((file) => `\`${file.slice('test/'.length).replace(/(\.test)?\.\w+$/, '')}\``);
  return [String(number), requirement, names.join(', ')];
}

/** Number → files with a test that names it. */
function testsByNumber() {
  const files = new Map();
  const names = readdirSync(new URL('test/', project), { recursive: true, encoding: 'utf8' });
  for (const name of names.sort()) {
    const file = `test/${name.replaceAll('\\', '/')}`;
    for (const number of numbersIn(file)) files.set(number, [...(files.get(number) ?? []), file]);
  }
  return files;
}

function numbersIn(file) {
  if (file.endsWith('.test.ts')) return numbersInTitles(readFileSync(new URL(file, project), 'utf8'));
  if (file.startsWith('test/corpus/')) return numbersInCases(readFileSync(new URL(file, project), 'utf8'));
  return [];
}

/** The numbers in the strings of a program; in comments they prove nothing. */
function numbersInTitles(source) {
  const strings = source.match(/'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g) ?? [];
  return new Set(
    strings.flatMap((text) => [...text.matchAll(/\bMUST (\d+)\b/g)].map((match) => Number(match[1]))),
  );
}

function numbersInCases(json) {
  return new Set(JSON.parse(json).cases.flatMap(({ must }) => must ?? []));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const updated = updatedPage();
  if (process.argv[2] !== '--check') writeFileSync(page, updated);
  else if (updated !== currentPage()) {
    console.error('The table in docs/security.md is out of date: run node scripts/must-table.js');
    process.exitCode = 1;
  }
}
