// What CPython's own tests assert of its CGI server (Lib/test/test_httpservers.py up to 3.14: CGIHTTPServerTestCase), said
// of ours; there they are skipped as root. A title with "DIFFERS" says where we answer otherwise.

import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parsePath } from '../../src/files/path.js';
import { collapseUrlPath } from '../../src/handlers/cgi-path.js';
import { CGISite, node, requestText, shell } from '../support/cgi-site.js';
import { ask } from '../support/http-client.js';
import { pythonMissing } from '../support/python-peer.js';

const HTML = "printf 'Content-type: text/html\\n\\n'";
const HELLO = shell(HTML, 'echo "Hello World"');

const FORM = node(`
  let body = '';
  process.stdin.on('data', (chunk) => (body += chunk)).on('end', () => {
    const form = new URLSearchParams(body);
    const values = ['spam', 'eggs', 'bacon'].map((name) => form.get(name));
    process.stdout.write('Content-type: text/html\\n\\n' + values.join(', ') + '\\n');
  });`);

const PYTHON_FORM = `
import sys
from urllib.parse import parse_qs
form = parse_qs(sys.stdin.read())
print("Content-type: text/html")
print()
print("%s, %s, %s" % (form["spam"][0], form["eggs"][0], form["bacon"][0]))
`;

vi.setConfig({ testTimeout: 60_000 }); // programs take their time on a busy machine

const FORM_TYPE = { 'Content-Type': 'application/x-www-form-urlencoded' };
const FORM_BODY = 'spam=1&eggs=python&bacon=123456';

describe('test_url_collapse_path', () => {
  const IndexError = undefined;
  const vectors: [path: string, collapsed: string | undefined][] = [
    ['', '//'],
    ['..', IndexError],
    ['/.//..', IndexError],
    ['/', '//'],
    ['//', '//'],
    ['/\\', '//\\'],
    ['/.//', '//'],
    ['cgi-bin/file1.py', '/cgi-bin/file1.py'],
    ['/cgi-bin/file1.py', '/cgi-bin/file1.py'],
    ['a', '//a'],
    ['/a', '//a'],
    ['//a', '//a'],
    ['./a', '//a'],
    ['./C:/', '/C:/'],
    ['/a/b', '/a/b'],
    ['/a/b/', '/a/b/'],
    ['/a/b/.', '/a/b/'],
    ['/a/b/c/..', '/a/b/'],
    ['/a/b/c/../d', '/a/b/d'],
    ['/a/b/c/../d/e/../f', '/a/b/d/f'],
    ['/a/b/c/../d/e/../../f', '/a/b/f'],
    ['/a/b/c/../d/e/.././././..//f', '/a/b/f'],
    ['../a/b/c/../d/e/.././././..//f', IndexError],
    ['/a/b/c/../d/e/../../../f', '/a/f'],
    ['/a/b/c/../d/e/../../../../f', '//f'],
    ['/a/b/c/../d/e/../../../../../f', IndexError],
    ['/a/b/c/../d/e/../../../../f/..', '//'],
    ['/a/b/c/../d/e/../../../../f/../.', '//'],
  ];

  it('there are 28 of them', () => expect(new Set(vectors.map(([path]) => path)).size).toBe(28));

  it.each(vectors)('%j is %j', (path, collapsed) => {
    if (collapsed === IndexError) expect(() => collapseUrlPath(path)).toThrow(RangeError);
    else expect(collapseUrlPath(path)).toBe(collapsed);
  });

  it.each(vectors)(
    'DIFFERS %j in a request: with .. or a backslash it is refused, else it is the same',
    (path, collapsed) => {
      const canonical = parsePath(path);
      expect(canonical.ok).toBe(!path.includes('..') && !path.includes('\\'));
      if (canonical.ok) expect(collapsed?.replace(/^\/\//, '/').replace(/(.)\/$/, '$1')).toBe(canonical.path);
    },
  );
});

describe.skipIf(process.platform === 'win32')('CGIHTTPServerTestCase', () => {
  let site: CGISite;

  beforeAll(async () => {
    site = await CGISite.serve(
      {
        'cgi-bin/file1.py': HELLO,
        'cgi-bin/file2.py': FORM,
        'cgi-bin/child-dir/file3.py': HELLO,
        'cgi-bin/file4.py': shell(HTML, 'echo "$QUERY_STRING"'),
        'sub/dir/cgi-bin/file5.py': HELLO,
        'cgi-bin/file6.py': shell(
          "printf 'X-ambv: was here\\nContent-type: text/html\\n\\n<pre>'",
          'env',
          'echo "</pre>"',
        ),
        'cgi-bin/count.sh': shell(HTML, 'wc -c'),
        'nocgi.py': HELLO,
      },
      (Base) =>
        class extends Base {
          override cgiDirectories = ['/cgi-bin', '/htbin', '/sub/dir/cgi-bin'];
        },
    );
  });

  afterAll(() => site?.[Symbol.asyncDispose]());

  it('test_headers_and_content', async () => {
    const reply = await site.get('/cgi-bin/file1.py');
    expect(reply).toMatchObject({ status: 200, text: 'Hello World\n' });
    expect(reply.get('content-type')).toBe('text/html');
  });

  it('test_issue19435', async () => {
    expect((await site.get('///////////nocgi.py/../cgi-bin/nothere.sh')).status).toBe(404);
  });

  it('test_post', async () => {
    expect((await site.post('/cgi-bin/file2.py', FORM_BODY, FORM_TYPE)).text).toBe('1, python, 123456\n');
  });

  it.skipIf(pythonMissing !== undefined)(
    `test_post, in Python${pythonMissing === undefined ? '' : ` (skipped: ${pythonMissing})`}`,
    async () => {
      const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable, end="")'], {
        encoding: 'utf8',
      });
      site.write('cgi-bin/form.py', `#!${python}\n${PYTHON_FORM}`);
      expect((await site.post('/cgi-bin/form.py', FORM_BODY, FORM_TYPE)).text).toBe('1, python, 123456\n');
    },
  );

  it('test_large_content_length', async () => {
    for (let width = 15; width <= 24; width++) {
      const size = 2 ** width;
      expect((await site.post('/cgi-bin/count.sh', 'x'.repeat(size))).text.trim()).toBe(`${size}`);
    }
  }, 60_000);

  it('DIFFERS test_large_content_length_truncated: a body that does not come is a 408, not a shorter body', async () => {
    await using hasty = await CGISite.serve(
      { 'cgi-bin/count.sh': shell('size=$(wc -c)', HTML, 'echo $size') },
      (Base) =>
        class extends Base {
          override timeout = 0.001;
        },
    );
    const widths = Array.from({ length: 64 - 18 + 1 }, (_, index) => 18 + index);
    const before = process.memoryUsage().rss;
    const replies = await Promise.all(
      widths.map((width) => {
        const fields = { 'Content-Length': `${2n ** BigInt(width)}` };
        return ask(hasty.port, `${requestText('POST', '/cgi-bin/count.sh', { fields })}x`);
      }),
    );
    // No number here goes as far as the others.
    for (const [index, { status }] of replies.entries()) expect(status).toBe(widths[index]! < 53 ? 408 : 413);
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1024 * 1024);
  }, 60_000);

  it('test_invaliduri', async () => expect((await site.get('/cgi-bin/invalid')).status).toBe(404));

  it('test_authorization', async () => {
    const reply = await site.get('/cgi-bin/file1.py', { Authorization: `Basic ${btoa('username:pass')}` });
    expect(reply).toMatchObject({ status: 200, text: 'Hello World\n' });
    expect(reply.get('content-type')).toBe('text/html');
  });

  it('DIFFERS test_no_leading_slash: such a target is none of the four forms', async () => {
    expect((await site.get('cgi-bin/file1.py')).status).toBe(400);
  });

  it('test_os_environ_is_not_altered', async () => {
    const signature = 'Test CGI Server';
    process.env['SERVER_SOFTWARE'] = signature;
    try {
      const before = { ...process.env };
      expect((await site.get('/cgi-bin/file1.py')).text).toBe('Hello World\n');
      expect({ ...process.env }).toEqual(before);
      expect((await site.get('/cgi-bin/file6.py')).text).not.toContain(signature);
    } finally {
      delete process.env['SERVER_SOFTWARE'];
    }
  });

  it('DIFFERS test_urlquote_decoding_in_cgi_check: an encoded slash is none', async () => {
    expect((await site.get('/cgi-bin%2ffile1.py')).status).toBe(404);
    expect((await site.get('/cgi%2Dbin/file1.py')).text).toBe('Hello World\n');
  });

  it('test_nested_cgi_path_issue21323', async () => {
    expect(await site.get('/cgi-bin/child-dir/file3.py')).toMatchObject({
      status: 200,
      text: 'Hello World\n',
    });
  });

  it('test_query_with_multiple_question_mark', async () => {
    expect((await site.get('/cgi-bin/file4.py?a=b?c=d')).text).toBe('a=b?c=d\n');
  });

  it('test_query_with_continuous_slashes', async () => {
    const query = 'k=aa%2F%2Fbb&//q//p//=//a//b//';
    expect((await site.get(`/cgi-bin/file4.py?${query}`)).text).toBe(`${query}\n`);
  });

  it('test_cgi_path_in_sub_directories', async () => {
    expect(await site.get('/sub/dir/cgi-bin/file5.py')).toMatchObject({ status: 200, text: 'Hello World\n' });
  });

  it('test_accept', async () => {
    const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
    for (const [fields, accept] of [
      [{ Accept: browser }, browser],
      [{ Accept: '' }, ''],
      [{ Accept: 'text/html', ACCEPT: 'text/plain' }, 'text/html,text/plain'],
    ] as const) {
      const reply = await site.get('/cgi-bin/file6.py', fields);
      expect(reply.get('x-ambv')).toBe('was here');
      expect(reply.text.split('\n')).toContainEqual(`HTTP_ACCEPT=${accept}`);
    }
  });

  it('DIFFERS test_accept: a field that is not sent is no variable, which means the same (RFC 3875 §4.1)', async () => {
    expect((await site.get('/cgi-bin/file6.py')).text).not.toContain('HTTP_ACCEPT');
  });

  it('DIFFERS (ours): POST outside of CGI directories is a 405, as everywhere here; Python has 501', async () => {
    expect((await site.post('/nocgi.py', FORM_BODY)).status).toBe(405);
  });
});
