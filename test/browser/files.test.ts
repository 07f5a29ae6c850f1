// What pages need of a file server, in a real browser: types, ranges, caching, routes.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasChromium, useChromium } from '../support/chromium.js';
import { startCommand } from '../support/command.js';
import { Site, TemporaryDirectory } from '../support/site.js';
import { webmFilm } from '../support/webm.js';

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

const FILM = { seconds: 240, width: 640, height: 360 };

describe.skipIf(!hasChromium)(
  'in Chromium (skipped where /usr/bin/chromium is missing)',
  { timeout: 60_000 },
  () => {
    const chromium = useChromium();
    const { complaints, responses } = chromium;
    let site: Site;
    let page: Page;

    beforeAll(async () => {
      site = await Site.serve({
        ...KINDS,
        'media/index.html':
          '<!DOCTYPE html><link rel="icon" href="data:,"><video src="film.webm" preload="metadata"></video>',
        'media/encoder.html': '<!DOCTYPE html><link rel="icon" href="data:,">',
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
      await site?.[Symbol.asyncDispose]();
      expect(site.errors).toEqual([]);
    });

    beforeEach(() => {
      page = chromium.page;
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

    it('seeks in a film by ranges', async () => {
      await open('/media/encoder.html');
      const octets = Buffer.from(await page.evaluate<string>(encodeNoise), 'base64');
      const film = webmFilm({ octets, ...FILM }, FILM.seconds);
      site.root.write('media/film.webm', film);
      await open('/media/');
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
      expect(await seek(FILM.seconds - 20)).toBe(FILM.seconds - 20);
      expect(await seek(FILM.seconds / 2)).toBe(FILM.seconds / 2);
      expect(
        await page.evaluate(`(({ duration, videoWidth: width }) => [duration, width])(
          document.querySelector('video'))`),
      ).toEqual([FILM.seconds, FILM.width]);
      const parts = responses.filter((response) => response.url().endsWith('.webm'));
      expect(parts.map((response) => response.status())).toEqual(parts.map(() => 206));
      const starts = parts.map((response) => /bytes (\d+)-/.exec(response.headers()['content-range']!)![1]);
      expect(starts.some((start) => Number(start) > film.length / 2)).toBe(true);
      expect(site.log.join('\n')).toMatch(/GET \/media\/film\.webm HTTP\/1\.1 206/);
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

/** Run in a page: a picture that does not become small, as one VP8 key frame in Base64. */
const encodeNoise = `new Promise((resolve, reject) => {
  const canvas = new OffscreenCanvas(${FILM.width}, ${FILM.height});
  const context = canvas.getContext('2d');
  const noise = context.createImageData(canvas.width, canvas.height);
  noise.data.forEach((_, at) => (noise.data[at] = at % 4 === 3 ? 255 : Math.random() * 256));
  context.putImageData(noise, 0, 0);
  const output = (chunk) => {
    const octets = new Uint8Array(chunk.byteLength);
    chunk.copyTo(octets);
    resolve(btoa(Array.from(octets, (octet) => String.fromCharCode(octet)).join('')));
  };
  const encoder = new VideoEncoder({ output, error: reject });
  encoder.configure({ codec: 'vp8', width: canvas.width, height: canvas.height, bitrate: 20_000_000 });
  encoder.encode(new VideoFrame(canvas, { timestamp: 0 }), { keyFrame: true });
  encoder.flush().catch(reject);
})`;
