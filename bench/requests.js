// The requests that the loads send, as bytes. Every path is `/`.

const CRLF = '\r\n';

/** What Chrome sends for a page on this machine: 13 fields, about 630 bytes. */
const BROWSER_FIELDS = [
  'Connection: keep-alive',
  'Cache-Control: max-age=0',
  'sec-ch-ua: "Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"',
  'sec-ch-ua-mobile: ?0',
  'sec-ch-ua-platform: "Linux"',
  'Upgrade-Insecure-Requests: 1',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7',
  'Sec-Fetch-Site: none',
  'Sec-Fetch-Mode: navigate',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-US,en;q=0.9',
];

/** 16 KiB, less a little, since the request line and each server's own counting are to fit in the same limit. */
const LARGE_HEAD_SIZE = 16_000;

function head(requestLine, fields = []) {
  return [requestLine, 'Host: 127.0.0.1:8000', ...fields, '', ''].join(CRLF);
}

/** A head of `size` bytes in 50 fields. */
function largeHead(size) {
  const names = Array.from({ length: 49 }, (_, index) => `X-Field-${10 + index}: `);
  const bare = head('GET / HTTP/1.1', names).length;
  const room = Math.floor((size - bare) / names.length);
  const last = size - bare - room * names.length;
  return head(
    'GET / HTTP/1.1',
    names.map((name, index) => name + 'v'.repeat(index === 0 ? room + last : room)),
  );
}

function post(size) {
  const fields = ['Content-Type: application/octet-stream', `Content-Length: ${size}`];
  return head('POST / HTTP/1.1', fields) + 'x'.repeat(size);
}

export const smallGet = Buffer.from(head('GET / HTTP/1.1'));
export const browserGet = Buffer.from(head('GET / HTTP/1.1', BROWSER_FIELDS));
export const pipelinedGets = Buffer.from(head('GET / HTTP/1.1').repeat(16));
export const http10Get = Buffer.from(head('GET / HTTP/1.0'));
export const post1KiB = Buffer.from(post(2 ** 10));
export const post1MiB = Buffer.from(post(2 ** 20));
export const slowHead = Buffer.from(largeHead(LARGE_HEAD_SIZE));
