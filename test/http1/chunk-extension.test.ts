import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EXTENSION_END,
  EXTENSION_ERROR,
  extensionStep,
  mayEndLine,
} from '../../src/http1/chunk-extension.js';
import { octetsOf } from '../support/events.js';

/** The grammar of RFC 9112 §7.1.1 as a pattern: slow, but plain to see. */
const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const QUOTED = '"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t \\x21-\\x7e\\x80-\\xff])*"';
const EXTENSIONS = new RegExp(`^(?:[ \\t]*;[ \\t]*${TOKEN}(?:[ \\t]*=[ \\t]*(?:${TOKEN}|${QUOTED}))?)*$`);

/** Whether a line may end behind this text. */
function accepts(text: string): boolean {
  const state = octetsOf(text).reduce(extensionStep, EXTENSION_END);
  return mayEndLine(state);
}

describe('extensionStep', () => {
  it.each([
    '',
    ';a',
    ';a=b',
    ';a="b"',
    ' ; a = b',
    '\t;\ta\t=\t"\t"',
    ';a;b',
    ';a=b;c',
    ';a="b";c',
    ';a=""',
    ';a="\\""',
  ])('may end behind %j', (text) => {
    expect(accepts(text)).toBe(true);
  });

  it.each([
    ' ',
    ';',
    ';a ',
    ';a=',
    ';a= ',
    ';a=b ',
    ';a="b',
    ';a="b" ',
    ';a="\\',
    ';a;',
    'a',
    ' a',
    ';=',
    ';a==',
    ';a b',
    ';a="b"c',
    ';"a"',
  ])('may not end behind %j', (text) => {
    expect(accepts(text)).toBe(false);
  });

  it('MUST 9: agrees with the grammar about any text', () => {
    const likely = fc.constantFrom(...';;;==""\\ \tab1', '\r', '\n', '\u0000', '\u007f', '\u00e9', ',', '/');
    fc.assert(
      fc.property(fc.string({ unit: likely, maxLength: 12 }), (text) => {
        expect(accepts(text)).toBe(EXTENSIONS.test(text));
      }),
      { numRuns: 5000 },
    );
  });

  it('MUST 9: stays at an error', () => {
    for (let octet = 0; octet < 256; octet++)
      expect(extensionStep(EXTENSION_ERROR, octet)).toBe(EXTENSION_ERROR);
    expect(mayEndLine(EXTENSION_ERROR)).toBe(false);
  });

  it('MUST 9: lets no control but HTAB through, wherever it stands', () => {
    const states = ['', ' ', ';', ';a', ';a ', ';a=', ';a=b', ';a="', ';a="\\'].map((text) =>
      octetsOf(text).reduce(extensionStep, EXTENSION_END),
    );
    expect(new Set(states).size).toBe(9);
    for (const state of states) {
      for (let octet = 0; octet < 0x20; octet++) {
        if (octet !== 0x09) expect(extensionStep(state, octet)).toBe(EXTENSION_ERROR);
      }
      expect(extensionStep(state, 0x7f)).toBe(EXTENSION_ERROR);
    }
  });
});
