// The listing, and what pages need of a file server, in a real browser.

import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasChromium, launchChromium } from '../support/chromium.js';
import { Site } from '../support/site.js';

/** `(module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))` */
const WASM = Buffer.from(
  '0061736d0100000001070160027f7f017f030201000707010361646400000a09010700200020016a0b',
  'hex',
);

const HOSTILE = [
  '"><img src=x onerror=hacked=1>',
  "' onclick='hacked=1",
  '<svg onload=hacked=1>',
  'javascript:hacked=1',
  '&lt;img src=x onerror=hacked=1&gt;',
  'data:text&html,<b onclick=hacked=1>',
  '?sort=name',
  '#top',
  '%2e%2e',
  ' lead and trail ',
  'line\nbreak',
  'تصدير\u202Egpj.exe',
  'x'.repeat(250),
];

describe.skipIf(!hasChromium)('in Chromium (skipped where /usr/bin/chromium is missing)', () => {
  let browser: Browser;
  let site: Site;
  let page: Page;
  /** What the page has complained of. */
  let complaints: string[];

  beforeAll(async () => {
    browser = await launchChromium();
    site = await Site.serve({
      'files/small.txt': 'x',
      'files/large.txt': 'x'.repeat(5000),
      'files/middle.txt': 'x'.repeat(200),
      'files/folder/deep/a.txt': 'deep',
      ...Object.fromEntries(HOSTILE.map((name, index) => [`hostile/${name}`, `content ${index}`])),
      'app/index.html': `<!DOCTYPE html><title>…</title><link rel="stylesheet" href="style.css"><script type="module" src="main.js"></script>`,
      'app/style.css': 'body { color: rgb(1, 2, 3); }',
      'app/main.js': `import { name } from './name.mjs';
        const { instance } = await WebAssembly.instantiateStreaming(fetch('add.wasm'));
        document.title = name + ' ' + instance.exports.add(40, 2);`,
      'app/name.mjs': `export const name = 'Grüße';`,
      'app/add.wasm': WASM,
      'favicon.ico': '', // which browsers ask for behind every page without one
    });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await site?.[Symbol.asyncDispose]();
  });

  beforeEach(async () => {
    complaints = [];
    page = await browser.newPage();
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('dialog', (dialog) => {
      complaints.push(dialog.message());
      void dialog.dismiss();
    });
  });

  afterEach(async () => {
    await page.close();
    expect(complaints).toEqual([]);
  });

  const open = (path: string) => page.goto(`http://127.0.0.1:${site.port}${path}`);
  /** Of the first element, as the browser computed it. */
  const style = (selector: string, property: string): Promise<string> =>
    page.evaluate(`getComputedStyle(document.querySelector('${selector}')).${property}`);
  const names = () => page.locator('tbody tr:not(.up) td:first-child').allInnerTexts();

  it('renders, with its own style', async () => {
    await open('/files/');
    expect(await page.title()).toBe('Directory listing for /files/');
    expect(await names()).toEqual(['folder/', 'large.txt', 'middle.txt', 'small.txt']);
    expect(await style('table', 'borderTopLeftRadius')).toBe('10px');
  });

  it('leads down, and up again by its path', async () => {
    await open('/files/');
    await page.getByRole('link', { name: 'folder/' }).click();
    await page.getByRole('link', { name: 'deep/' }).click();
    expect(new URL(page.url()).pathname).toBe('/files/folder/deep/');
    await page.getByRole('navigation').getByRole('link', { name: 'files' }).click();
    expect(new URL(page.url()).pathname).toBe('/files/');
    await page.locator('tr.up a').click();
    expect(new URL(page.url()).pathname).toBe('/');
  });

  it('is sorted by its columns, the other way at a second click', async () => {
    await open('/files/');
    const size = page.getByRole('columnheader', { name: 'Size' });
    await size.getByRole('link').click();
    expect(await names()).toEqual(['folder/', 'large.txt', 'middle.txt', 'small.txt']);
    await size.getByRole('link').click();
    expect(await names()).toEqual(['folder/', 'small.txt', 'middle.txt', 'large.txt']);
    expect(await size.getAttribute('aria-sort')).toBe('ascending');
    await page.getByRole('columnheader', { name: 'Name' }).getByRole('link').click();
    expect(await names()).toEqual(['folder/', 'large.txt', 'middle.txt', 'small.txt']);
  });

  it('MUST 60: shows hostile names as text, runs nothing of them, and leads to each', async () => {
    await open('/hostile/');
    const shown = await page
      .locator('tbody tr:not(.up) td:first-child')
      .evaluateAll((cells) => cells.map((cell) => cell.textContent));
    expect(shown.toSorted()).toEqual(HOSTILE.toSorted());
    expect(await page.locator('img, svg, script, [onclick], [onload]').count()).toBe(0);
    for (const link of await page.locator('tbody tr:not(.up) a').all()) await link.hover();
    const links = await page.evaluate<[string, string][]>(
      "[...document.querySelectorAll('tbody tr:not(.up) a')].map((link) => [link.textContent, link.href])",
    );
    for (const [name, href] of links) {
      expect(await (await page.request.get(href)).text()).toBe(`content ${HOSTILE.indexOf(name)}`);
    }
    expect(await page.evaluate("'hacked' in window")).toBe(false);
  });

  it('fits a phone, whatever the names', async () => {
    await page.setViewportSize({ width: 360, height: 640 });
    for (const path of ['/files/', '/hostile/']) {
      await open(path);
      const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
      expect(overflow, path).toBeLessThanOrEqual(0);
    }
  });

  it('is light or dark, as the reader likes it, and readable in both', async () => {
    const colors = async () => [await style('body', 'backgroundColor'), await style('body', 'color')];
    await page.emulateMedia({ colorScheme: 'light' });
    await open('/files/');
    const light = await colors();
    await page.emulateMedia({ colorScheme: 'dark' });
    const dark = await colors();
    expect(luminance(light[0]!)).toBeGreaterThan(0.9);
    expect(luminance(light[1]!)).toBeLessThan(0.2);
    expect(luminance(dark[0]!)).toBeLessThan(0.2);
    expect(luminance(dark[1]!)).toBeGreaterThan(0.8);
  });

  it('MUST 62: module scripts, styles and WebAssembly come with the types that a browser insists on', async () => {
    await open('/app/');
    await page.waitForFunction("document.title !== '…'");
    expect(await page.title()).toBe('Grüße 42');
    expect(await style('body', 'color')).toBe('rgb(1, 2, 3)');
  });

  it('an edit shows on the next visit', async () => {
    await open('/app/style.css');
    site.root.write('app/style.css', 'body { color: rgb(4, 5, 6); }');
    await open('/app/');
    expect(await style('body', 'color')).toBe('rgb(4, 5, 6)');
  });
});

/** 0 to 1, roughly. @param color `rgb(1, 2, 3)`. */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = color.match(/[\d.]+/g)!.map(Number);
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
}
