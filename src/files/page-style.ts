// What all pages that the server makes itself have in common: colours, light and dark, and the type.

/** The beginning of a page's style: custom properties, and the look of its body. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --page: #f5f7f9; --paper: #fff; --ink: #1b1f24; --soft: #57606a; --line: #dfe4ea; --edge: #8b95a1; --tint: #f1f4f8; --link: #0b57d0; }
@media (prefers-color-scheme: dark) {
  :root { --page: #101317; --paper: #171b20; --ink: #e6e8eb; --soft: #9aa4af; --line: #2a3038; --edge: #66707c; --tint: #1f252d; --link: #8ab4f8; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
`;
