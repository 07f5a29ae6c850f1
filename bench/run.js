// The benchmark: measures servers in turn, round after round, and prints what a request costs each of them.
// How to run it and how to read it: docs/performance.md.
import { existsSync } from 'node:fs';
import os from 'node:os';
import process from 'node:process';
import { tool } from './load.js';
import { readOptions } from './options.js';
import { placement, stop } from './processes.js';
import { conditions, Results, tables, writeReport } from './report.js';
import { scenarios } from './scenarios.js';
import { findNodes, findServers, launch, serverNames } from './servers.js';

const options = readOptions(process.argv.slice(2), {
  servers: serverNames,
  scenarios: scenarios.map(({ name }) => name),
});
const chosen = scenarios.filter(({ name }) => options.scenarios.includes(name));
const loadAverage = os.loadavg()[0];
const say = (line) => process.stderr.write(`${line}\n`);

try {
  await main();
} catch (error) {
  say(`bench: ${error.message}`);
  process.exitCode = 1;
}

async function main() {
  checkLoad();
  const nodes = findNodes(options.nodes);
  const { servers, skipped } = findServers(options.servers, nodes);
  for (const line of skipped) say(line);
  if (!placement) {
    say('server and load share processors (no taskset, or only one): take the numbers with care');
  }
  if (loadAverage > 0.5) {
    say(`other work is going on here (load average ${loadAverage.toFixed(1)}): take the numbers with care`);
  }

  const results = new Results();
  for (let round = 0; round < options.rounds; round += 1) await measureRound(round, servers, results);

  const report = `${conditions({ ...options, loadAverage }, servers, nodes)}\n\n${tables(chosen, servers, results)}`;
  console.log(`\n${report}`);
  if (options.write) writeReport(report);
}

function checkLoad() {
  const autocannon = new URL('node_modules/autocannon', import.meta.url);
  if (tool === 'autocannon' && !existsSync(autocannon)) {
    throw new Error('it needs a load: install wrk, or run npm install --prefix bench for autocannon');
  }
}

/** Starts every server, takes one sample of each in each scenario, and ends them. */
async function measureRound(round, servers, results) {
  const running = [];
  try {
    for (const server of servers) running.push({ ...server, ...(await launchOrTell(server)) });
    for (const scenario of chosen) {
      // Each round begins with another server, so that none always follows the same one.
      const turns = running.map((_, index) => running[(index + round) % running.length]);
      for (const server of turns) {
        const sample = await take(scenario, server);
        results.add(scenario, server, sample);
        say(progress(round, scenario, server, sample));
      }
    }
  } finally {
    for (const { child } of running) if (child) await stop(child);
  }
}

async function launchOrTell(server) {
  try {
    return await launch(server);
  } catch (error) {
    return { failure: error.message };
  }
}

/** One sample, or why there is none: a server that fails is to show in the table, not to end the run. */
async function take(scenario, server) {
  if (server.failure) return { failure: server.failure };
  try {
    return await scenario.measure(server, options.seconds);
  } catch (error) {
    return { failure: error.message };
  }
}

function progress(round, { name, units }, { title }, { cost, rate, failure }) {
  const result =
    failure ?? `${cost.toFixed(1)} ${units.cost}${rate ? `, ${Math.round(rate)} ${units.rate}` : ''}`;
  return `round ${round + 1}/${options.rounds}  ${name.padEnd(9)}  ${title.padEnd(26)}  ${result}`;
}
