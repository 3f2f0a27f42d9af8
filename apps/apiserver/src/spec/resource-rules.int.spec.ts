import { eventually } from '@navarch/testing';
import { type RestAnswer, type RestClient, startTestApi, type TestApi } from '../testing';
import { statusChanges, wantedChanges } from '../testing/sample-changes';
import { everywherePathOf, isServersOwn, keyOf, pathOf, sampleOf, storedResources } from '../testing/sample-resource';

interface Meta {
  name: string;
  uid: string;
  resourceVersion: string;
  creationTimestamp: string;
  generation?: number;
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
  managedFields?: unknown[];
  deletionTimestamp?: string;
}
interface Any { kind: string; apiVersion: string; metadata: Meta; status?: unknown; spec?: unknown; items?: Any[]; reason?: string; message?: string; code?: number; details?: unknown; rows?: unknown[] }
type Answer = RestAnswer<Any>;

const merge = { 'Content-Type': 'application/merge-patch+json' };
const notAllowed = {
  code: 405,
  headers: { 'content-type': 'application/json' },
  body: {
    kind: 'Status',
    status: 'Failure',
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
    details: {},
  },
};
const noSuchPath = { code: 404, body: { kind: 'Status', reason: 'NotFound', message: 'the server could not find the requested resource', details: {} } };
const qualified = (name: string, group: string): string => (group === '' ? name : `${name}.${group}`);
const metaOf = ({ body: { metadata } }: Answer): Meta => metadata;
/** An answer, without what makes it hard to read when it is another. */
const brief = ({ code, body }: Answer): unknown => ({ code, body });

/** Kinds of old, and those that are only ever written by PUT. */
const createdByPut = new Set([
  'clusterrolebindings', 'clusterroles', 'endpoints', 'events', 'leasecandidates', 'leases', 'limitranges', 'rolebindings', 'roles', 'runtimeclasses', 'services',
]);

/** What upstream's generic registry does for every kind alike, whatever its strategy. */
describe.each(storedResources.map((facts) => [keyOf(facts), facts] as const))('%s', (key, facts) => {
  const { resource, kind, verbs, group } = facts;
  // Events of both groups are one kind in one storage.
  const kindGroup = resource === 'events' ? '' : group;
  const path = pathOf(facts);
  const about = { name: '', kind: resource, ...(group === '' ? {} : { group }) };
  const what = qualified(resource, group);
  const views = facts.subresources.filter((sub) => sub.verbs.includes('update') && sub.name !== 'proxy');
  // Of these, other metadata are a change of what is wanted, too.
  const uncounted = resource === 'deployments' ? 'labels' : 'annotations';
  let count = 0;
  let name: string;
  let sample: ReturnType<typeof sampleOf>;
  const at = (rest = ''): string => `${path}/${name}${rest}`;

  beforeEach(() => {
    count++;
    sample = sampleOf(facts, count);
    ({ name } = sample.metadata);
  });

  afterEach(async () => {
    await api.delete(at('?gracePeriodSeconds=0'));
    await api.patch(at(), 'merge', { metadata: { finalizers: null } });
  });

  const create = async (more: object = {}): Promise<Answer> => {
    const created = await api.post<Any>(path, { ...sample, ...more });
    if (created.code !== 201) throw new Error(`create ${key}: ${created.code} ${created.raw.toString()}`);
    if (isServersOwn(facts)) await eventually(async () => JSON.stringify((await api.get<Any>(at())).body.status ?? {}).includes('conditions'));
    return created;
  };

  it(`${createdByPut.has(resource) ? 'is' : 'is not'} created by a PUT`, async () => {
    expect((await api.put<Any>(at(), sample)).code).toBe(createdByPut.has(resource) ? 201 : 404);
  });

  it('is created with what only the server says', async () => {
    const made = { uid: 'made-up', creationTimestamp: '2001-01-01T00:00:00Z', deletionTimestamp: '2001-01-01T00:00:00Z', deletionGracePeriodSeconds: 30, selfLink: '/made/up' };
    const { code, headers, body } = await create({ metadata: { name, ...made } });
    expect({ code, headers }).toMatchObject({ code: 201, headers: { 'content-type': 'application/json', 'cache-control': 'no-cache, private', 'audit-id': expect.stringMatching(/^[0-9a-f-]{36}$/) as string } });
    expect(body).toMatchObject({ apiVersion: sample.apiVersion, kind, metadata: { name, uid: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4/) as string, resourceVersion: expect.stringMatching(/^[1-9]\d*$/) as string } });
    expect(new Date(body.metadata.creationTimestamp).getFullYear()).toBeGreaterThan(2025);
    for (const field of ['deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink']) expect(body.metadata).not.toHaveProperty(field);
    expect(JSON.stringify(body.metadata.managedFields ?? [])).not.toMatch(/f:(deletion|uid|creation|selfLink)/);
    expect(body.metadata.generation).toBe(key in wantedChanges || resource === 'priorityclasses' ? 1 : undefined);
  });

  it('cannot be created twice, nor without a name, nor with a version', async () => {
    await create();
    expect(brief(await api.post<Any>(path, sample))).toMatchObject({ code: 409, body: { reason: 'AlreadyExists', message: `${what} "${name}" already exists`, details: { ...about, name } } });
    expect(brief(await api.post<Any>(`${path}?dryRun=All`, sample))).toMatchObject({ code: 409, body: { reason: 'AlreadyExists' } });
    const nameless = await api.post<Any>(path, { ...sample, metadata: {} });
    expect(brief(nameless)).toMatchObject({ code: 422, body: { reason: 'Invalid', details: { kind, causes: expect.arrayContaining([expect.objectContaining({ field: 'metadata.name' })]) as unknown } } });
    expect((await api.post<Any>(path, { ...sample, metadata: { ...sample.metadata, resourceVersion: '7' } })).body.message).toBe('resourceVersion should not be set on objects to be created');
  });

  it('that is missing is not found, by any verb', async () => {
    const missing = { code: 404, body: { kind: 'Status', reason: 'NotFound', message: `${what} "${name}" not found`, details: { ...about, name } } };
    expect(brief(await api.get<Any>(at()))).toMatchObject(missing);
    expect(brief(await api.delete<Any>(at()))).toMatchObject(missing);
    for (const type of ['json', 'merge', 'strategic'] as const) expect(brief(await api.patch<Any>(at(), type, type === 'json' ? [] : {}))).toMatchObject(missing);
    const put = await api.put<Any>(`${at()}?dryRun=All`, sample);
    if (put.code !== 201) expect(brief(put)).toMatchObject(missing);
    for (const { name: sub } of views.filter((each) => each.verbs.includes('get'))) expect((await api.get<Any>(at(`/${sub}`))).code).toBe(404);
  });

  it('knows no verbs but its own', async () => {
    await create();
    expect(await api.post<Any>(at(), sample)).toMatchObject(notAllowed);
    expect(await api.put<Any>(path, sample)).toMatchObject(notAllowed);
    expect(await api.call<Any>('PATCH', path, { body: '{}', headers: merge })).toMatchObject(notAllowed);
    expect(await api.call<Any>('OPTIONS', at())).toMatchObject(notAllowed);
    if (!verbs.includes('deletecollection')) expect(await api.delete<Any>(path)).toMatchObject(notAllowed);
    expect(brief(await api.get<Any>(at('/nosuch')))).toMatchObject(noSuchPath);
    if (facts.namespaced) {
      const everywhere = everywherePathOf(facts);
      for (const [method, body] of [['POST', sample], ['DELETE', undefined]] as const) expect(await api.call<Any>(method, everywhere, { body })).toMatchObject(notAllowed);
      expect(brief(await api.get<Any>(`${everywhere}/${name}`))).toMatchObject(noSuchPath);
      expect(brief(await api.post<Any>(path, { ...sample, metadata: { name, namespace: 'other' } }))).toMatchObject({
        code: 400,
        body: { reason: 'BadRequest', message: 'the namespace of the provided object does not match the namespace sent on the request' },
      });
    } else if (resource !== 'namespaces') {
      expect(brief(await api.get<Any>(path.replace(`/${resource}`, `/namespaces/default/${resource}`)))).toMatchObject(noSuchPath);
    }
    expect((await api.get<Any>(at())).code).toBe(200);
    for (const sub of views) {
      for (const method of ['POST', 'DELETE']) expect(await api.call<Any>(method, at(`/${sub.name}`), { body: {} })).toMatchObject(notAllowed);
      expect(brief(await api.get<Any>(at(`/${sub.name}/more`)))).toMatchObject(noSuchPath);
    }
  });

  it('is replaced only by what is meant for it', async () => {
    const { uid, resourceVersion } = metaOf(await create());
    const { body } = await api.get<Any>(at());
    const refused = async (metadata: object, expected: object): Promise<void> => {
      expect(brief(await api.put<Any>(at(), { ...body, metadata: { ...body.metadata, resourceVersion: metaOf(await api.get<Any>(at())).resourceVersion, ...metadata } }))).toMatchObject(expected);
    };
    await refused({ name: 'another' }, { code: 400, body: { reason: 'BadRequest', message: `the name of the object (another) does not match the name on the URL (${name})` } });
    await refused({ name: '' }, { code: 400, body: { reason: 'BadRequest', message: `the name of the object (${name} based on URL) was undeterminable: name must be provided` } });
    await refused({ uid: 'another' }, { code: 409, body: { reason: 'Conflict', details: { ...about, name }, message: expect.stringMatching(new RegExp(`^Operation cannot be fulfilled on ${what} "${name}": StorageError: invalid object, Code: 4, Key: .*, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: another, UID in object meta: ${uid}$`)) as string } });
    const changed = await api.put<Any>(at(), {
      ...body,
      metadata: {
        ...body.metadata,
        resourceVersion: metaOf(await api.get<Any>(at())).resourceVersion,
        [uncounted]: { changed: 'yes' },
        creationTimestamp: '2001-01-01T00:00:00Z',
        generation: 77,
      },
    });
    expect(brief(changed)).toMatchObject({ code: 200, body: { metadata: { uid, [uncounted]: { changed: 'yes' }, creationTimestamp: body.metadata.creationTimestamp } } });
    expect(metaOf(changed).generation).toBe(body.metadata.generation);
    expect(BigInt(metaOf(changed).resourceVersion)).toBeGreaterThan(BigInt(resourceVersion));
    const stale = { code: 409, body: { reason: 'Conflict', details: { ...about, name }, message: `Operation cannot be fulfilled on ${what} "${name}": the object has been modified; please apply your changes to the latest version and try again` } };
    await refused({ resourceVersion }, stale);
    expect(brief(await api.patch<Any>(at(), 'merge', { metadata: { resourceVersion } }))).toMatchObject(stale);
    expect(brief(await api.patch<Any>(at(), 'merge', { metadata: { uid: 'another' } }))).toMatchObject({
      code: 422,
      body: { reason: 'Invalid', message: expect.stringContaining('metadata.uid: Invalid value: "another": field is immutable') as string },
    });
    // A replacement without a version is one of whatever there is, for kinds that allow it.
    const blind = await api.put<Any>(at(), { ...body, metadata: { name, labels: { blind: 'yes' } } });
    if (blind.code !== 200) expect(brief(blind)).toMatchObject({ code: 422, body: { reason: 'Invalid', message: `${what} "${name}" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update` } });
  });

  it('counts what changes, and keeps its version when nothing does', async () => {
    await create();
    const before = metaOf(await api.get<Any>(at()));
    const same = await api.patch<Any>(at('?fieldManager=rules'), 'merge', {});
    expect(metaOf(same).resourceVersion).toBe(metaOf(await api.get<Any>(at())).resourceVersion);
    expect(metaOf(await api.patch<Any>(at(), 'merge', { metadata: { [uncounted]: { a: 'b' } } })).generation).toBe(before.generation);
    const wanted = wantedChanges[key];
    if (!wanted) return;
    const changed = await api.patch<Any>(at(), 'merge', wanted);
    expect(brief(changed)).toMatchObject({ code: 200, body: { metadata: { generation: (before.generation ?? 0) + 1 } } });
    const dry = await api.patch<Any>(at('?dryRun=All'), 'merge', { metadata: { [uncounted]: { a: 'c' } } });
    expect(metaOf(dry)).toMatchObject({ generation: (before.generation ?? 0) + 1, [uncounted]: { a: 'c' } });
  });

  it('writes nothing in a dry run', async () => {
    expect(brief(await api.post<Any>(`${path}?dryRun=All`, sample))).toMatchObject({ code: 201, body: { kind, metadata: { name, uid: expect.any(String) as string } } });
    expect((await api.get(at())).code).toBe(404);
    await create();
    const { body } = await api.get<Any>(at());
    const labels = { dry: 'run' };
    for (const type of ['merge', 'strategic', 'apply'] as const) {
      const answer = await api.patch<Any>(at('?dryRun=All&fieldManager=dry'), type, { apiVersion: sample.apiVersion, kind, metadata: { name, labels } });
      expect(brief(answer)).toMatchObject({ code: 200, body: { metadata: { labels } } });
    }
    expect(brief(await api.patch<Any>(at('?dryRun=All'), 'json', [{ op: 'add', path: '/metadata/labels', value: labels }]))).toMatchObject({ code: 200, body: { metadata: { labels } } });
    expect((await api.put<Any>(at('?dryRun=All'), { ...body, metadata: { ...body.metadata, resourceVersion: metaOf(await api.get<Any>(at())).resourceVersion, labels } })).code).toBe(200);
    expect((await api.delete<Any>(at('?dryRun=All'))).code).toBe(200);
    expect((await api.delete<Any>(at(), { dryRun: ['All'] })).code).toBe(200);
    if (verbs.includes('deletecollection')) expect((await api.delete<Any>(`${path}?dryRun=All&fieldSelector=metadata.name%3D${name}`)).code).toBe(200);
    const after = await api.get<Any>(at());
    expect(after.code).toBe(200);
    expect(metaOf(after)).toMatchObject({ uid: body.metadata.uid });
    expect(metaOf(after)).not.toHaveProperty('labels.dry');
    expect(metaOf(after)).not.toHaveProperty('deletionTimestamp');
  });

  it('is shown whole, as a table, and as metadata, alone and among others', async () => {
    await create({ metadata: { name, labels: { shown: String(count) } } });
    const list = `${path}?labelSelector=shown%3D${count}`;
    const as = (view: string): Record<string, string> => ({ Accept: `application/json;as=${view};v=v1;g=meta.k8s.io` });
    expect((await api.get<Any>(list)).body).toMatchObject({ kind: `${kind}List`, apiVersion: sample.apiVersion, metadata: { resourceVersion: expect.stringMatching(/^\d+$/) as string }, items: [{ metadata: { name } }] });
    for (const url of [at(), list]) {
      const table = await api.get<Any & { columnDefinitions: { name: string; type: string }[]; rows: { cells: unknown[]; object: Any }[] }>(url, as('Table'));
      expect(table).toMatchObject({ code: 200, headers: { 'content-type': 'application/json' }, body: { kind: 'Table', apiVersion: 'meta.k8s.io/v1', rows: [{ cells: expect.arrayContaining([name]) as unknown, object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name } } }] } });
      expect(table.body.rows[0]?.cells).toHaveLength(table.body.columnDefinitions.length);
    }
    expect((await api.get<Any>(at(), as('PartialObjectMetadata'))).body).toMatchObject({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name } });
    expect((await api.get<Any>(list, as('PartialObjectMetadataList'))).body).toMatchObject({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', items: [{ metadata: { name } }] });
    for (const [view, object] of [['Table', { kind: 'Table' }], ['PartialObjectMetadata', { kind: 'PartialObjectMetadata', metadata: { name } }]] as const) {
      const watch = await api.watchAs(`${list}&watch=true`, `application/json;as=${view};v=v1;g=meta.k8s.io`);
      expect(await watch.next()).toMatchObject({ type: 'ADDED', object });
      watch.stop();
    }
    expect(brief(await api.get<Any>(list, { Accept: 'text/html' }))).toMatchObject({ code: 406, body: { reason: 'NotAcceptable' } });
    expect(brief(await api.call<Any>('POST', path, { body: 'x', headers: { 'Content-Type': 'text/plain' } }))).toMatchObject({ code: 415, body: { reason: 'UnsupportedMediaType' } });
    expect(brief(await api.call<Any>('PATCH', at(), { body: '{}', headers: { 'Content-Type': 'application/json' } }))).toMatchObject({ code: 415, body: { reason: 'UnsupportedMediaType' } });
  });

  it('says which fields it does not know', async () => {
    const odd = { ...sample, nosuch: 1, metadata: { name, odd: true } };
    const strict = await api.post<Any>(`${path}?fieldValidation=Strict`, odd);
    expect(brief(strict)).toMatchObject({ code: 400, body: { reason: 'BadRequest', message: expect.stringMatching(/strict decoding error: unknown field "(nosuch|metadata\.odd)", unknown field "(nosuch|metadata\.odd)"/) as string } });
    const warned = await api.post<Any>(path, odd);
    expect(warned.code).toBe(201);
    expect(warned.headers['warning']).toContain('299 - "unknown field \\"nosuch\\""');
    expect((await api.call<Any>('PATCH', at('?fieldValidation=Ignore'), { body: '{"nosuch":1}', headers: merge })).headers['warning'] ?? '').not.toContain('unknown field');
  });

  it('is deleted on the conditions that the client names', async () => {
    const { uid } = metaOf(await create());
    const conflict = (text: string): object => ({ code: 409, body: { reason: 'Conflict', message: `Operation cannot be fulfilled on ${qualified(kind, kindGroup)} "${name}": ${text}` } });
    expect(brief(await api.delete<Any>(at(), { preconditions: { uid: 'another' } }))).toMatchObject(conflict(`the UID in the precondition (another) does not match the UID in record (${uid}). The object might have been deleted and then recreated`));
    const { resourceVersion } = metaOf(await api.get<Any>(at()));
    expect(brief(await api.delete<Any>(at(), { preconditions: { resourceVersion: '1' } }))).toMatchObject(conflict(`the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`));
    const gone = await api.delete<Any>(at(), { preconditions: { uid }, gracePeriodSeconds: 0 });
    expect(gone.code).toBe(200);
    if (gone.body.kind === 'Status') expect(gone.body).toMatchObject({ status: 'Success', details: { ...about, name, uid } });
    else expect(gone.body).toMatchObject({ kind, metadata: { name, uid } });
  });

  it('waits for its finalizers', async () => {
    await create({ metadata: { name, finalizers: ['example.com/rules'] } });
    const before = metaOf(await api.get<Any>(at()));
    const marked = await api.delete<Any>(at('?gracePeriodSeconds=0'));
    expect(brief(marked)).toMatchObject({ code: 200, body: { kind, metadata: { name, deletionTimestamp: expect.any(String) as string } } });
    expect(metaOf(marked).generation).toBe(before.generation === undefined ? undefined : before.generation + 1);
    expect(brief(await api.patch<Any>(at(), 'merge', { metadata: { finalizers: ['example.com/rules', 'example.com/late'] } }))).toMatchObject({ code: 422, body: { reason: 'Invalid' } });
    expect((await api.patch<Any>(at(), 'merge', { metadata: { finalizers: null } })).code).toBe(200);
    if (resource !== 'namespaces') expect((await api.get(at())).code).toBe(404);
  });

  const ownStatus = statusChanges[key];
  if (facts.subresources.some((sub) => sub.name === 'status') && ownStatus) {
    const [[field, value] = ['', undefined]] = Object.entries(ownStatus['status'] as object) as [string, unknown][];
    const told = (answer: Answer): unknown => (answer.body.status as Record<string, unknown> | undefined)?.[field];

    it('takes its status at the path for it alone, and nothing else there', async () => {
      const created = await create(ownStatus);
      // A kubelet brings its node's status along.
      if (resource === 'nodes') expect(told(created)).toEqual(value);
      else expect(told(created)).not.toEqual(value);
      const before = metaOf(await api.get<Any>(at()));
      if (resource !== 'nodes') {
        expect(told(await api.patch<Any>(at(), 'merge', ownStatus))).not.toEqual(value);
        expect(told(await api.put<Any>(at(), { ...(await api.get<Any>(at())).body, ...ownStatus }))).not.toEqual(value);
      }
      const wanted = wantedChanges[key] ?? {};
      const patched = await api.patch<Any>(at('/status'), 'merge', { ...wanted, ...ownStatus });
      expect({ code: patched.code, body: patched.body, told: told(patched) }).toMatchObject({ code: 200, told: value });
      expect(metaOf(patched).generation).toBe(before.generation);
      expect(patched.body.spec).toEqual((await api.get<Any>(at())).body.spec);
      expect(patched.body.spec).not.toMatchObject({ ...((wanted['spec'] as object | undefined) ?? { nosuch: 1 }) });
      expect((await api.put<Any>(at('/status'), { ...(await api.get<Any>(at())).body, metadata: { ...(await api.get<Any>(at())).body.metadata, resourceVersion: '1' } })).code).toBe(409);
    });
  }
});

let running: TestApi;
let api: RestClient;

beforeAll(async () => {
  // Else the server itself writes the status of flow schemas, between a test's requests.
  running = await startTestApi(['--enable-priority-and-fairness=false']);
  api = running.api;
}, 60_000);

afterAll(() => running.stop());
