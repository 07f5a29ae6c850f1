// What kind of thing a name in a listing is, for its icon. Only a hint for the eye: what a file is served as is decided
// by media-type.ts.

/** The class of a row in a listing; each has an icon in listing-style.ts. */
export type EntryKind = 'folder' | 'image' | 'video' | 'audio' | 'archive' | 'code' | 'text' | 'file';

const SUFFIXES: Readonly<Record<Exclude<EntryKind, 'folder' | 'file'>, string>> = {
  image: 'avif bmp gif heic heif ico jpeg jpg jxl png psd raw svg tif tiff webp xcf',
  video: 'avi flv m4v mkv mov mp4 mpeg mpg ogv webm wmv',
  audio: 'aac aif aiff flac m4a mid midi mp3 oga ogg opus wav weba wma',
  archive: '7z apk bz2 cab crate deb dmg gz iso jar lz4 rar rpm tar tbz2 tgz txz war whl xz zip zst',
  code:
    'bash bat c cc clj cpp cs css cts dart diff ex exs go h hpp hs htm html java jl js json jsonc jsx kt less lua ' +
    'mjs mts patch php pl ps1 py r rb rs scala scss sh sql swift toml ts tsx vue wasm xhtml xml yaml yml zig zsh',
  text:
    'adoc csv doc docx epub ini log markdown md mobi odp ods odt org pdf ppt pptx ps rst rtf tex text tsv txt vtt ' +
    'xls xlsx',
};

const KINDS: ReadonlyMap<string, EntryKind> = new Map(
  Object.entries(SUFFIXES).flatMap(([kind, suffixes]) =>
    suffixes.split(' ').map((suffix) => [suffix, kind as EntryKind]),
  ),
);

/** By what follows the last dot of a name that does not begin there; `'file'` if that says nothing. */
export function kindOf({
  name,
  isDirectory,
}: {
  readonly name: string;
  readonly isDirectory: boolean;
}): EntryKind {
  if (isDirectory) return 'folder';
  const dot = name.lastIndexOf('.');
  return (dot > 0 && KINDS.get(name.slice(dot + 1).toLowerCase())) || 'file';
}
