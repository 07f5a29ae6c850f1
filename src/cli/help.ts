// The help, from the table of options: a screen to begin with, or every option.

import { type Group, OPTION_INFOS, type OptionInfo } from './options.js';
import { DEFAULT_PORT } from './settings.js';

/** How the command is called. */
export const USAGE = 'basehttp [options] [port] [directory | file]';

/** What the command does. */
export const ABOUT = 'Serves a directory over HTTP, to this machine only unless told otherwise.';

/** Commands to begin with, and what they do. */
export const EXAMPLES: readonly (readonly [command: string, does: string])[] = [
  ['basehttp', `this directory, at 127.0.0.1:${DEFAULT_PORT}`],
  ['basehttp 9000 public', 'the directory public, at port 9000'],
  ['basehttp dist --spa --open', 'a single-page app, shown in the browser'],
  ['basehttp --lan --qr', 'for the phone, with a code to scan'],
  ['basehttp --tls --auth-file users.txt', 'HTTPS, for those who know a password'],
  ['basehttp --cgi', 'with the programs in cgi-bin/'],
];

/** Columns of a terminal that nobody has made wider, less one. */
const WIDTH = 79;

/** What fits on a screen of 24 lines: examples, and the options for every day. */
export function shortHelp(): string {
  const daily = OPTION_INFOS.filter((info) => info.daily);
  const rows = byGroup(daily).flatMap(([group, infos]) =>
    infos.map((info, at) => [at === 0 ? group : '', names(info), info.does] as const),
  );
  return [
    `Usage: ${USAGE}`,
    ABOUT,
    '',
    ...EXAMPLES.map(([command, does]) => `  ${command.padEnd(38)}${does}`),
    '',
    ...rows.map(([group, name, does]) => `${group.padEnd(9)}${name.padEnd(30)}${does}`),
    '',
    'All options: basehttp --help=all, or man basehttp. Ctrl-C stops the server.',
    '',
  ].join('\n');
}

/** Every option, with its default. */
export function fullHelp(): string {
  const groups = byGroup(OPTION_INFOS).map(([group, infos]) => `${group}:\n${infos.map(paragraph).join('')}`);
  return `Usage: ${USAGE}\n${ABOUT}\n\n${groups.join('\n')}
Every option can be said in the environment (BASEHTTP_CLEAN_URLS=1) and in a
configuration file ({ "cleanUrls": true }), too. The command line counts most,
then the environment. --no-OPTION turns off what is on there.
`;
}

/** In the order of the table. */
export function byGroup(infos: readonly OptionInfo[]): [Group, OptionInfo[]][] {
  const groups = new Map<Group, OptionInfo[]>();
  for (const info of infos) groups.set(info.group, [...(groups.get(info.group) ?? []), info]);
  return [...groups];
}

/** `-b, --bind ADDRESS`. */
function names({ short, long, argument }: OptionInfo): string {
  return `${short === undefined ? '    ' : `${short}, `}${long}${argument === undefined ? '' : ` ${argument}`}`;
}

/** What there is to say of an option besides its names: what it does, whether it may be repeated, its default. */
export function sentence({ does, repeatable, default: usually }: OptionInfo): string {
  const remarks = [
    ...(repeatable ? ['may be repeated'] : []),
    ...(usually === undefined ? [] : [`default: ${usually}`]),
  ];
  return remarks.length === 0 ? does : `${does} (${remarks.join('; ')})`;
}

const INDENT = 31;

function paragraph(info: OptionInfo): string {
  const lines = wrap(sentence(info), WIDTH - INDENT);
  const first = `  ${names(info)}`.padEnd(INDENT - 1);
  if (first.length >= INDENT) lines.unshift('');
  return lines
    .map((line, at) => `${`${at === 0 ? first : ''.padEnd(INDENT - 1)} ${line}`.trimEnd()}\n`)
    .join('');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
