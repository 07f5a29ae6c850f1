// Measures the servers in turn, round after round, with new processes each time.
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { residentMemoryOfTree } from '../measure.js';
import { stop } from '../processes.js';
import { Results } from '../report.js';
import * as bench from '../servers.js';
import { DOWNLOAD, ENTRIES, references, SIZES, scenarios } from './scenarios.js';
import { launch } from './servers.js';
import { canTime, startNode, startToAnswer } from './startup.js';
import { makeSpeedTree, removeTemporaryDirectory, temporaryDirectory } from './tree.js';

const SETTLING = 250; // ms
const STARTS = 5; // a round: one is soon done, and no two are alike

export const bareNode = { name: 'node', title: 'node -e 0' };

/** What is kept besides the scenarios, under these names. */
export const startUp = { name: 'start-up' };
export const memory = { name: 'memory' };

/** @returns the samples of all rounds. @param say takes a line on how it goes. */
export async function measure(servers, { rounds, seconds }, say) {
  const base = temporaryDirectory();
  const results = new Results();
  try {
    const root = makeSpeedTree(base, SIZES, ENTRIES);
    for (let round = 0; round < rounds; round += 1) {
      say(`round ${round + 1} of ${rounds}`);
      // Each round begins with another server, so that none always follows the same one.
      const turns = servers.map((_, index) => servers[(index + round) % servers.length]);
      for (let start = 0; canTime && start < STARTS; start += 1) await measureStartUps(turns, root, results);
      await measureScenarios(turns, root, seconds, results, say);
    }
    return results;
  } finally {
    removeTemporaryDirectory(base);
  }
}

async function measureStartUps(servers, root, results) {
  results.add(startUp, bareNode, await startNode());
  for (const server of servers) {
    results.add(startUp, server, await orFailure(() => startToAnswer(server, root)));
  }
}

async function measureScenarios(servers, root, seconds, results, say) {
  const running = [];
  try {
    for (const server of servers) running.push({ ...server, ...(await launchAndWeigh(server, root)) });
    for (const one of references) running.push({ ...one, ...(await launchReference(one, root)) });
    for (const scenario of scenarios) {
      for (const server of running) {
        const sample = await take(scenario, server, seconds);
        if (sample === undefined) continue;
        results.add(scenario, server, sample);
        say(
          `${scenario.title.padEnd(16)}  ${server.title.padEnd(22)}  ${sample.failure ?? `${sample.cost.toFixed(1)} ${scenario.unit}`}`,
        );
      }
    }
    for (const server of running) if (server.atRest) results.add(memory, server, weighAgain(server));
  } finally {
    for (const { child } of running) if (child) await stop(child);
  }
}

function take(scenario, server, seconds) {
  const { measure = scenario.measure, scenario: only = scenario.name } = server;
  if (only !== scenario.name) return undefined;
  if (server.failure) return server;
  return orFailure(() => measure(server, seconds));
}

async function launchAndWeigh(server, root) {
  return orFailure(async () => {
    const { child, port } = await launch(server, root, !server.logs);
    await sleep(SETTLING);
    return { child, port, atRest: residentMemoryOfTree(child.pid) };
  });
}

function weighAgain({ child, atRest }) {
  return { atRest, after: residentMemoryOfTree(child.pid) };
}

function launchReference({ name }, root) {
  const script = fileURLToPath(new URL(`../servers/${name}.js`, import.meta.url));
  return orFailure(() => bench.launch({ command: [process.execPath, script, join(root, DOWNLOAD)] }));
}

/** A server that fails is to show in the table, not to end the run. */
async function orFailure(task) {
  try {
    return await task();
  } catch (error) {
    return { failure: error.message };
  }
}
