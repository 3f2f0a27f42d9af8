import { eventually } from '@navarch/testing';
import { type RestAnswer, startTestApi, type TestApi } from '../testing';

interface Any { kind: string; apiVersion: string; metadata: { name: string; resourceVersion: string }; reason?: string; message?: string; details?: unknown; data?: Record<string, string>; columnDefinitions?: { name: string }[]; rows?: { cells: unknown[]; object: Any }[] }

const maps = '/api/v1/namespaces/default/configmaps';
const deployments = '/apis/apps/v1/namespaces/default/deployments';
const events = '/apis/events.k8s.io/v1/namespaces/default/events';
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const foos = '/apis/example.com/v1/namespaces/default/foos';
const as = (kind: string): Record<string, string> => ({ Accept: `application/json;as=${kind};g=meta.k8s.io;v=v1` });
const brief = ({ code, body }: RestAnswer<Any>): unknown => ({ code, reason: body.reason, message: body.message });

let test: TestApi;
beforeAll(async () => (test = await startTestApi()), 60_000);
afterAll(() => test.stop());

/** What clients rarely ask, answered in upstream's words. */
describe('an odd request', () => {
  const map = async (name: string, data: Record<string, string> = { a: 'b' }): Promise<string> => {
    expect((await test.api.post(maps, { metadata: { name }, data })).code).toBe(201);
    return `${maps}/${name}`;
  };

  it('applies another kind, which takes nothing away', async () => {
    const path = await map('kept');
    const answer = await test.api.patch<Any>(`${path}?fieldManager=m`, 'apply', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'kept' } });
    expect(brief(answer)).toEqual({ code: 400, reason: 'BadRequest', message: 'invalid object type: /v1, Kind=Secret' });
    expect((await test.api.get<Any>(path)).body.data).toEqual({ a: 'b' });
    expect((await test.api.patch<Any>(`${maps}/fresh?fieldManager=m`, 'apply', { apiVersion: 'v1', metadata: { name: 'fresh' } })).code).toBe(400);
    expect((await test.api.patch<Any>(`${path}?fieldManager=m`, 'apply', { metadata: { name: 'kept' } })).body.message).toBe('invalid object type: /, Kind=');
    expect((await test.api.get(`${maps}/fresh`)).code).toBe(404);
  });

  it('names numbers that a double cannot hold', async () => {
    const [revision, grace] = ['9007199254740993', '9223372036854775806'];
    const revisions = '/apis/apps/v1/namespaces/default/controllerrevisions';
    const templates = '/api/v1/namespaces/default/podtemplates';
    const template = `{"metadata":{"name":"big"},"template":{"spec":{"terminationGracePeriodSeconds":${grace},"containers":[{"name":"c","image":"i"}]}}}`;
    expect((await test.api.call('POST', revisions, { body: `{"metadata":{"name":"big"},"revision":${revision},"data":{"at":[${grace}]}}` })).code).toBe(201);
    expect((await test.api.call('POST', templates, { body: template })).code).toBe(201);
    for (const [path, numbers] of [[`${revisions}/big`, [revision, grace]], [`${templates}/big`, [grace]]] as const) {
      expect((await test.api.patch(path, 'merge', { metadata: { labels: { a: 'b' } } })).code).toBe(200);
      expect((await test.api.patch(path, 'strategic', { metadata: { labels: { b: 'c' } } })).code).toBe(200);
      const wire = (await test.api.get(path, { Accept: 'application/vnd.kubernetes.protobuf' })).raw;
      expect((await test.api.call('PUT', path, { body: wire, headers: { 'Content-Type': 'application/vnd.kubernetes.protobuf' } })).code).toBe(200);
      for (const accept of ['application/json', 'application/json;pretty=1', 'application/yaml']) {
        const text = (await test.api.get(path, { Accept: accept })).raw.toString();
        for (const number of numbers) expect(text).toContain(number);
      }
    }
  });

  it('gives options without a value', async () => {
    const path = await map('optionless');
    const unsupported = (kind: string, field: string): unknown => expect.objectContaining({ code: 422, message: expect.stringMatching(new RegExp(`^${kind}\\.meta\\.k8s\\.io "" is invalid: ${field}: Unsupported value: `)) as string });
    expect(brief(await test.api.post<Any>(`${maps}?dryRun=`, { metadata: { name: 'x' } }))).toEqual(unsupported('CreateOptions', 'dryRun'));
    expect(brief(await test.api.patch<Any>(`${path}?dryRun=`, 'merge', {}))).toEqual(unsupported('PatchOptions', 'dryRun'));
    expect(brief(await test.api.delete<Any>(`${path}?dryRun=`))).toEqual(unsupported('DeleteOptions', 'dryRun'));
    expect(brief(await test.api.delete<Any>(`${path}?propagationPolicy=`))).toEqual(unsupported('DeleteOptions', 'propagationPolicy'));
    expect(brief(await test.api.delete<Any>(`${path}?gracePeriodSeconds=`))).toEqual({ code: 400, reason: 'BadRequest', message: 'strconv.ParseInt: parsing "": invalid syntax' });
    // A flag that is there is set.
    expect((await test.api.delete<Any>(`${path}?dryRun=All&orphanDependents=`)).body.metadata).toMatchObject({ finalizers: ['orphan'] });
  });

  it('binds another pod than it names', async () => {
    const bind = (metadata: object): Promise<RestAnswer<Any>> => test.api.post<Any>('/api/v1/namespaces/default/pods/web/binding', { apiVersion: 'v1', kind: 'Binding', metadata, target: { kind: 'Node' } });
    const wrong = { code: 400, reason: 'BadRequest', message: 'name in URL does not match name in Binding object' };
    expect([brief(await bind({ name: 'other' })), brief(await bind({}))]).toEqual([wrong, wrong]);
  });

  it('applies to an object that was another', async () => {
    const path = await map('replaced');
    const other = await test.api.patch<Any>(`${path}?fieldManager=m`, 'apply', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'replaced', uid: 'u' } });
    expect(brief(other)).toEqual({ code: 422, reason: 'Invalid', message: 'ConfigMap "replaced" is invalid: metadata.uid: Invalid value: "u": field is immutable' });
    const answer = await test.api.patch<Any>(`${maps}/gone?fieldManager=m`, 'apply', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'gone', uid: 'u' } });
    expect(brief(answer)).toEqual({
      code: 409, reason: 'Conflict', message: 'Operation cannot be fulfilled on configmaps "gone": uid mismatch: the provided object specified uid u, and no existing object was found',
    });
  });

  it('asks for an export', async () => {
    const path = await map('exported');
    expect(brief(await test.api.get<Any>(`${path}?export=true`))).toEqual({ code: 400, reason: 'BadRequest', message: 'the export parameter, deprecated since v1.14, is no longer supported' });
    expect((await test.api.get(`${path}?export=false`)).code).toBe(200);
  });

  it('makes an event of events.k8s.io that says too little', async () => {
    const message = 'Event "e" is invalid: [eventTime: Required value, type: Invalid value: "": has invalid value: ]';
    expect(brief(await test.api.post<Any>(events, { metadata: { name: 'e' }, reason: 'r' }))).toEqual({ code: 422, reason: 'Invalid', message });
    const whole = { metadata: { name: 'e' }, eventTime: '2026-01-02T03:04:05.000000Z', type: 'Normal', reason: 'r', action: 'a', reportingController: 'c', reportingInstance: 'i', regarding: { namespace: 'default' } };
    expect((await test.api.post(events, whole)).code).toBe(201);
    expect((await test.api.patch<Any>(`${events}/e`, 'merge', { reason: 'other' })).code).toBe(422);
    expect((await test.api.patch<Any>('/api/v1/namespaces/default/events/e', 'merge', { reason: 'other' })).code).toBe(200);
  });

  it('names events as it asked for them', async () => {
    const plain = '/api/v1/namespaces/default/events';
    for (const [path, called] of [[events, 'events.events.k8s.io'], [plain, 'events']] as const) {
      const missing = { code: 404, reason: 'NotFound', message: `${called} "none" not found` };
      expect([brief(await test.api.get<Any>(`${path}/none`)), brief(await test.api.delete<Any>(`${path}/none`)), brief(await test.api.patch<Any>(`${path}/none`, 'merge', {}))]).toEqual([missing, missing, missing]);
    }
    const event = { metadata: { name: 'twice' }, eventTime: '2026-01-02T03:04:05.000000Z', type: 'Normal', reason: 'r', action: 'a', reportingController: 'c', reportingInstance: 'i', regarding: { namespace: 'default' } };
    // A version keeps no update from making what is missing.
    expect((await test.api.put<Any>(`${events}/twice`, { ...event, metadata: { name: 'twice', resourceVersion: '7' } })).code).toBe(201);
    expect(brief(await test.api.put<Any>(`${events}/twice`, { ...event, metadata: { name: 'twice', resourceVersion: 'x7' } }))).toEqual({ code: 500, reason: undefined, message: 'strconv.ParseUint: parsing "x7": invalid syntax' });
    expect(brief(await test.api.post<Any>(events, event))).toEqual({ code: 409, reason: 'AlreadyExists', message: 'events.events.k8s.io "twice" already exists' });
    expect((await test.api.put<Any>(`${events}/twice`, { ...event, metadata: { name: 'twice', resourceVersion: '7' } })).body).toMatchObject({
      reason: 'Conflict', message: expect.stringContaining('cannot be fulfilled on events.events.k8s.io "twice"') as string, details: { name: 'twice', group: 'events.k8s.io', kind: 'events' },
    });
  });

  it('wants a scale as a table', async () => {
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    await test.api.post(deployments, { metadata: { name: 'd' }, spec: { replicas: 3, selector: { matchLabels: { a: 'b' } }, template } });
    const { code, body } = await test.api.get<Any>(`${deployments}/d/scale`, as('Table'));
    expect({ code, columns: body.columnDefinitions?.map(({ name }) => name), cells: body.rows?.[0]?.cells.slice(0, 3) }).toEqual({ code: 200, columns: ['Name', 'Desired', 'Available', 'Age'], cells: ['d', 3, 0] });
    expect(body.rows?.[0]?.object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'd' } });
  });

  it('wants metadata of a list of one object, of one object of a list, and tables with what there is not', async () => {
    const path = await map('shapes');
    const refusal = (message: string): unknown => ({ code: 406, reason: 'NotAcceptable', message });
    expect(brief(await test.api.get<Any>(path, as('PartialObjectMetadataList')))).toEqual(refusal('you requested PartialObjectMetadataList, but the requested object is not a list (*core.ConfigMap)'));
    expect(brief(await test.api.get<Any>(maps, as('PartialObjectMetadata')))).toEqual(refusal('you requested PartialObjectMetadata, but the requested object is a list (*core.ConfigMapList)'));
    const message = `Unable to convert to Table as requested: includeObject: Invalid value: "Odd": must be 'Metadata', 'Object', 'None', or empty`;
    expect(brief(await test.api.get<Any>(`${maps}?includeObject=Odd`, as('Table')))).toEqual({ code: 400, reason: 'BadRequest', message });
  });

  it('goes on with a list where nobody stopped', async () => {
    const token = (text: string): string => Buffer.from(text).toString('base64url');
    const refused = async (text: string): Promise<string | undefined> => (await test.api.get<Any>(`${maps}?limit=1&continue=${token(text)}`)).body.message;
    const said = 'invalid continue token: continue key is not valid';
    expect(await refused('x')).toBe(`${said}: invalid character 'x' looking for beginning of value`);
    expect(await refused('{"v":"v9","rv":1,"start":"a"}')).toBe(`${said}: server does not recognize this encoded version v9`);
    expect(await refused('{"v":"meta.k8s.io/v1","rv":0,"start":"a"}')).toBe(`${said}: incorrect encoded start resourceVersion (version meta.k8s.io/v1)`);
    expect(await refused('{"v":"meta.k8s.io/v1","rv":1,"start":"../a"}')).toBe(`${said}: ../a`);
  });

  it('wants YAML of what only looks like a number or a truth', async () => {
    const path = await map('texts', { a: 'yes', b: '0x1' });
    const text = (await test.api.get(path, { Accept: 'application/yaml' })).raw.toString();
    expect(text).toContain('data:\n  a: "yes"\n  b: "0x1"\n');
    expect(text).toMatch(/ {2}creationTimestamp: "\d{4}-/);
  });

  it('goes below a custom resource where there is nothing', async () => {
    const version = { name: 'v1', served: true, storage: true, subresources: { status: {} }, schema: { openAPIV3Schema: { type: 'object' } } };
    await test.api.post(definitions, { metadata: { name: 'foos.example.com' }, spec: { group: 'example.com', scope: 'Namespaced', names: { plural: 'foos', kind: 'Foo' }, versions: [version] } });
    await eventually(async () => (await test.api.post(foos, { apiVersion: 'example.com/v1', kind: 'Foo', metadata: { name: 'f' } })).code === 201);
    const details = { name: 'f', group: 'example.com', kind: 'foos' };
    for (const rest of ['scale', 'odd']) expect((await test.api.get<Any>(`${foos}/f/${rest}`))).toMatchObject({ code: 404, body: { reason: 'NotFound', message: 'foos.example.com "f" not found', details } });
    // Without a type, an object has to say itself what it is.
    const missing = `Foo in version "v1" cannot be handled as a Foo: Object 'Kind' is missing in '{"metadata":{"name":"g"}}'`;
    expect(brief(await test.api.post<Any>(foos, { metadata: { name: 'g' } }))).toEqual({ code: 400, reason: 'BadRequest', message: missing });
    const unversioned = 'the API version in the data () does not match the expected API version (example.com/v1)';
    expect(brief(await test.api.put<Any>(`${foos}/f`, { kind: 'Foo', metadata: { name: 'f' } }))).toEqual({ code: 400, reason: 'BadRequest', message: unversioned });
    expect(brief(await test.api.patch<Any>(`${foos}/f`, 'merge', { apiVersion: 'example.com/v9' }))).toEqual({ code: 422, reason: 'Invalid', message: 'Foo.example.com "f" is invalid: apiVersion: Invalid value: "example.com/v9": must be example.com/v1' });
    const unnamed = await test.api.patch<Any>(`${foos}/f`, 'merge', { kind: null });
    expect([unnamed.code, unnamed.body.message]).toEqual([422, expect.stringMatching(/^ "" is invalid: patch: Invalid value: "\{.*\}": Object 'Kind' is missing in '\{"apiVersion":"example\.com\/v1",.*\}'$/)]);
    expect((await test.api.call('HEAD', '/apis/example.com/v1')).code).toBe(200);
    expect(brief(await test.api.delete<Any>(`${foos}/f/status`))).toEqual({ code: 405, reason: 'MethodNotAllowed', message: 'delete is not supported on resources of kind "foos.example.com"' });
  });

  it('gets its failures, and what a deletion says, in the form that it takes', async () => {
    const path = await map('formed');
    const none = `${maps}/none`;
    const said = async (accept: string, agent = 'test', method = 'GET', at = none): Promise<[number, unknown, string]> => {
      const { code, headers, raw } = await test.api.call(method, at, { headers: { Accept: accept, 'User-Agent': agent } });
      return [code, headers['content-type'], raw.toString()];
    };
    expect(await said('application/yaml')).toEqual([404, 'application/yaml', expect.stringContaining('\nmessage: configmaps "none" not found\n')]);
    expect(await said('*/*', 'curl/8')).toEqual([404, 'application/json', expect.stringContaining('\n  "reason": "NotFound",\n')]);
    expect(await said('application/json')).toEqual([404, 'application/json', expect.stringMatching(/^\{"kind":"Status",.*\}\n$/)]);
    // What there is in no form that is wanted is a failure in JSON, and deletes nothing.
    expect(await said('text/html')).toEqual([404, 'application/json', expect.stringContaining('\n  "kind": "Status",\n')]);
    expect((await said('text/html', 'test', 'DELETE', path))[0]).toBe(406);
    expect(await said('application/yaml', 'test', 'DELETE', path)).toEqual([200, 'application/yaml', expect.stringContaining('\nkind: Status\n')]);
    const rows = await said(as('Table')['Accept'] ?? '', 'test', 'DELETE', await map('formed'));
    expect(rows).toEqual([200, 'application/json', expect.stringContaining('"status":"Success"')]);
  });

  it('lists at what is no version, and at one of before all', async () => {
    const why = 'resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax';
    expect(brief(await test.api.get<Any>(`${maps}?resourceVersion=abc`))).toEqual({ code: 400, reason: 'BadRequest', message: `invalid resource version: ${why}` });
    // Only a list says whose fault it is.
    for (const path of [`${maps}?watch=1&resourceVersion=abc`, `${await map('versioned')}?resourceVersion=abc`]) expect(brief(await test.api.get<Any>(path))).toEqual({ code: 500, reason: undefined, message: why });
    const old = { code: 410, reason: 'Expired' };
    expect(await test.api.get<Any>(`${maps}?resourceVersion=1&resourceVersionMatch=Exact`)).toMatchObject({ code: 410, body: { ...old, message: 'The resourceVersion for the provided list is too old.' } });
    expect(await test.api.get<Any>(`${maps}?resourceVersion=1&limit=1`)).toMatchObject({ code: 410, body: old });
  });

  it('names what no name can be, asks below a pod by another verb, and has made up a name that is taken', async () => {
    expect(brief(await test.api.get<Any>(`${maps}/a%25b`))).toEqual({ code: 400, reason: 'BadRequest', message: `Name parameter invalid: "a%b": may not contain '%'` });
    expect((await test.api.post<Any>('/api/v1/namespaces/default/pods/none/log', {})).code).toBe(405);
    await map('taken');
    expect(await test.api.post<Any>(maps, { metadata: { name: 'taken', generateName: 'tak' } })).toMatchObject({
      code: 409, headers: { 'retry-after': '1' }, body: { reason: 'AlreadyExists', message: 'configmaps "taken" already exists, the server was not able to generate a unique name for the object' },
    });
  });

  it('makes a job, which has its pods\' labels unless it has some, and deletes it without a word on its pods', async () => {
    const jobs = '/apis/batch/v1/namespaces/default/jobs';
    const job = (name: string, labels?: object, own?: object): object =>
      ({ metadata: { name, ...own }, spec: { template: { metadata: { labels }, spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } } } });
    const labelsOf = async (asked: object): Promise<unknown> => ((await test.api.post<{ metadata: { labels?: object } }>(jobs, asked)).body.metadata.labels);
    const made = { 'job-name': 'a', 'batch.kubernetes.io/job-name': 'a' };
    expect(await labelsOf(job('a'))).toMatchObject(made);
    expect(await labelsOf(job('b', { x: 'y' }))).toMatchObject({ x: 'y', 'job-name': 'b' });
    expect(await labelsOf(job('c', { x: 'y' }, { labels: { x: 'y' } }))).toEqual({ x: 'y' });
    const warning = async (query: string): Promise<unknown> => (await test.api.call('DELETE', `${jobs}/a?dryRun=All${query}`, {})).headers['warning'];
    expect(await warning('')).toContain('child pods are preserved by default when jobs are deleted');
    expect(await warning('&propagationPolicy=Background')).toBeUndefined();
  });

  it('watches from anywhere, for no time at all, and where nobody can tell what', async () => {
    await map('anywhere');
    // Without a word on how it begins, a watch with bookmarks marks where the initial state ends; one for 0 seconds is for as long as the server likes.
    for (const version of ['', '&resourceVersion=0']) {
      const watch = await test.api.watch(`${maps}?watch=1&fieldSelector=metadata.name%3Danywhere&allowWatchBookmarks=true&timeoutSeconds=0${version}`);
      expect(await watch.take(2)).toMatchObject([{ type: 'ADDED' }, { type: 'BOOKMARK', object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } } }]);
      await test.api.patch(`${maps}/anywhere`, 'merge', { data: { seen: version } });
      let next = await watch.next();
      while (next.type === 'BOOKMARK') next = await watch.next();
      expect(next.type).toBe('MODIFIED');
      watch.stop();
    }
    const one = '/api/v1/watch/namespaces/default/configmaps/anywhere?fieldSelector=metadata.name%3D';
    expect(brief(await test.api.get<Any>(`${one}other`))).toEqual({ code: 400, reason: 'BadRequest', message: "fieldSelector metadata.name doesn't match requested name" });
    const watch = await test.api.watch(`${one}anywhere`);
    expect((await watch.next()).object.metadata.name).toBe('anywhere');
    watch.stop();
    const unclear = await test.api.get('/api/v1/watch');
    expect([unclear.code, unclear.raw.toString()]).toEqual([500, 'Internal Server Error: "/api/v1/watch": failed to create RequestInfo: unable to determine kind and namespace from url, /api/v1/watch\n']);
  });
});
