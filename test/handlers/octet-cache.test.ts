import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OctetCache } from '../../src/handlers/octet-cache.js';

const entry = (size: number) => ({ octets: new Uint8Array(size) });

it('gives back what was put in, until it is taken out or replaced', () => {
  const cache = new OctetCache(100_000);
  const [one, other] = [entry(10), entry(20)];
  cache.set('a', one);
  expect(cache.get('a')).toBe(one);
  cache.set('a', other);
  expect(cache.get('a')).toBe(other);
  cache.delete('a');
  cache.delete('a');
  expect(cache.get('a')).toBeUndefined();
  expect(cache.size).toBe(0);
});

it('drops what was used longest ago', () => {
  const cache = new OctetCache(40_000);
  for (const key of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) cache.set(key, entry(4000));
  cache.get('a');
  cache.set('i', entry(4000));
  expect(cache.get('a')).toBeDefined();
  expect(cache.get('b')).toBeUndefined();
});

it('does not keep what would drive out too much else', () => {
  const cache = new OctetCache(80_000);
  cache.set('small', entry(5000));
  cache.set('large', entry(10_000));
  expect(cache.get('large')).toBeUndefined();
  expect(cache.get('small')).toBeDefined();
});

it('never holds more than its bound, and counts right', () => {
  const operation = fc.tuple(fc.constantFrom('get', 'set', 'delete'), fc.nat(30), fc.nat(3000));
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
      const cache = new OctetCache(20_000);
      for (const [what, key, size] of operations) {
        if (what === 'get') cache.get(`${key}`);
        else if (what === 'set') cache.set(`${key}`, entry(size));
        else cache.delete(`${key}`);
        expect(cache.size).toBeLessThanOrEqual(20_000);
      }
      for (let key = 0; key <= 30; key++) cache.delete(`${key}`);
      expect(cache.size).toBe(0);
    }),
  );
});
