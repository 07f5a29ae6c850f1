// What pages need of a file server, in a real browser: types, ranges, caching, routes.

import type { Browser, Page, Response } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasChromium, launchChromium } from '../support/chromium.js';
import { startCommand } from '../support/command.js';
import { Site, TemporaryDirectory } from '../support/site.js';

/** `(module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))` */
const WASM = Buffer.from(
  '0061736d0100000001070160027f7f017f030201000707010361646400000a09010700200020016a0b',
  'hex',
);

/** Each kind of file that a browser takes only if it comes with the right type. */
const KINDS = {
  'kinds/index.html': `<!DOCTYPE html><html lang="de"><meta charset="latin1"><title>…</title>
    <link rel="stylesheet" href="größe.css"><link rel="manifest" href="app.webmanifest"><link rel="icon" href="data:,">
    <p>Grüße</p><img src="circle.svg" alt=""><script src="classic.js"></script><script type="module" src="main.mjs"></script>`,
  'kinds/größe.css': '@import "imported.css"; p::after { content: "→"; }',
  'kinds/imported.css': 'p { color: rgb(1, 2, 3); }',
  'kinds/circle.svg':
    '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><circle r="5" cx="10" cy="5"/></svg>',
  'kinds/classic.js': 'globalThis.classic = "ä";',
  'kinds/main.mjs': `import { name } from './name.js';
    import data from './data.json' with { type: 'json' };
    const module = await WebAssembly.compileStreaming(fetch('add.wasm'));
    const { exports } = await WebAssembly.instantiate(module);
    const worker = new Worker('worker.js', { type: 'module' });
    const { data: answer } = await new Promise((resolve) => (worker.onmessage = resolve));
    document.title = [classic, name, data.name, answer, exports.add(40, 2)].join(' ');`,
  'kinds/name.js': `export const name = 'ö';`,
  'kinds/data.json': '{ "name": "ü" }',
  'kinds/worker.js': `import { name } from './name.js'; postMessage(name.toUpperCase());`,
  'kinds/add.wasm': WASM,
  'kinds/app.webmanifest': '{ "name": "Größe" }',
};

const SECONDS = 240;

describe.skipIf(!hasChromium)(
  'in Chromium (skipped where /usr/bin/chromium is missing)',
  { timeout: 60_000 },
  () => {
    let browser: Browser;
    let site: Site;
    let page: Page;
    /** What the page has complained of. */
    let complaints: string[];
    /** What it has got. */
    let responses: Response[];

    beforeAll(async () => {
      browser = await launchChromium();
      site = await Site.serve({
        ...KINDS,
        'media/index.html':
          '<!DOCTYPE html><link rel="icon" href="data:,"><video src="tone.wav" preload="metadata"></video>',
        'media/tone.wav': waveFile(SECONDS),
        'cache/index.html': `<!DOCTYPE html><title>first</title><link rel="icon" href="data:,"><script src="state.js"></script>`,
        'cache/state.js': 'globalThis.state = 1;',
        'offline/index.html': '<!DOCTYPE html><title>online</title><link rel="icon" href="data:,">',
        'offline/worker.js': `addEventListener('install', () => skipWaiting());
          addEventListener('activate', (event) => event.waitUntil(clients.claim()));
          addEventListener('fetch', (event) => {
            if (event.request.url.endsWith('/made')) event.respondWith(new Response('by the worker'));
          });`,
      });
    }, 60_000);

    afterAll(async () => {
      await browser?.close();
      await site?.[Symbol.asyncDispose]();
      expect(site.errors).toEqual([]);
    });

    beforeEach(async () => {
      complaints = [];
      responses = [];
      page = await (await browser.newContext()).newPage();
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('response', (response) => responses.push(response));
    });

    afterEach(async () => {
      await page.context().close();
      expect(complaints).toEqual([]);
    });

    const open = (path: string) => page.goto(`http://127.0.0.1:${site.port}${path}`);
    /** The requests for what lies below a path since the log was last cleared: `GET /x 200`. */
    const requested = (below: string) =>
      site.log.flatMap((line) => {
        const [, request = '', path = '', status = ''] = /(GET (\S+)) HTTP\/1\.1 (\d+)/.exec(line) ?? [];
        return path.startsWith(below) ? [`${request} ${status}`] : [];
      });

    it('MUST 62: takes scripts, modules, workers, JSON, WebAssembly, styles and images for what they are', async () => {
      await open('/kinds/');
      await page.waitForFunction("document.title !== '…'");
      expect(await page.title()).toBe('ä ö ü Ö 42');
      expect(await page.locator('p').innerText()).toBe('Grüße'); // whatever the page says of its charset
      expect(await page.evaluate('getComputedStyle(document.querySelector("p")).color')).toBe('rgb(1, 2, 3)');
      expect(await page.evaluate('getComputedStyle(document.querySelector("p"), "::after").content')).toBe(
        '"→"',
      );
      expect(await page.evaluate('document.querySelector("img").naturalWidth')).toBe(20);
    });

    // A WAV in a video element: what loads and seeks it is the same as for a film, and no codec may be missing.
    it('seeks in a medium by ranges', async () => {
      await open('/media/');
      const size = waveFile(SECONDS).length;
      const seek = (seconds: number): Promise<number> =>
        page.evaluate(`new Promise((resolve, reject) => {
        const video = document.querySelector('video');
        const seek = () => {
          video.addEventListener('seeked', () => resolve(video.currentTime), { once: true });
          video.currentTime = ${seconds};
        };
        video.addEventListener('error', () => reject(video.error));
        if (video.readyState >= 1) seek();
        else video.addEventListener('loadedmetadata', seek, { once: true });
      })`);
      expect(await seek(SECONDS - 20)).toBe(SECONDS - 20);
      expect(await seek(SECONDS / 2)).toBe(SECONDS / 2);
      expect(await page.evaluate('document.querySelector("video").duration')).toBe(SECONDS);
      const parts = responses.filter((response) => response.url().endsWith('.wav'));
      expect(parts.map((response) => response.status())).toEqual(parts.map(() => 206));
      const starts = parts.map((response) => /bytes (\d+)-/.exec(response.headers()['content-range']!)![1]);
      expect(starts.some((start) => Number(start) > size / 2)).toBe(true);
      expect(site.log.join('\n')).toMatch(/GET \/media\/tone\.wav HTTP\/1\.1 206/);
    });

    it('a reload asks again for what it has, and gets only what has changed', async () => {
      await open('/cache/');
      site.log.length = 0;
      await page.reload();
      expect(requested('/cache/').sort()).toEqual(['GET /cache/ 304', 'GET /cache/state.js 304']);
      site.root.write('cache/state.js', 'globalThis.state = 2;'); // of the same length
      site.log.length = 0;
      await page.reload();
      expect(await page.evaluate('state')).toBe(2);
      expect(requested('/cache/').sort()).toEqual(['GET /cache/ 304', 'GET /cache/state.js 200']);
    });

    it('an edit shows on the next visit, without a reload, however often', async () => {
      for (let edit = 10; edit < 20; edit++) {
        site.root.write('cache/state.js', `globalThis.state = ${edit};`);
        await open('/cache/');
        expect(await page.evaluate('state')).toBe(edit);
      }
    });

    it('a service worker is registered, and answers', async () => {
      await open('/offline/');
      await page.evaluate(`(async () => {
      const controlled = new Promise((resolve) => (navigator.serviceWorker.oncontrollerchange = resolve));
      await navigator.serviceWorker.register('worker.js');
      await controlled;
    })()`);
      expect(await page.evaluate("fetch('made').then((response) => response.text())")).toBe('by the worker');
    });

    describe('an app that routes in the browser', () => {
      let app: Site;

      beforeAll(async () => {
        app = await Site.serve(
          {
            'index.html': `<!DOCTYPE html><title>…</title><base href="/"><link rel="icon" href="data:,">
            <script type="module" src="app.js"></script><p></p><button>next</button>`,
            'app.js': `const show = () => (document.querySelector('p').textContent = 'at ' + location.pathname);
            document.querySelector('button').onclick = () => {
              history.pushState(undefined, '', '/users/ann.smith/posts');
              show();
            };
            show();
            document.title = 'shown';`,
            'folder/page.html':
              '<!DOCTYPE html><title>a page of its own</title><link rel="icon" href="data:,">',
          },
          (Base) =>
            class extends Base {
              override fallbackPage = '/index.html';
            },
        );
      });

      afterAll(() => app?.[Symbol.asyncDispose]());

      const visit = (path: string) => page.goto(`http://127.0.0.1:${app.port}${path}`);

      it('shows a deep link, and the same on reload', async () => {
        for (const path of ['/users/42', '/users/ann.smith', '/users/42/?tab=2', '/']) {
          expect((await visit(path))!.status()).toBe(200);
          await page.waitForFunction("document.title === 'shown'");
          expect(await page.locator('p').innerText()).toBe(`at ${path.split('?')[0]}`);
        }
        await page.getByRole('button').click();
        expect(await page.locator('p').innerText()).toBe('at /users/ann.smith/posts');
        expect((await page.reload())!.status()).not.toBe(404);
        await page.waitForFunction("document.title === 'shown'");
        expect(await page.locator('p').innerText()).toBe('at /users/ann.smith/posts');
      });

      it('has its other pages', async () => {
        await visit('/folder/page.html');
        expect(await page.title()).toBe('a page of its own');
      });

      it('gets no page for a script, an image or data that are missing', async () => {
        await visit('/');
        const failed: string = await page.evaluate(`new Promise((resolve) => {
        const script = document.createElement('script');
        script.onload = () => resolve('loaded');
        script.onerror = () => resolve('failed');
        script.src = '/missing.js';
        document.head.append(script);
      })`);
        expect(failed).toBe('failed');
        const status = (path: string, accept: string): Promise<number> =>
          page.evaluate(
            `fetch('${path}', { headers: { Accept: '${accept}' } }).then((response) => response.status)`,
          );
        expect(await status('/missing.png', 'image/*')).toBe(404);
        expect(await status('/api/missing', 'application/json')).toBe(404);
        // Three of what is missing, and one of a script that is a page, the error's.
        expect(complaints.splice(0).filter((complaint) => complaint.includes('404'))).toHaveLength(3);
      });
    });

    it('--coop: isolates a page, which may then share memory with its workers', {
      timeout: 60_000,
    }, async () => {
      using directory = new TemporaryDirectory({
        'index.html': '<!DOCTYPE html><link rel="icon" href="data:,"><title>isolated</title>',
        'worker.js':
          'onmessage = ({ data }) => { Atomics.store(new Int32Array(data), 0, 42); postMessage(0); };',
      });
      await using command = await startCommand(['0', directory.path, '--coop']);
      await page.goto(command.url);
      expect(await page.evaluate('crossOriginIsolated')).toBe(true);
      const shared = await page.evaluate(`(async () => {
      const memory = new SharedArrayBuffer(4);
      const worker = new Worker('worker.js');
      worker.postMessage(memory);
      await new Promise((resolve, reject) => { worker.onmessage = resolve; worker.onerror = reject; });
      return Atomics.load(new Int32Array(memory), 0);
    })()`);
      expect(shared).toBe(42);
    });
  },
);

/** A tone of 440 Hz, 88,200 octets a second. */
function waveFile(seconds: number): Buffer {
  const rate = 44_100;
  const wave = Buffer.alloc(44 + seconds * rate * 2);
  wave.write('RIFF', 0);
  wave.writeUInt32LE(wave.length - 8, 4);
  wave.write('WAVEfmt ', 8);
  wave.writeUInt32LE(16, 16); // of the fields that follow
  wave.writeUInt16LE(1, 20); // PCM
  wave.writeUInt16LE(1, 22); // channels
  wave.writeUInt32LE(rate, 24);
  wave.writeUInt32LE(rate * 2, 28);
  wave.writeUInt16LE(2, 32); // octets a sample
  wave.writeUInt16LE(16, 34); // bits a sample
  wave.write('data', 36);
  wave.writeUInt32LE(wave.length - 44, 40);
  for (let at = 44; at < wave.length; at += 2)
    wave.writeInt16LE(Math.round(8000 * Math.sin(((at - 44) / 2 / rate) * 440 * 2 * Math.PI)), at);
  return wave;
}
