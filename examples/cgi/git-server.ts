// Git over HTTP, by git's own CGI program: everyone may clone and fetch, who has the password may push.
// GIT_PROJECT_ROOT=/srv/git GIT_PASSWORD=secret npx tsx examples/cgi/git-server.ts 8000
// git clone http://git@127.0.0.1:8000/cgi-bin/git.sh/repository.git

import { createHash, timingSafeEqual } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { CGIHTTPRequestHandler, HTTPServer } from 'basehttp';

const { GIT_PROJECT_ROOT, GIT_PASSWORD } = process.env;
if (!GIT_PROJECT_ROOT || !GIT_PASSWORD) throw new Error('Set GIT_PROJECT_ROOT and GIT_PASSWORD');

const digest = (text: string) => createHash('sha256').update(text).digest();
const expected = digest(`Basic ${Buffer.from(`git:${GIT_PASSWORD}`).toString('base64')}`);

class Git extends CGIHTTPRequestHandler {
  override protocolVersion = 'HTTP/1.1';
  override directory = fileURLToPath(new URL('.', import.meta.url));
  override cgiEnvironment = { GIT_PROJECT_ROOT };
  override cgiTimeout = 300; // git is silent while it packs a large repository

  override parseRequest(): boolean {
    if (!super.parseRequest()) return false;
    const isKnown = timingSafeEqual(digest(this.headers.get('authorization', '')), expected);
    if (isKnown) [this.remoteUser, this.authType] = ['git', 'Basic']; // without REMOTE_USER git refuses a push
    if (isKnown || this.#onlyReads()) return true;
    const challenge = { 'WWW-Authenticate': 'Basic realm="git", charset="UTF-8"' };
    this.sendError(401, undefined, undefined, challenge);
    return false;
  }

  #onlyReads(): boolean {
    const [path = '', query = ''] = this.path.split('?');
    return this.command === 'GET' ? !query.includes('git-receive-pack') : path.endsWith('/git-upload-pack');
  }
}

const httpd = new HTTPServer(['127.0.0.1', Number(process.argv[2] ?? 8000)], Git);
await httpd.ready;
console.log(`http://127.0.0.1:${httpd.serverPort}/cgi-bin/git.sh/`);
await httpd.serveForever();
