import { type RestClient, startTestApi, type TestApi } from '../testing';
import { everywherePathOf, isServersOwn, keyOf, pathOf, sampleOf, storedResources } from '../testing/sample-resource';

interface Object_ { apiVersion: string; kind: string; metadata: { name: string; uid: string; resourceVersion: string; labels?: Record<string, string>; annotations?: Record<string, string> } & Record<string, unknown>; items: Object_[] }
interface Table { kind: string; columnDefinitions: { name: string }[]; rows: { cells: unknown[] }[] }

const inTurn = async <T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> => {
  for (const item of items) await act(item);
};

/** Kinds whose status view leaves the metadata alone. */
const metadataStays = new Set([
  'admissionregistration.k8s.io/validatingadmissionpolicies', 'apiregistration.k8s.io/apiservices', 'flowcontrol.apiserver.k8s.io/flowschemas', 'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations',
  'internal.apiserver.k8s.io/storageversions', 'networking.k8s.io/servicecidrs', 'resource.k8s.io/devicetaintrules', 'resource.k8s.io/resourceclaims', 'resource.k8s.io/resourcepoolstatusrequests', 'scheduling.k8s.io/podgroups',
  'storage.k8s.io/volumeattachments', 'storagemigration.k8s.io/storageversionmigrations',
]);

interface Owned { manager: string; subresource?: string; fieldsV1: Record<string, unknown> }

/** What upstream's conformance suite asks of the API of every kind. */
describe('every built-in resource', () => {
  let running: TestApi;
  let api: RestClient;

  beforeAll(async () => {
    // Else the server itself writes the status of flow schemas, between a test's requests.
    running = await startTestApi(['--enable-priority-and-fairness=false']);
    api = running.api;
  }, 60_000);

  afterAll(() => running.stop());

  it.each(storedResources.filter((facts) => !isServersOwn(facts)).map((facts) => [keyOf(facts), facts] as const))('%s lives through all verbs', async (_key, facts) => {
    const [sample, second] = [sampleOf(facts, 1), sampleOf(facts, 2)];
    const { apiVersion, kind, metadata: { name } } = sample;
    const at = (one: string): string => `${path}/${one}`;
    const path = pathOf(facts);
    const labels = { suite: facts.resource };
    const { body: empty } = await api.get<Object_>(`${path}?labelSelector=suite%3D${facts.resource}`);
    const watch = await api.watch(`${path}?watch=true&resourceVersion=${empty.metadata.resourceVersion}&labelSelector=suite%3D${facts.resource}`);

    const created = await api.post<Object_>(path, { ...sample, metadata: { name, labels } });
    expect({ code: created.code, body: created.body }).toMatchObject({ code: 201, body: { apiVersion, kind, metadata: { name, labels } } });
    expect(await api.get<Object_>(at(name))).toMatchObject({ code: 200, body: created.body });
    const listed = await api.get<Object_>(`${path}?labelSelector=suite%3D${facts.resource}&fieldSelector=metadata.name%3D${name}`);
    expect(listed.body).toMatchObject({ kind: `${kind}List`, apiVersion, items: [{ metadata: { name } }] });
    if (facts.namespaced) expect((await api.get<Object_>(`${everywherePathOf(facts)}?labelSelector=suite%3D${facts.resource}`)).body.items).toHaveLength(1);
    const table = await api.get<Table>(at(name), { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    expect(table.body.columnDefinitions).toHaveLength(table.body.rows[0]?.cells.length ?? 0);

    await inTurn([['merge', { metadata: { annotations: { merge: '1' } } }], ['strategic', { metadata: { annotations: { strategic: '1' } } }], ['json', [{ op: 'add', path: '/metadata/annotations/json', value: '1' }]],
      ['apply', { apiVersion, kind, metadata: { name, annotations: { apply: '1' } } }]] as const, async ([type, patch]) => {
      const { code, body } = await api.patch<Object_>(`${at(name)}?fieldManager=suite`, type, patch);
      expect({ code, body }).toMatchObject({ code: 200, body: { metadata: { annotations: { [type]: '1' } } } });
    });
    const current = (await api.get<Object_>(at(name))).body;
    const put = await api.put<Object_>(at(name), { ...current, metadata: { ...current.metadata, annotations: { put: '1' } } });
    expect({ code: put.code, body: put.body }).toMatchObject({ code: 200, body: { metadata: { uid: created.body.metadata.uid, annotations: { put: '1' } } } });
    expect(await api.put<Object_>(at(name), { ...current, metadata: { ...current.metadata, annotations: { stale: '1' } } })).toMatchObject({ code: 409, body: { reason: 'Conflict' } });

    if (facts.subresources.some((sub) => sub.name === 'status')) {
      expect(await api.get<Object_>(`${at(name)}/status`)).toMatchObject({ code: 200, body: { kind, metadata: { name } } });
      const patched = await api.patch<Object_>(`${at(name)}/status`, 'merge', { metadata: { annotations: { 'status-patch': '1' } } });
      expect({ code: patched.code, body: patched.body }).toMatchObject({ code: 200, body: { kind } });
      const replaced = await api.put<Object_>(`${at(name)}/status`, patched.body);
      expect({ code: replaced.code, body: replaced.body }).toMatchObject({ code: 200, body: { kind } });
      // Nobody owns through a view what the view leaves as it was.
      const applied = await api.patch<Object_>(`${at(name)}/status?fieldManager=status-suite`, 'apply', { apiVersion, kind, metadata: { name, annotations: { 'status-apply': '1' } }, spec: (sample as { spec?: object }).spec });
      expect({ code: applied.code, body: applied.body }).toMatchObject({ code: 200, body: { kind } });
      const stays = metadataStays.has(`${facts.group}/${facts.resource}`);
      const owned = ((applied.body.metadata['managedFields'] ?? []) as Owned[]).find(({ manager, subresource }) => manager === 'status-suite' && subresource === 'status');
      expect({ annotation: applied.body.metadata.annotations?.['status-apply'], owned: owned && Object.keys(owned.fieldsV1) }).toEqual(stays ? { annotation: undefined, owned: undefined } : { annotation: '1', owned: ['f:metadata'] });
    }

    expect((await api.delete<Object_>(`${at(name)}?gracePeriodSeconds=0`)).code).toBe(200);
    if (facts.verbs.includes('deletecollection')) {
      expect((await api.post<Object_>(path, { ...second, metadata: { ...second.metadata, labels } })).code).toBe(201);
      const all = await api.delete<Object_>(`${path}?labelSelector=suite%3D${facts.resource}&gracePeriodSeconds=0`);
      expect({ code: all.code, body: all.body }).toMatchObject({ code: 200 });
      const left = (await api.get<Object_>(`${path}?labelSelector=suite%3D${facts.resource}`)).body.items;
      expect(left.filter(({ metadata }) => metadata['finalizers'] === undefined)).toEqual([]);
    }
    expect((await watch.next()).type).toBe('ADDED');
    expect(await watch.next()).toMatchObject({ type: 'MODIFIED', object: { kind, metadata: { annotations: { merge: '1' } } } });
    watch.stop();
  });
});
