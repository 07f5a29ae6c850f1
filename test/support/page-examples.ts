// A page of docs/: what it names, and its examples, compiled against the built package.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('../../', import.meta.url));

/** The text of a page. @param name of its file in docs/. */
export function readPage(name: string): string {
  return readFileSync(join(project, 'docs', name), 'utf8');
}

/** What stands in bold and as code, as `**attribute**` does: names, without what is behind them. */
export function namesInBold(page: string): string[] {
  return [...page.matchAll(/\*\*(.+?)\*\*/gs)].flatMap(([, names = '']) =>
    [...names.matchAll(/`(\w+)[^`]*`/g)].map(([, name = '']) => name),
  );
}

/** The examples of a page by the name of their class; the one that has none is `program`. */
export class PageExamples implements Disposable {
  /** Where the modules are. In the project, so that the name of the package leads to what is built. */
  readonly path: string;
  readonly #codes: ReadonlyMap<string, string>;
  readonly #imported: string;

  /**
   * @param imported the class that the page imports once, for all examples.
   * @throws {Error} one does not compile.
   */
  constructor(page: string, imported: string) {
    this.#imported = imported;
    this.#codes = new Map(
      [...page.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => [
        /^class (\w+)/m.exec(code)?.[1] ?? 'program',
        code,
      ]),
    );
    this.path = mkdtempSync(join(project, 'docs', '.compiled-'));
    for (const name of this.names) writeFileSync(join(this.path, `${name}.ts`), this.module(name));
    this.#compile();
  }

  get names(): string[] {
    return [...this.#codes.keys()];
  }

  /** As it stands on the page. */
  code(name: string): string {
    const code = this.#codes.get(name);
    if (code === undefined) throw new Error(`The page has no example ${name}`);
    return code;
  }

  /** As a module, for a test to import. */
  module(name: string): string {
    const code = this.code(name);
    const imports = code.includes("from 'basehttp'") ? '' : `import { ${this.#imported} } from 'basehttp';\n`;
    return `${imports}${code}${name === 'program' ? '' : `export { ${name} };\n`}`;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  #compile(): void {
    const config = {
      extends: join(project, 'tsconfig.json'),
      compilerOptions: { noEmit: false, paths: {}, noImplicitOverride: false },
      include: ['*.ts'],
    };
    writeFileSync(join(this.path, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(project, 'node_modules/typescript/bin/tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', this.path], { encoding: 'utf8' });
    if (stdout === '') return;
    this[Symbol.dispose]();
    throw new Error(stdout);
  }
}
