import type { apiserverinternalv1alpha1 } from '@navarch/api';
import fc from 'fast-check';
import { planStorageVersion } from './sync';

const servers = ['a', 'b', 'c'] as const;
const entries = fc.uniqueArray(fc.record({ apiServerID: fc.constantFrom(...servers), encodingVersion: fc.constantFrom('v1', 'v2') }), { selector: ({ apiServerID }) => apiServerID });
const storageVersion = (given: readonly { apiServerID: string; encodingVersion: string }[]): apiserverinternalv1alpha1.StorageVersion => ({
  metadata: { name: 'apps.deployments' }, spec: {}, status: { storageVersions: given.map((entry) => ({ ...entry, decodableVersions: ['v1', 'v2'] })) },
});

describe('what apiservers have said of the versions that they store', () => {
  it('goes with them and with nobody else; what is left says whether all store the same', () => {
    fc.assert(fc.property(entries, fc.subarray([...servers]), (given, alive) => {
      const plan = planStorageVersion(storageVersion(given), (id) => alive.includes(id as 'a'), 'now');
      const left = given.filter(({ apiServerID }) => alive.includes(apiServerID));
      if (left.length === given.length) expect(plan).toBeUndefined();
      else if (left.length === 0) expect(plan).toEqual({ kind: 'delete' });
      else {
        const status = plan?.kind === 'status' ? plan.status : {};
        expect(status.storageVersions?.map(({ apiServerID }) => apiServerID)).toEqual(left.map(({ apiServerID }) => apiServerID));
        const versions = new Set(left.map(({ encodingVersion }) => encodingVersion));
        expect(status.commonEncodingVersion).toBe(versions.size === 1 ? [...versions][0] : undefined);
        expect(status.conditions).toEqual([expect.objectContaining({ type: 'AllEncodingVersionsEqual', status: versions.size === 1 ? 'True' : 'False' })]);
        expect(planStorageVersion({ ...storageVersion([]), status }, (id) => alive.includes(id as 'a'), 'later')).toBeUndefined();
      }
    }));
  });
});
