// What CPython's own tests assert of its file server (Lib/test/test_httpservers.py: SimpleHTTPServerTestCase,
// SimpleHTTPRequestHandlerTestCase, ScriptTestCase), said of ours. A title with "DIFFERS" says where we answer otherwise.

import { chmodSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listen, listeningAddress } from '../../src/cli/listen.js';
import { toFilePath } from '../../src/files/path.js';
import { formatHttpDate } from '../../src/http1/date.js';
import { BaseHTTPRequestHandler, HTTPServer, SimpleHTTPRequestHandler } from '../../src/index.js';
import { type Answer, isRoot, Site } from '../support/site.js';

const DATA = 'We are the knights who say Ni!';
const HOUR = 3600_000;

describe('SimpleHTTPServerTestCase', () => {
  let site: Site;

  beforeEach(async () => {
    site = await Site.serve(
      { 'dir/test': DATA },
      (Base) =>
        class extends Base {
          override protocolVersion = 'HTTP/1.0';
        },
    );
  });

  afterEach(() => site[Symbol.asyncDispose]());

  /** `check_status_and_reason`: on a connection that the server closes. */
  async function check(target: string, status: number, fields = {}, method = 'GET'): Promise<Answer> {
    const answer = await site.ask(method, target, { Connection: 'keep-alive, x', ...fields });
    expect(answer.status, target).toBe(status);
    expect(answer.reason).not.toBe('');
    expect(answer.version).toBe('HTTP/1.0');
    expect(answer.field('connection') ?? 'close').toBe('close');
    if (method !== 'HEAD' && status !== 304) {
      expect(answer.body.length).toBe(Number(answer.field('content-length') ?? Number.NaN));
    }
    return answer;
  }

  /** The page, and the name that it links to must serve `content`. */
  async function checkListing(name: string, title: string, href: string, text: string): Promise<void> {
    const path = encodeURIComponent(name);
    site.root.write(`dir/${name}/inner`, 'inner');
    site.root.write(`files/${name}`, DATA);
    const directory = await check(`/dir/${path}/`, 200);
    expect(utf8(directory.body)).toContain(`<title>Directory listing for /dir/${title}/</title>`);
    expect(utf8(directory.body)).toContain(`<h1>Directory listing for /dir/${title}/</h1>`);
    const listing = await check('/files/', 200);
    expect(listing.field('content-type')).toBe('text/html; charset=utf-8');
    expect(utf8(listing.body)).toContain(`<a href="${href}"><bdi>${text}</bdi></a>`);
    expect((await check(`/files/${href}`, 200)).body).toBe(DATA);
  }

  it('test_list_dir_nonascii_dirname, …_filename', () =>
    checkListing('aé€', 'aé€', 'a%C3%A9%E2%82%AC', 'aé€'));

  it('test_list_dir_unencodable_dirname, …_filename: a name needs no locale, it is always UTF-8', () =>
    checkListing('\u{1F40D}\u202E', '\u{1F40D}\u202E', '%F0%9F%90%8D%E2%80%AE', '\u{1F40D}\u202E'));

  it.skipIf(process.platform !== 'linux')(
    'DIFFERS test_list_dir_undecodable_dirname, …_dirname2, …_filename: names that are not UTF-8 are not served, and not listed',
    async () => {
      writeFileSync(Buffer.concat([Buffer.from(join(site.root.path, 'dir/x')), Buffer.of(0xff)]), '');
      await check('/dir/x%ff', 400);
      await check('/%ff.dir/', 400);
      expect((await check('/dir/', 200)).body).not.toContain('href="x');
    },
  );

  it('test_list_dir_escape_dirname, …_filename', async () => {
    for (const name of ['q?', 'f#', '&amp;', '&amp', '<i>', '"dq"', "'sq'", '%A4', '%E2%82%AC']) {
      const escaped = name.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
      await checkListing(name, escaped, encodeURIComponent(name).replaceAll("'", '%27'), escaped);
    }
  });

  it('test_list_dir_with_query_and_fragment: the title has neither', async () => {
    for (const query of ['?x=123', '?x=%bb']) {
      expect((await check(`/dir/${query}`, 200)).body).toContain(
        '<title>Directory listing for /dir/</title>',
      );
    }
  });

  it('DIFFERS test_list_dir_with_query_and_fragment: a target with a fragment is refused', () =>
    check('/dir/#123', 400));

  it('test_get_dir_redirect_location_domain_injection_bug: one slash first, however many were asked with', async () => {
    for (const prefix of ['/', '//', '///']) {
      expect((await check(`${prefix}dir`, 301)).field('location')).toBe('/dir/');
    }
  });

  it('DIFFERS test_get_dir_redirect_location_domain_injection_bug: a path with .. or an encoded slash is not resolved, but refused', async () => {
    const url = '/python.org/..%2f..%2f..%2f..%2f..%2f../%0a%0d/../dir';
    for (const prefix of ['', '/', '//']) await check(prefix + url, 404);
  });

  it('DIFFERS test_get_dir_redirect_location_domain_injection_bug: absolute-form is redirected to a path, not to a URL', async () => {
    expect((await check('https://example.org/dir', 301)).field('location')).toBe('/dir/');
  });

  it('test_get', async () => {
    expect((await check('/dir/test', 200)).body).toBe(DATA);
    await check('/dir/test/', 404);
    await check('/dir/', 200);
    expect((await check('/dir', 301)).field('content-length')).toBe('0');
    await check('/dir/?hi=2', 200);
    expect((await check('/dir?hi=1', 301)).field('location')).toBe('/dir/?hi=1');
    await check('/ThisDoesNotExist', 404);
    await check('/ThisDoesNotExist/', 404);
    site.root.write('dir/index.html/');
    expect((await check('/dir/', 200)).body).toContain('Directory listing for');
    site.root.write('other/index.html', DATA);
    expect((await check('/other/', 200)).body).toBe(DATA);
  });

  it('DIFFERS test_get: an encoded slash is no slash', () => check('/dir%2f', 404));

  it.skipIf(isRoot)(
    'test_get: a directory that may not be read is a 404 (root may read everything)',
    async () => {
      chmodSync(site.root.write('locked/'), 0);
      await check('/locked/', 404);
      chmodSync(join(site.root.path, 'locked'), 0o700);
    },
  );

  it('test_head', async () => {
    const answer = await check('/dir/test', 200, {}, 'HEAD');
    expect(answer.field('content-length')).toBe(String(DATA.length));
    expect(answer.field('content-type')).toBe('application/octet-stream');
    expect(answer.body).toBe('');
  });

  /** Milliseconds since the epoch, whole seconds. */
  const modified = () => Math.floor(statSync(join(site.root.path, 'dir/test')).mtimeMs / 1000) * 1000;

  it('test_browser_cache', async () => {
    await check('/dir/test', 304, { 'If-Modified-Since': formatHttpDate(modified()) });
    await check('/dir/test', 304, { 'If-Modified-Since': formatHttpDate(modified() + HOUR) });
  });

  it('test_browser_cache_file_changed', () =>
    check('/dir/test', 200, { 'If-Modified-Since': formatHttpDate(modified() - 365 * 24 * HOUR) }).then(
      () => {},
    ));

  it('DIFFERS test_browser_cache_with_If_None_Match_header: it is evaluated, and * matches', () =>
    check('/dir/test', 304, {
      'If-None-Match': '*',
      'If-Modified-Since': formatHttpDate(modified() - HOUR),
    }).then(() => {}));

  it('test_invalid_requests: methods are case-sensitive', async () => {
    for (const method of ['FOO', 'custom', 'GETs']) await check('/', 501, {}, method);
  });

  it('DIFFERS (ours): POST, PUT, PATCH, DELETE are a 405, OPTIONS is answered; Python has 501', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) await check('/', 405, {}, method);
    expect((await site.ask('OPTIONS', '/')).status).toBe(204);
  });

  it('test_last_modified: to the second', async () => {
    const path = join(site.root.path, 'dir/test');
    utimesSync(path, 1_700_000_000.75, 1_700_000_000.75);
    expect((await check('/dir/test', 200)).field('last-modified')).toBe('Tue, 14 Nov 2023 22:13:20 GMT');
  });

  it('DIFFERS test_path_without_leading_slash: such a target is none of the four forms', async () => {
    for (const target of ['dir/test', 'dir/test/', 'dir/', 'dir', 'ThisDoesNotExist'])
      await check(target, 400);
  });
});

describe('SimpleHTTPRequestHandlerTestCase', () => {
  class Handler extends SimpleHTTPRequestHandler {
    override directory = '/root';
  }
  const handler = new Handler(new Socket(), ['127.0.0.1', 1], {} as HTTPServer);

  it('test_query_arguments', () => {
    expect(handler.translatePath('/filename')).toBe('/root/filename');
    expect(handler.translatePath('/filename?foo=bar')).toBe('/root/filename');
    expect(handler.translatePath('/filename?a=b&spam=eggs#zot')).toBe('/root/filename');
  });

  it('test_start_with_double_slash', () => {
    expect(handler.translatePath('//filename')).toBe('/root/filename');
    expect(handler.translatePath('//filename?foo=bar')).toBe('/root/filename');
  });

  it('DIFFERS test_windows_colon: what Windows would read as a drive or a separator is refused, not dropped', () => {
    for (const path of ['/c:filename', '/a\\b', '/foo/c:/x']) {
      const parsed = path.split('/').slice(1);
      expect(toFilePath('C:\\root', parsed, 'win32'), path).toMatchObject({ ok: false, status: 404 });
    }
    expect(handler.translatePath('/a\\b')).toContain('\0');
    expect(toFilePath('C:\\root', ['a', 'b'], 'win32')).toBe('C:\\root\\a\\b');
  });
});

describe('ScriptTestCase', () => {
  const boundTo = async (bind: string, lan = false): Promise<string> => {
    const where = { bind, lan, port: 0, strictPort: false };
    await using httpd = await listen(
      await listeningAddress(where),
      where,
      (address) => new HTTPServer(address, BaseHTTPRequestHandler),
    );
    return httpd.serverAddress[0];
  };

  it('test_server_test_unspec: every interface', async () =>
    expect(await boundTo('127.0.0.1', true)).toBe('0.0.0.0'));

  it('test_server_test_localhost', async () => expect(await boundTo('localhost')).toBe('127.0.0.1'));

  it.each(['::', '::1'])('test_server_test_ipv6: %s', async (address) => {
    try {
      expect(await boundTo(address)).toBe(address);
    } catch (error) {
      // A machine without IPv6 has no such address.
      expect(String(error)).toContain('is not an address of this machine');
    }
  });

  it.each(['0.0.0.0', '127.0.0.1'])('test_server_test_ipv4: %s', async (address) =>
    expect(await boundTo(address)).toBe(address),
  );
});

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString();
}
