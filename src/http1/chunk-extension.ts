// The grammar of chunk extensions, a byte at a time, so that a size line may be cut anywhere (RFC 9112 §7.1.1).
// Nobody uses what they say; they are checked because lenient readers of them disagree about where a chunk begins.

import { BACKSLASH, DQUOTE, EQUALS, FIELD_CHAR, HTAB, SEMICOLON, SP, TCHAR } from './bytes.js';

/** Right behind the size or a whole extension: the line may end, or another extension begin. */
export const EXTENSION_END = 0;
const BEFORE_SEMICOLON = 1;
const NAME_START = 2;
const NAME = 3;
const AFTER_NAME = 4;
const VALUE_START = 5;
const TOKEN = 6;
const QUOTED = 7;
const QUOTED_PAIR = 8;
/** The octet is not allowed where it stands. */
export const EXTENSION_ERROR = 9;

/** The state after one more octet; begin with `EXTENSION_END`. CR is the caller's: see `mayEndLine`. */
export function extensionStep(state: number, octet: number): number {
  const blank = octet === SP || octet === HTAB;
  switch (state) {
    case EXTENSION_END:
    case BEFORE_SEMICOLON:
      return blank ? BEFORE_SEMICOLON : octet === SEMICOLON ? NAME_START : EXTENSION_ERROR;
    case NAME_START:
      return blank ? NAME_START : TCHAR[octet] === 1 ? NAME : EXTENSION_ERROR;
    case NAME:
      if (TCHAR[octet] === 1) return NAME;
      return blank ? AFTER_NAME : afterName(octet);
    case AFTER_NAME:
      return blank ? AFTER_NAME : afterName(octet);
    case VALUE_START:
      if (blank) return VALUE_START;
      return octet === DQUOTE ? QUOTED : TCHAR[octet] === 1 ? TOKEN : EXTENSION_ERROR;
    case TOKEN:
      return TCHAR[octet] === 1 ? TOKEN : extensionStep(EXTENSION_END, octet);
    case QUOTED:
      if (octet === DQUOTE) return EXTENSION_END;
      if (octet === BACKSLASH) return QUOTED_PAIR;
      return FIELD_CHAR[octet] === 1 ? QUOTED : EXTENSION_ERROR;
    case QUOTED_PAIR:
      return FIELD_CHAR[octet] === 1 ? QUOTED : EXTENSION_ERROR;
    default:
      return EXTENSION_ERROR;
  }
}

/** Whether CRLF may follow: not in the middle of an extension, and not behind blanks. */
export function mayEndLine(state: number): boolean {
  return state === EXTENSION_END || state === NAME || state === TOKEN;
}

function afterName(octet: number): number {
  return octet === EQUALS ? VALUE_START : octet === SEMICOLON ? NAME_START : EXTENSION_ERROR;
}
