// Methods, and the protocol itself: what any HTTP server owes its clients.
import { FILES, TEXT } from '../files.js';
import { notOffered, right, worst, wrong } from '../outcome.js';
import { get, getAndStay, head, request } from '../requests.js';

const METHODS = 'RFC 9110 §15.5.6';
const SYNTAX = 'RFC 9112 §5.1';

const HTML = FILES['b.html'];
const LONGEST = `/${'x'.repeat(70_000)}`;

/** What a server that does not step over the body would take for the next request. */
const BURIED = head('GET /c.css HTTP/1.1', { Host: 'localhost', Connection: 'close' });

export const protocol = [
  changing('POST'),
  changing('PUT'),
  changing('DELETE'),
  {
    title: 'OPTIONS: what may be done',
    basis: 'RFC 9110 §9.3.7',
    steps: [request('OPTIONS', '/a.txt')],
    judge: ({ status, body, field }) => {
      if (body.includes(TEXT)) return wrong(`${status} with the file`);
      const allows = field('allow') !== undefined;
      if (status === 405) return allows ? notOffered('405 Allow') : wrong('405, no Allow');
      if (status >= 300) return notOffered(status);
      return allows ? right(`${status} Allow`) : notOffered(`${status}, no Allow`);
    },
  },
  {
    title: 'a method nobody knows: 501',
    basis: 'RFC 9110 §9.1',
    steps: [request('FOO', '/a.txt')],
    judge: ({ status, field }) => {
      if (status === 405) return field('allow') === undefined ? wrong('405, no Allow') : right('405 Allow');
      return status === 501 ? right(501) : wrong(status);
    },
  },
  {
    title: 'HTTP/1.0 without Host: served',
    basis: 'RFC 9112 §3.2',
    steps: [head('GET /a.txt HTTP/1.0', {})],
    judge: isFile,
  },
  {
    title: 'HTTP/1.1 without Host: 400',
    basis: 'RFC 9112 §3.2',
    steps: [get('/a.txt', { Host: undefined })],
    judge: isBadRequest,
  },
  {
    title: 'two Host fields: 400',
    basis: 'RFC 9112 §3.2',
    steps: [get('/a.txt', { host: 'example.com' })],
    judge: isBadRequest,
  },
  {
    title: 'absolute-form: served as origin-form',
    basis: 'RFC 9112 §3.2.2',
    steps: [get('http://localhost/a.txt')],
    judge: isFile,
  },
  {
    title: 'white space in front of the colon: 400',
    basis: SYNTAX,
    steps: [get('/a.txt', { 'X-Field ': 'x' })],
    judge: isBadRequest,
  },
  {
    title: 'a Content-Length that is no number, or two of them: 400',
    basis: 'RFC 9112 §6.3',
    steps: [
      request('GET', '/a.txt', { 'Content-Length': '+1' }, 'x'),
      request('GET', '/a.txt', { 'Content-Length': '1', 'content-length': '2' }, 'xx'),
    ],
    judge: (...answers) => worst(answers.map(isBadRequest)),
  },
  {
    title: 'a target of 70,000 octets: 414',
    basis: 'RFC 9112 §3',
    steps: [get(LONGEST)],
    judge: ({ status }) => (status === 414 ? right(414) : wrong(status)),
  },
  {
    title: 'two requests at once: two answers in order',
    basis: 'RFC 9112 §9.3.2',
    steps: [{ bytes: getAndStay('/a.txt') + get('/b.html'), answers: 2 }],
    judge: (first) => {
      if (first.others.length === 0) return wrong('one answer');
      const [second] = first.others;
      if (first.body !== TEXT) return wrong('wrong order');
      return second.status >= 300
        ? notOffered(`200, ${second.status}`)
        : second.body === HTML
          ? right('both')
          : wrong('other');
    },
  },
  buried(
    'a GET with a body: the body is no request',
    getAndStay('/a.txt', { 'Content-Length': BURIED.length }, BURIED),
  ),
  buried(
    'a GET with a chunked body: the same',
    getAndStay(
      '/a.txt',
      { 'Transfer-Encoding': 'chunked' },
      `${BURIED.length.toString(16)}\r\n${BURIED}\r\n0\r\n\r\n`,
    ),
  ),
  {
    title: 'Content-Length and Transfer-Encoding: refused, or closed behind',
    basis: 'RFC 9112 §6.1',
    steps: [
      {
        bytes:
          getAndStay('/a.txt', { 'Transfer-Encoding': 'chunked', 'Content-Length': '5' }, '0\r\n\r\n') +
          get('/c.css'),
        answers: 2,
      },
    ],
    judge: ({ status, others }) => {
      if (others.length > 0) return wrong('stays open');
      return status === 400 ? right(400) : right(`${status}, closed`);
    },
  },
  {
    title: 'answers have a Date',
    basis: 'RFC 9110 §6.6.1',
    steps: [get('/a.txt'), get('/nothing.txt')],
    judge: (...answers) =>
      answers.every(({ field }) => Number.isFinite(Date.parse(field('date')))) ? right('yes') : wrong('no'),
  },
];

function changing(method) {
  return {
    title: `${method} to a file: 405 with Allow, or 501`,
    basis: METHODS,
    steps: [request(method, '/a.txt', { 'Content-Length': '0' })],
    judge: ({ status, field }) => {
      if (status === 501) return right(501);
      if (status === 405) return field('allow') === undefined ? wrong('405, no Allow') : right('405 Allow');
      return status >= 400 && status < 500 ? notOffered(status) : wrong(status);
    },
  };
}

function isFile({ status, body }) {
  return status === 200 && body === TEXT ? right(200) : wrong(status);
}

function isBadRequest({ status }) {
  return status === 400 ? right(400) : wrong(status);
}

/** Refusing such a request is allowed; answering what is in its body is request smuggling. */
function buried(title, bytes) {
  return {
    title,
    basis: 'CWE-444',
    steps: [{ bytes: bytes + get('/b.html'), answers: 2 }],
    judge: ({ status, others }) =>
      others.some(({ body }) => body === FILES['c.css']) ? wrong('answered') : right(status),
  };
}
