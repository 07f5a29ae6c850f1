// The listing, in a real browser.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasChromium, useChromium } from '../support/chromium.js';
import { Site } from '../support/site.js';

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

/** Names that only just are, or are not, the same without regard to case, and in an order that is easily got wrong. */
const TRICKY = [
  ...['a', 'B', 'c.txt', 'C1.txt', 'c01.txt', 'c10.txt', 'c2.txt', 'c-2.txt', 'c 2.txt', 'c_2.txt'],
  ...[
    'straße',
    'STRASSE 2',
    'ſtrand',
    'ΣΊΣΥΦΟΣ',
    'σίσυφος',
    'e\u0301tude',
    'Étude',
    'İstanbul',
    'ısı',
    'ﬁn',
    '日本',
    'Z',
  ],
  ...['@', 'a@', '!', '~', '[', '{', '000', '0', '00a', '9', '10', '😀', '\u{1d400}bold', 'x\ny'],
];

const README = `# Project

![logo](logo.svg) ![badge](https://elsewhere.invalid/badge.svg) [Usage](#usage)

<script>hacked = 1</script> <img src=x onerror="hacked=1"> [x](javascript:hacked=1)

| ${'wide | '.repeat(30)}
| ${'- | '.repeat(30)}
| ${'cell | '.repeat(30)}

\`\`\`
${'long line '.repeat(40)}
\`\`\`

${'unbroken'.repeat(40)}

## Usage

Text.
`;

describe.skipIf(!hasChromium)(
  'in Chromium (skipped where /usr/bin/chromium is missing)',
  { timeout: 60_000 },
  () => {
    const chromium = useChromium();
    const { complaints } = chromium;
    let site: Site;
    let page: Page;

    beforeAll(async () => {
      site = await Site.serve({
        'files/small.txt': 'x',
        'files/large.txt': 'x'.repeat(5000),
        'files/middle.txt': 'x'.repeat(200),
        'files/folder/deep/a.txt': 'deep',
        ...Object.fromEntries(HOSTILE.map((name, index) => [`hostile/${name}`, `content ${index}`])),
        ...Object.fromEntries(TRICKY.map((name) => [`tricky/${name}`, ''])),
        'project/README.md': README,
        'project/logo.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"/>',
        'favicon.ico': '', // which browsers ask for behind every page without one
      });
    }, 60_000);

    afterAll(() => site?.[Symbol.asyncDispose]());

    beforeEach(() => {
      page = chromium.page;
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
      expect(await page.locator('img, svg, [onclick], [onload]').count()).toBe(0);
      expect(await page.locator('script').count()).toBe(1);
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
      for (const path of ['/files/', '/hostile/', '/project/', '/nothing']) {
        await open(path);
        const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
        expect(overflow, path).toBeLessThanOrEqual(0);
      }
      expect(complaints.splice(0)).toEqual([expect.stringContaining('404')]);
    });

    it('is a table for who cannot see it, on a phone too', async () => {
      for (const width of [1000, 360]) {
        await page.setViewportSize({ width, height: 640 });
        await open('/files/');
        expect(await page.getByRole('table').getByRole('row').count()).toBe(6);
        expect(await page.getByRole('columnheader').allInnerTexts()).toHaveLength(3);
        expect(await page.getByRole('row', { name: 'small.txt' }).getByRole('cell').count()).toBe(3);
        expect(await page.getByRole('search').getByLabel('Filter by name').count()).toBe(1);
        expect(await page.getByRole('status').innerText()).toBe('1 folder, 3 files');
      }
    });

    it('is light or dark, as the reader likes it, and readable in both', async () => {
      const colors = async () => [await style('body', 'backgroundColor'), await style('body', 'color')];
      for (const path of ['/files/', '/nothing']) {
        await page.emulateMedia({ colorScheme: 'light' });
        await open(path);
        const light = await colors();
        await page.emulateMedia({ colorScheme: 'dark' });
        const dark = await colors();
        expect(luminance(light[0]!)).toBeGreaterThan(0.9);
        expect(luminance(light[1]!)).toBeLessThan(0.2);
        expect(luminance(dark[0]!)).toBeLessThan(0.2);
        expect(luminance(dark[1]!)).toBeGreaterThan(0.8);
      }
      expect(complaints.splice(0)).toEqual([expect.stringContaining('404')]);
    });

    it('shows a README, with its images and none of another host, and runs nothing of it', async () => {
      const asked: string[] = [];
      page.on('request', (request) => asked.push(new URL(request.url()).host));
      await open('/project/');
      const article = page.getByRole('article', { name: 'README.md' });
      expect(await article.locator('img').evaluateAll((all) => all.map((one) => one.outerHTML))).toEqual([
        '<img src="logo.svg" alt="logo">',
      ]);
      await expect
        .poll(() => page.evaluate("document.querySelector('article img').naturalWidth"), { timeout: 10_000 })
        .toBe(20);
      await article.getByRole('link', { name: 'Usage' }).click();
      expect(await page.locator(':target').innerText()).toBe('Usage');
      expect(await article.getByRole('link', { name: 'badge' }).getAttribute('href')).toMatch(/^https:/);
      expect(await article.locator('a[href^="javascript"]').count()).toBe(0);
      expect(await page.evaluate("'hacked' in window")).toBe(false);
      expect(new Set(asked).size).toBe(1);
    });

    describe('where scripts run', () => {
      const filter = () => page.getByLabel('Filter by name');
      const status = () => page.getByRole('status').innerText();
      const address = () => page.url().replace(/^.*?\/\/[^/]*/, '');
      /** The rows that can be seen. */
      const seen = () =>
        page.evaluate<string[]>(
          "[...document.querySelectorAll('.list tbody tr:not(.up)')].filter((row) => row.checkVisibility()).map((row) => row.cells[0].textContent)",
        );
      /** What the server says to the same question. */
      const served = async (query: string) => {
        const { entries } = await (
          await page.request.get(new URL(query, page.url()).href, { headers: { Accept: 'application/json' } })
        ).json();
        return entries.map(
          (one: { name: string; type: string }) => one.name + (one.type === 'directory' ? '/' : ''),
        );
      };
      /** Is gone when the page is loaded anew. */
      const mark = () => page.evaluate('window.marked = true');
      const isMarked = () => page.evaluate('window.marked === true');

      it('filters while one types, and the address follows', async () => {
        await open('/files/');
        await mark();
        await filter().pressSequentially('L');
        expect(await seen()).toEqual(['folder/', 'large.txt', 'middle.txt', 'small.txt']);
        await filter().pressSequentially('l.');
        expect(await seen()).toEqual(['small.txt']);
        expect(await status()).toBe('Found: 1 file');
        expect(address()).toBe('/files/?filter=Ll.&sort=name&order=asc');
        await filter().press('Enter');
        await filter().pressSequentially('?');
        expect(await seen()).toEqual([]);
        expect(await status()).toBe('Nothing found');
        await filter().press('Escape');
        expect(await seen()).toEqual(['folder/', 'large.txt', 'middle.txt', 'small.txt']);
        expect(await status()).toBe('1 folder, 3 files');
        expect(address()).toBe('/files/');
        expect(await isMarked()).toBe(true);
      });

      it('sorts where it stands, and the address follows', async () => {
        await open('/files/');
        await mark();
        const size = page.getByRole('columnheader', { name: 'Size' });
        await size.getByRole('link').click();
        expect(await seen()).toEqual(['folder/', 'large.txt', 'middle.txt', 'small.txt']);
        expect(address()).toBe('/files/?sort=size&order=desc');
        await size.getByRole('link').press('Enter');
        expect(await seen()).toEqual(['folder/', 'small.txt', 'middle.txt', 'large.txt']);
        expect(await page.locator('th[aria-sort]').getAttribute('aria-sort')).toBe('ascending');
        await filter().fill('l.');
        expect(await seen()).toEqual(['small.txt']);
        expect(address()).toBe('/files/?filter=l.&sort=size&order=asc');
        expect(await isMarked()).toBe(true);
        await page.reload();
        expect(await seen()).toEqual(['small.txt']);
        expect(await filter().inputValue()).toBe('l.');
      });

      it('fetches what the server had left out, when the filter becomes wider', async () => {
        await open('/files/?filter=middle&sort=size&order=asc');
        await mark();
        expect(await seen()).toEqual(['middle.txt']);
        await filter().fill('l');
        await expect.poll(status, { timeout: 10_000 }).toBe('Found: 1 folder, 3 files');
        expect(await seen()).toEqual(['folder/', 'small.txt', 'middle.txt', 'large.txt']);
        await filter().fill('');
        await expect.poll(status, { timeout: 10_000 }).toBe('1 folder, 3 files');
        await page.getByRole('columnheader', { name: 'Name' }).getByRole('link').click();
        await filter().fill('mi');
        expect(await seen()).toEqual(['middle.txt']);
        expect(address()).toBe('/files/?filter=mi&sort=name&order=asc');
        expect(await isMarked()).toBe(true);
      });

      it('finds and orders as the server does', async () => {
        await open('/tricky/');
        for (const text of [
          '',
          's',
          'SS',
          'ſ',
          'ς',
          'é',
          'e\u0301',
          'i',
          'İ',
          'fi',
          '2',
          '@',
          'X\n',
          '𝐀',
          '.TXT',
          'ß',
        ]) {
          await filter().fill(text);
          const query = new URLSearchParams({ filter: await filter().inputValue() });
          expect(await seen(), text).toEqual(await served(`?${query}`));
        }
        await filter().fill('');
        for (const [name, key, order] of [
          ['Size', 'size', 'desc'],
          ['Modified', 'date', 'desc'],
          ['Modified', 'date', 'asc'],
          ['Name', 'name', 'asc'],
          ['Name', 'name', 'desc'],
        ] as const) {
          await page.getByRole('columnheader', { name }).getByRole('link').click();
          expect(await seen(), `${name} ${order}`).toEqual(await served(`?sort=${key}&order=${order}`));
        }
      });

      it('is used by keyboard: a slash leads to the filter, Tab to the heads and the names', async () => {
        await open('/files/');
        await page.keyboard.press('/');
        expect(await filter().evaluate((one) => one === one.ownerDocument.activeElement)).toBe(true);
        await page.keyboard.type('a/b');
        expect(await filter().inputValue()).toBe('a/b');
        await page.keyboard.press('Escape');
        await page.keyboard.type('small');
        const focused = () => page.evaluate<string>('document.activeElement.textContent');
        const stops: string[] = [];
        for (let stop = 0; stop < 5; stop++) {
          await page.keyboard.press('Tab');
          stops.push(await focused());
          expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
        }
        expect(stops).toEqual(['Name', 'Size', 'Modified (UTC)', '../', 'small.txt']);
        await page.keyboard.press('Enter');
        await page.waitForURL('**/files/small.txt');
      });

      it('leaves a click with a modifier to the browser', async () => {
        await open('/files/');
        const [other] = await Promise.all([
          page.context().waitForEvent('page'),
          page.getByRole('link', { name: 'Size' }).click({ modifiers: ['ControlOrMeta'] }),
        ]);
        expect(other.url()).toMatch(/\?sort=size&order=desc$/);
        await other.close();
        expect(address()).toBe('/files/');
      });

      it('asks the server where there is more than it shows', async () => {
        for (let index = 0; index < 10_001; index++) site.root.write(`many/${index}`);
        site.root.write('many/needle');
        await open('/many/');
        expect(await page.locator('.list tbody tr:not(.up)').count()).toBe(10_000);
        await filter().fill('needle');
        await filter().press('Enter');
        await page.waitForURL('**/many/?filter=needle&sort=name&order=asc');
        expect(await seen()).toEqual(['needle']);
        await filter().fill('9999');
        await expect.poll(seen, { timeout: 30_000 }).toEqual(['9999']);
      }, 120_000);
    });

    describe('where no scripts run', () => {
      it('is filtered and sorted by the server', async () => {
        const context = await chromium.browser.newContext({ javaScriptEnabled: false });
        try {
          const still = await context.newPage();
          const names = () => still.locator('.list tbody tr:not(.up) td:first-child').allInnerTexts();
          await still.goto(`http://127.0.0.1:${site.port}/files/?sort=size&order=asc`);
          await still.getByLabel('Filter by name').fill('L');
          await still.getByRole('button', { name: 'Filter' }).click();
          expect(await names()).toEqual(['folder/', 'small.txt', 'middle.txt', 'large.txt']);
          await still.getByLabel('Filter by name').fill('le.');
          await still.getByLabel('Filter by name').press('Enter');
          expect(await names()).toEqual(['middle.txt']);
          expect(await still.getByRole('status').innerText()).toBe('Found: 1 file');
          await still.getByRole('columnheader', { name: 'Name' }).getByRole('link').click();
          expect(await names()).toEqual(['middle.txt']);
          expect(new URL(still.url()).search).toBe('?filter=le.&sort=name&order=asc');
        } finally {
          await context.close();
        }
      });
    });
  },
);

/** 0 to 1, roughly. @param color `rgb(1, 2, 3)`. */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = color.match(/[\d.]+/g)!.map(Number);
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
}
