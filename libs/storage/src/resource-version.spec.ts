import fc from 'fast-check';
import { collectionVersion, parseResourceVersion, resourceVersionOf, revisionOf } from './resource-version';

describe('resource versions', () => {
  it('order by revision and then by position, below the collection of their revision', () => {
    fc.assert(fc.property(fc.nat(2 ** 40), fc.nat(1022), fc.nat(1022), (revision, p, q) => {
      expect(resourceVersionOf(revision, p) < resourceVersionOf(revision, q)).toBe(p < q);
      expect(resourceVersionOf(revision, p)).toBeLessThan(collectionVersion(revision));
      expect(collectionVersion(revision)).toBeLessThan(resourceVersionOf(revision + 1, 0));
      expect(revisionOf(resourceVersionOf(revision, p))).toBe(revision);
      expect(revisionOf(collectionVersion(revision))).toBe(revision);
    }));
  });

  it('are read only from plain decimals', () => {
    expect(parseResourceVersion('0')).toBe(0);
    expect(parseResourceVersion('1099511627775')).toBe(1099511627775);
    for (const text of ['', '-1', '01', '1.5', '1e3', ' 1', '0x10', '99999999999999999', '9999999999999999']) expect(parseResourceVersion(text)).toBeUndefined();
  });
});
