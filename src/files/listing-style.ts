// How the listing page looks, and the policy that lets a browser apply exactly this style and nothing else.

/** The text of the page's one style element. Whoever edits it renews the hash below; the test prints the new one. */
export const LISTING_STYLE = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --soft: #5b6570; --line: #e2e5e9; --tint: #f4f6f8; --link: #0b57d0; --folder: #b7791f; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #15181c; --ink: #e6e8eb; --soft: #9aa4af; --line: #2c3239; --tint: #1e2328; --link: #8ab4f8; --folder: #e0b354; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 64rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { margin: 0 0 .5rem; font-size: 1.25rem; line-height: 1.3; overflow-wrap: anywhere; }
nav ol { display: flex; flex-wrap: wrap; margin: 0 0 1rem; padding: 0; list-style: none; color: var(--soft); overflow-wrap: anywhere; }
nav li + li::before { content: "›"; content: "›" / ""; padding: 0 .5rem; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px; }
table { width: 100%; border-collapse: collapse; }
th { text-align: start; font-size: .875rem; font-weight: 600; }
th a { color: var(--soft); }
th[aria-sort] a { color: var(--ink); }
th[aria-sort="ascending"] a::after { content: " ↑"; content: " ↑" / ""; }
th[aria-sort="descending"] a::after { content: " ↓"; content: " ↓" / ""; }
td, th { padding: .4rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:hover { background: var(--tint); }
td:first-child { width: 100%; overflow-wrap: anywhere; white-space: pre-wrap; }
td:first-child a { display: block; padding-inline-start: 1.4em; text-indent: -1.4em; }
td:first-child a::before { content: ""; text-indent: 0; display: inline-block; width: .8em; height: 1em; margin-inline-end: .6em; vertical-align: -.125em; background: var(--soft); clip-path: polygon(0 0, 62% 0, 100% 30%, 100% 100%, 0 100%); opacity: .55; }
.directory td:first-child a::before { width: 1em; margin-inline-end: .4em; background: var(--folder); clip-path: polygon(0 10%, 42% 10%, 54% 24%, 100% 24%, 100% 92%, 0 92%); opacity: 1; }
.up td:first-child a::before { width: 1em; margin-inline-end: .4em; clip-path: polygon(50% 10%, 95% 55%, 62% 55%, 62% 95%, 38% 95%, 38% 55%, 5% 55%); }
td + td, th + th { color: var(--soft); font-variant-numeric: tabular-nums; white-space: nowrap; }
td:nth-child(2), th:nth-child(2) { text-align: end; }
p { color: var(--soft); font-size: .875rem; }
@media (max-width: 36rem) { main { padding: 1rem .5rem 2rem; } time span { display: none; } }
`;

const STYLE_HASH = 'sha256-elrdDdMGQZKYKOAA+sdvZI4EEYumZgvT15tXspX93fI=';

/** For the Content-Security-Policy field of a listing: this style, and no script, image, frame, form or base. */
export const LISTING_CONTENT_SECURITY_POLICY = `default-src 'none'; style-src '${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
