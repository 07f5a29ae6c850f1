// The class that answers the requests of the command: the file server with what was asked for, and nothing that was
// not, so that only those pay for an option who use it.

import { join, posix, relative, resolve, sep } from 'node:path';
import {
  baseSegments,
  encodePath,
  isInside,
  parsePath,
  redirectLocation,
  splitTarget,
} from '../files/path.js';
import type { CGIHTTPRequestHandler } from '../handlers/cgi-handler.js';
import { findFile } from '../handlers/served-file.js';
import { SimpleHTTPRequestHandler } from '../handlers/simple-handler.js';
import { CommandFailure, EXIT_USAGE } from './failure.js';
import type { HandlerClass } from './handler-class.js';
import { withHostCheck } from './host-check.js';
import { hasPasswords, type Settings } from './settings.js';
import type { Site } from './site.js';

/**
 * The handler class for these settings.
 * @param isLocal whether only this machine can reach the server.
 * @throws {CommandFailure} something that was asked for cannot be had.
 */
export async function makeHandler(settings: Settings, site: Site, isLocal: boolean): Promise<HandlerClass> {
  const { allowHost, cache, cors, coop, auth, authFile } = settings;
  let Handler = withSettings(await baseHandler(settings, site), settings, site);
  if (site.file !== undefined) Handler = withSingleFile(Handler, site.file);
  if (cache.length > 0) Handler = withCacheRules(Handler, await cacheRules(cache));
  if (cors || coop) {
    const { withCors, withIsolation } = await import('./cross-origin.js');
    if (cors) Handler = withCors(Handler);
    if (coop) Handler = withIsolation(Handler, cors ? 'cross-origin' : 'same-origin');
  }
  if (isLocal || allowHost.length > 0) Handler = withHostCheck(Handler, [...allowHost, settings.bind]);
  if (hasPasswords(settings)) {
    const { withBasicAuth, readCredentials } = await import('./basic-auth.js');
    Handler = withBasicAuth(Handler, readCredentials(auth, authFile), cors);
  }
  const log = settings.log === 'python' && settings.quiet ? 'off' : settings.log;
  if (log === 'python') return Handler;
  const { withAccessLog } = await import('./access-log.js');
  return withAccessLog(Handler, log);
}

/** Paths of the directories in which a handler runs programs; none, if it does not. */
export function programDirectories({ prototype }: HandlerClass): readonly string[] {
  return (prototype as Partial<CGIHTTPRequestHandler>).cgiDirectories ?? [];
}

/** How long programs of a handler may take to end when they are asked to, in milliseconds; 0 if it runs none. */
export function programsEndMs({ prototype }: HandlerClass): number {
  return (prototype as Partial<CGIHTTPRequestHandler>).cgiLimits?.killAfterMs ?? 0;
}

/** One that runs programs, if that is asked for. */
async function baseHandler(settings: Settings, site: Site): Promise<HandlerClass> {
  if (!settings.cgi) return class extends SimpleHTTPRequestHandler {};
  if (site.file !== undefined)
    throw new CommandFailure(
      `--cgi runs the programs of a directory, and ${site.file} is a file`,
      EXIT_USAGE,
    );
  const { programHandler } = await import('./programs.js');
  return programHandler(settings);
}

/** Class variables live on the prototype: a field would be made anew for each connection. */
function withSettings(Handler: HandlerClass, settings: Settings, { directory, file }: Site): HandlerClass {
  const { prototype } = Handler;
  const [index] = settings.index;
  prototype.directory = directory;
  prototype.protocolVersion = settings.protocol;
  if (index !== undefined) prototype.indexPages = settings.index;
  if (settings.contentType !== undefined) prototype.defaultContentType = settings.contentType;
  prototype.extraResponseHeaders = settings.headers;
  prototype.cleanUrls = settings.cleanUrls;
  prototype.basePath = encodePath(settings.base);
  prototype.listings = settings.listing;
  // Whoever names a file means it, be it hidden or a link.
  prototype.dotfiles = settings.dotfiles || file !== undefined;
  prototype.followSymlinks = settings.followSymlinks || file !== undefined;
  if (file !== undefined) return Handler;
  prototype.notFoundPage = notFoundPage(settings, directory);
  if (settings.spa) prototype.fallbackPage = `/${index ?? 'index.html'}`;
  return Handler;
}

/** The usual page need not be there; one that was asked for has to be. */
function notFoundPage({ notFound, dotfiles, followSymlinks }: Settings, root: string): string {
  if (notFound === undefined) return '404.html';
  const path = join(root, notFound);
  const found = isInside(root, path, sep) ? findFile(path, { root, dotfiles, followSymlinks }) : 'refused';
  if (typeof found === 'string') {
    const reason = found === 'missing' ? 'does not exist' : 'is no file that is served';
    throw new CommandFailure(`the page for 404, ${path}, ${reason}: name a file in ${root}`);
  }
  found.close();
  return notFound;
}

/** Serves one file of the directory, to which the root leads. */
function withSingleFile(Base: HandlerClass, file: string): HandlerClass {
  return class extends Base {
    override sendHead() {
      const { query } = splitTarget(this.path);
      const path = parsePath(this.path);
      const root = ['', ...baseSegments(this.basePath)].join('/');
      if (path.ok && path.path === `${root}/${file}` && !path.trailingSlash) return super.sendHead();
      if (!path.ok || path.path !== (root || '/')) {
        this.sendError(404);
        return undefined;
      }
      this.sendResponse(302);
      this.sendHeader('Location', redirectLocation(`${root}/${file}`, query));
      this.sendHeader('Content-Length', 0);
      this.sendHeader('Cache-Control', 'no-cache');
      this.endHeaders();
      return undefined;
    }
  };
}

/** What Cache-Control is for the path of a file; `undefined` if no rule says. */
type CacheRules = (path: string) => string | undefined;

async function cacheRules(rules: Settings['cache']): Promise<CacheRules> {
  const { default: picomatch } = await import('picomatch');
  const compiled = rules.map(({ pattern, value }) => {
    const isOfName = !pattern.includes('/');
    const whole = isOfName || pattern.startsWith('/') ? pattern : `/${pattern}`;
    const matches = picomatch(whole, { dot: true, windows: false });
    return { value, matches: (path: string) => matches(isOfName ? posix.basename(path) : path) };
  });
  return (path) => compiled.find(({ matches }) => matches(path))?.value;
}

/** The rules are for files, whatever the URL that led to one: `*.html` is the index page of a directory, too. */
function withCacheRules(Base: HandlerClass, rules: CacheRules): HandlerClass {
  return class extends Base {
    override cacheControl(path: string): string {
      const below = relative(resolve(this.directory), path).replaceAll(sep, '/');
      return rules(`/${below}`) ?? super.cacheControl(path);
    }
  };
}
