// The configuration file: what may stand in it, and what is said of one that is wrong.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/cli/config.js';
import { fieldName, type Key } from '../../src/cli/options.js';
import { failureOf, settingsOf } from '../support/options.js';
import { TemporaryDirectory } from '../support/site.js';

let place: TemporaryDirectory;

beforeAll(() => {
  place = new TemporaryDirectory({ 'basehttp.json': '{ "spa": true }' });
});

afterAll(() => place[Symbol.dispose]());

/** Reads a file with this content. */
function read(content: string) {
  return readConfig(place.write('site.json', content));
}

describe('may have', () => {
  it.each<[string, Partial<Record<Key, readonly string[]>>]>([
    ['{}', {}],
    ['{"spa": true, "listing": false}', { spa: ['true'], listing: ['false'] }],
    ['{"port": 0}', { port: ['0'] }],
    ['{"404": "x.html"}', { notFound: ['x.html'] }],
    ['{"index": "a.html"}', { index: ['a.html'] }],
    ['{"index": ["a.html", "b.html"]}', { index: ['a.html', 'b.html'] }],
    ['{"index": []}', { index: [] }],
    ['{"header": "A: b"}', { headers: ['A: b'] }],
    ['{"header": ["A: b", "A: c"]}', { headers: ['A: b', 'A: c'] }],
    ['{"header": {"A": "b", "C": ""}}', { headers: ['A:b', 'C:'] }],
    ['{"cache": {"*.css": "max-age=1"}}', { cache: ['*.css=max-age=1'] }],
    ['\ufeff{"spa": true}\r\n', { spa: ['true'] }],
  ])('%s', (content, said) => {
    expect(Object.fromEntries(read(content).said)).toEqual(said);
  });
});

describe('a value of another type is refused', () => {
  it.each([
    ['{"spa": "true"}', '"spa" in FILE must be true or false'],
    ['{"spa": 1}', '"spa" in FILE must be true or false'],
    ['{"spa": null}', '"spa" in FILE must be true or false'],
    ['{"port": "9000"}', '"port" in FILE must be a number'],
    ['{"bind": 127}', '"bind" in FILE must be a text, in double quotes'],
    ['{"index": {"a": "b"}}', '"index" in FILE must be a text or a list of texts: ["…", "…"]'],
    ['{"index": ["a", 1]}', '"index" in FILE must be a text or a list of texts'],
    ['{"header": {"A": 1}}', '"header" in FILE must be an object of texts, {"name": "value"}, or a list'],
    ['{"cache": ["a=b", null]}', '"cache" in FILE must be an object of texts'],
  ])('%s', (content, sentence) => {
    expectFailure(content, sentence);
  });

  it.each([
    ['{"port": 80.5}', '"port" in FILE: \'80.5\' is not a port: ports are numbers from 0 to 65535'],
    ['{"log": "xml"}', '"log" in FILE: \'xml\' is not one of'],
    ['{"base": "/\\ud800/.."}', '"base" in FILE: '],
    ['{"tlsKey": "k.pem"}', '"tlsKey" in FILE means nothing without "tlsCert" in FILE: say that, too'],
    [
      '{"lan": true, "bind": "::"}',
      '"lan" in FILE and "bind" in FILE contradict each other: say one of them',
    ],
  ])('and one that does not fit: %s', (content, sentence) => {
    const file = place.write('site.json', content);
    const { message, exitCode } = failureOf(() => settingsOf(`--config ${file}`));
    expect(message.replaceAll(file, 'FILE')).toContain(sentence);
    expect(exitCode).toBe(2);
  });
});

describe('a field that is no option is refused', () => {
  it.each([
    ['{"prot": 80}', '"prot" in FILE is no option: did you mean "port"?'],
    ['{"clean-urls": true}', 'did you mean "cleanUrls"?'],
    ['{"cleanURLs": true}', 'did you mean "cleanUrls"?'],
    ['{"headers": {}}', 'did you mean "header"?'],
    ['{"notFound": "x"}', '"notFound" in FILE is no option: see docs/command.md for those there are'],
    ['{"config": "x"}', '"config" in FILE is no option'],
    ['{"help": true}', '"help" in FILE is no option'],
    ['{"__proto__": {}}', '"__proto__" in FILE is no option'],
    ['{"constructor": 1}', '"constructor" in FILE is no option'],
  ])('%s', (content, sentence) => {
    expectFailure(content, sentence);
  });
});

describe('what is not JSON is refused, with the place where it stops to be', () => {
  it.each([
    ['', 1, 1],
    ['{', 1, 2],
    ['{"spa": true', 1, 13],
    ['{"spa": true,}', 1, 14],
    ['{"spa": yes}', 1, 9],
    ['{\n  "spa": true,\n  "bind": localhost\n}', 3, 11],
    ['{\r\n  spa: true\r\n}', 2, 3],
    ['// comment\n{}', 1, 1],
    ['{"a": 1}}', 1, 9],
    ["{'spa': true}", 1, 2],
    ['{"port": 080}', 1, 11],
    ['{"index": ["a", "b" "c"]}', 1, 21],
    [`{${' '.repeat(5000)}"a": @}`, 1, 5007],
  ])('%j', (content, line, column) => {
    expectFailure(content, `FILE:${line}:${column}: this is not JSON (`);
  });

  it.each(['[]', '"spa"', '1', 'null'])('%s is JSON, but no object', (content) => {
    expectFailure(content, 'FILE must be a JSON object, such as { "port": 9000 }');
  });
});

describe('the file', () => {
  it('is not there, or is a directory', () => {
    const missing = join(place.path, 'missing.json');
    expect(failureOf(() => readConfig(missing))).toMatchObject({
      message: `the configuration file ${missing} does not exist: name a JSON file`,
      exitCode: 2,
    });
    mkdirSync(join(place.path, 'directory'));
    expect(failureOf(() => readConfig(join(place.path, 'directory'))).message).toContain(
      'cannot be read (EISDIR)',
    );
  });

  it('is found by --config, or else by BASEHTTP_CONFIG', () => {
    const [first, second] = [place.write('1.json', '{"port": 1}'), place.write('2.json', '{"port": 2}')];
    expect(settingsOf(`--config ${first}`).port).toBe(1);
    expect(settingsOf('', { BASEHTTP_CONFIG: second }).port).toBe(2);
    expect(settingsOf(`--config ${first}`, { BASEHTTP_CONFIG: second }).port).toBe(1);
    expect(settingsOf('', { BASEHTTP_CONFIG: '' }).port).toBeUndefined();
  });

  it('is not looked for: what a directory contains does not decide how it is served', () => {
    expect(settingsOf(place.path).spa).toBe(false);
  });

  it('has paths relative to where it is, and others as they are', () => {
    const file = place.write(
      'conf/site.json',
      '{"directory": "../www", "404": "404.html", "cgi": true, "cgiDir": "/a"}',
    );
    expect(settingsOf(`--config ${file}`)).toMatchObject({
      directory: join(place.path, 'www'),
      notFound: '404.html',
      cgiDir: ['/a'],
    });
    const absolute = place.write('conf/absolute.json', JSON.stringify({ directory: place.path }));
    expect(settingsOf(`--config ${absolute}`).directory).toBe(place.path);
  });
});

it('every option has a name of its own: its long name in camel case', () => {
  expect(fieldName('notFound')).toBe('404');
  expect(fieldName('headers')).toBe('header');
  expect(fieldName('tlsPasswordFile')).toBe('tlsPasswordFile');
});

function expectFailure(content: string, sentence: string): void {
  const { message, exitCode } = failureOf(() => read(content));
  expect(message.replaceAll(join(place.path, 'site.json'), 'FILE')).toContain(sentence);
  expect(message).not.toContain('\n');
  expect(exitCode).toBe(2);
}
