// The outcomes of the probes as markdown.
import { markdown } from '../report.js';
import { groups, signals } from './probes.js';

/** @param surveys by the name of the server: the outcomes, by the title of the probe. */
export function probeTables(servers, surveys) {
  const tables = [...groups, signals].map((group) => table(group, servers, surveys));
  return [summary(servers, surveys), ...tables].join('\n\n');
}

function summary(servers, surveys) {
  const rows = ['right', 'wrong', 'not offered'].map((verdict) => [
    verdict,
    ...servers.map(
      ({ name }) => [...surveys.get(name).values()].filter((one) => one.verdict === verdict).length,
    ),
  ]);
  return markdown([['of all probes', ...servers.map(heading)], ...rows.map((cells) => cells.map(String))]);
}

function table({ title, probes }, servers, surveys) {
  const rows = probes.map((probe) => [
    probe.title,
    probe.basis,
    ...servers.map(({ name }) => cell(surveys.get(name).get(probe.title))),
  ]);
  return `### ${title}\n\n${markdown([['probe', 'basis', ...servers.map(heading)], ...rows])}`;
}

const heading = ({ title, version }) => `${title} ${version}`;

function cell({ verdict, cell }) {
  const text = cell.replaceAll('|', '\\|').replaceAll('*', '\\*').replaceAll('<', '&lt;');
  return { right: text, wrong: `**${text}**`, 'not offered': `_${text}_` }[verdict];
}

/** What is wrong and what is not offered, a line each: for whoever works on that server. */
export function complaints(server, outcomes) {
  return [...outcomes]
    .filter(([, { verdict }]) => verdict !== 'right')
    .map(([title, { verdict, cell }]) => `${server.name}: ${verdict}: ${title}: ${cell}`);
}
