import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderMarkdown } from '../../src/files/markdown.js';
import { type Tag, tokenize } from './html-tokens.js';

/** What rendered Markdown may be made of: tags, and the attributes of each. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    'p ul li blockquote pre hr br em strong s table thead tbody tr'.split(' ').map((name) => [name, []]),
  ),
  ...Object.fromEntries(['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((name) => [name, ['id']])),
  a: ['href', 'title'],
  img: ['src', 'alt', 'title'],
  code: ['class'],
  ol: ['start'],
  th: ['class'],
  td: ['class'],
  div: ['class'],
};

/** What of the HTML is not allowed. */
function wrongs(html: string): string[] {
  return tokenize(html).flatMap(({ name, attributes }) => {
    const allowed = ALLOWED[name.replace('/', '')];
    if (allowed === undefined) return [`<${name}>`];
    const keys = [...attributes.keys()].filter((key) => !allowed.includes(key));
    const urls = [attributes.get('href'), attributes.get('src')].filter((url) => url !== undefined);
    return [...keys, ...urls.filter((url) => !isHarmless(url, name))];
  });
}

/** As a browser understands it. */
function isHarmless(url: string, tag: string): boolean {
  const base = 'http://here.example/dir/';
  if (!URL.canParse(url, base)) return true; // It leads nowhere.
  const { origin, protocol } = new URL(url, base);
  return tag === 'img' ? origin === 'http://here.example' : /^(https?|mailto):$/.test(protocol);
}

async function tags(markdown: string): Promise<Tag[]> {
  return tokenize(await renderMarkdown(markdown));
}

describe('renderMarkdown', () => {
  it('renders what READMEs are made of', async () => {
    const html = await renderMarkdown(
      '# Title\n\nSome *text*, **bold**, ~~gone~~, `code`.\n\n- one\n- two\n\n1. a\n\n> quoted\n\n```js\nlet a = 1 < 2;\n```\n\n---\n',
    );
    expect(html).toBe(
      '<h1 id="title">Title</h1>\n' +
        '<p>Some <em>text</em>, <strong>bold</strong>, <s>gone</s>, <code>code</code>.</p>\n' +
        '<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n<ol>\n<li>a</li>\n</ol>\n' +
        '<blockquote>\n<p>quoted</p>\n</blockquote>\n' +
        '<pre><code class="language-js">let a = 1 &lt; 2;\n</code></pre>\n<hr>\n',
    );
    expect(wrongs(html)).toEqual([]);
  });

  it('aligns the columns of tables by class, and lets wide ones be scrolled', async () => {
    const html = await renderMarkdown('| a | b | c |\n| :- | :-: | -: |\n| 1 | 2 | 3 |\n');
    expect(html).toMatch(/^<div class="wide"><table>\n.*<\/table><\/div>\n$/s);
    expect(html).toContain('<th class="left">a</th>\n<th class="center">b</th>\n<th class="right">c</th>');
    expect(html).not.toContain('style');
  });

  it('gives headings the anchors that GitHub gives them', async () => {
    const html = await renderMarkdown(
      '# Getting `started`, fast!\n## Options\n## Options\n### Über_uns & mehr\n# 使い方\n#\n',
    );
    const ids = tokenize(html).flatMap((tag) => tag.attributes.get('id') ?? []);
    expect(ids).toEqual(['getting-started-fast', 'options', 'options-1', 'über_uns--mehr', '使い方']);
  });

  it.each([
    ['[a](docs/a.md)', 'docs/a.md'],
    ['[a](../b/)', '../b/'],
    ['[a](#usage)', '#usage'],
    ['[a](/top)', '/top'],
    ['[a](https://example.org/?a=1&b=2)', 'https://example.org/?a=1&b=2'],
    ['<https://example.org>', 'https://example.org'],
    ['<someone@example.org>', 'mailto:someone@example.org'],
    ['see https://example.org/x.', 'https://example.org/x'],
    ['[a](//example.org/)', '//example.org/'],
    ['[a][b]\n\n[b]: c.md', 'c.md'],
  ])('%j leads to %j', async (markdown, href) => {
    expect((await tags(markdown)).find((tag) => tag.name === 'a')?.attributes.get('href')).toBe(href);
  });

  it.each([
    '[a](javascript:alert(1))',
    '[a](JaVaScRiPt:alert(1))',
    '[a](java\tscript:alert(1))',
    '[a](<java\u0001script:alert(1)>)',
    '[a](&#106;avascript:alert(1))',
    '[a](javascript&colon;alert(1))',
    '[a](<\u0000javascript:alert(1)>)',
    '[a](data:text/html,<script>alert(1)</script>)',
    '[a](vbscript:x)',
    '[a](file:///etc/passwd)',
    '[a](blob:x)',
    '[a][b]\n\n[b]: javascript:alert(1)',
    '<javascript:alert(1)>',
    '![a](javascript:alert(1))',
    '![a](data:image/svg+xml,<svg onload=alert(1)>)',
    '[a](x "\\" onmouseover=alert(1) x=\\"")',
    '![" onerror="alert(1)](a.png)',
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    'text <b onclick=alert(1)>b</b>',
    '<!-- --><style>*{}</style>',
    '```"><script>alert(1)</script>\nx\n```',
    '# <script>alert(1)</script>',
    '| <script> |\n| - |\n| <img src=x onerror=alert(1)> |',
    '&lt;script&gt;alert(1)&lt;/script&gt;',
    '[<script>](<a"onclick="x>)',
  ])('is harmless: %j', async (markdown) => {
    expect(wrongs(await renderMarkdown(markdown))).toEqual([]);
  });

  it('is harmless whatever the text', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        ...[
          '[',
          ']',
          '(',
          ')',
          '![',
          '](',
          '<',
          '>',
          '"',
          "'",
          '`',
          '```',
          '*',
          '_',
          '~~',
          '\n',
          '\n\n',
          '    ',
        ],
        ...[
          '# ',
          '- ',
          '1. ',
          '> ',
          '|',
          '|-|\n',
          '&#x3c;',
          '&quot;',
          '\\',
          'javascript:',
          'data:',
          'http://',
          '//',
        ],
        ...[
          '<script>',
          '<img src=x onerror=a>',
          'onload=',
          '[a]: ',
          'mailto:',
          '\t',
          '\0',
          '\u202e',
          'a',
          'x.png',
        ],
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 24 }), async (pieces) => {
        expect(wrongs(await renderMarkdown(pieces.join('')))).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  }, 60_000);

  it('links images of other hosts instead of loading them', async () => {
    const html = await renderMarkdown(
      '![badge & co](https://ci.example/a.svg) [![build](//ci.example/b.svg)](https://ci.example/) ![](http://c.example/x)',
    );
    expect(html).toBe(
      '<p><a href="https://ci.example/a.svg">badge &amp; co</a> <a href="https://ci.example/">build</a> ' +
        '<a href="http://c.example/x">http://c.example/x</a></p>\n',
    );
    expect(await renderMarkdown('![a **b**](img/a.png "c")')).toBe(
      '<p><img src="img/a.png" alt="a b" title="c"></p>\n',
    );
  });

  it('nests no deeper than is sensible', async () => {
    for (const unit of ['> ', '- ', '1. ', '> - ']) {
      const html = await renderMarkdown(`${unit.repeat(5000)}x`);
      expect(html.match(/<(blockquote|ul|ol)>/g)!.length).toBeLessThanOrEqual(20);
    }
    for (const unit of ['*a **a ', '[', '![', '![a](', '<a ']) {
      expect(wrongs(await renderMarkdown(unit.repeat(5000)))).toEqual([]);
    }
  }, 60_000);
});
