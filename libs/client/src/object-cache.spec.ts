import type { corev1 } from '@navarch/api';
import * as fc from 'fast-check';
import { keyOfObject, ObjectCache } from './object-cache';

const byLabel = (pod: corev1.Pod): string[] => Object.keys(pod.metadata.labels ?? {});

describe('indexes of a cache', () => {
  it('hold of every value exactly the newest objects that have it, whatever became of them', () => {
    const change = fc.record({ name: fc.constantFrom('a', 'b', 'c'), labels: fc.uniqueArray(fc.constantFrom('x', 'y', 'z')), gone: fc.boolean() });
    fc.assert(fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
      const cache = new ObjectCache<corev1.Pod>((error) => { throw error; });
      cache.addIndex('label', byLabel);
      for (const [at, { name, labels, gone }] of changes.entries()) {
        const pod: corev1.Pod = { metadata: { name, namespace: 'default', labels: Object.fromEntries(labels.map((label) => [label, ''])) } };
        if (gone) cache.remove(keyOfObject(pod), at + 1);
        else cache.put(keyOfObject(pod), pod, at + 1);
      }
      for (const value of ['x', 'y', 'z']) expect(new Set(cache.byIndex('label', value))).toEqual(new Set(cache.list().filter((pod) => byLabel(pod).includes(value))));
      expect(new Set(cache.list('default'))).toEqual(new Set(cache.list()));
    }));
  });
});
