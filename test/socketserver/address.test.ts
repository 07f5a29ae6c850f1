import { describe, expect, it } from 'vitest';
import { listenOptions, type ServerAddress, unboundAddress } from '../../src/socketserver/address.js';

describe('a server address', () => {
  it.each<[ServerAddress, readonly [string, number]]>([
    [
      ['', 8000],
      ['', 8000],
    ],
    [
      ['localhost', 0],
      ['localhost', 0],
    ],
    [{ host: '::1', port: 80 }, ['::1', 80]],
    [{ port: 80 }, ['', 80]],
    [{ path: '/run/it' }, ['/run/it', 0]],
    [{ fd: 3 }, ['', 0]],
  ])('%j is shown as %j until it is bound', (address, shown) => {
    expect(unboundAddress(address)).toEqual(shown);
  });

  it.each([
    [['', -1]],
    [['', 65_536]],
    [['', 1.5]],
    [['', Number.NaN]],
    [['', '80']],
    [['']],
    [{ port: undefined }],
    [{ fd: -1 }],
  ])('%j is refused for its number', (address) => {
    expect(() => unboundAddress(address as never)).toThrow(RangeError);
  });

  it.each([[[8000, '']], [{ path: 1 }], [{ host: 5, port: 1 }]])('%j is refused for its kind', (address) => {
    expect(() => unboundAddress(address as never)).toThrow(/server address is a (string|whole number)/);
  });

  it.each([undefined, null, 8000, '', 'localhost:80', { host: '' }])(
    '%j is refused with the forms there are',
    (address) => {
      expect(() => unboundAddress(address as never)).toThrow(/\[host, port\]/);
      expect(() => unboundAddress(address as never)).toThrow(TypeError);
    },
  );
});

describe('what node:net is told', () => {
  it('takes every interface of the family for an empty host', async () => {
    expect(await listenOptions(['', 1], 'IPv4')).toEqual({ host: '0.0.0.0', port: 1 });
    expect(await listenOptions({ port: 1 }, 'IPv6')).toEqual({ host: '::', port: 1 });
  });

  it('looks a name up in the family, and leaves addresses of either alone', async () => {
    expect(await listenOptions(['localhost', 1], 'IPv4')).toEqual({ host: '127.0.0.1', port: 1 });
    expect(await listenOptions(['::1', 1], 'IPv4')).toEqual({ host: '::1', port: 1 });
    expect(await listenOptions(['127.0.0.1', 1], 'IPv6')).toEqual({ host: '127.0.0.1', port: 1 });
  });

  it('names the host that is unknown', async () => {
    await expect(listenOptions(['no-such-host.invalid', 1], 'IPv4')).rejects.toThrow('no-such-host.invalid');
  });

  it('passes paths and descriptors on', async () => {
    expect(await listenOptions({ path: '/run/it' }, 'IPv4')).toEqual({ path: '/run/it' });
    expect(await listenOptions({ fd: 3 }, 'IPv4')).toEqual({ fd: 3 });
  });
});
