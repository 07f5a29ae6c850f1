import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    alias: {
      'basehttp/http1': new URL('./src/http1/index.ts', import.meta.url).pathname,
      basehttp: new URL('./src/index.ts', import.meta.url).pathname,
    },
  },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    expect: { poll: { timeout: 15_000 } }, // the machine may be busy
    pool: 'forks',
  },
});
