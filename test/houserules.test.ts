// The rules of the house, kept by a machine: who may import whom, what is pure, and where the outside world comes in.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** The rooms of src/, and what each may import besides itself. A file that lies in src/ itself is a room of its own. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  http1: [],
  streams: [],
  connection: ['http1'],
  socketserver: ['streams'],
  files: ['http1'],
  'http-server.ts': ['connection', 'socketserver'],
  'https-server.ts': ['http1', 'socketserver', 'http-server.ts'],
  handlers: ['http1', 'streams', 'connection', 'socketserver', 'files', 'http-server.ts'],
  adapters: ['http1', 'connection', 'socketserver', 'http-server.ts'],
  cli: [
    'http1',
    'streams',
    'connection',
    'socketserver',
    'files',
    'http-server.ts',
    'https-server.ts',
    'handlers',
    'adapters',
  ],
  'index.ts': [
    'http1',
    'streams',
    'connection',
    'socketserver',
    'files',
    'http-server.ts',
    'https-server.ts',
    'handlers',
    'adapters',
  ],
};

/** No input, no output, no clock, no timer: the modules of Node that these rooms may use all the same. */
const PURE: Readonly<Record<string, RegExp>> = {
  http1: /^$/,
  streams: /^$/,
  files: /^node:path/,
};

/** Everything in a pure room that would make it impure without an import. */
const IMPURE_GLOBALS =
  /\b(?:process|performance|console|set(?:Timeout|Interval|Immediate)|fetch)\b(?=[.(])|\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b/;

/** Where the outside world comes in: which files may import a module, and which may import its types. */
const GATES: readonly { module: RegExp; files: RegExp; types?: RegExp }[] = [
  {
    module: /^node:(net|tls|dgram)$/,
    files: /^(socketserver\/|https-server\.ts$)/,
    types: /^(connection\/transport\.ts$|handlers\/)/,
  },
  { module: /^node:(http|https|http2)$/, files: /^$/, types: /^adapters\/node/ },
  { module: /^node:child_process$/, files: /^(handlers\/cgi-|cli\/browser\.ts$)/ },
  { module: /^node:fs(\/promises)?$/, files: /^(handlers\/|cli\/|https-server\.ts$)/ },
];

/** Rooms that need nobody's package. */
const WITHOUT_PACKAGES = [
  'http1',
  'streams',
  'connection',
  'socketserver',
  'http-server.ts',
  'https-server.ts',
];

interface Import {
  readonly file: string;
  /** A path under src/, the name of a module of Node, or that of a package. */
  readonly target: string;
  readonly isType: boolean;
}

const SRC = join(dirname(fileURLToPath(import.meta.url)), '../src');
const FILES = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts'))
  .sort();
const TEXTS = new Map(FILES.map((file) => [file, readFileSync(join(SRC, file), 'utf8')]));
const IMPORTS = FILES.flatMap((file) => importsOf(file, TEXTS.get(file)!));

function importsOf(file: string, text: string): Import[] {
  const statements = text.matchAll(
    /^(?:import|export)\s(?<type>type\s)?(?:[^'";]*\sfrom\s)?'(?<name>[^']+)';/gm,
  );
  const calls = text.matchAll(/\bimport\(\s*'(?<name>[^']+)'/g);
  return [...statements, ...calls].map(({ groups }) => ({
    file,
    target: resolve(file, groups!.name!),
    isType: groups!.type !== undefined,
  }));
}

function resolve(file: string, name: string): string {
  return name.startsWith('.') ? posix.join(posix.dirname(file), name).replace(/\.js$/, '.ts') : name;
}

function roomOf(path: string): string {
  return path.split('/', 1)[0]!;
}

function isOurs({ target }: Import): boolean {
  return TEXTS.has(target);
}

function isOfNode({ target }: Import): boolean {
  return target.startsWith('node:');
}

/** As a reader of a failed test wants to see it. */
function sentences(imports: readonly Import[]): string[] {
  return imports.map(({ file, target, isType }) => `${file} imports ${isType ? 'types of ' : ''}${target}`);
}

/** The files of a cycle, if there is one. */
function findCycle(imports: readonly Import[]): string[] | undefined {
  const targets = new Map<string, string[]>();
  for (const { file, target } of imports) targets.set(file, [...(targets.get(file) ?? []), target]);
  const done = new Set<string>();
  const visit = (file: string, path: string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const target of targets.get(file) ?? []) {
      const cycle = visit(target, [...path, file]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of targets.keys()) {
    const cycle = visit(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

describe('the rules of the house', () => {
  it('every file of src/ is in a room that the rules know', () => {
    expect(FILES.length).toBeGreaterThan(20);
    expect(FILES.filter((file) => !(roomOf(file) in LAYERS))).toEqual([]);
  });

  it('imports point down the layers, never up or across', () => {
    const wrong = IMPORTS.filter(isOurs).filter(({ file, target }) => {
      const [from, to] = [roomOf(file), roomOf(target)];
      return from !== to && !LAYERS[from]!.includes(to);
    });
    expect(sentences(wrong)).toEqual([]);
  });

  it('there is no cycle, types included', () => {
    expect(findCycle(IMPORTS.filter(isOurs))).toBeUndefined();
  });

  it('http1/, streams/ and files/ are pure', () => {
    const wrong = IMPORTS.filter(isOfNode).filter(
      ({ file, target }) => PURE[roomOf(file)]?.test(target) === false,
    );
    const impure = FILES.filter((file) => roomOf(file) in PURE).flatMap((file) => {
      const code = TEXTS.get(file)!.replace(/^\s*(?:\/\/|\/?\*).*$/gm, '');
      const found = IMPURE_GLOBALS.exec(code);
      return found === null ? [] : [`${file} uses ${found[0]}`];
    });
    expect([...sentences(wrong), ...impure]).toEqual([]);
  });

  it('sockets, processes and files come in through their gates alone', () => {
    const wrong = IMPORTS.filter(({ file, target, isType }) =>
      GATES.some(
        ({ module, files, types }) =>
          module.test(target) && !files.test(file) && !(isType && types?.test(file) === true),
      ),
    );
    expect(sentences(wrong)).toEqual([]);
  });

  it('modules of Node are imported by their node: names, and the lower rooms need no package', () => {
    const packages = IMPORTS.filter((one) => !isOurs(one) && !isOfNode(one));
    const wrong = packages.filter(
      ({ file, target }) => target.startsWith('.') || WITHOUT_PACKAGES.includes(roomOf(file)),
    );
    expect(sentences(wrong)).toEqual([]);
  });
});

describe('what keeps the rules', () => {
  it('sees every form of import', () => {
    const text = [
      "import 'a';",
      "import b, { type B } from 'b';",
      "import type { C } from '../http1/c.js';",
      "import {\n  d,\n  type D,\n} from './d.js';",
      "export { e } from 'e';",
      "export type * from 'f';",
      "const g = await import('g');",
    ].join('\n');
    expect(importsOf('connection/x.ts', text).map(({ target, isType }) => [target, isType])).toEqual([
      ['a', false],
      ['b', false],
      ['http1/c.ts', true],
      ['connection/d.ts', false],
      ['e', false],
      ['f', true],
      ['g', false],
    ]);
  });

  it('sees a cycle', () => {
    const one = (file: string, target: string) => ({ file, target, isType: true });
    expect(findCycle([one('a', 'b'), one('b', 'c'), one('a', 'c')])).toBeUndefined();
    expect(findCycle([one('a', 'b'), one('b', 'c'), one('c', 'b')])).toEqual(['b', 'c', 'b']);
  });
});
