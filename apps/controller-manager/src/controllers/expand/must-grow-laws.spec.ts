import { volumeAnnotations, type corev1 } from '@navarch/api';
import fc from 'fast-check';
import { mustGrow } from './controller';

/** A size and how many bytes it is, by arithmetic of our own. */
const size = fc.record({ count: fc.nat(64), unit: fc.constantFrom(['', 1], ['k', 1_000], ['Ki', 1_024], ['M', 1_000_000], ['Mi', 1_048_576]) }).map(({ count, unit: [name, bytes] }) => ({ text: `${count}${name}`, bytes: count * bytes }));
const known = fc.option(size, { nil: undefined });

const claim = (asked?: { text: string }, given?: { text: string }): corev1.PersistentVolumeClaim => ({
  metadata: { namespace: 'default', name: 'c' }, spec: asked === undefined ? {} : { resources: { requests: { storage: asked.text } } }, status: given === undefined ? {} : { capacity: { storage: given.text } },
});
const volume = (before?: string): corev1.PersistentVolume => ({ metadata: { name: 'v', annotations: before === undefined ? {} : { [volumeAnnotations.preResizeCapacity]: before } } });

describe('a claim', () => {
  it('must grow when it asks for more than it has, in whatever unit, or its file system lags behind', () => {
    fc.assert(fc.property(known, known, fc.option(fc.constant('1Gi'), { nil: undefined }), (asked, given, before) => {
      expect(mustGrow(claim(asked, given), volume(before))).toBe(before !== undefined || (asked?.bytes ?? 0) > (given?.bytes ?? 0));
    }));
  });

  it('need not once it has what it asked for', () => {
    fc.assert(fc.property(size, (asked) => expect(mustGrow(claim(asked, asked), volume())).toBe(false)));
  });
});
