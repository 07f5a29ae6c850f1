// Shows a URL in the browser of whoever sits at this machine. Loaded only when it is asked for.

import { spawn } from 'node:child_process';
import type { Environment } from './environment.js';

/** What is known of the machine; part of what `process` tells. */
export interface Desktop {
  readonly platform: string;
  readonly variables: Environment;
}

/** Why nobody would see a browser that is started here; `undefined` if somebody may. */
export function whyNoBrowser({ platform, variables }: Desktop): string | undefined {
  const { CI, SSH_CONNECTION, DISPLAY, WAYLAND_DISPLAY } = variables;
  if (CI) return 'nobody sits here';
  const hasDisplay = Boolean(DISPLAY || WAYLAND_DISPLAY);
  if (SSH_CONNECTION && !hasDisplay) return 'you are on another machine';
  return hasDisplay || platform === 'darwin' || platform === 'win32' ? undefined : 'there is no display';
}

/** The program that opens a URL, and what comes before it. None of them is a shell. */
export function openerOf(platform: string): readonly [program: string, ...args: string[]] {
  if (platform === 'darwin') return ['open'];
  return platform === 'win32' ? ['rundll32', 'url.dll,FileProtocolHandler'] : ['xdg-open'];
}

/** Starts the browser, and does not wait for it. @param onFailure called if it cannot be started. */
export function openInBrowser(url: string, onFailure: () => void): void {
  const [program, ...args] = openerOf(process.platform);
  // A process group of its own: Ctrl-C is not for the browser.
  const opener = spawn(program, [...args, url], { stdio: 'ignore', detached: true, windowsHide: true });
  opener.once('error', onFailure).once('exit', (code) => {
    if (code !== 0) onFailure();
  });
  opener.unref();
}
