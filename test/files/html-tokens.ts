// A tokenizer for the HTML that this project writes: tags with double-quoted attributes, text, character references.
// As tolerant as a browser about where a tag begins, so that markup smuggled in through a name shows up as a tag.

export interface Tag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** The text up to the next tag. */
  readonly text: string;
}

export function tokenize(html: string): Tag[] {
  return [...html.matchAll(/<([!/]?[a-zA-Z][^\s>/]*)((?:[^>"]|"[^"]*")*)>([^<]*)/g)].map(
    ([, name, inside, text]) => ({
      name: name!.toLowerCase(),
      attributes: new Map(
        [...inside!.matchAll(/([^\s"=]+)(?:="([^"]*)")?/g)].map(([, key, value]) => [
          key!,
          unescapeHtml(value ?? ''),
        ]),
      ),
      text: unescapeHtml(text!.replace(/\r\n?/g, '\n')),
    }),
  );
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

export function unescapeHtml(text: string): string {
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|([a-z]+));/gi, (all, hex, decimal, name) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return NAMED[name] ?? all;
  });
}
