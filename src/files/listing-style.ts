// How the listing page looks.

import { PAGE_STYLE } from './page-style.js';

/**
 * The text of the page's one style element. Whoever edits it renews the hash below; the test prints the new one.
 *
 * Icons are shapes that CSS cuts out of a coloured square: no markup and no request a row, however many there are. A
 * browser lays out a table as a whole; the rows of a long one are grids instead, so that those out of sight cost nothing.
 */
export const LISTING_STYLE = `${PAGE_STYLE}
:root { --folder: #c98a1b; --image: #1a8f6e; --video: #8a56c9; --audio: #c2497f; --archive: #8a6d4b; --code: #2f76c7; --text: #71808f; --file: #a3adb8; }
@media (prefers-color-scheme: dark) {
  :root { --folder: #e0b354; --image: #4fc3a1; --video: #b794e6; --audio: #e58ab1; --archive: #c0a27e; --code: #6cabf0; --text: #9aa8b6; --file: #6f7984; }
}
main { max-width: 62rem; margin: 0 auto; padding: 2rem 1.25rem 3rem; }
h1 { margin: 0 0 .25rem; font-size: 1.375rem; line-height: 1.3; overflow-wrap: anywhere; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px; }
nav ol { display: flex; flex-wrap: wrap; margin: 0; padding: 0; list-style: none; color: var(--soft); overflow-wrap: anywhere; }
nav li + li::before { content: "›"; content: "›" / ""; padding: 0 .5rem; }

.bar { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .5rem 1rem; margin: 1rem 0 .75rem; }
.bar p { margin: 0; color: var(--soft); font-size: .875rem; }
form { display: flex; gap: .5rem; position: relative; flex: 0 1 20rem; }
input, button { padding: .375rem .75rem; border: 1px solid var(--edge); border-radius: .5rem; background: var(--paper); color: inherit; font: inherit; font-size: .9375rem; }
input { flex: 1; min-width: 0; }
input::placeholder { color: var(--soft); opacity: 1; }
button { cursor: pointer; }
.live button { display: none; }
@media (pointer: fine) {
  .live:not(:focus-within):has(:placeholder-shown)::after { content: "/"; content: "/" / ""; position: absolute; inset-inline-end: .5rem; top: .4375rem; padding: 0 .4375rem; border: 1px solid var(--line); border-radius: .25rem; background: var(--tint); color: var(--soft); font-size: .8125rem; pointer-events: none; }
}

.list { width: 100%; table-layout: fixed; border: 1px solid var(--line); border-spacing: 0; border-radius: .625rem; background: var(--paper); }
.list thead { position: sticky; top: 0; z-index: 1; }
.list th { padding: 0; border-bottom: 1px solid var(--line); background: var(--tint); text-align: start; font-size: .875rem; font-weight: 600; }
.list th:first-child { border-start-start-radius: .5625rem; }
.list th:last-child { border-start-end-radius: .5625rem; width: 11.5rem; }
.list th:nth-child(2) { width: 6.5rem; text-align: end; }
.list th a { display: block; padding: .4375rem 1rem; color: var(--soft); }
.list th span { font-weight: 400; }
.list th[aria-sort] a { color: var(--ink); }
.list th[aria-sort="ascending"] a::after { content: " ↑"; content: " ↑" / ""; }
.list th[aria-sort="descending"] a::after { content: " ↓"; content: " ↓" / ""; }
.list tr + tr td { border-top: 1px solid var(--line); }
.list tbody tr:hover { background: var(--tint); }
.list td { padding: .4375rem 1rem; color: var(--soft); vertical-align: top; white-space: nowrap; font-variant-numeric: tabular-nums; }
.list td:nth-child(2) { text-align: end; }
.list td:first-child { padding: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.list td a { display: block; position: relative; padding: .4375rem 1rem .4375rem 2.75rem; }
.list a:focus-visible { outline-offset: -2px; border-radius: .5rem; }
.list td a::before { content: ""; position: absolute; inset-inline-start: 1rem; top: .6875rem; width: 16px; height: 16px; background: var(--file); clip-path: path(evenodd, "M4 1h5.5L13 4.5V14a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V2a1 1 0 0 1 1-1zM9 2v3h3z"); }
.list .up a::before { background: var(--soft); clip-path: path("M8 2l6 6.2h-3.8V14H5.8V8.2H2z"); }
.list .folder a::before { background: var(--folder); clip-path: path("M1 3.5A1.5 1.5 0 0 1 2.5 2h3.2l1.8 2h6A1.5 1.5 0 0 1 15 5.5v7a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 1 12.5z"); }
.list .image a::before { background: var(--image); clip-path: path(evenodd, "M2.5 2h11A1.5 1.5 0 0 1 15 3.5v9a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 1 12.5v-9A1.5 1.5 0 0 1 2.5 2zM2.5 12.5h11l-3.3-6-2.7 4-2-2.2zM5 4a1.3 1.3 0 1 0 .01 0z"); }
.list .video a::before { background: var(--video); clip-path: path(evenodd, "M2.5 2h11A1.5 1.5 0 0 1 15 3.5v9a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 1 12.5v-9A1.5 1.5 0 0 1 2.5 2zM6.2 4.8v6.4l5.3-3.2z"); }
.list .audio a::before { background: var(--audio); clip-path: path("M6 2.8L14 1v9.8a2.3 2.1 0 1 1-1.5-2V4.5l-5 1.1v7.1a2.3 2.1 0 1 1-1.5-2z"); }
.list .archive a::before { background: var(--archive); clip-path: path(evenodd, "M1.5 2h13v3.5h-13zM2.2 6.5h11.6V14H2.2zM6 8v1.5h4V8z"); }
.list .code a::before { background: var(--code); clip-path: path("M5.6 3.2L.8 8l4.8 4.8 1.3-1.3L3.4 8l3.5-3.5zM10.4 3.2L15.2 8l-4.8 4.8-1.3-1.3L12.6 8 9.1 4.5z"); }
.list .text a::before { background: var(--text); clip-path: path(evenodd, "M4 1h5.5L13 4.5V14a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V2a1 1 0 0 1 1-1zM5.3 6.2v1.2h5.4V6.2zM5.3 8.7v1.2h5.4V8.7zM5.3 11.2v1.2h3.4v-1.2z"); }
.long, .long thead, .long tbody { display: block; }
.long tr:not([hidden]) { display: grid; grid-template-columns: 1fr 6.5rem 11.5rem; }
.long tbody tr { content-visibility: auto; contain-intrinsic-size: auto 2.4375rem; }
.long :is(th:nth-child(2), th:last-child) { width: auto; }
@media (forced-colors: active) { .list td a::before { forced-color-adjust: none; background: CanvasText; } }

article { margin-top: 1.5rem; border: 1px solid var(--line); border-radius: .625rem; background: var(--paper); overflow-wrap: anywhere; }
article header { padding: .4375rem 1rem; border-bottom: 1px solid var(--line); border-radius: .5625rem .5625rem 0 0; background: var(--tint); font-size: .875rem; font-weight: 600; }
article > div { padding: 1.25rem 1.5rem; }
article > div > :first-child { margin-top: 0; }
article > div > :last-child { margin-bottom: 0; }
article div a { text-decoration: underline; text-underline-offset: .15em; }
article :is(h1, h2, h3, h4, h5, h6) { margin: 1.75rem 0 .75rem; line-height: 1.3; }
article h1 { font-size: 1.75rem; }
article h2 { font-size: 1.375rem; }
article :is(h1, h2) { padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
article :is(p, ul, ol, pre, blockquote, .wide) { margin: 0 0 1rem; }
article li :is(p, ul, ol) { margin: 0 0 .25rem; }
article img { max-width: 100%; height: auto; vertical-align: middle; }
article hr { margin: 1.5rem 0; border: 0; border-top: 1px solid var(--line); }
article blockquote { padding-inline-start: 1rem; border-inline-start: .25rem solid var(--line); color: var(--soft); }
article code { padding: .125em .375em; border-radius: .375rem; background: var(--tint); font: .875em ui-monospace, Menlo, Consolas, monospace; }
article pre { padding: .75rem 1rem; border-radius: .5rem; background: var(--tint); font: .875rem/1.5 ui-monospace, Menlo, Consolas, monospace; overflow-x: auto; overflow-wrap: normal; }
article pre code { padding: 0; background: none; font: inherit; }
article .plain { padding: 0; background: none; white-space: pre-wrap; overflow-wrap: anywhere; }
.wide { overflow-x: auto; overflow-wrap: normal; }
.wide table { border-collapse: collapse; }
.wide :is(th, td) { padding: .375rem .75rem; border: 1px solid var(--line); text-align: start; }
.wide th { background: var(--tint); }
.wide code { white-space: nowrap; }
.wide .right { text-align: right; }
.wide .center { text-align: center; }

@media (max-width: 38rem) {
  main { padding: 1.25rem .75rem 2rem; }
  .bar { margin-top: .75rem; }
  form { flex: 1 1 100%; }
  input, button { font-size: 1rem; }
  .list, .list thead, .list tbody { display: block; }
  .list tr:not([hidden]) { display: grid; grid-template-columns: 1fr auto; position: relative; }
  .list thead tr:not([hidden]) { grid-template-columns: 1fr auto auto; }
  .list :is(th:nth-child(2), th:last-child) { width: auto; }
  .list th a { padding-inline: .5rem; }
  .list th:first-child a { padding-inline-start: .75rem; }
  .list th:last-child a { padding-inline-end: .75rem; }
  .long tbody tr { contain-intrinsic-size: auto 3.9rem; }
  .list td:first-child { grid-column: 1 / -1; }
  .list td + td { grid-row: 2; margin-top: -.25rem; padding: 0 .75rem .4375rem; font-size: .875rem; }
  .list td:nth-child(2) { grid-column: 2; }
  .list td:last-child { padding-inline-start: 2.375rem; }
  .list tr + tr td + td { border: 0; }
  .list td:empty { display: none; }
  .list td a { position: static; padding-inline: 2.375rem .75rem; }
  .list td a::before { inset-inline-start: .75rem; }
  .list td a::after { content: ""; position: absolute; inset: 0; }
  article > div { padding: 1rem .75rem; }
}
@media print { form { display: none; } }
`;

/** For the page's policy. */
export const LISTING_STYLE_HASH = 'sha256-qiTsM/bcxKalBBamd/NrvMFUPUDPLE92sQArLBZRw7U=';
