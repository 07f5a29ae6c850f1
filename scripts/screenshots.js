// Makes the pictures of docs/images/: listings of made-up directories, and an error page, in the system's Chromium.
// Run it behind `npm run build`: node scripts/screenshots.js

import {
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HTTPServer, SimpleHTTPRequestHandler } from 'basehttp';
import { chromium } from 'playwright-core';

/** Name, size in octets, and when it was changed. */
const FILES = [
  ['photos/norway/lofoten.jpg', 4_812_345, '2025-07-19T14:03Z'],
  ['sketches/one.svg', 100, '2025-03-02T09:12Z'],
  ['2025 budget (final).xlsx', 48_213, '2025-01-31T17:45Z'],
  ['chapter-2.md', 18_240, '2025-05-11T08:30Z'],
  ['chapter-10.md', 22_905, '2025-06-01T21:18Z'],
  ['cover.png', 1_204_882, '2025-05-30T12:00Z'],
  ['Größe & Gewicht.csv', 7_412, '2024-11-08T10:10Z'],
  ['interview.flac', 96_402_113, '2025-02-14T16:20Z'],
  ['notes.txt', 812, '2025-07-20T06:55Z'],
  ['talk-recording.mp4', 1_734_201_884, '2025-04-22T19:37Z'],
  ['sources.tar.gz', 30_210_000, '2025-05-04T07:00Z'],
  ['spelling.py', 3_021, '2025-03-19T22:41Z'],
  ['Żółw.jpg', 3_318_902, '2024-10-03T03:27Z'],
];

const FOLDER_DATES = { photos: '2025-07-19T14:03Z', sketches: '2025-03-02T09:12Z' };

/** Name and content of files of a small project. */
const PROJECT = [
  ['docs/guide.md', ''],
  ['index.js', 'x'.repeat(4321)],
  ['package.json', 'x'.repeat(612)],
  [
    'README.md',
    `# bookbinder

Makes a book of chapters: **one command**, no settings. [The guide](docs/guide.md) has more.

\`\`\`sh
npx bookbinder chapters/*.md --output book.pdf
\`\`\`

## Options

| Option | Meaning | Default |
| :-- | :-- | --: |
| \`--output\` | where the book goes | \`book.pdf\` |
| \`--paper\` | \`a4\`, \`a5\` or \`letter\` | \`a5\` |

> Chapters come in the order of their names: \`2\` before \`10\`.
`,
  ],
];

const PROJECT_DATE = '2025-06-21T10:20Z';

const LAPTOP = { width: 900, height: 800 };
const PHONE = {
  viewport: { width: 390, height: 820 },
  deviceScaleFactor: 1.25,
  isMobile: true,
  hasTouch: true,
};

const PICTURES = [
  { name: 'listing-light', path: '/projects/book/', colorScheme: 'light', viewport: LAPTOP },
  { name: 'listing-dark', path: '/projects/book/', colorScheme: 'dark', viewport: LAPTOP },
  { name: 'listing-phone', path: '/projects/book/', colorScheme: 'light', ...PHONE },
  {
    name: 'listing-readme',
    path: '/projects/bookbinder/',
    colorScheme: 'light',
    viewport: { width: 900, height: 940 },
  },
  {
    name: 'error-page',
    path: '/projects/nothing',
    colorScheme: 'dark',
    viewport: { width: 900, height: 300 },
  },
];

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const root = mkdtempSync(join(tmpdir(), 'basehttp-pictures-'));
try {
  fill(join(root, 'projects', 'book'));
  fillProject(join(root, 'projects', 'bookbinder'));
  await photograph(root);
} finally {
  rmSync(root, { recursive: true, force: true });
}

function fill(directory) {
  for (const [name, size, date] of FILES) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '');
    truncateSync(path, size); // takes no room on the disk
    utimesSync(path, new Date(date), new Date(date));
  }
  symlinkSync('chapter-10.md', join(directory, 'latest.md'));
  for (const [name, date] of Object.entries(FOLDER_DATES))
    utimesSync(join(directory, name), new Date(date), new Date(date));
}

function fillProject(directory) {
  const date = new Date(PROJECT_DATE);
  for (const [name, content] of PROJECT) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    utimesSync(path, date, date);
  }
  utimesSync(join(directory, 'docs'), date, date);
}

async function photograph(directory) {
  class Handler extends SimpleHTTPRequestHandler {
    directory = directory;
    logMessage() {}
  }
  const httpd = new HTTPServer(['127.0.0.1', 0], Handler);
  await httpd.ready;
  void httpd.serveForever();
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: FLAGS,
  });
  try {
    for (const { name, path, ...options } of PICTURES) {
      const page = await browser.newPage(options);
      await page.goto(`http://127.0.0.1:${httpd.serverPort}${path}`);
      await page.screenshot({ path: fileURLToPath(new URL(`../docs/images/${name}.png`, import.meta.url)) });
      await page.close();
    }
  } finally {
    await browser.close();
    await httpd.shutdown({ graceMs: 0 });
  }
}
