// CPython's http.server in a process of its own, for tests that compare us with it.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('python-handlers.py', import.meta.url));

/** Why there is no Python to compare with; `undefined` if there is. Others than these may behave differently. */
export const pythonMissing: string | undefined = (() => {
  const { stdout, status } = spawnSync('python3', ['-c', 'import sys; print(*sys.version_info[:2])'], {
    encoding: 'utf8',
  });
  if (status !== 0) return 'python3 is not installed';
  const [major, minor = 0] = stdout.split(' ').map(Number);
  if (major === 3 && minor >= 11 && minor <= 14) return undefined;
  return `python3 is ${stdout.trim().replace(' ', '.')}, not one of 3.11 to 3.14`;
})();

/** The two servers of python-handlers.py. */
export interface PythonPeer extends AsyncDisposable {
  /** The port of a BaseHTTPRequestHandler. */
  readonly base: number;
  /** The port of a SimpleHTTPRequestHandler. */
  readonly simple: number;
}

/** Starts them; the simple one serves `directory`. */
export async function startPython(directory: string): Promise<PythonPeer> {
  const child = spawn('python3', [script, directory], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  const [line] = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    exit.then(() => Promise.reject(new Error('python3 ended before it served'))),
  ]);
  const [base = 0, simple = 0] = String(line).split(' ').map(Number);
  return {
    base,
    simple,
    async [Symbol.asyncDispose]() {
      child.kill();
      await exit;
    },
  };
}
