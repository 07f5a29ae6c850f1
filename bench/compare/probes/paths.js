// Paths: what is inside, what is outside, and what only looks like it; directories and their listings.
import { HOSTILE_NAME, RESERVED_NAME, SECRET, TEXT } from '../files.js';
import { notOffered, right, worst, wrong } from '../outcome.js';
import { get } from '../requests.js';

const TRAVERSAL = 'CWE-22';

export const paths = [
  refused(
    '`/../secret.txt`',
    TRAVERSAL,
    '/../secret.txt',
    '/dir/../../secret.txt',
    '/a.txt/../../secret.txt',
  ),
  refused('`/%2e%2e/secret.txt`', TRAVERSAL, '/%2e%2e/secret.txt', '/.%2E/secret.txt'),
  refused(
    '`/%2e%2e%2fsecret.txt`',
    TRAVERSAL,
    '/%2e%2e%2fsecret.txt',
    '/dir/..%2f..%2fsecret.txt',
    '/..%2fsecret.txt',
  ),
  refused('`/..%5csecret.txt`', TRAVERSAL, '/..%5csecret.txt', '/dir%5c..%5c..%5csecret.txt'),
  refused(
    '`/../root-secret/`, a name that begins like the root',
    TRAVERSAL,
    '/../root-secret/secret.txt',
    '/..%2froot-secret%2fsecret.txt',
  ),
  refused(
    '`/%c0%ae%c0%ae/`, overlong UTF-8',
    'RFC 3629 §3',
    '/%c0%ae%c0%ae/secret.txt',
    '/%e0%80%ae%e0%80%ae/secret.txt',
    '/..%c0%afsecret.txt',
  ),
  refused(
    '`/%252e%252e%252f`, `/%2561.txt`: decoded once',
    'RFC 3986 §2.4',
    '/%252e%252e%252fsecret.txt',
    '/%252e%252e/secret.txt',
    '/%2561.txt',
  ),
  refused('`/a.txt%00`, `/%00`', 'CWE-158', '/a.txt%00', '/%00', '/a.txt%00.html'),
  refused('`/%zz`, `/%`, `/%ff`', 'RFC 3986 §2.1', '/%zz', '/%', '/%ff'),
  {
    title: '`/dir%2finner.txt`: not the same as `/dir/inner.txt`',
    basis: 'RFC 3986 §2.2',
    steps: [get('/dir%2finner.txt')],
    judge: ({ status, body }) => {
      if (status === 200 && body === 'inner') return notOffered('200, the same');
      return isRefused({ status, body });
    },
  },
  {
    title: 'what is not there: 404',
    basis: 'RFC 9110 §15.5.5',
    steps: [get('/nothing.txt')],
    judge: ({ status }) => (status === 404 ? right(404) : wrong(status)),
  },
  served('`/%61.txt`: the same as `/a.txt`', 'RFC 3986 §2.3', '/%61.txt', TEXT),
  served('`/a+b.txt`: a plus is a plus', 'RFC 3986 §2.2', '/a+b.txt', 'plus'),
  served('`/%C3%BC.txt`: UTF-8', 'RFC 3986 §2.5', '/%C3%BC.txt', 'umlaut'),
  served(
    '`/b.html`: under its own name',
    'RFC 9110 §9.3.1',
    '/b.html',
    '<!doctype html><title>b</title><p>b</p>',
  ),
  hidden('`/.env`, `/.git/config`: not served', 'CWE-538', '/.env', '/%2eenv', '/.git/config'),
  served('`/.well-known/x.txt`', 'RFC 8615 §3', '/.well-known/x.txt', 'known'),
  hidden('a link to a file outside: not served', 'CWE-59', '/link.txt'),
  hidden('a link to a directory outside: not served', 'CWE-59', '/linked/secret.txt', '/linked/'),
  {
    title: '`//example.com/%2e%2e`: no way to another host',
    basis: 'CWE-601',
    steps: ['//example.com/%2e%2e', '//example.com', '/%5cexample.com/%2e%2e', '//example.com/%2f..'].map(
      (target) => get(target),
    ),
    judge: (...answers) => worst(answers.map(staysHere)),
  },
  {
    title: '`/dir?q=1`: to `/dir/?q=1`',
    basis: 'RFC 3986 §3.4',
    steps: [get('/dir?q=1')],
    judge: isSlashAdded,
  },
  {
    title: 'a directory with an index page',
    basis: 'RFC 9110 §9.3.1',
    steps: [get('/indexed/')],
    judge: ({ status, body }) =>
      status === 200 && body.includes('<title>index</title>') ? right(200) : wrong(status),
  },
  {
    title: 'a listing with a file `"><img src=x onerror=alert(1)>`: shown as text',
    basis: 'CWE-79',
    steps: [get('/hostile/')],
    judge: isHarmless,
  },
  reachable('that file: reached by its link', '/hostile/', 'hostile'),
  reachable(`\`${RESERVED_NAME}\`: reached by its link`, '/reserved/', 'reserved'),
];

/** Paths that lead nowhere: 400 or 404, and nothing of what lies outside. */
function refused(title, basis, ...targets) {
  return {
    title,
    basis,
    steps: targets.map((target) => get(target)),
    judge: (...answers) => worst(answers.map(isRefused)),
  };
}

function isRefused({ status, body }) {
  if (body.includes(SECRET)) return wrong(`${status}, leaks`);
  if (body.includes(TEXT)) return wrong(`${status}, served`);
  if (status === 501) return notOffered(status);
  if (status >= 500) return wrong(status);
  return status >= 400 ? right(status) : notOffered(status);
}

function hidden(title, basis, ...targets) {
  const isHidden = ({ status, body }) => {
    if (body.includes(SECRET)) return wrong('served');
    if (body.includes('secret.txt')) return wrong('served');
    return isRefused({ status, body });
  };
  return {
    title,
    basis,
    steps: targets.map((target) => get(target)),
    judge: (...answers) => worst(answers.map(isHidden)),
  };
}

/** A redirect to another name is allowed, but not what was asked for. */
function served(title, basis, target, content) {
  const judge = ({ status, body, field }) => {
    if (status === 200) return body === content ? right(200) : wrong('200, something else');
    return status >= 300 && status < 400 ? notOffered(`${status} ${field('location')}`) : wrong(status);
  };
  return { title, basis, steps: [get(target)], judge };
}

function staysHere({ status, field }) {
  const location = field('location');
  if (location === undefined) return status >= 500 && status !== 501 ? wrong(status) : right(status);
  return leadsTo(location)?.hostname === 'localhost' ? right(status) : wrong(`${status} ${location}`);
}

function isSlashAdded({ status, field }) {
  if (status >= 400) return notOffered(status);
  if (status < 300) return notOffered(`${status}, no redirect`);
  const url = leadsTo(field('location') ?? '');
  if (url?.hostname !== 'localhost' || url.pathname !== '/dir/')
    return wrong(`${status} ${field('location')}`);
  return url.search === '?q=1' ? right(status) : wrong(`${status}, query lost`);
}

/** Where a browser would go; undefined if nowhere. */
function leadsTo(location, base = 'http://localhost/') {
  return URL.canParse(location, base) ? new URL(location, base) : undefined;
}

function isHarmless({ status, body, field }) {
  if (status !== 200 || !/^text\/html/i.test(field('content-type') ?? '')) return notOffered('no listing');
  if (/<img src=x/i.test(body)) return wrong('runs');
  return unescapeHtml(body).includes(HOSTILE_NAME) ? right('as text') : wrong('not shown');
}

function reachable(title, directory, content) {
  const steps = [
    get(directory),
    ([listing]) => {
      if (listing.status !== 200) return notOffered('no listing');
      const target = linkToEntry(listing.body, directory);
      return target === undefined ? wrong('no link') : get(target);
    },
  ];
  const judge = (_, { status, body }) =>
    status === 200 && body === content ? right('reached') : wrong(`link leads to ${status}`);
  return { title, basis: 'RFC 3986 §2.4', steps, judge };
}

/** The target of the only link in a listing that leads further down: latin1, as a browser would send it. */
function linkToEntry(html, directory) {
  const hrefs = [
    ...Buffer.from(html, 'latin1')
      .toString()
      .matchAll(/<a\b[^>]*?\shref=(?:"([^"]*)"|'([^']*)'|([^\s>]+))/gi),
  ];
  const targets = hrefs
    .map(([, double, single, bare]) => unescapeHtml(double ?? single ?? bare))
    .map((href) => leadsTo(href, `http://localhost${directory}`))
    .filter((url) => url?.hostname === 'localhost')
    .map(({ pathname, search }) => `${pathname}${search}`);
  return targets.find(
    (target) => target.startsWith(directory) && !/^(?:\?.*)?$/.test(target.slice(directory.length)),
  );
}

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeHtml(text) {
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|(amp|lt|gt|quot|apos));/gi, (_, hex, decimal, name) =>
    name === undefined
      ? String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16))
      : ENTITIES[name.toLowerCase()],
  );
}
