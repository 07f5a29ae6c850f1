// Names and passwords, plain and hashed, and what clients send of them.

import { scryptSync } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { Credentials, hashPassword } from '../../src/handlers/credentials.js';
import { SimpleHTTPRequestHandler } from '../../src/index.js';
import { ask, get } from '../support/http-client.js';
import { serveLive } from '../support/live.js';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

/** With little work, so that tests may have many. */
function cheapHash(password: string, salt = 'salt of 16 bytes'): string {
  const text = (octets: Buffer) => octets.toString('base64').replace(/=+$/, '');
  const hash = scryptSync(password, salt, 32, { N: 16, r: 1, p: 1 });
  return `$scrypt$ln=4,r=1,p=1$${text(Buffer.from(salt))}$${text(hash)}`;
}

describe('plain passwords', () => {
  const credentials = new Credentials(['eve:spam:and:eggs', 'bob:ham', 'zoë:café', 'bob:bacon']);

  it.each([
    ['eve:spam:and:eggs', 'eve'],
    ['bob:bacon', 'bob'], // the last counts
    ['zoë:café', 'zoë'],
    ['zoe\u0308:cafe\u0301', 'zoë'], // the same, written in another way
  ])('%s is %s', (sent, user) => {
    expect(credentials.verify(basic(sent))).toBe(user);
  });

  it.each([
    'eve:spam',
    'eve:',
    'eve',
    ':',
    'bob:ham',
    'mallory:spam:and:eggs',
    'EVE:spam:and:eggs',
    '__proto__:x',
  ])('%j is nobody', (sent) => expect(credentials.verify(basic(sent))).toBeUndefined());

  it.each([
    undefined,
    '',
    'Basic',
    'Basic ',
    'Bearer ZXZl',
    basic('eve:spam:and:eggs').slice(6),
    'Basic !!!!',
    'Basic a b',
  ])('Authorization: %j is nobody', (field) => expect(credentials.verify(field)).toBeUndefined());

  it('the name of the scheme is in any case (RFC 9110 §11.1), with any blanks behind it', () => {
    expect(credentials.verify(basic('bob:bacon').replace('Basic', 'bASIC  '))).toBe('bob');
  });

  it('whatever is sent, it is an answer', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string().map(basic)), (field) => {
        expect(credentials.verify(field)).toBeUndefined();
      }),
    );
  });
});

describe('hashed passwords', () => {
  let credentials: Credentials;
  beforeAll(() => {
    credentials = new Credentials([`eve:${cheapHash('spam')}`, 'bob:ham']);
  });

  it('are found out about later, and then known', async () => {
    const first = credentials.verify(basic('eve:spam'));
    expect(first).toBeInstanceOf(Promise);
    expect(credentials.verify(basic('eve:spam'))).toBe(first); // one hashing for several requests at once
    expect(await first).toBe('eve');
    expect(credentials.verify(basic('eve:spam'))).toBe('eve');
  });

  it.each(['eve:ham', 'eve:', 'mallory:spam'])('%s is nobody, each time', async (sent) => {
    for (let time = 0; time < 2; time++) {
      const answer = credentials.verify(basic(sent));
      expect(answer).toBeInstanceOf(Promise);
      expect(await answer).toBeUndefined();
    }
  });

  it('a plain one among them takes as long', async () => {
    const right = credentials.verify(basic('bob:ham'));
    expect(right).toBeInstanceOf(Promise);
    expect(await right).toBe('bob');
    expect(await credentials.verify(basic('bob:spam'))).toBeUndefined();
  });

  it('many at once are all answered', async () => {
    const all = Array.from({ length: 50 }, (_, index) => credentials.verify(basic(`eve:${index}`)));
    expect(new Set(await Promise.all(all))).toEqual(new Set([undefined]));
    expect(await credentials.verify(basic('eve:spam'))).toBe('eve');
  });

  it('what hashPassword() makes is one, another each time', async () => {
    const [one, two] = await Promise.all([hashPassword('spam'), hashPassword('spam')]);
    expect(one).toMatch(/^\$scrypt\$ln=15,r=8,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(one).not.toBe(two);
    expect(await new Credentials([`eve:${one}`]).verify(basic('eve:spam'))).toBe('eve');
    expect(await new Credentials([`eve:${one}`]).verify(basic('eve:ham'))).toBeUndefined();
  });
});

describe('what is no user and password', () => {
  const hash = cheapHash('spam');
  it.each([
    '',
    'spam',
    ':spam',
    'eve:',
    'eve:$scrypt$',
    'eve:$scrypt$spam',
    `eve:${hash.replace('ln=4', 'ln=0')}`,
    `eve:${hash.replace('ln=4', 'ln=30')}`,
    `eve:${hash.replace('r=1', 'r=99').replace('ln=4', 'ln=20')}`,
    `eve:${hash.replace('p=1', 'p=99').replace('ln=4', 'ln=20')}`,
    `eve:${hash.replace(/\$[^$]*$/, '$')}`,
    `eve:${hash}$`,
  ])('%s', (line) => {
    let message = '';
    try {
      new Credentials([line]);
    } catch (error) {
      expect(error).toBeInstanceOf(SyntaxError);
      message = (error as Error).message;
    }
    expect(message).not.toBe('');
    expect(message).not.toContain('spam');
  });
});

it('guard a handler as docs/basehttpserver.md has it', async () => {
  const members = new Credentials([`ann:${cheapHash('secret')}`]);
  class Members extends SimpleHTTPRequestHandler {
    override async handleOneRequest() {
      this.remoteUser = await members.verify(this.headers.get('authorization'));
      return super.handleOneRequest();
    }

    override parseRequest() {
      if (!super.parseRequest()) return false;
      if (this.remoteUser !== undefined) return true;
      this.sendError(401, undefined, undefined, {
        'WWW-Authenticate': 'Basic realm="Members", charset="UTF-8"',
      });
      return false;
    }

    override logMessage(): void {}
  }
  await using live = await serveLive(Members);
  const sendingIn = (user: string) => ask(live.port, get('/', `Authorization: ${basic(user)}\r\n`));
  expect((await ask(live.port, get())).get('www-authenticate')).toBe(
    'Basic realm="Members", charset="UTF-8"',
  );
  expect((await sendingIn('ann:secrets')).status).toBe(401);
  expect((await sendingIn('ann:secret')).status).toBe(200);
});
