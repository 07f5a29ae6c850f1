// Turns samples into tables, and tells the conditions they were taken under.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { tool } from './load.js';
import { openFilesLimit } from './measure.js';
import { placement } from './processes.js';
import { FLOOR, versionOf, YARDSTICK } from './servers.js';

/** The samples of a run: by scenario and server, one a round, `{ cost, rate }` or `{ failure }`. */
export class Results {
  #samples = new Map();

  add(scenario, server, sample) {
    const key = `${scenario.name} ${server.title}`;
    this.#samples.set(key, [...this.of(scenario, server), sample]);
  }

  of(scenario, server) {
    return this.#samples.get(`${scenario.name} ${server.title}`) ?? [];
  }
}

/** One table a scenario, the cheapest server first. */
export function tables(scenarios, servers, results) {
  return scenarios.map((scenario) => table(scenario, servers, results)).join('\n\n');
}

function table(scenario, servers, results) {
  const { cost, rate } = scenario.units;
  const headings = ['server', cost, 'min–max', '× node:http', '× floor', ...(rate ? [rate] : [])];
  const rows = servers.map((server) => row(scenario, server, servers, results)).filter(Boolean);
  rows.sort((one, other) => one.order - other.order);
  const notes = servers.flatMap((server) => failures(scenario, server, results));
  const parts = [`### ${scenario.title}`, markdown([headings, ...rows.map(({ cells }) => cells)]), ...notes];
  return parts.join('\n\n');
}

/** The server's line, and where to sort it; none if no round succeeded. */
function row(scenario, server, servers, results) {
  const samples = results.of(scenario, server);
  const costs = samples.map(({ cost }) => cost).filter(Number.isFinite);
  if (costs.length === 0) return undefined;
  const against = (name) => ratio(samples, results.of(scenario, counterpart(name, server, servers)));
  const spread = `${short(Math.min(...costs))}–${short(Math.max(...costs))}`;
  const cells = [server.title, short(median(costs)), spread, against(YARDSTICK), against(FLOOR)];
  if (scenario.units.rate) cells.push(short(median(samples.map(({ rate }) => rate).filter(Number.isFinite))));
  return { order: median(costs), cells };
}

/** One sentence for a server that failed in some round: what happened the first time. */
function failures(scenario, server, results) {
  const samples = results.of(scenario, server);
  const failed = samples.filter(({ failure }) => failure !== undefined);
  if (failed.length === 0) return [];
  return [`Failed in ${failed.length} of ${samples.length} rounds: ${server.title}: ${failed[0].failure}.`];
}

/** The server of this name under the same runtime, or else under the first Node. */
function counterpart(name, { runtime }, servers) {
  const candidates = servers.filter((server) => server.name === name);
  return candidates.find((server) => server.runtime === runtime) ?? candidates[0] ?? {};
}

/** The median of the ratios round by round: what slows a whole round falls out. */
function ratio(samples, base) {
  const ratios = samples.map(({ cost }, round) => cost / base[round]?.cost).filter(Number.isFinite);
  return ratios.length === 0 ? '' : median(ratios).toFixed(2);
}

/** Of no numbers, it is not a number. */
export function median(numbers) {
  const sorted = [...numbers].sort((one, other) => one - other);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** Three digits or so, for a table. */
export const short = (number) => (number < 100 ? number.toFixed(1) : Math.round(number).toLocaleString('en'));

/** The median, the least and the most, for a table. */
export function withSpread(numbers) {
  if (numbers.length === 0) return '';
  return `${short(median(numbers))} (${short(Math.min(...numbers))}–${short(Math.max(...numbers))})`;
}

/** A markdown table that can be read as it is: names to the left, numbers to the right. */
export function markdown(rows) {
  const columns = rows[0].map((_, index) => Math.max(...rows.map((cells) => (cells[index] ?? '').length)));
  const line = (cells) =>
    `| ${columns.map((width, at) => (at === 0 ? (cells[at] ?? '').padEnd(width) : (cells[at] ?? '').padStart(width))).join(' | ')} |`;
  const rule = columns.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(rows[0]), line(rule), ...rows.slice(1).map(line)].join('\n');
}

/** The machine, the versions and the settings, as a list. */
export function conditions({ rounds, seconds, loadAverage }, servers, nodes) {
  const apart = placement
    ? `server on processor ${placement.server}, load on processor ${placement.load}`
    : 'server and load are not kept apart: that takes two processors and `taskset`';
  const versions = [
    ...nodes.map(({ version }) => `node ${version}`),
    ...servers.flatMap((server) => server.versions),
  ];
  const lines = [
    `${new Date().toISOString().slice(0, 10)}: ${os.cpus()[0].model}, ${os.cpus().length} cores, Linux ${os.release()}`,
    `${apart}; load from ${toolVersion()}`,
    `medians; rounds: ${rounds}, ${seconds} s a cell, servers taking turns, new processes each round`,
    `${[...new Set(versions)].join(', ')}; at most ${openFilesLimit()} open files a process`,
    `load average before the run: ${loadAverage.toFixed(1)}`,
  ];
  return lines.map((line) => `- ${line}`).join('\n');
}

/** Name and version of the load. */
export function toolVersion() {
  if (tool === 'autocannon') return `autocannon ${versionOf('autocannon')}`;
  return spawnSync('wrk', ['-v'], { encoding: 'utf8' }).stdout.split(' [')[0];
}

/** Puts a report between two marks in a page of docs/, in place of the one that is there. */
export function writeReport(report, name = 'performance.md', mark = 'bench') {
  const [begin, end] = [`<!-- ${mark}:begin -->`, `<!-- ${mark}:end -->`];
  const file = new URL(`../docs/${name}`, import.meta.url);
  const page = readFileSync(file, 'utf8');
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/${name} needs the lines ${begin} and ${end}`);
  writeFileSync(file, `${page.slice(0, from + begin.length)}\n\n${report}\n\n${page.slice(to)}`);
}
