// The page that an error is answered with, unless a handler brings its own `errorMessageFormat`. Each 404 carries it,
// so it is short, and there is nothing in it that a policy would have to allow but its style.

import { PAGE_STYLE } from '../files/page-style.js';

const STYLE = `${PAGE_STYLE}
body { padding: 16vh 1rem 2rem; }
main { max-width: 36rem; margin: auto; padding: 1.5rem; border: 1px solid var(--line); border-radius: .625rem; background: var(--paper); overflow-wrap: anywhere; }
h1 { margin: 0 0 .5rem; font-size: 1.375rem; line-height: 1.3; }
p { margin: 0; color: var(--soft); }
`;

/** A printf-style format with `%(code)d`, `%(message)s` and `%(explain)s`; a percent sign is doubled. */
export const DEFAULT_ERROR_MESSAGE = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>%(code)d %(message)s</title>
<style>${STYLE.replaceAll('%', '%%')}</style>
</head>
<body>
<main>
<h1>%(code)d %(message)s</h1>
<p>%(explain)s.</p>
</main>
</body>
</html>
`;
