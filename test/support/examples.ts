// The examples, compiled against the built package.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RunningProgram } from './command.js';

const project = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Where the examples are. */
export const examplesDirectory = join(project, 'examples');

/** Compiled examples. Dispose of them. */
export class CompiledExamples implements Disposable {
  /** In the project, so that the name of the package leads to what is built. */
  readonly path = mkdtempSync(join(examplesDirectory, '.compiled-'));

  /** @throws {Error} they do not compile. */
  constructor() {
    cpSync(join(examplesDirectory, 'cgi/cgi-bin'), join(this.path, 'cgi/cgi-bin'), { recursive: true });
    const config = {
      extends: join(project, 'tsconfig.json'),
      compilerOptions: { noEmit: false, rootDir: examplesDirectory, outDir: '.', paths: {} },
      include: [join(examplesDirectory, '*.ts'), join(examplesDirectory, 'cgi/*.ts')],
    };
    writeFileSync(join(this.path, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(project, 'node_modules/typescript/bin/tsc');
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', this.path], { encoding: 'utf8' });
    if (status === 0) return;
    this[Symbol.dispose]();
    throw new Error(`The examples do not compile: ${stdout}`);
  }

  /** Starts an example on a free port: `hello`. */
  start(name: string, env?: Readonly<Record<string, string>>): Promise<RunningProgram> {
    return RunningProgram.start([join(this.path, `${name}.js`), '0'], undefined, env);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
