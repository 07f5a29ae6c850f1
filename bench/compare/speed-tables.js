// The measurements as markdown.
import { markdown, median, short, withSpread } from '../report.js';
import { references, scenarios } from './scenarios.js';
import { bareNode, memory, startUp } from './speed.js';

const SUBJECT = { name: 'basehttp', title: 'basehttp' };

/** What this server set out to reach: at most so many times what the other takes. */
const GOALS = [
  { scenario: '1k.txt', other: 'sirv-cli', times: 0.22 },
  { scenario: '16k.txt', other: 'sirv-cli', times: 0.22 },
  { scenario: '1k.txt', other: 'nginx', times: 1.5 },
  { scenario: '16k.txt', other: 'nginx', times: 1.5 },
  { scenario: '1m.bin', other: 'nginx', times: 1.3 },
  { scenario: '256m.bin', other: 'nginx', times: 1.3 },
  { scenario: '256m.bin', other: 'node-net-file', times: 1.15 },
  { scenario: '304', other: 'node-http', times: 0.65 },
];
const START_UP_GOAL = 100; // ms of processor on top of bare node's

/** @param sizes by the name of the server: `{ packages, bytes }` or undefined. */
export function speedTables(servers, results, sizes) {
  return [
    '### Processor time a request',
    costs(servers, results),
    '### The same, as multiples of what basehttp takes',
    multiples(servers, results),
    '### Start-up, memory, installation',
    footprint(servers, results, sizes),
    '### What basehttp set out to reach',
    goals(servers, results),
    ...failures(servers, results),
  ].join('\n\n');
}

function costs(servers, results) {
  const headings = scenarios.map(({ title, unit }) => `${title}, ${unit}`);
  const rows = [...servers, ...references].map((server) => [
    server.title,
    ...scenarios.map((scenario) => withSpread(costsOf(results, scenario, server))),
  ]);
  return markdown([['server', ...headings], ...rows]);
}

function multiples(servers, results) {
  const rows = [...servers, ...references]
    .filter(({ name }) => name !== SUBJECT.name)
    .map((server) => [
      server.title,
      ...scenarios.map((scenario) => times(ratio(results, scenario, server, SUBJECT))),
    ]);
  return markdown([['server', ...scenarios.map(({ title }) => title)], ...rows]);
}

function footprint(servers, results, sizes) {
  const base = median(values(results, startUp, bareNode, 'processor'));
  const rows = [bareNode, ...servers].map((server) => {
    const processor = values(results, startUp, server, 'processor');
    const size = sizes.get(server.name);
    return [
      server.title,
      middle(values(results, startUp, server, 'wall')),
      middle(processor),
      processor.length === 0 ? '' : (median(processor) - base).toFixed(0),
      middle(values(results, memory, server, 'atRest').map(toMiB)),
      middle(values(results, memory, server, 'after').map(toMiB)),
      size === undefined ? '' : String(size.packages),
      size === undefined ? '' : short(size.bytes / 1024),
    ];
  });
  const headings = [
    'server',
    'first answer, ms',
    'of processor, ms',
    'over node, ms',
    'at rest, MiB',
    'after all, MiB',
    'packages',
    'KiB',
  ];
  return markdown([headings, ...rows]);
}

function goals(servers, results) {
  const known = [...servers, ...references];
  const rows = GOALS.flatMap(({ scenario: name, other, times: most }) => {
    const server = known.find((one) => one.name === other);
    if (server === undefined) return [];
    const scenario = scenarios.find((one) => one.name === name);
    const reached = ratio(results, scenario, SUBJECT, server);
    return [
      [`${scenario.title} ÷ ${server.title}`, `≤ ${most}`, times(reached), verdict(reached <= most, reached)],
    ];
  });
  const [own, bare] = [SUBJECT, bareNode].map((server) =>
    median(values(results, startUp, server, 'processor')),
  );
  const over = own - bare;
  rows.push([
    'start-up over bare node, ms',
    `≤ ${START_UP_GOAL}`,
    middle([over]),
    verdict(over <= START_UP_GOAL, over),
  ]);
  return markdown([['goal', 'at most', 'measured', ''], ...rows]);
}

const verdict = (isReached, value) =>
  Number.isFinite(value) ? (isReached ? 'reached' : '**not reached**') : '';

/** One sentence for each server that failed in some round: what happened the first time. */
function failures(servers, results) {
  return [...servers, ...references].flatMap((server) =>
    scenarios.flatMap((scenario) => {
      const samples = results.of(scenario, server);
      const failed = samples.filter(({ failure }) => failure !== undefined);
      if (failed.length === 0) return [];
      return [
        `${server.title}, ${scenario.title}: ${failed[0].failure} (${failed.length} of ${samples.length} rounds).`,
      ];
    }),
  );
}

// ── Samples ──────────────────────────────────────────────────────────────────────────────────────────────────────

const toMiB = (kibibytes) => kibibytes / 1024;
const middle = (numbers) =>
  numbers.length === 0 || Number.isNaN(median(numbers)) ? '' : short(median(numbers));
const times = (number) => (Number.isFinite(number) ? number.toFixed(2) : '');

function values(results, scenario, server, name) {
  return results
    .of(scenario, server)
    .map((sample) => sample[name])
    .filter(Number.isFinite);
}

function costsOf(results, scenario, server) {
  return values(results, scenario, server, 'cost');
}

/** The median of the ratios round by round: what slows a whole round falls out. */
function ratio(results, scenario, one, other) {
  const base = results.of(scenario, other);
  const ratios = results
    .of(scenario, one)
    .map(({ cost }, round) => cost / base[round]?.cost)
    .filter(Number.isFinite);
  return ratios.length === 0 ? Number.NaN : median(ratios);
}
