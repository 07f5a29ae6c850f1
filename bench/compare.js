// The comparison of file servers: asks each the same questions, and measures what the answers cost.
// How to run it and how to read it: docs/comparison.md.
import os from 'node:os';
import process from 'node:process';
import { installedSize } from './compare/install.js';
import { readOptions } from './compare/options.js';
import { complaints, probeTables } from './compare/probe-tables.js';
import { findServers, serverNames } from './compare/servers.js';
import { measure } from './compare/speed.js';
import { speedTables } from './compare/speed-tables.js';
import { survey } from './compare/survey.js';
import { placement } from './processes.js';
import { toolVersion, writeReport } from './report.js';

const PAGE = 'comparison.md';
const PARTS = { probes: makeProbeReport, speed: makeSpeedReport };

const options = readOptions(process.argv.slice(2), { servers: serverNames, parts: Object.keys(PARTS) });
const loadAverage = os.loadavg()[0];
const say = (line) => process.stderr.write(`${line}\n`);

try {
  for (const part of options.parts) {
    const report = await PARTS[part]();
    console.log(`\n${report}`);
    if (options.write) writeReport(report, PAGE, part);
  }
} catch (error) {
  say(`compare: ${error.message}`);
  process.exitCode = 1;
}

async function makeProbeReport() {
  const asked = [];
  const surveys = new Map();
  for (const server of find().filter(({ logs }) => !logs)) {
    try {
      surveys.set(server.name, await survey(server));
      asked.push(server);
      for (const line of complaints(server, surveys.get(server.name))) say(line);
    } catch (error) {
      say(`${server.name} is left out: ${error.message}`);
    }
  }
  return `${list([machine()])}\n\n${probeTables(asked, surveys)}`;
}

async function makeSpeedReport() {
  if (loadAverage > 0.5) {
    say(`other work is going on here (load average ${loadAverage.toFixed(1)}): take the numbers with care`);
  }
  const servers = find();
  const results = await measure(servers, options, say);
  const sizes = new Map(servers.map((server) => [server.name, sizeOrTell(server)]));
  return `${list(speedConditions(servers))}\n\n${speedTables(servers, results, sizes)}`;
}

function find() {
  const { servers, skipped } = findServers(options.servers);
  for (const line of skipped) say(line);
  return servers;
}

function sizeOrTell(server) {
  try {
    return installedSize(server);
  } catch (error) {
    say(`the size of ${server.name} is left out: ${error.message}`);
    return undefined;
  }
}

// ── Conditions ───────────────────────────────────────────────────────────────────────────────────────────────────

function list(lines) {
  return lines.map((line) => `- ${line}`).join('\n');
}

function machine() {
  const today = new Date().toISOString().slice(0, 10);
  return `${today}: ${os.cpus()[0].model}, ${os.cpus().length} cores, Linux ${os.release()}, node ${process.versions.node}`;
}

function speedConditions(servers) {
  const versions = servers.filter(({ logs }) => !logs).map(({ title, version }) => `${title} ${version}`);
  return [
    machine(),
    placement
      ? `server on processor ${placement.server}, load on processor ${placement.load}; load from ${toolVersion()}`
      : `server and load share processors; load from ${toolVersion()}`,
    `medians (least–most); rounds: ${options.rounds}, ${options.seconds} s a cell, servers taking turns, new processes each round`,
    versions.join(', '),
    `load average before the run: ${loadAverage.toFixed(1)}`,
  ];
}
