// Turns samples into tables, and tells the conditions they were taken under.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { tool } from './load.js';
import { openFilesLimit } from './measure.js';
import { placement } from './processes.js';
import { FLOOR, versionOf, YARDSTICK } from './servers.js';

const PAGE = new URL('../docs/performance.md', import.meta.url);
const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

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
  const rows = servers.map((server) => row(scenario, server, servers, results));
  rows.sort((one, other) => one.order - other.order);
  return `### ${scenario.title}\n\n${markdown([headings, ...rows.map(({ cells }) => cells)])}`;
}

function row(scenario, server, servers, results) {
  const samples = results.of(scenario, server);
  const failure = samples.find((sample) => sample.failure !== undefined)?.failure;
  if (failure !== undefined || samples.length === 0) {
    return { order: Number.POSITIVE_INFINITY, cells: [server.title, '–', failure ?? 'not measured', '', ''] };
  }
  const costs = samples.map((sample) => sample.cost);
  const [low, high] = [Math.min(...costs), Math.max(...costs)];
  const against = (name) => ratio(samples, results.of(scenario, counterpart(name, server, servers)));
  const cells = [
    server.title,
    short(median(costs)),
    `${short(low)}–${short(high)}`,
    against(YARDSTICK),
    against(FLOOR),
  ];
  if (scenario.units.rate)
    cells.push(Math.round(median(samples.map(({ rate }) => rate))).toLocaleString('en'));
  return { order: median(costs), cells };
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

function median(numbers) {
  const sorted = [...numbers].sort((one, other) => one - other);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

const short = (number) => (number < 100 ? number.toFixed(1) : Math.round(number).toLocaleString('en'));

/** A markdown table that can be read as it is: names to the left, numbers to the right. */
function markdown(rows) {
  const columns = rows[0].map((_, index) => Math.max(...rows.map((cells) => (cells[index] ?? '').length)));
  const line = (cells) =>
    `| ${columns.map((width, at) => (at === 0 ? (cells[at] ?? '').padEnd(width) : (cells[at] ?? '').padStart(width))).join(' | ')} |`;
  const rule = columns.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(rows[0]), line(rule), ...rows.slice(1).map(line)].join('\n');
}

/** The machine, the versions and the settings, as a list. */
export function conditions({ rounds, seconds }, servers, nodes) {
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
    `medians of ${rounds} rounds of ${seconds} s a cell, servers taking turns, new processes each round`,
    `${[...new Set(versions)].join(', ')}; at most ${openFilesLimit()} open files a process`,
  ];
  return lines.map((line) => `- ${line}`).join('\n');
}

function toolVersion() {
  if (tool === 'autocannon') return `autocannon ${versionOf('autocannon')}`;
  return spawnSync('wrk', ['-v'], { encoding: 'utf8' }).stdout.split(' [')[0];
}

/** Puts a report between the marks in docs/performance.md, in place of the one that is there. */
export function writeReport(report) {
  const page = readFileSync(PAGE, 'utf8');
  const [start, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`docs/performance.md needs the lines ${BEGIN} and ${END}`);
  writeFileSync(PAGE, `${page.slice(0, start + BEGIN.length)}\n\n${report}\n\n${page.slice(end)}`);
}
