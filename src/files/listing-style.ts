// How the listing page looks, and the policy that lets a browser apply exactly this style and nothing else.

/** The text of the page's one style element. Whoever edits it renews the hash below; the test prints the new one. */
export const LISTING_STYLE = `
:root { color-scheme: light dark; --page: #f5f7f9; --paper: #fff; --ink: #1b1f24; --soft: #5b6570; --line: #e1e5ea; --tint: #f3f6fa; --link: #0b57d0; --folder: #d1972b; }
@media (prefers-color-scheme: dark) {
  :root { --page: #101317; --paper: #171b20; --ink: #e6e8eb; --soft: #9aa4af; --line: #2a3038; --tint: #1f252d; --link: #8ab4f8; --folder: #e0b354; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2.25rem 1.25rem 3rem; }
h1 { margin: 0 0 .25rem; font-size: 1.375rem; line-height: 1.3; overflow-wrap: anywhere; }
nav ol { display: flex; flex-wrap: wrap; margin: 0; padding: 0; list-style: none; color: var(--soft); overflow-wrap: anywhere; }
nav li + li::before { content: "›"; content: "›" / ""; padding: 0 .5rem; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px; }
table { width: 100%; margin: 1.25rem 0 .75rem; border: 1px solid var(--line); border-spacing: 0; border-radius: .625rem; background: var(--paper); overflow: hidden; }
th { background: var(--tint); text-align: start; font-size: .875rem; font-weight: 600; }
th a { color: var(--soft); }
th[aria-sort] a { color: var(--ink); }
th[aria-sort="ascending"] a::after { content: " ↑"; content: " ↑" / ""; }
th[aria-sort="descending"] a::after { content: " ↓"; content: " ↓" / ""; }
td, th { padding: .4375rem 1rem; vertical-align: top; }
td { border-top: 1px solid var(--line); }
tbody tr:hover { background: var(--tint); }
td:first-child { width: 100%; overflow-wrap: anywhere; white-space: pre-wrap; }
td:first-child a { display: block; padding-inline-start: 1.5em; text-indent: -1.5em; }
td:first-child a::before { content: ""; text-indent: 0; display: inline-block; width: .8em; height: 1em; margin-inline: .1em .6em; vertical-align: -.125em; background: var(--soft); clip-path: polygon(0 0, 62% 0, 100% 30%, 100% 100%, 0 100%); opacity: .45; }
.directory td:first-child a::before { width: 1em; margin-inline: 0 .5em; background: var(--folder); clip-path: polygon(0 10%, 42% 10%, 54% 24%, 100% 24%, 100% 92%, 0 92%); opacity: 1; }
.up td:first-child a::before { width: 1em; margin-inline: 0 .5em; clip-path: polygon(50% 10%, 95% 55%, 62% 55%, 62% 95%, 38% 95%, 38% 55%, 5% 55%); opacity: .7; }
td + td, th + th { color: var(--soft); font-variant-numeric: tabular-nums; white-space: nowrap; }
td:nth-child(2), th:nth-child(2) { padding-inline: .5rem; text-align: end; }
p { margin: 0; color: var(--soft); font-size: .875rem; }
@media (max-width: 36rem) { main { padding: 1.25rem .75rem 2rem; } td, th { padding-inline: .75rem; } time span { display: none; } }
`;

const STYLE_HASH = 'sha256-pMLQ3rcWlPjSQB4EUQQVQYwbRv2qnSY7ob64hHu0szw=';

/** For the Content-Security-Policy field of a listing: this style, and no script, image, frame, form or base. */
export const LISTING_CONTENT_SECURITY_POLICY = `default-src 'none'; style-src '${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
