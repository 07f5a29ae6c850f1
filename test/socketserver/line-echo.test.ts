import { expect, it, vi } from 'vitest';
import { afterTest, answer, until } from './support.js';

it('examples/line-echo.ts sends lines back in upper case, and ends when it is interrupted', async () => {
  const printed = vi.spyOn(console, 'log').mockImplementation(() => {});
  const [argv, listeners] = [process.argv, process.listeners('SIGINT')];
  process.argv = [process.execPath, 'line-echo', '0'];
  afterTest(() => {
    process.argv = argv;
    printed.mockRestore();
  });
  const ended = import('../../examples/line-echo.js');
  await until(() => printed.mock.calls.length > 0);
  const [, host, port] = printed.mock.calls[0]!;
  expect(await answer([host, port], 'one\ntwo')).toBe('ONE\nTWO');
  const interrupt = process.listeners('SIGINT').find((listener) => !listeners.includes(listener));
  interrupt?.('SIGINT');
  await ended;
});
