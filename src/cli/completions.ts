// Scripts that make shells complete the options, their values and paths, from the table of options.

import { OPTION_INFOS, type OptionInfo, type Shell } from './options.js';

/** The script for a shell; its first lines say where it goes. */
export function completions(shell: Shell): string {
  switch (shell) {
    case 'bash':
      return bash();
    case 'zsh':
      return zsh();
    case 'fish':
      return fish();
  }
}

/** `-b` and `--bind`. */
function spellings({ short, long }: OptionInfo): string[] {
  return short === undefined ? [long] : [short, long];
}

/** For sh and its kin. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

// ── bash, from the 3.2 that macOS has ────────────────────────────────────────────────────────────────────────────

const BASH_PATHS = `
        compopt -o filenames 2>/dev/null
        while read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$cur")`;

function bash(): string {
  const withArgument = OPTION_INFOS.filter(({ argument }) => argument !== undefined);
  return `# In ~/.bashrc: eval "$(basehttp --completions bash)"
_basehttp() {
  local line IFS=$'\\n' cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  # To bash, --option=value are three words.
  if [[ $cur == = ]]; then cur=
  elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  COMPREPLY=()
  case $prev in
${withArgument.map((info) => `    ${spellings(info).join(' | ')}) ${bashValues(info)} ;;\n`).join('')}    *)
      if [[ $cur == -* ]]; then
        ${bashWords(OPTION_INFOS.flatMap(spellings))}
      else${BASH_PATHS}
      fi ;;
  esac
}
complete -F _basehttp basehttp
`;
}

function bashValues({ choices, isPath }: OptionInfo): string {
  if (choices.length > 0) return bashWords(choices);
  return isPath ? BASH_PATHS : ':';
}

function bashWords(words: readonly string[]): string {
  return `COMPREPLY=($(compgen -W $'${words.join('\\n')}' -- "$cur"))`;
}

// ── zsh ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function zsh(): string {
  const specs = [
    ...OPTION_INFOS.flatMap(zshSpecs),
    quoted('1:port, or directory or file:_files'),
    quoted('2:directory or file:_files'),
  ];
  return `#compdef basehttp
# In ~/.zshrc, behind compinit: eval "$(basehttp --completions zsh)"
# Or in a file _basehttp, in a directory of $fpath.
_basehttp() {
  _arguments -s -S \\
    ${specs.join(' \\\n    ')}
}
if [[ $funcstack[1] == _basehttp ]]; then _basehttp "$@"; else compdef _basehttp basehttp; fi
`;
}

/** One for each spelling; each excludes itself and the other, unless the option may be repeated. */
function zshSpecs(info: OptionInfo): string[] {
  const before = info.repeatable ? '*' : `(${spellings(info).join(' ')})`;
  const message = `[${info.does.replace(/[[\]:\\]/g, '\\$&')}]`;
  if (info.argument === undefined) return spellings(info).map((name) => quoted(before + name + message));
  const value = `:${info.argument.replace(/[:\\]/g, '\\$&')}:${zshValues(info)}`;
  return spellings(info).map((name) =>
    quoted(`${before}${name}${name.startsWith('--') ? '=' : '+'}${message}${value}`),
  );
}

function zshValues({ choices, isPath }: OptionInfo): string {
  if (choices.length > 0) return `(${choices.join(' ')})`;
  return isPath ? '_files' : '';
}

// ── fish ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function fish(): string {
  return `# In ~/.config/fish/config.fish: basehttp --completions fish | source
${OPTION_INFOS.map((info) => `complete -c basehttp ${fishOption(info)}\n`).join('')}`;
}

function fishOption(info: OptionInfo): string {
  const { short, long, does } = info;
  return [
    ...(short === undefined ? [] : [`-s ${short.slice(1)}`]),
    `-l ${long.slice(2)}`,
    ...fishValues(info),
    `-d '${does.replace(/['\\]/g, '\\$&')}'`,
  ].join(' ');
}

function fishValues({ argument, choices, isPath }: OptionInfo): string[] {
  if (argument === undefined) return [];
  if (isPath) return ['-r', '-F'];
  return choices.length > 0 ? ['-x', `-a '${choices.join(' ')}'`] : ['-x'];
}
