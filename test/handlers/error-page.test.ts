import { expect, it } from 'vitest';
import { DEFAULT_ERROR_MESSAGE } from '../../src/handlers/error-page.js';
import { formatMessage } from '../../src/handlers/log.js';
import { tokenize } from '../files/html-tokens.js';
import { Site } from '../support/site.js';

it('is a format that takes code, message and explanation', () => {
  const page = formatMessage(DEFAULT_ERROR_MESSAGE, [
    { code: 404, message: 'Not Found', explain: 'Nothing' },
  ]);
  const textOf = (name: string) => tokenize(page).find((tag) => tag.name === name)?.text;
  expect([textOf('title'), textOf('h1'), textOf('p')]).toEqual([
    '404 Not Found',
    '404 Not Found',
    'Nothing.',
  ]);
  expect(page).not.toMatch(/%[(%]/);
});

it('is small, and has no script and nothing from elsewhere', () => {
  expect(DEFAULT_ERROR_MESSAGE.length).toBeLessThan(1536);
  expect(DEFAULT_ERROR_MESSAGE).not.toMatch(/<script|<link|<img|url\(|@import|https?:| on[a-z]+=/);
});

it('MUST 61: shows what it is told as text, and a percent sign in it as one', async () => {
  await using site = await Site.serve({}, (Base) => {
    return class extends Base {
      override do_GET() {
        this.sendError(400, '<b>%s</b>', '%(code)d <script>"&');
      }
    };
  });
  const { body } = await site.get('/');
  expect(body).toContain('<h1>400 &lt;b&gt;%s&lt;/b&gt;</h1>');
  expect(body).toMatch(/<p>%\(code\)d &lt;script&gt;(?:"|&quot;)&amp;\.<\/p>/);
});
