// Conditional requests: what a cache asks before it uses what it has.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { notOffered, right, wrong } from '../outcome.js';
import { get } from '../requests.js';
import { hasFieldsOf } from './ranges.js';

const BEFORE = 'Sun, 05 May 2024 00:00:00 GMT';
const AFTER = 'Wed, 08 May 2024 00:00:00 GMT';
const EXACTLY = [
  'Mon, 06 May 2024 07:08:09 GMT',
  'Monday, 06-May-24 07:08:09 GMT',
  'Mon May  6 07:08:09 2024',
];

const NONE_MATCH = 'RFC 9110 §13.1.2';
const SINCE = 'RFC 9110 §13.1.3';

const ask = (fields) => get('/a.txt', fields);
const plain = ask({});

/** The second request carries what the first answer tells of the file. */
const withTag = (fields) => [
  plain,
  ([{ field }]) => (field('etag') ? ask(fields(field('etag'))) : notOffered('no ETag')),
];

export const conditions = [
  {
    title: 'If-None-Match with the ETag: 304',
    basis: NONE_MATCH,
    steps: withTag((etag) => ({ 'If-None-Match': etag })),
    judge: secondIs(304),
  },
  {
    title: 'If-None-Match with a list that has it: 304',
    basis: NONE_MATCH,
    steps: withTag((etag) => ({ 'If-None-Match': `"x", ${etag}, "y"` })),
    judge: secondIs(304),
  },
  {
    title: 'If-None-Match compares weakly: 304',
    basis: NONE_MATCH,
    steps: withTag((etag) => ({ 'If-None-Match': etag.startsWith('W/') ? etag.slice(2) : `W/${etag}` })),
    judge: secondIs(304),
  },
  {
    title: '`If-None-Match: *`: 304',
    basis: NONE_MATCH,
    steps: withTag(() => ({ 'If-None-Match': '*' })),
    judge: secondIs(304),
  },
  {
    title: 'If-None-Match that fails beats If-Modified-Since: 200',
    basis: SINCE,
    steps: [ask({ 'If-None-Match': '"x"', 'If-Modified-Since': AFTER })],
    judge: is(200),
  },
  {
    title: 'If-Modified-Since with the Last-Modified: 304',
    basis: SINCE,
    steps: [
      plain,
      ([{ field }]) =>
        field('last-modified')
          ? ask({ 'If-Modified-Since': field('last-modified') })
          : notOffered('no Last-Modified'),
    ],
    judge: secondIs(304),
  },
  {
    title: 'If-Modified-Since, a later date: 304',
    basis: SINCE,
    steps: [
      plain,
      ([{ field }]) =>
        field('last-modified') ? ask({ 'If-Modified-Since': AFTER }) : notOffered('no Last-Modified'),
    ],
    judge: secondIs(304),
  },
  {
    title: 'If-Modified-Since, an earlier date: 200',
    basis: SINCE,
    steps: [ask({ 'If-Modified-Since': BEFORE })],
    judge: is(200),
  },
  {
    title: 'If-Modified-Since in the two old date formats: 304',
    basis: 'RFC 9110 §5.6.7',
    steps: EXACTLY.map((date) => ask({ 'If-Modified-Since': date })),
    judge: (...answers) => {
      const statuses = answers.map(({ status }) => status);
      if (statuses[0] === 200) return notOffered('no dates');
      return statuses.every((status) => status === 304) ? right(304) : wrong(statuses.join('/'));
    },
  },
  {
    title: 'If-Modified-Since that is no date: ignored',
    basis: SINCE,
    steps: [ask({ 'If-Modified-Since': 'yesterday' })],
    judge: is(200),
  },
  {
    title: 'If-Match that fails: 412',
    basis: 'RFC 9110 §13.1.1',
    steps: [ask({ 'If-Match': '"x"' })],
    judge: is(412),
  },
  {
    title: '`If-Match: *`: 200',
    basis: 'RFC 9110 §13.1.1',
    steps: [ask({ 'If-Match': '*' })],
    judge: is(200),
  },
  {
    title: 'If-Unmodified-Since that fails: 412',
    basis: 'RFC 9110 §13.1.4',
    steps: [ask({ 'If-Unmodified-Since': BEFORE })],
    judge: is(412),
  },
  {
    title: '304 has the ETag, Date, Cache-Control, Vary of the 200',
    basis: 'RFC 9110 §15.4.5',
    steps: [
      plain,
      ([{ field }]) =>
        ask(
          field('etag')
            ? { 'If-None-Match': field('etag') }
            : { 'If-Modified-Since': field('last-modified') },
        ),
    ],
    judge: (whole, answer) => {
      if (answer.status !== 304) return notOffered(answer.status);
      return answer.rest === '' ? hasFieldsOf(whole, answer) : wrong('304 with a body');
    },
  },
  {
    title: 'Last-Modified of a file from the future: not later than Date',
    basis: 'RFC 9110 §8.8.2.1',
    steps: [get('/future.txt')],
    judge: ({ status, field }) => {
      if (status !== 200) return wrong(status);
      const [modified, date] = [field('last-modified'), field('date')];
      if (modified === undefined) return notOffered('no Last-Modified');
      return Date.parse(modified) <= Date.parse(date) ? right('not later') : wrong('later');
    },
  },
  {
    title: 'a file that was edited and grew: served as it is now',
    basis: 'RFC 9110 §9.3.1',
    steps: [get('/edited.txt'), edited('after the edit'), edited('after the edit, and one more')],
    judge: (_, ...answers) => {
      const now = answers.at(-1);
      if (now.status === 200 && now.body === 'after the edit, and one more') return right('as it is');
      return wrong(now.status === 200 ? `${now.body.length} of 28 octets` : now.status);
    },
  },
  {
    title: 'an edit shows on reload: no life time given unasked',
    basis: 'RFC 9111 §4.2',
    steps: [plain],
    judge: ({ field }) => {
      const told = field('cache-control') ?? '';
      const age = Number(/max-age=(\d+)/.exec(told)?.[1] ?? 0);
      if (age > 0) return notOffered(`max-age=${age}`);
      return /no-cache|max-age=0|no-store/.test(told) ? right(told) : notOffered('nothing said');
    },
  },
];

function is(status) {
  return (answer) => (answer.status === status ? right(status) : wrong(answer.status));
}

function secondIs(status) {
  return (_, answer) => is(status)(answer);
}

function edited(content) {
  return (_, root) => {
    writeFileSync(join(root, 'edited.txt'), content);
    return get('/edited.txt');
  };
}
