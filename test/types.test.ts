// No `any` reaches a user of the package: it would switch the compiler off where it spreads. The declarations are read
// as they are published; what they promise is in types.test-d.ts.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { built } from './support/built.js';

const dist = fileURLToPath(new URL('.', built('index.js')));

/** Constructors that a mixin takes and adds: the language demands `any[]` there. */
const MIXIN_CONSTRUCTOR = /new \(\.\.\.args: any\[\]\)/g;

it('the published declarations have no any', () => {
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.d.ts'),
  );
  const found = files.flatMap((file) => {
    const code = readFileSync(join(dist, file), 'utf8')
      .replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, '')
      .replace(MIXIN_CONSTRUCTOR, '');
    return [...code.matchAll(/.*\bany\b.*/g)].map(([line]) => `${file}: ${line.trim()}`);
  });
  expect(found).toEqual([]);
  expect(files).toContain('index.d.ts');
});
