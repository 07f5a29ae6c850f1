// Text into HTML.

const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#x27;',
  // A parser turns a raw CR into LF, and the text would not come back as it was.
  '\r': '&#13;',
};

/**
 * `text` as HTML text or attribute value, like Python's `html.escape`: `&`, `<`, `>`, and the quotes unless `quote`
 * is false, which is for text between tags only.
 */
export function escapeHtml(text: string, quote = true): string {
  return text.replace(quote ? /[&<>"'\r]/g : /[&<>\r]/g, (character) => REFERENCES[character]!);
}
