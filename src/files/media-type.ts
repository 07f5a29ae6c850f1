// File name → Content-Type, and what is worth compressing. Knows names only, never a file's bytes.

// The tables of `mime` without its class, which would put them into three maps as soon as it is loaded, and make the
// start a good deal longer. Both tables: the standard one lacks what people do serve (.ico, .c, .tar, .7z, .mkv, .docx).
import otherTypes from 'mime/types/other.js';
import standardTypes from 'mime/types/standard.js';

/** File name suffix, with its dot and in lower case, → media type. `''` is for names that nothing else fits. */
export type ExtensionsMap = Readonly<Record<string, string>>;

/** Python's overrides of the table: what a compressed file holds is not what is sent. */
export const DEFAULT_EXTENSIONS_MAP: ExtensionsMap = {
  '.gz': 'application/gzip',
  '.Z': 'application/octet-stream',
  '.bz2': 'application/x-bzip2',
  '.xz': 'application/x-xz',
};

const ANSWERS_MAX = 256;

/** What `mime` does not know. */
const SUPPLEMENT: ExtensionsMap = {
  '.jsonl': 'application/x-ndjson',
  '.ndjson': 'application/x-ndjson',
  '.py': 'text/x-python',
  '.sqlite': 'application/vnd.sqlite3',
  '.tgz': 'application/gzip',
  '.tsx': 'text/plain',
  '.vue': 'text/plain',
  '.zst': 'application/zstd',
};

/**
 * The Content-Type for a file, `; charset=utf-8` included where the type is text: a server cannot know the
 * charset of a file, and UTF-8 is what is meant today. A type from `extensionsMap` that has a parameter stays as it is.
 * The map is asked first, with the suffix as it stands and then in lower case, as Python does.
 * @param defaultType of names that neither the map nor the table knows.
 */
export function guessMediaType(
  path: string,
  extensionsMap: ExtensionsMap = DEFAULT_EXTENSIONS_MAP,
  defaultType = 'application/octet-stream',
): string {
  const suffix = suffixOf(path);
  const lower = suffix.toLowerCase();
  const type =
    extensionsMap[suffix] ?? extensionsMap[lower] ?? tableType(lower) ?? extensionsMap[''] ?? defaultType;
  return withCharset(type);
}

/** Whether a body of this Content-Type gets markedly smaller by compression. Images, video and archives do not. */
export const isCompressible: (contentType: string) => boolean = remembering(
  (contentType) => isText(contentType) || COMPRESSIBLE.has(essence(contentType)),
);

/** What the built-in tables say of a suffix, which has its dot, and is in lower case. */
function tableType(suffix: string): string | undefined {
  table ??= makeTable([standardTypes, otherTypes]);
  return SUPPLEMENT[suffix] ?? table.get(suffix.slice(1));
}

/** Suffix without its dot → media type. Made when a file is asked for first, not when a server starts. */
let table: ReadonlyMap<string, string> | undefined;

/** @param sources media type → suffixes; a `*` marks one that is rather another type's. */
function makeTable(sources: readonly Readonly<Record<string, readonly string[]>>[]): Map<string, string> {
  const types = new Map<string, string>();
  for (const source of sources) {
    for (const type of Object.keys(source)) {
      for (const suffix of source[type]!) if (!suffix.startsWith('*')) types.set(suffix, type);
    }
  }
  return types;
}

const withCharset = remembering((type) =>
  isText(type) && !type.includes(';') ? `${type}; charset=utf-8` : type,
);

/** Of all the names and types that there are, a server meets a few, again and again: those are not asked about twice. */
function remembering<Answer>(ask: (text: string) => Answer): (text: string) => Answer {
  const answers = new Map<string, Answer>();
  return (text) => {
    if (answers.has(text)) return answers.get(text) as Answer;
    const answer = ask(text);
    if (answers.size < ANSWERS_MAX) answers.set(text, answer);
    return answer;
  };
}

const TEXT = new Set([
  'application/ecmascript',
  'application/javascript',
  'application/json',
  'application/node',
  'application/sql',
  'application/toml',
  'application/x-httpd-php',
  'application/x-javascript',
  'application/x-ndjson',
  'application/x-sh',
  'application/x-subrip',
  'application/xml',
  'application/xml-dtd',
  'application/yaml',
]);

const COMPRESSIBLE = new Set([
  'application/rtf',
  'application/vnd.apple.mpegurl',
  'application/vnd.ms-fontobject',
  'application/vnd.sqlite3',
  'application/wasm',
  'application/x-tar',
  'font/collection',
  'font/otf',
  'font/ttf',
  'image/bmp',
  'image/vnd.microsoft.icon',
  'image/x-icon',
  'model/gltf-binary',
  'model/stl',
]);

function isText(contentType: string): boolean {
  const type = essence(contentType);
  return type.startsWith('text/') || type.endsWith('+json') || type.endsWith('+xml') || TEXT.has(type);
}

function essence(contentType: string): string {
  return contentType.split(';', 1)[0]!.trim().toLowerCase();
}

/** As `os.path.splitext`: from the last dot of the base name, but the dots it begins with are no suffix. */
function suffixOf(path: string): string {
  const base = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  const dot = base.lastIndexOf('.');
  const isHidden = base.startsWith('.') && !/[^.]/.test(base.slice(0, dot));
  return dot > 0 && !isHidden ? base.slice(dot) : '';
}
