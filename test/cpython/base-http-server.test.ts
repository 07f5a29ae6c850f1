// What CPython's test_httpservers.BaseHTTPServerTestCase asserts, test by test, under the names it has there. Where we
// differ on purpose the title says so, and docs/differences-from-python.md says why.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HTTPStatus } from '../../src/index.js';
import { ask, converse, get, HttpClient, type Reply } from '../support/http-client.js';
import { type Live, QuietHandler, serveLive } from '../support/live.js';

class RequestHandler extends QuietHandler {
  override protocolVersion = 'HTTP/1.1';

  do_TEST() {
    this.sendResponse(HTTPStatus.NO_CONTENT);
    this.sendHeader('Content-Type', 'text/html');
    this.sendHeader('Connection', 'close');
    this.endHeaders();
  }
  do_KEEP() {
    this.sendResponse(HTTPStatus.NO_CONTENT);
    this.sendHeader('Content-Type', 'text/html');
    this.sendHeader('Connection', 'keep-alive');
    this.endHeaders();
  }
  do_KEYERROR() {
    this.sendError(999);
  }
  do_NOTFOUND() {
    this.sendError(HTTPStatus.NOT_FOUND);
  }
  do_EXPLAINERROR() {
    this.sendError(999, 'Short Message', 'This is a long \n explanation');
  }
  do_CUSTOM() {
    this.sendResponse(999);
    this.sendHeader('Content-Type', 'text/html');
    this.sendHeader('Connection', 'close');
    this.endHeaders();
  }
  do_LATINONEHEADER() {
    this.sendResponse(999);
    this.sendHeader('X-Special', 'Dängerous Mind');
    this.sendHeader('Connection', 'close');
    this.endHeaders();
    this.wfile.write(this.headers.get('x-special-incoming', ''));
  }
  do_SEND_ERROR() {
    this.sendError(Number(this.path.slice(1)));
  }
  do_HEAD() {
    this.sendError(Number(this.path.slice(1)));
  }
}

/** As http.client sends it. */
function request(method: string, target = '/', fields = ''): string {
  return get(target, `Accept-Encoding: identity\r\n${fields}`, method);
}

describe('BaseHTTPServerTestCase', () => {
  let live: Live;
  beforeAll(async () => {
    live = await serveLive(RequestHandler);
  });
  afterAll(() => live[Symbol.asyncDispose]());

  /** The only response to what is sent. */
  async function only(data: string, method?: string): Promise<Reply> {
    const { replies } = await converse(live.port, data, method === undefined ? [] : [method]);
    expect(replies).toHaveLength(1);
    return replies[0]!;
  }

  async function status(data: string): Promise<number> {
    return (await only(data)).status;
  }

  it('test_command', async () => {
    expect(await status(request('GET'))).toBe(501);
  });

  it('test_request_line_trimming, differently: a line that ends in a bare LF is refused with 400', async () => {
    expect(await status('XYZBOGUS / HTTP/1.1\n\r\n\r\n')).toBe(400);
    expect(await status('XYZBOGUS / HTTP/1.1\r\nHost: a\r\n\r\n')).toBe(501);
  });

  it.each([
    ['test_version_bogus', 'FUBAR'],
    ['test_version_digits', 'HTTP/9.9.9'],
    ['test_version_signs_and_underscores', 'HTTP/-9_9_9.+9_9_9'],
    ['test_major_version_number_too_long', 'HTTP/909876543210.0'],
    ['test_minor_version_number_too_long', 'HTTP/1.909876543210'],
  ])('%s', async (_name, version) => {
    expect(await status(`GET / ${version}\r\nHost: a\r\n\r\n`)).toBe(400);
  });

  it('test_version_none_get, differently: a request line without a version is refused with 400', async () => {
    expect(await status('GET / \r\n\r\n')).toBe(400);
    expect(await status('GET /\r\n\r\n')).toBe(400);
  });

  it('test_version_none', async () => {
    expect(await status('PUT / \r\n\r\n')).toBe(400);
  });

  it('test_version_invalid', async () => {
    expect(await status('GET / HTTP/9.9\r\nHost: a\r\n\r\n')).toBe(505);
  });

  it('test_send_blank', async () => {
    expect(await status(' / \r\n\r\n')).toBe(400);
    expect(await status('  \r\n\r\n')).toBe(400);
  });

  it('test_header_close', async () => {
    expect(await status(request('GET', '/', 'Connection: close\r\n'))).toBe(501);
  });

  it('test_header_keep_alive', async () => {
    expect(await status(request('GET', '/', 'Connection: keep-alive\r\n'))).toBe(501);
  });

  it('test_handler', async () => {
    expect(await status(request('TEST'))).toBe(204);
  });

  it('test_return_header_keep_alive', async () => {
    using client = await HttpClient.connect(live.port);
    const kept = await client.send(request('KEEP', '/', 'Connection: keep-alive\r\n')).reply();
    expect(kept?.get('connection')).toBe('keep-alive');
    expect((await client.send(request('TEST')).reply())?.status).toBe(204);
  });

  it('test_return_header_keep_alive, and the client is told for how long', async () => {
    const kept = await ask(live.port, request('KEEP', '/', 'Connection: keep-alive\r\n'));
    expect(kept.get('keep-alive')).toBe('timeout=65');
  });

  it('test_internal_key_error', async () => {
    const reply = await only(request('KEYERROR'));
    expect([reply.status, reply.reason]).toEqual([999, '???']);
  });

  it('test_return_custom_status', async () => {
    const reply = await only(request('CUSTOM'));
    expect([reply.status, reply.reason]).toEqual([999, '']);
  });

  it('test_return_explain_error', async () => {
    const reply = await only(request('EXPLAINERROR'));
    expect([reply.status, reply.reason]).toEqual([999, 'Short Message']);
    expect(reply.get('content-length')).toBe(String(reply.body.length));
    expect(reply.text).toContain('This is a long \n explanation');
  });

  it('test_latin1_header', async () => {
    const reply = await only(request('LATINONEHEADER', '/', 'X-Special-Incoming: Ärger mit Unicode\r\n'));
    expect(reply.get('x-special')).toBe('Dängerous Mind');
    expect(reply.text).toBe('Ärger mit Unicode');
  });

  it('test_error_content_length', async () => {
    const reply = await only(request('NOTFOUND'));
    expect(reply.status).toBe(404);
    expect(Number(reply.get('content-length'))).toBe(reply.body.length);
    expect(reply.body.length).toBeGreaterThan(0);
  });

  it.each([204, 304, 102, 205, 101])('test_send_error %d', async (code) => {
    using client = await HttpClient.connect(live.port);
    const reply = await client.send(request('SEND_ERROR', `/${code}`)).reply();
    await client.ended();
    expect(reply?.status).toBe(code);
    expect(reply?.get('content-length')).toBeUndefined();
    expect(reply?.get('content-type')).toBeUndefined();
    expect(reply?.get('transfer-encoding')).toBeUndefined();
    expect(client.received).toBe(reply?.head);
  });

  it.each([200, 204, 205, 304, 101])('test_head_via_send_error %d', async (code) => {
    using client = await HttpClient.connect(live.port);
    const reply = await client.send(request('HEAD', `/${code}`)).reply('HEAD');
    await client.ended();
    expect(reply?.status).toBe(code);
    if (code === 200) {
      expect(Number(reply?.get('content-length'))).toBeGreaterThan(0);
      expect(reply?.get('content-type')).toContain('text/html');
    } else {
      expect(reply?.get('content-length')).toBeUndefined();
      expect(reply?.get('content-type')).toBeUndefined();
    }
    expect(client.received).toBe(reply?.head);
  });
});

describe('HTTP09ServerTestCase, differently: HTTP/0.9 is not spoken', () => {
  class Handler extends QuietHandler {
    do_GET() {
      this.sendResponse(200);
      this.endHeaders();
      this.wfile.write(`OK: here is ${this.path}\r\n`);
    }
  }

  it('test_simple_get is refused with 400', async () => {
    await using live = await serveLive(Handler);
    const { replies } = await converse(live.port, 'GET /index.html\r\n');
    expect(replies.map(({ version, status }) => [version, status])).toEqual([['HTTP/1.0', 400]]);
    expect(replies[0]?.text).not.toContain('OK: here is');
  });

  it('test_invalid_request is refused with 400, with a status line', async () => {
    await using live = await serveLive(Handler);
    const { replies } = await converse(live.port, 'POST /index.html\r\n');
    expect(replies.map(({ status }) => status)).toEqual([400]);
  });

  it('test_single_request: nothing behind it is answered', async () => {
    await using live = await serveLive(Handler);
    const { replies } = await converse(live.port, 'GET /foo.html\r\nGET /bar.html\r\n');
    expect(replies).toHaveLength(1);
  });
});
