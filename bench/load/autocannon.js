// The load where there is no wrk: the request in a file, repeated by autocannon. Slower than most servers here,
// which does not matter for processor time a request, but does for requests a second.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import autocannon from 'autocannon';

const { port, connections, pipelined, seconds, file } = JSON.parse(process.argv[2]);
const [head, ...rest] = readFileSync(file, 'latin1').split('\r\n\r\n');
const [requestLine, ...fields] = head.split('\r\n');
const [method, target] = requestLine.split(' ');

const started = performance.now();
const run = autocannon({
  url: `http://127.0.0.1:${port}${target}`,
  connections,
  pipelining: pipelined,
  duration: Math.ceil(seconds) + 1, // ended below: it knows only whole seconds
  method,
  headers: Object.fromEntries(
    fields.map((field) => field.split(/: (.*)/s)).filter(([name]) => name !== 'Content-Length'),
  ),
  ...(method === 'POST' && { body: rest.join('') }),
});
setTimeout(() => run.stop(), seconds * 1000);

const { requests, errors, '4xx': refused, '5xx': failed } = await run;
const taken = (performance.now() - started) / 1000;
console.log(JSON.stringify({ requests: requests.total, seconds: taken, errors: errors + refused + failed }));
