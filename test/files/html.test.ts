import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeHtml } from '../../src/files/html.js';
import { unescapeHtml } from './html-tokens.js';

describe('escapeHtml', () => {
  it('escapes as html.escape does', () => {
    expect(escapeHtml(`<a href="x">'&amp;'</a>`)).toBe(
      '&lt;a href=&quot;x&quot;&gt;&#x27;&amp;amp;&#x27;&lt;/a&gt;',
    );
    expect(escapeHtml('\r\n') + escapeHtml('\r\n', false)).toBe('&#13;\n&#13;\n');
    expect(escapeHtml(`<"'&>`, false)).toBe(`&lt;"'&amp;&gt;`);
  });

  it('MUST 61 (pure part): leaves nothing that could end the text or the attribute, and loses nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeHtml(text)).not.toMatch(/[<>"'\r]/);
        expect(escapeHtml(text, false)).not.toMatch(/[<>\r]/);
        expect(unescapeHtml(escapeHtml(text))).toBe(text);
        expect(unescapeHtml(escapeHtml(text, false))).toBe(text);
      }),
    );
  });
});
