// The processes of this machine, as /proc tells of them. Linux only.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** Has ended, and nobody has asked how. */
  readonly isZombie: boolean;
}

/** Whether processes can be looked at here. */
export const canSeeProcesses = process.platform === 'linux';

/** All processes that this one may see. */
export function processes(): ProcessEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => describeProcess(Number(pid)) ?? []);
}

/** The living processes of a group. */
export function membersOf(group: number): number[] {
  return processes()
    .filter((entry) => entry.group === group && !entry.isZombie)
    .map(({ pid }) => pid);
}

/** The processes that this one has started and not buried, dead ones too. */
export function childrenOf(parent: number): ProcessEntry[] {
  return processes().filter((entry) => entry.parent === parent);
}

/** The living processes that work in a directory, or below it. */
export function processesIn(directory: string): number[] {
  return processes()
    .map(({ pid }) => pid)
    .filter((pid) => workingDirectory(pid)?.startsWith(directory) === true);
}

/** Waits until nobody of the group lives, for as long as the test may last. */
export async function untilGone(group: number): Promise<void> {
  while (membersOf(group).length > 0) await setTimeout(10);
}

/** `undefined` if it has ended, or is somebody else's. */
function workingDirectory(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

function describeProcess(pid: number): ProcessEntry | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { pid, parent: Number(parent), group: Number(group), isZombie: state === 'Z' || state === 'X' };
  } catch {
    return undefined; // it has ended meanwhile
  }
}
