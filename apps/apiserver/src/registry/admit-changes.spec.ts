import type { KubeObject } from '@navarch/api';
import type { AdmissionChain } from '../pipeline';
import { anAdmission } from '../testing/admission-attributes';
import { admitChanges } from './admit-changes';

const owner = { apiVersion: 'v1', kind: 'Node', name: 'one', uid: 'u1' };
const managed = [{ manager: 'me', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:data': {} } }];
const aMap = (): KubeObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', ownerReferences: [owner], managedFields: managed } });

/** What becomes of a map that admission changes so, and what its writer is told. */
async function changed(change: (metadata: KubeObject['metadata']) => void): Promise<{ object: KubeObject; warnings: string[] }> {
  const object = aMap();
  const warnings: string[] = [];
  const mutate = (): Promise<void> => {
    change(object.metadata);
    return Promise.resolve();
  };
  const chain: AdmissionChain = { mutate, validate: () => Promise.resolve(), undo: () => undefined };
  await admitChanges(chain, anAdmission(object), object, { warn: (text) => warnings.push(text) });
  return { object, warnings };
}

describe('what admission changes', () => {
  it('stays as it is where it can be read', async () => {
    const labels = { a: 'b' };
    expect(await changed((metadata) => (metadata.labels = labels))).toEqual({ object: { ...aMap(), metadata: { ...aMap().metadata, labels } }, warnings: [] });
    expect((await changed((metadata) => (metadata.managedFields = [{ ...managed[0], manager: 'other' }]))).object.metadata.managedFields).toMatchObject([{ manager: 'other' }]);
  });

  it('names no owner twice', async () => {
    const { object, warnings } = await changed((metadata) => (metadata.ownerReferences = [owner, owner, { ...owner, controller: true }]));
    expect(object.metadata.ownerReferences).toEqual([owner, { ...owner, controller: true }]);
    expect(warnings).toEqual([expect.stringMatching(/^\.metadata\.ownerReferences contains duplicate entries after mutating admission happens; .*: u1$/) as string]);
  });

  it.each([
    ['missing fieldsType in managed fields entry 0', { fieldsType: '' }],
    ['apiVersion must not be empty', { apiVersion: '' }],
    ['operation must be `Apply` or `Update`', { operation: 'Other' }],
    ['managed fields entry 0 cannot be decoded', { fieldsV1: { nonsense: {} } }],
  ])('leaves managedFields alone: %s', async (why, broken) => {
    const { object, warnings } = await changed((metadata) => (metadata.managedFields = [{ ...managed[0], ...broken }] as NonNullable<typeof metadata.managedFields>));
    expect(object).toEqual(aMap());
    expect(warnings).toEqual([expect.stringContaining(why) as string]);
  });
});
