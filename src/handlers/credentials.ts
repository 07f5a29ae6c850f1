// Who may come in: names and passwords for Basic authentication (RFC 7617), and the hashed form in which a file may
// keep them. Knows no request and no file: whoever asks has the one, and has read the other.

import { createHmac, randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';

/**
 * Names and passwords, and whether what a client sends is one of them.
 *
 * How long the answer takes does not tell whether a name exists, nor how much of a password is right. Hashed passwords
 * are checked on another thread, two at a time, and what was right once is remembered: the next request with the same
 * field costs no hashing.
 */
export class Credentials {
  readonly #secrets = new Map<string, Secret>();
  /** Is asked for names that do not exist, so that they take as long as others. */
  readonly #decoy: Secret;
  /** Fields that were right, by their digest, and the name in each. */
  readonly #known = new Map<string, string>();
  /** Those that are being found out about: browsers ask for several things at once. */
  readonly #pending = new Map<string, Promise<string | undefined>>();

  /**
   * @param lines `user:password`, the password as it is or as {@link hashPassword} gives it.
   * @throws {SyntaxError} one of them is neither. The message has no part of it.
   */
  constructor(lines: Iterable<string>) {
    for (const line of lines) {
      const [user, password] = divide(line.normalize('NFC')) ?? [];
      if (!user || !password) throw new SyntaxError('There is no user:password');
      this.#secrets.set(user, password.startsWith(SCRYPT) ? hashed(password) : plain(password));
    }
    const secrets = [...this.#secrets.values()];
    this.#decoy = (secrets.find(({ isSlow }) => isSlow) ?? plain(randomBytes(16).toString('hex'))).decoy();
  }

  /**
   * Whom the value of an Authorization field proves a request to be of; `undefined` if nobody. A promise only if that
   * takes time.
   */
  verify(authorization: string | undefined): string | undefined | Promise<string | undefined> {
    const [user, password] = parseBasic(authorization) ?? [];
    if (user === undefined || password === undefined) return undefined;
    if (!this.#decoy.isSlow) return this.#matches(user, password) === true ? user : undefined;
    const key = digestOf(authorization!).toString('base64');
    return this.#known.get(key) ?? this.#pending.get(key) ?? this.#find(key, user, password);
  }

  #find(key: string, user: string, password: string): Promise<string | undefined> {
    const found = Promise.resolve(this.#matches(user, password))
      .then((matches) => {
        if (!matches) return undefined;
        if (this.#known.size >= MAX_KNOWN) this.#known.clear();
        this.#known.set(key, user);
        return user;
      })
      .finally(() => this.#pending.delete(key));
    this.#pending.set(key, found);
    return found;
  }

  #matches(user: string, password: string): boolean | Promise<boolean> {
    const secret = this.#secrets.get(user);
    if (secret !== undefined && secret.isSlow === this.#decoy.isSlow) return secret.matches(password);
    // Nobody has that name, or a plain password among hashed ones: it takes as long as they do.
    const matches = secret?.matches(password) ?? false;
    const wait = this.#decoy.matches(password);
    return wait instanceof Promise ? wait.then(() => matches) : matches;
  }
}

/**
 * A password as a file may keep it: `$scrypt$ln=15,r=8,p=1$salt$hash`, salt and hash in base64. To make it takes
 * 32 MiB and some tens of milliseconds, and so does to check it.
 */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password.normalize('NFC'), salt, HASH_LENGTH, { N: 2 ** DEFAULT_LN, r: 8, p: 1 });
  return `${SCRYPT}ln=${DEFAULT_LN},r=8,p=1$${base64(salt)}$${base64(hash)}`;
}

const SCRYPT = '$scrypt$';
/** The logarithm of N: 32 MiB for each check, which a small machine has, too. */
const DEFAULT_LN = 15;
const HASH_LENGTH = 32;
/** No hash may ask for more: two are computed at a time. */
const MAX_MEMORY = 256 * 1024 * 1024;
const MAX_WORK = 64 * 1024 * 1024;
/** Users times spellings of what each sends: a client has one. */
const MAX_KNOWN = 1000;
/** Of the four threads of node, which files are read with, too. */
const MAX_AT_ONCE = 2;

/** What a password is compared with. */
interface Secret {
  /** Whether to compare takes so long that it is done elsewhere. */
  readonly isSlow: boolean;
  matches(password: string): boolean | Promise<boolean>;
  /** Another that takes as long, and that nothing matches. */
  decoy(): Secret;
}

function plain(password: string): Secret {
  const digest = digestOf(password);
  return {
    isSlow: false,
    matches: (other) => timingSafeEqual(digestOf(other), digest),
    decoy: () => plain(randomBytes(16).toString('hex')),
  };
}

/** @throws {SyntaxError} it is not as {@link hashPassword} makes it, or asks for too much. */
function hashed(text: string): Secret {
  const [, ln, r, p, salt = '', hash = ''] = PHC.exec(text) ?? [];
  const options = { N: 2 ** Number(ln), r: Number(r), p: Number(p) };
  const memory = 128 * options.N * options.r;
  if (hash === '' || memory > MAX_MEMORY || options.p * options.N > MAX_WORK)
    throw new SyntaxError('A hashed password is $scrypt$ln=15,r=8,p=1$salt$hash, salt and hash in base64');
  return scryptSecret(Buffer.from(salt, 'base64'), Buffer.from(hash, 'base64'), options);
}

const PHC =
  /^\$scrypt\$ln=([1-9]\d?),r=([1-9]\d?),p=([1-9]\d?)\$([A-Za-z0-9+/]{11,86})={0,2}\$([A-Za-z0-9+/]{22,86})={0,2}$/;

function scryptSecret(salt: Buffer, hash: Buffer, options: ScryptOptions): Secret {
  return {
    isSlow: true,
    matches: async (password) => timingSafeEqual(await derive(password, salt, hash.length, options), hash),
    decoy: () => scryptSecret(salt, randomBytes(hash.length), options),
  };
}

/** Those who wait for one of the threads. */
const waiting: (() => void)[] = [];
let running = 0;

async function derive(
  password: string,
  salt: Buffer,
  length: number,
  options: ScryptOptions,
): Promise<Buffer> {
  if (running >= MAX_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      scrypt(password, salt, length, { ...options, maxmem: 2 * MAX_MEMORY }, (error, key) =>
        error === null ? resolve(key) : reject(error),
      );
    });
  } finally {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next(); // has our place
  }
}

/** The name, which has no colon, and the password; `undefined` if there is nothing of the kind. */
function parseBasic(authorization: string | undefined): readonly [string, string] | undefined {
  const [, encoded] = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization ?? '') ?? [];
  return encoded === undefined
    ? undefined
    : divide(Buffer.from(encoded, 'base64').toString('utf8').normalize('NFC'));
}

function divide(text: string): readonly [string, string] | undefined {
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : [text.slice(0, colon), text.slice(colon + 1)];
}

/** With a key of this process: what is kept in memory is of no use elsewhere. */
const key = randomBytes(32);

function digestOf(text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function base64(octets: Buffer): string {
  return octets.toString('base64').replace(/=+$/, '');
}
