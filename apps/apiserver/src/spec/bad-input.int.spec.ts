import type { RestAnswer, RestClient } from '../testing';
import { useTestApi } from './use-test-api';

interface Status { code: number; reason?: string; message: string }

const core = '/api/v1/namespaces/default';
const deployments = '/apis/apps/v1/namespaces/default/deployments';
const container = { name: 'c', image: 'i' };
const pod = (spec: object): unknown => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec });
const deployment = (spec: object): unknown => ({
  metadata: { name: 'x' }, spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [container] } }, ...spec },
});

describe('what a client gets wrong is answered as upstream answers it', () => {
  let api: RestClient;

  useTestApi(async (running) => {
    ({ api } = running);
    await api.post(`${core}/serviceaccounts`, { metadata: { name: 'default' } });
    await api.post(`${core}/configmaps`, { metadata: { name: 'there' }, data: { a: '1' } });
    await api.post(deployments, { ...(deployment({}) as object), metadata: { name: 'there' } });
  });

  it.each<[string, string, unknown, number, string, string]>([
    ['nothing', 'configmaps', '', 400, 'BadRequest', "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)"],
    ['half of it', 'configmaps', '{"metadata":', 400, 'BadRequest', "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input ({\"metadata\":)"],
    ['a list', 'configmaps', '[]', 400, 'BadRequest', "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" } (5b5d)"],
    ['another kind', 'configmaps', { apiVersion: 'v1', kind: 'Secret' }, 400, 'BadRequest', 'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion'],
    ['a kind that is none', 'configmaps', { apiVersion: 'v1', kind: 'Nope' }, 400, 'BadRequest', 'Nope in version "v1" cannot be handled as a ConfigMap: no kind "Nope" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"'],
    ['a version that is none', 'configmaps', { apiVersion: 'v2', kind: 'ConfigMap' }, 400, 'BadRequest', 'ConfigMap in version "v2" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v2" in scheme "pkg/api/legacyscheme/scheme.go:30"'],
    ['the other version of a kind', 'events', { apiVersion: 'events.k8s.io/v1', kind: 'Event' }, 400, 'BadRequest', 'the API version in the data (events.k8s.io/v1) does not match the expected API version (v1)'],
    ['text that is no base64', 'secrets', { metadata: { name: 'x' }, data: { a: '***' } }, 400, 'BadRequest', 'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 0'],
    ['a quantity that is none', 'pods', pod({ containers: [{ ...container, resources: { limits: { cpu: 'x' } } }] }), 400, 'BadRequest', "Pod in version \"v1\" cannot be handled as a Pod: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"],
    ['a number for a text', 'pods', pod({ containers: [{ ...container, image: 5 }] }), 400, 'BadRequest', 'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal number into Go struct field Container.spec.containers.image of type string'],
    ['nothing', 'configmaps', 'null', 422, 'Invalid', 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'],
    ['a pod of nothing', 'pods', { metadata: { name: 'x' } }, 422, 'Invalid', 'Pod "x" is invalid: spec.containers: Required value'],
    ['too much data', 'configmaps', { metadata: { name: 'x' }, data: { a: 'x'.repeat(1_100_000) } }, 422, 'Invalid', 'ConfigMap "x" is invalid: []: Too long: may not be more than 1048576 bytes'],
    ['a type named like a method', 'secrets?dryRun=All', { metadata: { name: 'x' }, type: 'constructor' }, 201, '', ''],
  ])('%s in a body', async (_what, resource, body, code, reason, message) => {
    const answer = await api.call<Status>('POST', `${core}/${resource}`, { body });
    expect(answer).toMatchObject(code < 400 ? { code } : { code, body: { code, reason, message } });
  });

  it.each<[string, string, string, unknown, number, string]>([
    ['a namespace that is not there', 'POST', '/api/v1/namespaces/none/pods', pod({ containers: [container] }), 404, 'namespaces "none" not found'],
    ['a name in a create', 'POST', `${core}/configmaps/x`, {}, 405, 'the server does not allow this method on the requested resource'],
    ['no name in a replace', 'PUT', `${core}/configmaps`, {}, 405, 'the server does not allow this method on the requested resource'],
    ['a limit that is no number', 'GET', `${core}/configmaps?limit=x`, undefined, 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
    ['a period that is no number', 'DELETE', `${core}/configmaps/there?gracePeriodSeconds=x`, undefined, 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
    ['a wrong field validation', 'POST', `${core}/configmaps?fieldValidation=Foo`, {}, 422, 'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Foo": supported values: "", "Ignore", "Strict", "Warn"'],
    ['a wrong dry run', 'POST', `${core}/configmaps?dryRun=Some`, {}, 422, 'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"'],
    ['a field that nothing selects by', 'GET', `${core}/pods?fieldSelector=spec.nosuch%3D1`, undefined, 400, 'field label not supported: spec.nosuch'],
    ['a namespace that must stay', 'DELETE', '/api/v1/namespaces/default', undefined, 403, 'namespaces "default" is forbidden: this namespace may not be deleted'],
  ])('%s', async (_what, method, path, body, code, message) => {
    expect(await api.call<Status>(method, path, { body })).toMatchObject({ code, body: { code, message } });
  });

  it.each<[string, 'json' | 'merge' | 'strategic', unknown, string, number, string]>([
    ['a text for a number', 'strategic', { spec: { replicas: 'x' } }, '', 422, ' "" is invalid: patch: Invalid value: "map[spec:map[replicas:x]]": unrecognized type: int32'],
    ['a number for a text', 'strategic', { spec: { template: { spec: { containers: [{ name: 'there', image: 1 }] } } } }, '', 422, ' "" is invalid: patch: Invalid value: "map[spec:map[template:map[spec:map[containers:[map[image:1 name:there]]]]]]": cannot convert int64 to string'],
    ['an unknown field', 'strategic', { spec: { foo: 1 } }, '?fieldValidation=Strict', 422, ' "" is invalid: patch: Invalid value: "map[spec:map[foo:1]]": strict decoding error: unknown field "spec.foo"'],
    ['an unknown field twice', 'strategic', '{"spec":{"foo":1,"foo":2}}', '?fieldValidation=Strict', 422, ' "" is invalid: patch: Invalid value: "map[spec:map[foo:2]]": strict decoding error: duplicate field "spec.foo", unknown field "spec.foo"'],
    ['no metadata', 'merge', { metadata: null }, '', 400, 'the name of the object (there based on URL) was undeterminable: name must be provided'],
    ['another name', 'merge', { metadata: { name: 'here' } }, '', 400, 'the name of the object (here) does not match the name on the URL (there)'],
    ['another namespace', 'merge', { metadata: { namespace: 'other' } }, '', 400, 'the namespace of the provided object does not match the namespace sent on the request'],
    ['an operation that does not hold', 'json', [{ op: 'test', path: '/spec/replicas', value: 7 }], '', 422, 'the server rejected our request due to an error in our request'],
  ])('%s in a %s patch', async (_what, type, patch, query, code, message) => {
    expect(await api.patch<Status>(`${deployments}/there${query}`, type, patch)).toMatchObject({ code, body: { code, message } });
  });

  it('a patch that does not fit shows what it would have made', async () => {
    const { code, body } = await api.patch<Status>(`${deployments}/there`, 'merge', { spec: { replicas: 'x' } });
    expect(code).toBe(422);
    expect(body.message).toMatch(/^ "" is invalid: patch: Invalid value: ".*\\"replicas\\":\\"x\\".*": json: cannot unmarshal string into Go struct field DeploymentSpec\.spec\.replicas of type int32$/s);
  });

  it('what a patch has twice or too much is named where it stands: by operation in a JSON patch, by line in an apply', async () => {
    const operations = '[{"op":"test","op":"add","path":"/metadata/labels","value":{"a":"b"}},{"op":"test","path":"/kind","value":"Deployment","foo":1}]';
    expect((await api.call('PATCH', `${deployments}/there`, { body: operations, headers: { 'Content-Type': 'application/json-patch+json' } })).headers['warning'])
      .toBe('299 - "json patch duplicate field \\"[0].op\\"", 299 - "json patch unknown field \\"[1].foo\\""');
    const twice = '{"apiVersion":"apps/v1","kind":"Deployment",\n"metadata":{"name":"there",\n"name":"there"}}';
    const apply = (query: string): Promise<RestAnswer<Status>> => api.call<Status>('PATCH', `${deployments}/there?fieldManager=a${query}`, { body: twice, headers: { 'Content-Type': 'application/apply-patch+yaml' } });
    expect((await apply('')).headers['warning']).toContain('299 - "line 3: key \\"name\\" already set in map"');
    expect(await apply('&fieldValidation=Strict')).toMatchObject({
      code: 400, body: { message: 'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 3: key "name" already set in map' },
    });
  });

  it('an eviction of the version before is still one', async () => {
    await api.post(`${core}/pods`, { metadata: { name: 'evicted' }, spec: { containers: [container] } });
    expect(await api.post(`${core}/pods/evicted/eviction`, { apiVersion: 'policy/v1beta1', kind: 'Eviction', metadata: { name: 'evicted' } })).toMatchObject({ code: 201, body: { status: 'Success' } });
    expect((await api.get(`${core}/pods/evicted`)).code).toBe(404);
  });

  it('what a dry run shows can be created', async () => {
    const dry = await api.post<{ metadata: { resourceVersion?: string; uid: string } }>(`${core}/configmaps?dryRun=All`, { metadata: { name: 'dry' } });
    expect((await api.post(`${core}/configmaps`, dry.body)).code).toBe(201);
  });
});
