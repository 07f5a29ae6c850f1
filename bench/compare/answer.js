// Sends bytes and reads what comes back. It knows just enough of HTTP/1 to find the end of an answer, and takes what
// no client library would show: bytes behind the end, answers cut short, connections closed without a word.
import { connect } from 'node:net';

const PATIENCE = 3_000; // ms of silence after which no more is expected
const REST = 100; // ms of silence behind a whole answer: what comes later does not belong to it

/**
 * The first final answer to the bytes: `{ status, field(name), names, body, rest, others }`, text as latin1. `rest` is
 * what follows it and is no answer, `others` are the answers behind it. Or `{ failure }`: a few words for the table.
 */
export async function ask(port, request, answersExpected = 1) {
  const method = /^\S*/.exec(request)[0];
  const { received, closed, failure } = await exchange(port, request, (text, ended) => {
    const { answers } = parseAnswers(text, method, ended);
    return answers.length >= answersExpected;
  });
  const { answers, rest } = parseAnswers(received, method, closed);
  if (answers.length === 0) return { failure: failure ?? describe(received, closed) };
  const [first, ...others] = answers;
  return { ...first, others, rest };
}

function describe(received, closed) {
  if (received.length > 0) return closed ? 'cut off' : 'unfinished';
  return closed ? 'drops the connection' : 'silence';
}

function exchange(port, request, isWhole) {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () =>
      socket.write(request, 'latin1'),
    );
    const finish = (closed, failure) => {
      socket.destroy();
      resolve({ received, closed, failure });
    };
    socket.setEncoding('latin1');
    socket.setTimeout(PATIENCE, () => finish(false));
    socket.on('data', (part) => {
      received += part;
      if (isWhole(received, false)) socket.setTimeout(REST);
    });
    socket.on('end', () => finish(true));
    socket.on('error', ({ code }) => finish(true, code === 'ECONNRESET' ? 'resets the connection' : code));
  });
}

/** All whole final answers at the beginning of a text, and what is left of it. */
export function parseAnswers(text, firstMethod, ended) {
  const answers = [];
  let at = 0;
  for (;;) {
    const method = answers.length === 0 ? firstMethod : 'GET';
    const found = parseAnswer(text.slice(at), method, ended);
    if (found === undefined) return { answers, rest: text.slice(at) };
    at += found.size;
    if (found.answer.status >= 200) answers.push(found.answer);
  }
}

function parseAnswer(text, method, ended) {
  const head = /^HTTP\/1\.[01] (\d{3})[^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n/.exec(text);
  if (head === null) return undefined;
  const status = Number(head[1]);
  const fields = [...head[2].matchAll(/^([^:\r\n]+):[ \t]*(.*?)[ \t]*\r\n/gm)].map(([, name, value]) => [
    name.toLowerCase(),
    value,
  ]);
  const field = (name) => {
    const values = fields.filter(([own]) => own === name.toLowerCase()).map(([, value]) => value);
    return values.length === 0 ? undefined : values.join(', ');
  };
  const body = parseBody(text.slice(head[0].length), ended, bodyLength(status, method, field));
  if (body === undefined) return undefined;
  const answer = { status, field, names: fields.map(([name]) => name), body: body.text };
  return { answer, size: head[0].length + body.size };
}

/** A number, 'chunked', or 'close' (RFC 9112 §6.3). */
function bodyLength(status, method, field) {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 0;
  if (field('transfer-encoding') !== undefined) return 'chunked';
  const length = field('content-length');
  return length === undefined ? 'close' : Number(length);
}

function parseBody(text, ended, length) {
  if (length === 'chunked') return parseChunks(text);
  if (length === 'close') return ended ? { text, size: text.length } : undefined;
  return text.length < length ? undefined : { text: text.slice(0, length), size: length };
}

function parseChunks(text) {
  let body = '';
  for (let at = 0; ; ) {
    const line = text.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = Number.parseInt(text.slice(at, line), 16);
    const end = line + 2 + size + 2;
    if (!(text.length >= end)) return undefined;
    if (size === 0) return { text: body, size: end };
    body += text.slice(line + 2, end - 2);
    at = end;
  }
}
