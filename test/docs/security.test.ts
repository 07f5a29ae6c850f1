// docs/security.md is true: its table of tests, and every number it gives for a limit.

import { describe, expect, it } from 'vitest';
import { currentPage, updatedPage } from '../../scripts/must-table.js';
import { defaultLimits, defaultReceiveRate, defaultTimeouts } from '../../src/index.js';

const page = currentPage();

it('has the table of tests that scripts/must-table.js makes', () => {
  expect(page).toBe(updatedPage());
});

/** The second column of the table row of an option. */
function documented(option: string): string {
  const row = page.split('\n').find((line) => line.startsWith(`| \`${option}\``));
  if (row === undefined) throw new Error(`docs/security.md does not mention ${option}`);
  return row.split('|')[2]!.trim();
}

describe('gives the default of', () => {
  it.each(Object.entries(defaultLimits))('limits.%s', (option, value) => {
    const [number, unit] = documented(option).split(' ');
    const factor = { KiB: 1024, MiB: 1024 * 1024 }[unit ?? ''] ?? 1;
    expect(Number(number!.replace(',', '')) * factor).toBe(value);
  });

  it.each(Object.entries(defaultTimeouts))('timeouts.%s', (option, value) => {
    expect(documented(option)).toBe(`${value / 1000} s`);
  });

  it('receiveRate', () => {
    const { minimum, grace } = defaultReceiveRate;
    expect(page).toContain(`receiveRate: { minimum: ${minimum}, grace: ${grace} }`);
  });
});
