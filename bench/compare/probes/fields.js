// What an answer says of its content: type, coding, and on what it depends.
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { LONG_TEXT } from '../files.js';
import { notOffered, right, worst, worstOffered, wrong } from '../outcome.js';
import { get, request } from '../requests.js';

const CODING = 'RFC 9110 §12.5.3';
const VARY = 'RFC 9110 §12.5.5';

const typed = (...targets) => targets.map((target) => get(target));
const packed = (accepted, target = '/packed.txt') => get(target, { 'Accept-Encoding': accepted });

export const fields = [
  {
    title: 'HTML, CSS, SVG, Markdown have their types',
    basis: 'RFC 9110 §8.3',
    steps: typed('/b.html', '/c.css', '/d.svg', '/notes.md'),
    judge: (...answers) =>
      worst(
        ['text/html', 'text/css', 'image/svg+xml', 'text/markdown'].map((type, index) =>
          hasType(type, answers[index]),
        ),
      ),
  },
  {
    title: '`.mjs`, `.wasm`: types a browser runs',
    basis: 'RFC 9239 §6',
    steps: typed('/module.mjs', '/module.wasm'),
    judge: (module, wasm) =>
      worst([
        hasType('text/javascript', module, 'application/javascript'),
        hasType('application/wasm', wasm),
      ]),
  },
  {
    title: 'text says that it is UTF-8',
    basis: 'RFC 9110 §8.3.2',
    steps: typed('/a.txt', '/b.html', '/c.css'),
    judge: (...answers) => {
      const says = ({ field }) => /;\s*charset="?utf-8"?/i.test(field('content-type') ?? '');
      const count = answers.filter(says).length;
      if (count === answers.length) return right('utf-8');
      return notOffered(count === 0 ? 'no charset' : 'some');
    },
  },
  {
    title: 'a type not known: `application/octet-stream`, or none',
    basis: 'RFC 9110 §8.3',
    steps: typed('/unknown.xyzzy'),
    judge: ({ status, field }) => {
      if (status >= 300) return wrong(status);
      const type = field('content-type');
      if (type === undefined) return right('none');
      return type.startsWith('application/octet-stream') ? right('octet-stream') : wrong(type);
    },
  },
  {
    title: '`X-Content-Type-Options: nosniff`',
    basis: 'MIME Sniffing §3',
    steps: typed('/a.txt', '/unknown.xyzzy'),
    judge: (...answers) =>
      answers.every(({ field }) => field('x-content-type-options') === 'nosniff')
        ? right('yes')
        : notOffered('no'),
  },
  {
    title: 'HEAD: the fields of GET, and no body',
    basis: 'RFC 9110 §9.3.2',
    steps: [get('/a.txt'), request('HEAD', '/a.txt')],
    judge: isHeadOf,
  },
  {
    title: 'a `.gz` beside the file: sent to who accepts it',
    basis: CODING,
    steps: [packed('gzip')],
    judge: isCoded('gzip'),
  },
  {
    title: 'a `.br` beside the file: preferred by who prefers it',
    basis: CODING,
    steps: [packed('gzip;q=0.5, br')],
    judge: isCoded('br', 'gzip'),
  },
  {
    title: 'long text compressed as it is sent',
    basis: CODING,
    steps: [packed('gzip, br', '/long.txt')],
    judge: isCoded('br', 'gzip'),
  },
  {
    title: 'no Accept-Encoding: as it is',
    basis: CODING,
    steps: [get('/packed.txt'), get('/long.txt')],
    judge: (...answers) => worst(answers.map(isPlain)),
  },
  {
    title: '`gzip;q=0`: not gzip',
    basis: CODING,
    steps: [packed('gzip;q=0'), packed('gzip;q=0', '/long.txt'), packed('*, gzip;q=0')],
    judge: (...answers) => worst(answers.map(isAnythingBut('gzip'))),
  },
  {
    title: '`br;q=0, gzip;q=0.000`: neither',
    basis: CODING,
    steps: [packed('br;q=0, gzip;q=0.000'), packed('br;q=0, gzip;q=0.000', '/long.txt')],
    judge: (...answers) => worst(answers.map(isPlain)),
  },
  {
    title: '`gzip, identity;q=0`: gzip',
    basis: CODING,
    steps: [packed('gzip, identity;q=0')],
    judge: isCoded('gzip'),
  },
  {
    title: '`identity;q=0, *;q=0`: no coding at all',
    basis: CODING,
    steps: [packed('identity;q=0, *;q=0')],
    judge: (answer) => {
      if (answer.status === 406) return right(406);
      return answer.field('content-encoding') === undefined
        ? notOffered(`${answer.status}, as it is`)
        : wrong(answer.field('content-encoding'));
    },
  },
  {
    title: '`Vary: Accept-Encoding` wherever the answer depends on it',
    basis: VARY,
    steps: [packed('gzip'), get('/packed.txt'), packed('gzip', '/long.txt'), get('/long.txt')],
    judge: (...answers) =>
      worstOffered([dependsOpenly(...answers.slice(0, 2)), dependsOpenly(...answers.slice(2))]),
  },
  {
    title: 'each coding has a strong ETag of its own, or a weak one',
    basis: 'RFC 9110 §8.8.3.3',
    steps: [packed('gzip'), get('/packed.txt'), packed('gzip', '/long.txt'), get('/long.txt')],
    judge: (...answers) => worstOffered([hasOwnTag(...answers.slice(0, 2)), hasOwnTag(...answers.slice(2))]),
  },
];

function hasType(type, { status, field }, old) {
  if (status !== 200) return notOffered(status);
  const told = (field('content-type') ?? 'none').split(';')[0];
  if (told === type || told === old) return right('yes');
  return told === 'application/octet-stream' || told === 'none'
    ? notOffered(told.replace('application/', ''))
    : wrong(told);
}

/** Fields whose value may differ from one answer to the next, or that only GET can know (RFC 9110 §9.3.2). */
const OF_THE_MOMENT = ['date', 'connection', 'keep-alive', 'transfer-encoding', 'content-length'];

function isHeadOf(get, head) {
  if (head.status !== get.status) return wrong(head.status);
  if (head.rest !== '') return wrong('with a body');
  const length = head.field('content-length');
  if (length !== undefined && length !== String(get.body.length)) return wrong(`Content-Length ${length}`);
  const differing = get.names.filter(
    (name) => !OF_THE_MOMENT.includes(name) && head.field(name) !== get.field(name),
  );
  return differing.length === 0 ? right('the same') : wrong(`other ${[...new Set(differing)].join(', ')}`);
}

const DECODERS = { gzip: gunzipSync, br: brotliDecompressSync };

function isCoded(best, ...others) {
  return (answer) => {
    if (answer.status !== 200) return wrong(answer.status);
    const coding = answer.field('content-encoding');
    if (coding === undefined)
      return answer.body === LONG_TEXT ? notOffered('as it is') : wrong('something else');
    if (coding !== best && !others.includes(coding)) return wrong(coding);
    return decodes(answer.body, coding) ? right(coding) : wrong(`broken ${coding}`);
  };
}

function decodes(body, coding) {
  try {
    return DECODERS[coding](Buffer.from(body, 'latin1')).toString() === LONG_TEXT;
  } catch {
    return false;
  }
}

function isPlain(answer) {
  const coding = answer.field('content-encoding');
  if (coding !== undefined && coding !== 'identity') return wrong(coding);
  return answer.status === 200 && answer.body === LONG_TEXT ? right('as it is') : wrong(answer.status);
}

function isAnythingBut(coding) {
  return ({ status, field }) => {
    if (field('content-encoding') === coding) return wrong(coding);
    return status === 200 ? right('obeyed') : wrong(status);
  };
}

function dependsOpenly(coded, plain) {
  if (coded.field('content-encoding') === plain.field('content-encoding'))
    return notOffered('does not depend');
  const isOpen = ({ field }) => /(?:^|,)\s*(?:\*|accept-encoding)\s*(?:,|$)/i.test(field('vary') ?? '');
  if (!isOpen(coded)) return wrong('not said');
  return isOpen(plain) ? right('yes') : wrong('only when coded');
}

function hasOwnTag(coded, plain) {
  if (coded.field('content-encoding') === plain.field('content-encoding')) return notOffered('no coding');
  const tag = coded.field('etag');
  if (tag === undefined) return notOffered('no ETag');
  return tag.startsWith('W/') || tag !== plain.field('etag') ? right('yes') : wrong('the same');
}
