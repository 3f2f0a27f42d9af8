import fc from 'fast-check';
import { metadataStart, objectEnd, servedBytes, servedHead, withServedVersion } from './served-bytes';

const head = servedHead('apps/v1', 'Deployment');
const ours = ['resourceVersion', 'apiVersion', 'kind', 'metadata', '__proto__'];
const anyContent = fc.dictionary(fc.string().filter((key) => !ours.includes(key)), fc.jsonValue({ maxDepth: 3 }))
  .map((record) => JSON.parse(JSON.stringify(record)) as Record<string, unknown>);

describe('served bytes', () => {
  it('are the stored JSON with apiVersion, kind and version in place, whatever it holds', () => {
    fc.assert(fc.property(anyContent, anyContent, fc.integer({ min: 1 }), fc.integer({ min: 1, max: 2 ** 31 - 1 }), (metadata, rest, version, other) => {
      const json = Buffer.from(JSON.stringify({ metadata: { resourceVersion: '', ...metadata }, ...rest }));
      const bytes = servedBytes(head, version, json);
      const served = (rv: number): unknown => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { resourceVersion: String(rv), ...metadata }, ...rest });
      expect(JSON.parse(bytes.toString())).toEqual(served(version));
      const start = metadataStart(head);
      expect(JSON.parse(bytes.subarray(start, objectEnd(bytes, start)).toString())).toEqual({ resourceVersion: String(version), ...metadata });
      expect(JSON.parse(withServedVersion(head, bytes, other).toString())).toEqual(served(other));
    }));
  });

  it.each([['"resourceVersion":"","name":"n"', '"name":"n"'], ['"resourceVersion":""', '']])('say nothing of a version where there is none, an object that was not stored: %s', (stored, served) => {
    expect(servedBytes(head, 0, Buffer.from(`{"metadata":{${stored}},"spec":{}}`)).toString()).toBe(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{${served}},"spec":{}}`);
  });

  it('are made from JSON that something else wrote, with its own ideas of order', () => {
    const foreign = Buffer.from('{"kind":"X","apiVersion":"y","spec":{"a":1},"metadata":{"name":"n","resourceVersion":"7"}}');
    expect(servedBytes(head, 9, foreign).toString()).toBe('{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"resourceVersion":"9","name":"n"},"spec":{"a":1}}');
  });

  it.each(['', 'n1 1 1 aes\nxyz', '[]', 'null', '{}', '{"metadata":1}'])('are refused for %j', (text) => {
    expect(() => servedBytes(head, 1, Buffer.from(text))).toThrow();
  });
});
