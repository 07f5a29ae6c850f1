// What the kernel says about a process. Linux only: it reads /proc.
import { readFileSync } from 'node:fs';
import process from 'node:process';

if (process.platform !== 'linux') {
  console.error('bench: processor times are read from /proc, which only Linux has: run it there');
  process.exit(1);
}

/** The unit of the times in /proc/PID/stat; Linux shows 100 a second to programs, whatever it uses itself. */
const TICKS_PER_SECOND = 100;

/** Processor seconds that all threads of a process, ended ones too, have used: utime + stime. */
export function processorTime(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The second field is a name in brackets, which may hold spaces: count from behind it. utime is field 14.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** The same of a process and all those that it has started and that run. */
export function processorTimeOfTree(pid) {
  return [pid, ...descendants(pid)].reduce((sum, one) => sum + processorTime(one), 0);
}

/** The processes that a process has started, and those that they have, which run. */
export function descendants(pid) {
  let children;
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').filter(Boolean);
  } catch {
    return []; // it has ended, or this kernel does not tell
  }
  return children.flatMap((child) => [Number(child), ...descendants(child)]);
}

/** Resident memory of a process, in KiB. It leaves out what the kernel keeps for its sockets. */
export function residentMemory(pid) {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))[1]);
}

/** The same of a process and all those that it has started and that run. */
export function residentMemoryOfTree(pid) {
  return [pid, ...descendants(pid)].reduce((sum, one) => sum + residentMemory(one), 0);
}

/** How many files, and so connections, a process started here may have open: `ulimit -n`. */
export function openFilesLimit() {
  const limit = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'latin1'))[1];
  return limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit);
}

/** How many connections one address may open to one port. */
export function localPorts() {
  const [first, last] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1').trim().split(/\s+/);
  return Number(last) - Number(first) + 1;
}

/** The numbers of the processors this process may run on. */
export function processors() {
  const list = /^Cpus_allowed_list:\s+(\S+)/m.exec(readFileSync('/proc/self/status', 'latin1'))[1];
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
