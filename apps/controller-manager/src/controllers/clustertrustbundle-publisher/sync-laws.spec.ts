import type { certificatesv1beta1 } from '@navarch/api';
import fc from 'fast-check';
import { bundleName, planBundles } from './sync';

type Bundle = certificatesv1beta1.ClusterTrustBundle;
const signer = fc.constantFrom('example.com/a', 'example.com/b');
const content = fc.constantFrom('one', 'two', 'three');
/** Named by what is in it, or by what was in it before somebody changed it. */
const bundles = fc.uniqueArray(fc.record({ signerName: signer, named: content, holds: content }), { selector: ({ signerName, named }) => bundleName(signerName, named), maxLength: 6 })
  .map((all) => all.map(({ signerName, named, holds }): Bundle => ({ metadata: { name: bundleName(signerName, named) }, spec: { signerName, trustBundle: holds } })));

describe('the bundles of a signer', () => {
  it('become one with the content that is wanted, those of others stay, and then there is nothing left to do', () => {
    fc.assert(fc.property(signer, content, bundles, (signerName, wanted, present) => {
      const { write, remove } = planBundles(signerName, wanted, present);
      expect(remove.every(({ spec }) => spec.signerName === signerName)).toBe(true);
      const left = present.filter((bundle) => !remove.includes(bundle) && bundle.metadata.name !== write?.bundle.metadata.name);
      const after = write === undefined ? left : [...left, write.bundle];
      const own = after.filter(({ spec }) => spec.signerName === signerName);
      expect(own).toEqual([expect.objectContaining({ metadata: { name: bundleName(signerName, wanted) }, spec: { signerName, trustBundle: wanted } })]);
      expect(after.filter(({ spec }) => spec.signerName !== signerName)).toEqual(present.filter(({ spec }) => spec.signerName !== signerName));
      expect(planBundles(signerName, wanted, after)).toEqual({ remove: [] });
    }));
  });
});
