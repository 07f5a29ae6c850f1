// Ranges of a file of 48 octets.
import { TEXT } from '../files.js';
import { notOffered, right, wrong } from '../outcome.js';
import { get, request } from '../requests.js';

const RANGES = 'RFC 9110 §14.2';
const IF_RANGE = 'RFC 9110 §13.1.5';

const FIRST = 'bytes=0-4';
const MANY = `bytes=${Array(100).fill('0-').join()}`;

const range = (value, fields = {}) => get('/a.txt', { Range: value, ...fields });
const isWhole = ({ status, body }) => status === 200 && body === TEXT;

export const ranges = [
  { title: '`bytes=0-4`', basis: RANGES, steps: [range(FIRST)], judge: isRange(0, 4) },
  { title: '`bytes=40-`', basis: RANGES, steps: [range('bytes=40-')], judge: isRange(40, 47) },
  {
    title: '`bytes=-5`: the last five octets',
    basis: RANGES,
    steps: [range('bytes=-5')],
    judge: isRange(43, 47),
  },
  {
    title: '`bytes=-1000` of 48: the whole file',
    basis: 'RFC 9110 §14.1.2',
    steps: [range('bytes=-1000')],
    judge: isRange(0, 47),
  },
  {
    title: '`bytes=40-1000` of 48: as far as it goes',
    basis: 'RFC 9110 §14.1.2',
    steps: [range('bytes=40-1000')],
    judge: isRange(40, 47),
  },
  {
    title: '`bytes=0-1,4-5`: both parts',
    basis: 'RFC 9110 §15.3.7.2',
    steps: [range('bytes=0-1,4-5')],
    judge: areRanges([0, 1], [4, 5]),
  },
  {
    title: '`bytes=4-5,0-1`: in the order asked for',
    basis: 'RFC 9110 §15.3.7.2',
    steps: [range('bytes=4-5,0-1')],
    judge: areRanges([4, 5], [0, 1]),
  },
  {
    title: 'a hundred times the whole file: not sent so often',
    basis: 'RFC 9110 §17.15',
    steps: [range(MANY)],
    judge: ({ status, body }) => {
      if (body.split(TEXT).length > 3) return wrong(`${body.split(TEXT).length - 1} copies`);
      return [200, 206, 400, 416].includes(status) ? right(status) : wrong(status);
    },
  },
  {
    title: '`bytes=99999-`: 416 that tells the size',
    basis: 'RFC 9110 §15.5.17',
    steps: [range('bytes=99999-')],
    judge: (answer) => {
      if (isWhole(answer)) return notOffered('200 whole');
      if (answer.status !== 416) return wrong(answer.status);
      if (answer.body.includes(TEXT)) return wrong('416 with the file');
      const told = answer.field('content-range');
      return told === 'bytes */48' ? right(416) : wrong(`416, ${told ?? 'no Content-Range'}`);
    },
  },
  {
    title: '`bytes=5-2`: ignored or rejected',
    basis: RANGES,
    steps: [range('bytes=5-2')],
    judge: isIgnored({ orRejected: true }),
  },
  {
    title: '`bytes=a-b`: ignored or rejected',
    basis: RANGES,
    steps: [range('bytes=a-b')],
    judge: isIgnored({ orRejected: true }),
  },
  {
    title: '`lines=0-1`, a unit not known: ignored',
    basis: RANGES,
    steps: [range('lines=0-1')],
    judge: isIgnored(),
  },
  {
    title: 'Range with HEAD: ignored',
    basis: RANGES,
    steps: [request('HEAD', '/a.txt', { Range: FIRST })],
    judge: ({ status, field }) => {
      if (status !== 200) return wrong(status);
      return field('content-range') === undefined ? right(200) : wrong('200 with Content-Range');
    },
  },
  {
    title: '206 has the ETag, Date, Cache-Control, Vary of the 200',
    basis: 'RFC 9110 §15.3.7',
    steps: [get('/a.txt'), range(FIRST)],
    judge: (whole, part) => (part.status === 206 ? hasFieldsOf(whole, part) : notOffered(part.status)),
  },
  {
    title: 'If-Range with another entity tag: the whole file',
    basis: IF_RANGE,
    steps: [range(FIRST, { 'If-Range': '"other"' })],
    judge: isIgnored(),
  },
  {
    title: 'If-Range with the file’s own weak entity tag: the whole file',
    basis: IF_RANGE,
    steps: [get('/a.txt'), ([{ field }]) => withWeakTag(field('etag'))],
    judge: (_, answer) => isIgnored()(answer),
  },
  {
    title: 'If-Range with the Last-Modified of an old file: the range',
    basis: IF_RANGE,
    steps: [get('/a.txt'), ([{ field }]) => withDate(field('last-modified'))],
    judge: (_, answer) => isRange(0, 4)(answer),
  },
  {
    title: 'If-Range with a later date: the whole file',
    basis: IF_RANGE,
    steps: [range(FIRST, { 'If-Range': 'Wed, 08 May 2024 00:00:00 GMT' })],
    judge: isIgnored(),
  },
  {
    title: 'a range of what is sent compressed: of the compressed octets',
    basis: 'RFC 9110 §14.1.2',
    steps: [
      get('/packed.txt', { 'Accept-Encoding': 'gzip' }),
      get('/packed.txt', { 'Accept-Encoding': 'gzip', Range: 'bytes=0-9' }),
    ],
    judge: isRangeOfCoding,
  },
];

function isRange(start, end) {
  return (answer) => {
    if (isWhole(answer)) return notOffered('200 whole');
    if (answer.status !== 206) return wrong(answer.status);
    const told = answer.field('content-range');
    if (told !== `bytes ${start}-${end}/48`)
      return wrong(`206 ${told?.replace('bytes ', '') ?? 'without Content-Range'}`);
    return answer.body === TEXT.slice(start, end + 1) ? right(206) : wrong('206, wrong octets');
  };
}

/** Fewer parts than asked for are allowed (RFC 9110 §15.3.7), for an answer tells which it holds. */
function areRanges(...wanted) {
  return (answer) => {
    if (isWhole(answer)) return notOffered('200 whole');
    if (answer.status !== 206) return wrong(answer.status);
    const boundary = /^multipart\/byteranges; *boundary="?([^"]+)"?$/i.exec(
      answer.field('content-type') ?? '',
    )?.[1];
    if (boundary === undefined) {
      const told = /bytes (\d+)-(\d+)\/48/.exec(answer.field('content-range'));
      const isHonest = told !== null && answer.body === TEXT.slice(Number(told[1]), Number(told[2]) + 1);
      return isHonest ? notOffered('206, one part') : wrong('206, wrong octets');
    }
    const parts = answer.body.split(`--${boundary}`).slice(1, -1);
    const isPart = ([start, end], part) =>
      new RegExp(`^content-range: *bytes ${start}-${end}/48\r$`, 'im').test(part) &&
      part.endsWith(`\r\n\r\n${TEXT.slice(start, end + 1)}\r\n`);
    if (parts.length !== wanted.length) return wrong(`206, ${parts.length} parts`);
    if (wanted.every((one, index) => isPart(one, parts[index]))) return right(206);
    const isThere = wanted.every((one) => parts.some((part) => isPart(one, part)));
    return isThere ? wrong('206, other order') : wrong('206, wrong octets');
  };
}

function isIgnored({ orRejected = false } = {}) {
  return (answer) => {
    if (isWhole(answer)) return right(200);
    return orRejected && [400, 416].includes(answer.status) ? right(answer.status) : wrong(answer.status);
  };
}

/** The fields that tell of caching and identity must be the same in both. */
export function hasFieldsOf(whole, other) {
  const names = ['cache-control', 'content-location', 'date', 'etag', 'expires', 'vary'];
  const missing = names.filter((name) => whole.field(name) !== undefined && other.field(name) === undefined);
  return missing.length === 0 ? right(other.status) : wrong(`${other.status} without ${missing.join(', ')}`);
}

function withWeakTag(etag) {
  if (etag === undefined) return notOffered('no ETag');
  return etag.startsWith('W/')
    ? range(FIRST, { 'If-Range': etag })
    : range(FIRST, { 'If-Range': `W/${etag}` });
}

function withDate(date) {
  return date === undefined ? notOffered('no Last-Modified') : range(FIRST, { 'If-Range': date });
}

function isRangeOfCoding(whole, part) {
  const codingOf = (answer) => answer.field('content-encoding') ?? 'identity';
  const body = codingOf(whole) === codingOf(part) ? whole.body : undefined;
  if (part.status === 200) return notOffered('200 whole');
  if (part.status !== 206) return wrong(part.status);
  if (body === undefined)
    return codingOf(part) === 'identity' ? right('206 identity') : wrong(`206 ${codingOf(part)}`);
  const isExact =
    part.field('content-range') === `bytes 0-9/${body.length}` && part.body === body.slice(0, 10);
  return isExact ? right(`206 ${codingOf(part)}`) : wrong(`206 ${codingOf(part)}, wrong octets`);
}
