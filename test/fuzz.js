// `npm run fuzz -- [--runs N] [--seed N]`: the fuzzer of the request parser, on the built package. On a failure it
// prints the input as JSON and exits with 1; the seed in it, with `--runs 1`, is that input again.

import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { fuzz } from './support/fuzz.js';

const { values } = parseArgs({ options: { runs: { type: 'string' }, seed: { type: 'string' } } });
const runs = wholeNumber('--runs', values.runs ?? '1000000');
const seed = wholeNumber('--seed', values.seed ?? String(Date.now() % 2 ** 32));

console.error(`${runs} runs from seed ${seed}`);
const started = process.hrtime.bigint();
const failure = fuzz({
  seed,
  runs,
  corpus: readInputs(),
  onProgress: (done) => console.error(`${done} of ${runs} after ${elapsed()} s`),
});
if (failure === undefined) {
  console.error(`${runs} runs without a fault in ${elapsed()} s`);
} else {
  console.error(`A fault, at seed ${failure.seed}: ${failure.error}`);
  console.log(JSON.stringify(failure));
  process.exitCode = 1;
}

/** The octets of every case of the corpus. */
function readInputs() {
  const folder = new URL('corpus/', import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return files.flatMap((name) => {
    const file = JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
    return file.cases.map((each) => {
      const { before, after } = { before: '', after: '', ...file, ...each };
      return Buffer.from(before + each.in + after, 'latin1');
    });
  });
}

function wholeNumber(option, text) {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  console.error(`${option} ${text}: give a whole number`);
  process.exit(2);
}

function elapsed() {
  return (Number(process.hrtime.bigint() - started) / 1e9).toFixed(1);
}
