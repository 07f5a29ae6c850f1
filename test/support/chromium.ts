// The system's Chromium, if there is one.

import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page, type Response } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

export const hasChromium = existsSync(executablePath);

/** The browser of a `describe`, with a new page, and a new profile, for each of its tests. */
export interface Chromium {
  readonly browser: Browser;
  readonly page: Page;
  /** What the page has got so far. */
  readonly responses: readonly Response[];
  /** What the page has complained of so far. What a test leaves in it makes the test fail. */
  readonly complaints: string[];
}

/** To be called in a `describe`. */
export function useChromium(): Chromium {
  let browser: Browser | undefined;
  let page: Page | undefined;
  const responses: Response[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await launchChromium();
  }, 60_000);

  beforeEach(async () => {
    responses.length = 0;
    complaints.length = 0;
    page = await browser!.newPage();
    page.on('response', (response) => responses.push(response));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('dialog', (dialog) => {
      complaints.push(dialog.message());
      void dialog.dismiss();
    });
  });

  afterEach(async () => {
    await page?.close();
    expect(complaints).toEqual([]);
  });

  afterAll(() => browser?.close());

  return {
    get browser() {
      return browser!;
    },
    get page() {
      return page!;
    },
    responses,
    complaints,
  };
}

/** A browser that talks to nobody but the pages it is told to open. Its profile is temporary. */
function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox', // as root there is none
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
