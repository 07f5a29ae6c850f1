// Markdown → HTML that is safe to show in a page of the server's own, whoever wrote the Markdown. Knows no file.

import type { MarkdownIt } from 'markdown-it';

/**
 * CommonMark, with tables, struck-out text and bare URLs, as HTML without scripts, styles, and images from elsewhere.
 *
 * HTML in the text is shown as text. Links lead to relative, `http`, `https` and `mailto` addresses; others stay
 * text. Images are shown if they are relative, else linked: whoever reads a page need not be known to other hosts.
 * The time it takes is proportional to the length, and blocks: bound the length.
 */
export async function renderMarkdown(text: string): Promise<string> {
  renderer ??= await makeRenderer();
  return renderer.render(text, {});
}

/** The package is loaded when there is something to render. */
let renderer: MarkdownIt | undefined;

/** Of blocks, and of emphasis, links and images. Nine lists within each other are plenty; each level costs time. */
const MAX_NESTING = 20;

async function makeRenderer(): Promise<MarkdownIt> {
  const { default: Markdown } = await import('markdown-it');
  const markdown = new Markdown({ html: false, linkify: true, maxNesting: MAX_NESTING });
  markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
  markdown.validateLink = isHarmless;
  addHeadingIds(markdown);
  linkForeignImages(markdown);
  makeTablesPlain(markdown);
  return markdown;
}

/** Control characters and blanks, which browsers leave out of a scheme, are percent-encoded by then. */
function isHarmless(url: string): boolean {
  return !SCHEME.test(url) || /^(?:https?|mailto):/i.test(url);
}

const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/** Another host's: with a scheme, or without one as in `//host/a.png`. */
function isForeign(url: string): boolean {
  return SCHEME.test(url) || url.startsWith('//');
}

/** So that the links of a table of contents, as GitHub makes them, lead somewhere. */
function addHeadingIds(markdown: MarkdownIt): void {
  markdown.core.ruler.push('heading_ids', ({ tokens }) => {
    const seen = new Map<string, number>();
    for (const [index, token] of tokens.entries()) {
      if (token.type !== 'heading_open') continue;
      const id = slugOf(tokens[index + 1]?.content ?? '');
      if (id === '') continue;
      const count = seen.get(id) ?? 0;
      seen.set(id, count + 1);
      token.attrSet('id', count === 0 ? id : `${id}-${count}`);
    }
  });
}

function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
}

function linkForeignImages(markdown: MarkdownIt): void {
  markdown.core.ruler.push('foreign_images', ({ tokens, Token, env }) => {
    for (const block of tokens) {
      let depth = 0; // of links: one cannot stand in another
      block.children =
        block.children?.flatMap((token) => {
          depth += token.type === 'link_open' ? 1 : token.type === 'link_close' ? -1 : 0;
          const url = token.type === 'image' ? String(token.attrGet('src') ?? '') : '';
          if (!isForeign(url)) return [token];
          const text = new Token('text', '', 0);
          const alternative = markdown.renderer.renderInlineAsText(
            token.children ?? [],
            markdown.options,
            env,
          );
          text.content = alternative || url;
          const open = new Token('link_open', 'a', 1);
          open.attrSet('href', url);
          return depth > 0 ? [text] : [open, text, new Token('link_close', 'a', -1)];
        }) ?? null;
    }
  });
}

/** Columns are aligned by a class, since the page's policy allows no style of its own; wide tables can be scrolled. */
function makeTablesPlain(markdown: MarkdownIt): void {
  const { rules } = markdown.renderer;
  rules['table_open'] = () => '<div class="wide"><table>\n';
  rules['table_close'] = () => '</table></div>\n';
  markdown.core.ruler.push('column_classes', ({ tokens }) => {
    for (const token of tokens) {
      if (token.type !== 'th_open' && token.type !== 'td_open') continue;
      const alignment = /^text-align:(\w+)$/.exec(String(token.attrGet('style')))?.[1];
      token.attrs = alignment === undefined ? null : [['class', alignment]];
    }
  });
}
