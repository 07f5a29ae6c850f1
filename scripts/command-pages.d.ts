import type * as help from '../src/cli/help.js';
import type * as options from '../src/cli/options.js';

type Source = typeof help & Pick<typeof options, 'OPTION_INFOS'>;

export function currentManPage(): string;
export function currentPage(): string;
export function updatedManPage(source: Source): string;
export function updatedPage(source: Source): string;
