// Rewrites what the table of options in src/cli/options.ts gives: man/basehttp.1, and the tables in docs/command.md.
// npm run build, then node scripts/command-pages.js; a test keeps both up to date.

import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const project = new URL('../', import.meta.url);
const MAN = new URL('man/basehttp.1', project);
const PAGE = new URL('docs/command.md', project);
const BEGIN = '<!-- options:begin -->';
const END = '<!-- options:end -->';

/** The man page as it is. */
export function currentManPage() {
  return readFileSync(MAN, 'utf8');
}

/** docs/command.md as it is. */
export function currentPage() {
  return readFileSync(PAGE, 'utf8');
}

// ── docs/command.md ──────────────────────────────────────────────────────────────────────────────────────────────

/** docs/command.md with a table for each group of options between its two marks. */
export function updatedPage({ OPTION_INFOS, byGroup }) {
  const [before, rest] = currentPage().split(BEGIN);
  const [, after] = rest.split(END);
  const tables = byGroup(OPTION_INFOS).map(([group, infos]) => `### ${group}\n\n${table(infos)}\n`);
  return `${before}${BEGIN}\n\n${tables.join('')}${END}${after}`;
}

function table(infos) {
  const rows = [
    ['option', 'what it does', 'default', 'for example'],
    ['---', '---', '---', '---'],
    ...infos.map((info) => [
      code(names(info)),
      info.does + (info.repeatable ? '; may be repeated' : ''),
      info.default ?? '',
      code(info.example),
    ]),
  ];
  return rows.map((row) => `| ${row.join(' | ')} |\n`.replaceAll('|  |', '| |')).join('');
}

/** `|` would end the cell, also in code. */
function code(text) {
  return `\`${text.replaceAll('|', '\\|')}\``;
}

function names({ short, long, argument }) {
  return `${short === undefined ? '' : `${short}, `}${long}${argument === undefined ? '' : ` ${argument}`}`;
}

// ── man/basehttp.1 ───────────────────────────────────────────────────────────────────────────────────────────────

/** The man page that the table gives. */
export function updatedManPage({ OPTION_INFOS, ABOUT, USAGE, EXAMPLES, byGroup, sentence }) {
  const groups = byGroup(OPTION_INFOS).map(
    ([group, infos]) => `.SS ${group}\n${infos.map((info) => manOption(info, sentence)).join('')}`,
  );
  return `.\\" Made by scripts/command-pages.js from src/cli/options.ts: change that.
.TH BASEHTTP 1 "" "basehttp" "User Commands"
.SH NAME
basehttp \\- serve a directory over HTTP
.SH SYNOPSIS
.B basehttp
${roff(USAGE.replace(/^basehttp /, ''))}
.SH DESCRIPTION
${roff(ABOUT)}
Names that begin with a dot are not served, nor what links lead to outside of the directory.
.PP
Without a port, it is the default one, or the next that is free.
If a file is named, nothing but that file is served, and / leads to it.
.SH EXAMPLES
${EXAMPLES.map(([command, does]) => `.TP\n.B ${roff(command)}\n${roff(does)}\n`).join('')}.SH OPTIONS
${groups.join('')}.SH CONFIGURATION
Each option but those of the last group can be said in three places.
The command line counts most, then the environment, then the configuration file.
A list that is said in two places is not joined: the stronger place has it.
.PP
In the environment the name is in capitals behind BASEHTTP_, with _ for every hyphen: BASEHTTP_CLEAN_URLS=1.
A flag is 1 or 0.
Several values stand between commas; header fields and what else is a pair, one a line.
An empty variable counts as not set.
.PP
The configuration file is a JSON object, with the names in camel case: { "cleanUrls": true }.
Paths in it are relative to the directory it is in.
It is read only if
.B \\-\\-config
or BASEHTTP_CONFIG names it.
.PP
What is on can be turned off by a stronger place: \\-\\-no\\-clean\\-urls, BASEHTTP_CLEAN_URLS=0.
.SH SIGNALS
SIGINT (Ctrl\\-C) and SIGTERM end the server when the answers in progress are sent; a second one, at once.
.SH EXIT STATUS
.TP
.B 0
It has served, and was told to stop.
.TP
.B 1
It cannot serve what or where it was told to.
.TP
.B 2
What it was told cannot be understood.
`;
}

function manOption(info, sentence) {
  const { short, long, argument } = info;
  const value = argument === undefined ? '' : ` \\fI${roff(argument)}\\fR`;
  const spellings = [...(short === undefined ? [] : [short]), long].map((name) => `\\fB${roff(name)}\\fR`);
  return `.TP\n${spellings.join(', ')}${value}\n${roff(`${capital(sentence(info))}.`)}\n`;
}

function capital(text) {
  return text[0].toUpperCase() + text.slice(1);
}

function roff(text) {
  return text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll("'", '\\(aq').replace(/^\./, '\\&.');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const source = { ...(await import('../dist/cli/options.js')), ...(await import('../dist/cli/help.js')) };
  writeFileSync(MAN, updatedManPage(source));
  writeFileSync(PAGE, updatedPage(source));
}
