// The command in few files. To find, read and link its eighty modules takes Node longer than to run them: so it starts with
// about half the processor time. The library is published as it is compiled, and packages stay packages.

export default {
  input: { basehttp: './dist/cli/main.js' },
  platform: 'node',
  external: /^[^./]/,
  output: { dir: 'dist/bin', chunkFileNames: '[name].js' },
};
