// The meta-variables of RFC 3875 §4.1, one after the other, and what never becomes a variable.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CGIRequest,
  INHERITED,
  makeCgiEnvironment,
  type Variables,
} from '../../src/handlers/cgi-environment.js';

const REQUEST: CGIRequest = {
  method: 'GET',
  protocol: 'HTTP/1.1',
  uri: '/cgi-bin/a.py',
  query: undefined,
  fields: [['Host', 'example.org:8080']],
  contentLength: undefined,
  scriptName: '/cgi-bin/a.py',
  pathInfo: '',
  pathTranslated: undefined,
  scriptFilename: '/srv/cgi-bin/a.py',
  documentRoot: '/srv',
  remoteAddress: '192.0.2.1',
  remoteUser: undefined,
  authType: undefined,
  serverName: 'machine',
  serverPort: 8080,
  serverSoftware: 'Test/1',
  https: false,
};

function environment(request: Partial<CGIRequest> = {}, configured: Variables = {}, own: Variables = {}) {
  return makeCgiEnvironment({ ...REQUEST, ...request }, configured, own);
}

/** Those that come of these fields. */
function ofFields(...fields: (readonly [string, string])[]): Record<string, string> {
  const all = Object.entries(environment({ fields }));
  return Object.fromEntries(all.filter(([name]) => name.startsWith('HTTP_')));
}

describe('the meta-variables', () => {
  it('of a GET without anything: these, and no others', () => {
    expect(environment()).toEqual({
      GATEWAY_INTERFACE: 'CGI/1.1',
      QUERY_STRING: '',
      REMOTE_ADDR: '192.0.2.1',
      REMOTE_HOST: '192.0.2.1',
      REQUEST_METHOD: 'GET',
      SCRIPT_NAME: '/cgi-bin/a.py',
      SERVER_NAME: 'example.org',
      SERVER_PORT: '8080',
      SERVER_PROTOCOL: 'HTTP/1.1',
      SERVER_SOFTWARE: 'Test/1',
      DOCUMENT_ROOT: '/srv',
      REDIRECT_STATUS: '200',
      REQUEST_URI: '/cgi-bin/a.py',
      SCRIPT_FILENAME: '/srv/cgi-bin/a.py',
      HTTP_HOST: 'example.org:8080',
    });
  });

  it('CONTENT_LENGTH is there if there is a body, CONTENT_TYPE if the client said it', () => {
    expect(environment({ contentLength: 0 })['CONTENT_LENGTH']).toBe('0');
    expect(environment({ contentLength: 2 ** 40 })['CONTENT_LENGTH']).toBe('1099511627776');
    const typed = environment({ fields: [['content-TYPE', 'text/plain']] });
    expect(typed).toMatchObject({ CONTENT_TYPE: 'text/plain' });
    expect(typed).not.toHaveProperty('HTTP_CONTENT_TYPE');
    expect(typed).not.toHaveProperty('CONTENT_LENGTH');
  });

  it('PATH_INFO and PATH_TRANSLATED are there if there is something behind the script', () => {
    expect(environment({ pathInfo: '/ä b', pathTranslated: '/srv/ä b' })).toMatchObject({
      PATH_INFO: '/ä b',
      PATH_TRANSLATED: '/srv/ä b',
    });
    expect(environment({})).not.toHaveProperty('PATH_TRANSLATED');
  });

  it('QUERY_STRING and REQUEST_URI stay encoded, and octets that should have been are', () => {
    expect(environment({ query: 'a=b?c=%20+&d//', uri: '/x?a=b?c=%20+&d//' })).toMatchObject({
      QUERY_STRING: 'a=b?c=%20+&d//',
      REQUEST_URI: '/x?a=b?c=%20+&d//',
    });
    expect(environment({ query: '\xc3\xa4\xff', uri: '/\xe4' })).toMatchObject({
      QUERY_STRING: '%C3%A4%FF',
      REQUEST_URI: '/%E4',
    });
  });

  it.each([
    ['example.org', 'example.org'],
    ['example.org:', 'example.org'],
    ['127.0.0.1:80', '127.0.0.1'],
    ['[::1]:80', '[::1]'],
    ['[::1]', '[::1]'],
    ['a_b', 'a_b'],
    ["x'onload=alert(1)", 'machine'],
    ['a%22b', 'machine'],
    ['', 'machine'],
  ])('SERVER_NAME for Host %s is %s', (host, name) => {
    expect(environment({ fields: [['Host', host]] })['SERVER_NAME']).toBe(name);
  });

  it('SERVER_NAME without Host is the server’s own, in brackets if it is an address of IPv6', () => {
    expect(environment({ fields: [] })['SERVER_NAME']).toBe('machine');
    expect(environment({ fields: [], serverName: '::1' })['SERVER_NAME']).toBe('[::1]');
  });

  it('HTTPS is there over TLS', () => {
    expect(environment({ https: true })['HTTPS']).toBe('on');
    expect(environment()).not.toHaveProperty('HTTPS');
  });

  it('MUST 70: REMOTE_USER and AUTH_TYPE are what the server has made sure of; Authorization is not passed on', () => {
    const secret = ['Authorization', 'Basic YTpi'] as const;
    const unknown = environment({ fields: [secret, ['Remote-User', 'root']] });
    expect(unknown).not.toHaveProperty('REMOTE_USER');
    expect(unknown).not.toHaveProperty('AUTH_TYPE');
    expect(JSON.stringify(unknown)).not.toContain('YTpi');
    const known = environment({ fields: [secret], remoteUser: 'ann', authType: 'Basic' });
    expect(known).toMatchObject({ REMOTE_USER: 'ann', AUTH_TYPE: 'Basic' });
    expect(JSON.stringify(known)).not.toContain('YTpi');
  });
});

describe('the fields', () => {
  it('are variables by their names', () => {
    expect(ofFields(['User-Agent', 'x'], ['X-2', ''], ['accept', '*/*'])).toEqual({
      HTTP_USER_AGENT: 'x',
      HTTP_X_2: '',
      HTTP_ACCEPT: '*/*',
    });
  });

  it('are joined if there are several of a name, whatever its case', () => {
    expect(ofFields(['Accept', 'a'], ['ACCEPT', 'b'], ['Cookie', 'c=1'], ['cookie', 'd=2'])).toEqual({
      HTTP_ACCEPT: 'a,b',
      HTTP_COOKIE: 'c=1; d=2',
    });
  });

  it('MUST 68: Proxy, and every name that is not of letters, digits and hyphens, is left out', () => {
    expect(
      ofFields(
        ['Proxy', 'http://evil/'],
        ['PROXY', 'http://evil/'],
        ['X_Forwarded_For', 'spoofed'],
        ['X.A', '1'],
        ["X'A", '1'],
        ['X!', '1'],
        ['X-A', 'kept'],
      ),
    ).toEqual({ HTTP_X_A: 'kept' });
  });

  it('MUST 68: no field makes HTTP_PROXY, or a variable that another makes', () => {
    const name = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,12}$/);
    const near = fc.constantFrom('proxy', 'Proxy', 'X-A', 'X_A', 'x-a', 'Content-Length', 'Host');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.oneof(name, near), fc.constant('v')), { maxLength: 12 }), (fields) => {
        const made = environment({ fields });
        expect(made).not.toHaveProperty('HTTP_PROXY');
        for (const variable of Object.keys(made).filter((key) => key.startsWith('HTTP_'))) {
          const wanted = variable.slice('HTTP_'.length).replaceAll('_', '-').toLowerCase();
          expect(fields.some(([own]) => own.toLowerCase() === wanted)).toBe(true);
        }
      }),
    );
  });

  it('of the connection and of the framing are left out', () => {
    expect(
      ofFields(
        ['Connection', 'close'],
        ['Transfer-Encoding', 'chunked'],
        ['Expect', '100-continue'],
        ['Content-Length', '1'],
        ['TE', 'trailers'],
        ['Upgrade', 'x'],
        ['Keep-Alive', '1'],
        ['Proxy-Authorization', 'x'],
      ),
    ).toEqual({});
  });

  it('give back their octets, if they are UTF-8; else they are taken for latin1', () => {
    expect(ofFields(['X', 'h\xc3\xa4'], ['Y', 'h\xe4'])).toEqual({ HTTP_X: 'hä', HTTP_Y: 'hä' });
  });
});

describe('the rest of the environment', () => {
  it('MUST 69: of the server’s own only what programs need is passed on', () => {
    const own = {
      PATH: '/bin',
      NODE_OPTIONS: '--inspect',
      LD_PRELOAD: '/evil.so',
      AWS_SECRET_ACCESS_KEY: 'secret',
      HTTP_PROXY: 'http://proxy/',
      HOME: '/root',
    };
    const made = environment({ fields: [] }, {}, own);
    expect(made['PATH']).toBe('/bin');
    for (const name of Object.keys(own).filter((key) => !INHERITED.includes(key)))
      expect(made).not.toHaveProperty(name);
  });

  it('MUST 69: what is configured is added, but cannot say anything of the request', () => {
    const made = environment(
      { remoteUser: undefined },
      {
        MODE: 'test',
        LANG: undefined,
        PATH: '/own/bin',
        REMOTE_USER: 'root',
        QUERY_STRING: 'x',
        HTTP_PROXY: 'http://evil/',
        HTTP_HOST: 'evil',
        HTTP_X_USER: 'root',
        HTTPS: 'on',
      },
      { PATH: '/bin' },
    );
    expect(made).toMatchObject({
      MODE: 'test',
      PATH: '/own/bin',
      QUERY_STRING: '',
      HTTP_HOST: 'example.org:8080',
    });
    for (const name of ['LANG', 'REMOTE_USER', 'HTTP_PROXY', 'HTTP_X_USER', 'HTTPS'])
      expect(made).not.toHaveProperty(name);
  });
});
