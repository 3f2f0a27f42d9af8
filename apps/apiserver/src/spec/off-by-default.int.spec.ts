import { allResources } from '@navarch/api';
import { CertificateAuthority, createStubRequest } from '@navarch/pki';
import { systemClock } from '@navarch/clock';
import { type RestClient, startTestApi, type TestApi } from '../testing';
import { keyOf, pathOf } from '../testing/sample-resource';
import { sampleNames, sampleObjects } from '../testing/sample-objects';

interface Any {
  kind: string;
  apiVersion: string;
  reason?: string;
  message?: string;
  metadata: { name: string; resourceVersion: string; uid: string; annotations?: Record<string, string> };
  items: Any[];
  columnDefinitions: unknown[];
  rows: { cells: unknown[] }[];
}

const off = [...allResources()].filter(({ servedByDefault, verbs }) => !servedByDefault && verbs.includes('update'));
const beta1Claim = { spec: { devices: { requests: [{ name: 'one', deviceClassName: 'sample.example.com' }] } } };

/** Of kinds that no version on by default has, or that have another form there. By `<group>/<version>/<resource>`, or without the version. */
const samples: Readonly<Record<string, object>> = {
  'certificates.k8s.io/podcertificaterequests': {
    spec: { signerName: 'example.com/s', podName: 'p', podUID: 'pu', serviceAccountName: 'default', serviceAccountUID: 'su', nodeName: 'n', nodeUID: 'nu', maxExpirationSeconds: 86400 },
  },
  'coordination.k8s.io/leasecandidates': { spec: { leaseName: 'l', strategy: 'OldestEmulationVersion', binaryVersion: '1.36.0', emulationVersion: '1.36.0' } },
  'internal.apiserver.k8s.io/storageversions': { spec: {} },
  'resource.k8s.io/devicetaintrules': { spec: { deviceSelector: { driver: 'sample.example.com' }, taint: { key: 'example.com/k', value: 'v', effect: 'NoExecute' } } },
  'resource.k8s.io/resourcepoolstatusrequests': { spec: { driver: 'sample.example.com' } },
  'resource.k8s.io/v1beta1/resourceclaims': beta1Claim,
  'resource.k8s.io/v1beta1/resourceclaimtemplates': { spec: beta1Claim },
  'resource.k8s.io/v1beta1/resourceslices': { spec: { driver: 'sample.example.com', pool: { name: 'sample', resourceSliceCount: 1, generation: 1 }, nodeName: 'node-1', devices: [{ name: 'dev-1', basic: { attributes: { model: { string: 'a' } } } }] } },
  'scheduling.k8s.io/podgroups': { spec: { schedulingPolicy: { basic: {} } } },
  'scheduling.k8s.io/workloads': { spec: { podGroupTemplates: [{ name: 'g', schedulingPolicy: { basic: {} } }] } },
  'storagemigration.k8s.io/storageversionmigrations': { spec: { resource: { group: 'apps', resource: 'deployments' } } },
};

describe('a resource that is served when asked for', () => {
  let running: TestApi;
  let api: RestClient;
  let trustBundle: string;
  let signedRequest: string;

  beforeAll(async () => {
    signedRequest = (await createStubRequest('ECDSAP256')).request.toString('base64');
    trustBundle = (await CertificateAuthority.create('sample', systemClock)).cert;
    running = await startTestApi(['--enable-priority-and-fairness=false', '--runtime-config=api/all=true']);
    api = running.api;
  }, 60_000);

  afterAll(() => running.stop());

  const sampleOf = (key: string): object => {
    const [group = '', , resource = ''] = key.split('/');
    if (resource === 'clustertrustbundles') return { spec: { trustBundle } };
    const stable = sampleObjects[`${group}/v1/${resource}`];
    const found = samples[key] ?? samples[`${group}/${resource}`] ?? (typeof stable === 'function' ? stable(1) : stable);
    if (found === undefined) throw new Error(`no sample of ${key}`);
    // Its signature shows that somebody has the key.
    if (resource === 'podcertificaterequests') return { spec: { ...(found as { spec: object }).spec, stubPKCS10Request: signedRequest } };
    return found;
  };

  it.each(off.map((facts) => [keyOf(facts), facts] as const))('%s', async (key, facts) => {
    const { group, version, kind, resource } = facts;
    const [path, apiVersion] = [pathOf(facts), `${group}/${version}`];
    const name = sampleNames[`${group}/v1/${resource}`]?.(1) ?? `sample.${version}`;
    const at = `${path}/${name}`;
    const created = await api.post<Any>(path, { apiVersion, kind, metadata: { name }, ...sampleOf(key) });
    expect({ code: created.code, body: created.body }).toMatchObject({ code: 201, body: { apiVersion, kind, metadata: { name } } });
    expect(await api.post<Any>(path, { apiVersion, kind, metadata: { name }, ...sampleOf(key) })).toMatchObject({ code: 409, body: { reason: 'AlreadyExists' } });
    expect((await api.get<Any>(at)).body).toMatchObject({ kind, metadata: { uid: created.body.metadata.uid } });
    const listed = (await api.get<Any>(path)).body;
    expect({ ...listed, items: listed.items.filter((item) => item.metadata.name === name) }).toMatchObject({ kind: `${kind}List`, apiVersion, items: [{ metadata: { name } }] });
    const table = await api.get<Any>(at, { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    expect(table.body.columnDefinitions).toHaveLength(table.body.rows[0]?.cells.length ?? 0);
    expect((await api.get<Any>(at, { Accept: 'application/vnd.kubernetes.protobuf' })).code).toBe(200);
    const watch = await api.watch(`${path}?watch=true&resourceVersion=${created.body.metadata.resourceVersion}`);
    for (const [type, patch] of [['merge', { metadata: { annotations: { merge: '1' } } }], ['strategic', { metadata: { annotations: { strategic: '1' } } }], ['json', [{ op: 'add', path: '/metadata/annotations/json', value: '1' }]],
      ['apply', { apiVersion, kind, metadata: { name, annotations: { apply: '1' } } }]] as const) {
      const patched = await api.patch<Any>(`${at}?fieldManager=suite`, type, patch);
      expect({ code: patched.code, body: patched.body }).toMatchObject({ code: 200, body: { metadata: { annotations: { [type]: '1' } } } });
      expect(await watch.next()).toMatchObject({ type: 'MODIFIED', object: { kind, metadata: { annotations: { [type]: '1' } } } });
    }
    watch.stop();
    const current = (await api.get<Any>(at)).body;
    expect((await api.put<Any>(at, { ...current, metadata: { ...current.metadata, annotations: { put: '1' } } })).code).toBe(200);
    expect(await api.put<Any>(at, { ...current, metadata: { ...current.metadata, annotations: { stale: '1' } } })).toMatchObject({ code: 409, body: { reason: 'Conflict' } });
    for (const { name: sub } of facts.subresources) {
      const got = await api.get<Any>(`${at}/${sub}`);
      expect({ code: got.code, body: got.body }).toMatchObject({ code: 200, body: { kind } });
      expect((await api.put<Any>(`${at}/${sub}`, got.body)).code).toBe(200);
    }
    expect((await api.post(`${path}?fieldValidation=Strict&dryRun=All`, { apiVersion, kind, metadata: { name: `${name}-2` }, ...sampleOf(key), nonsense: 1 })).code).toBe(400);
    expect((await api.delete<Any>(at)).code).toBe(200);
    // What protects it leaves it to its controller.
    if (resource === 'volumeattributesclasses') expect((await api.patch(at, 'merge', { metadata: { finalizers: null } })).code).toBe(200);
    expect(await api.get<Any>(at)).toMatchObject({ code: 404, body: { reason: 'NotFound', message: `${resource}.${group} "${name}" not found` } });
  });
});
