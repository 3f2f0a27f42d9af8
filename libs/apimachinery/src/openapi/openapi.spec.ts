import { getMember, isJsonObject, type JsonObject, type JsonValue } from '../json';
import { WireReader } from '../protobuf/wire-reader';
import { builtInTables, readTable } from '../testing/built-in-tables';
import { buildOpenApiV2, buildOpenApiV3, defaultValues, encodeOpenApiV2, encodeOpenApiV3, enumValues, openApiV3Discovery, openApiV3Index, openApiV3Path, type GnosticTable, type OpenApiInput } from '.';

const all = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const input: OpenApiInput = {
  schema: builtInTables.schema,
  version: 'v1.36.0',
  enums: enumValues(builtInTables),
  defaults: defaultValues(builtInTables),
  docs: { 'io.k8s.api.apps.v1.Deployment': 'Runs pods.', 'io.k8s.api.apps.v1.Deployment.spec': 'What is wanted.' },
  resources: [
    {
      group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment', namespaced: true, verbs: all,
      subresources: [{ name: 'status', group: 'apps', version: 'v1', kind: 'Deployment', verbs: ['get', 'patch', 'update'] }, { name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: ['get', 'patch', 'update'] }],
    },
    {
      group: '', version: 'v1', resource: 'pods', kind: 'Pod', namespaced: true, verbs: all,
      subresources: [
        { name: 'exec', group: '', version: 'v1', kind: 'PodExecOptions', verbs: ['create', 'get'] }, { name: 'log', group: '', version: 'v1', kind: 'Pod', verbs: ['get'] },
        { name: 'proxy', group: '', version: 'v1', kind: 'PodProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] }, { name: 'eviction', group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] },
      ],
    },
    { group: '', version: 'v1', resource: 'nodes', kind: 'Node', namespaced: false, verbs: all, subresources: [] },
    { group: 'example.com', version: 'v1', resource: 'widgets', kind: 'Widget', namespaced: true, verbs: all, subresources: [] },
  ],
  customDefinitions: {
    'com.example.v1.Widget': { type: 'object', properties: { metadata: { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' } }, 'x-kubernetes-group-version-kind': [{ group: 'example.com', version: 'v1', kind: 'Widget' }] },
  },
};

function at(value: JsonValue | undefined, ...path: string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>((found, name) => (Array.isArray(found) ? found[Number(name)] : isJsonObject(found) ? getMember(found, name) : undefined), value);
}
/** The value of a message of names and values. */
const named = (list: JsonValue | undefined, name: string): JsonValue | undefined => at((list as JsonObject[]).find((each) => each['name'] === name), 'value');
const names = (value: JsonValue | undefined): JsonValue[] => (Array.isArray(value) ? value.map((each) => at(each, 'name') ?? null) : []);
const gvk = { group: 'apps', version: 'v1', kind: 'Deployment' };

/** Every reference of a document leads to a schema in it. */
function expectClosed(document: JsonObject, prefix: string, schemas: JsonValue | undefined): void {
  const references = new Set(JSON.stringify(document).match(/"\$ref":"[^"]+"/g));
  expect(references.size).toBeGreaterThan(5);
  for (const reference of references) {
    const target = reference.slice('"$ref":"'.length, -1);
    expect(target.startsWith(prefix)).toBe(true);
    expect(at(schemas, target.slice(prefix.length))).toBeDefined();
  }
}

describe('OpenAPI v3', () => {
  const document = buildOpenApiV3(input, 'apps', 'v1');
  const object = '/apis/apps/v1/namespaces/{namespace}/deployments/{name}';

  it('names the paths by which was watched before, of what is no custom resource', () => {
    const core = buildOpenApiV3(input, '', 'v1');
    const watches = Object.keys(at(core, 'paths') as JsonObject).filter((path) => path.includes('/watch/'));
    expect(watches).toEqual(['/api/v1/watch/namespaces/{namespace}/pods', '/api/v1/watch/namespaces/{namespace}/pods/{name}', '/api/v1/watch/nodes', '/api/v1/watch/nodes/{name}', '/api/v1/watch/pods']);
    expect(watches.map((path) => at(core, 'paths', path, 'get', 'operationId'))).toEqual(['watchCoreV1NamespacedPodList', 'watchCoreV1NamespacedPod', 'watchCoreV1NodeList', 'watchCoreV1Node', 'watchCoreV1PodListForAllNamespaces']);
    const pod = at(core, 'paths', '/api/v1/watch/namespaces/{namespace}/pods/{name}');
    expect(at(pod, 'get')).toMatchObject({ 'x-kubernetes-action': 'watch', 'x-kubernetes-group-version-kind': { group: '', version: 'v1', kind: 'Pod' } });
    expect(at(pod, 'get', 'responses', '200', 'content', 'application/json;stream=watch', 'schema', '$ref')).toMatch(/WatchEvent$/);
    expect(names(at(pod, 'parameters'))).toEqual(expect.arrayContaining(['name', 'namespace', 'pretty', 'watch', 'fieldSelector']));
    expect(at(buildOpenApiV2(input), 'paths', '/apis/apps/v1/watch/deployments', 'get', 'x-kubernetes-action')).toBe('watchlist');
    expect(JSON.stringify(buildOpenApiV3(input, 'example.com', 'v1'))).not.toContain('/watch/');
  });

  it('lets kubectl validate on the server and merge strategically', () => {
    const patch = at(document, 'paths', object, 'patch');
    expect(at(patch, 'x-kubernetes-group-version-kind')).toEqual(gvk);
    expect(at(patch, 'x-kubernetes-action')).toBe('patch');
    expect(at(patch, 'description')).toBe('partially update the specified Deployment');
    expect(names(at(patch, 'parameters'))).toEqual(['dryRun', 'fieldManager', 'fieldValidation', 'force']);
    expect(at(patch, 'requestBody', 'content', 'application/strategic-merge-patch+json')).toBeDefined();
    expect(at(document, 'components', 'schemas', 'io.k8s.api.core.v1.PodSpec', 'properties', 'containers')).toMatchObject({
      type: 'array', items: { $ref: '#/components/schemas/io.k8s.api.core.v1.Container' }, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'],
      'x-kubernetes-patch-merge-key': 'name', 'x-kubernetes-patch-strategy': 'merge',
    });
  });

  it('has the paths and ids that upstream has', () => {
    const ids = Object.entries(at(document, 'paths') as JsonObject).map(([path, item]) => `${path} ${Object.entries(item as JsonObject).filter(([method]) => method !== 'parameters').map(([method, plan]) => `${method}=${at(plan, 'operationId') as string}`).join(' ')}`);
    expect(ids).toEqual([
      '/apis/apps/v1/ get=getAppsV1APIResources',
      '/apis/apps/v1/deployments get=listAppsV1DeploymentForAllNamespaces',
      '/apis/apps/v1/namespaces/{namespace}/deployments get=listAppsV1NamespacedDeployment post=createAppsV1NamespacedDeployment delete=deleteAppsV1CollectionNamespacedDeployment',
      `${object} get=readAppsV1NamespacedDeployment put=replaceAppsV1NamespacedDeployment delete=deleteAppsV1NamespacedDeployment patch=patchAppsV1NamespacedDeployment`,
      `${object}/scale get=readAppsV1NamespacedDeploymentScale put=replaceAppsV1NamespacedDeploymentScale patch=patchAppsV1NamespacedDeploymentScale`,
      `${object}/status get=readAppsV1NamespacedDeploymentStatus put=replaceAppsV1NamespacedDeploymentStatus patch=patchAppsV1NamespacedDeploymentStatus`,
      '/apis/apps/v1/watch/deployments get=watchAppsV1DeploymentListForAllNamespaces',
      '/apis/apps/v1/watch/namespaces/{namespace}/deployments get=watchAppsV1NamespacedDeploymentList',
      '/apis/apps/v1/watch/namespaces/{namespace}/deployments/{name} get=watchAppsV1NamespacedDeployment',
    ]);
    expect(at(document, 'paths', `${object}/scale`, 'get', 'x-kubernetes-group-version-kind')).toEqual({ group: 'autoscaling', version: 'v1', kind: 'Scale' });
  });

  it('holds every schema that it refers to, the docs, and values of several types', () => {
    expectClosed(document, '#/components/schemas/', at(document, 'components', 'schemas'));
    expect(at(document, 'components', 'schemas', 'io.k8s.api.apps.v1.Deployment')).toMatchObject({
      description: 'Runs pods.', 'x-kubernetes-group-version-kind': [gvk],
      properties: { spec: { description: 'What is wanted.', allOf: [{ $ref: '#/components/schemas/io.k8s.api.apps.v1.DeploymentSpec' }] } },
    });
    expect(at(document, 'components', 'schemas', 'io.k8s.apimachinery.pkg.util.intstr.IntOrString')).toEqual({ oneOf: [{ type: 'integer' }, { type: 'string' }], format: 'int-or-string' });
  });

  it('tells of discovery, as upstream does: in documents of their own, but for that of a version', () => {
    const roots = openApiV3Discovery(input);
    expect([...roots.keys()]).toEqual(['.well-known/openid-configuration', 'api', 'apis', 'openid/v1/jwks', 'version', 'apis/apps']);
    const group = roots.get('apis/apps')?.();
    expect(at(group, 'paths', '/apis/apps/', 'get')).toMatchObject({ operationId: 'getAppsAPIGroup', tags: ['apps'], description: 'get information of a group' });
    expect(at(group, 'paths', '/apis/apps/', 'get', 'responses', '200', 'content', 'application/yaml', 'schema')).toEqual({ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.APIGroup' });
    expect(Object.keys(at(group, 'components', 'schemas') as JsonObject).map((id) => id.split('.').at(-1))).toEqual(['APIGroup', 'GroupVersionForDiscovery', 'ServerAddressByClientCIDR']);
    const v2 = at(buildOpenApiV2(input), 'paths');
    expect(Object.keys(v2 as JsonObject).filter((path) => path.endsWith('/'))).toEqual(['/.well-known/openid-configuration/', '/api/', '/api/v1/', '/apis/', '/apis/apps/', '/apis/apps/v1/', '/openid/v1/jwks/', '/version/']);
    expect(at(v2, '/api/v1/', 'get')).toMatchObject({ operationId: 'getCoreV1APIResources', tags: ['core_v1'], responses: { 200: { schema: { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.APIResourceList' } } } });
  });

  it('says which values a field may have, of lists and maps too, and what parameters do', () => {
    const schemas = at(buildOpenApiV3(input, '', 'v1'), 'components', 'schemas');
    const property = (kind: string, name: string): JsonValue | undefined => at(schemas, `io.k8s.api.core.v1.${kind}`, 'properties', name);
    expect(property('PodSpec', 'restartPolicy')).toMatchObject({ type: 'string', enum: ['Always', 'Never', 'OnFailure'] });
    expect(at(property('PodSpec', 'restartPolicy'), 'description')).toMatch(/Possible enum values:\n - `"Always"`\n - `"Never"`\n - `"OnFailure"`$/);
    expect(property('EphemeralContainer', 'imagePullPolicy')).toMatchObject({ enum: ['Always', 'IfNotPresent', 'Never'] });
    expect(property('ContainerPort', 'protocol')).toMatchObject({ enum: ['SCTP', 'TCP', 'UDP'], default: 'TCP' });
    expect(property('SecretKeySelector', 'name')).toMatchObject({ type: 'string', default: '' });
    expect(at(buildOpenApiV2(input), 'definitions', 'io.k8s.api.core.v1.ContainerPort', 'properties', 'protocol')).not.toHaveProperty('default');
    const modes = buildOpenApiV3({ ...input, resources: [{ group: '', version: 'v1', resource: 'persistentvolumeclaims', kind: 'PersistentVolumeClaim', namespaced: true, verbs: all, subresources: [] }] }, '', 'v1');
    const claim = (part: string, name: string): JsonValue | undefined => at(modes, 'components', 'schemas', `io.k8s.api.core.v1.PersistentVolumeClaim${part}`, 'properties', name);
    expect(claim('Spec', 'accessModes')).toMatchObject({ type: 'array', items: { type: 'string', enum: ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'] } });
    expect(at(claim('Spec', 'accessModes'), 'enum')).toBeUndefined();
    expect(at(claim('Status', 'allocatedResourceStatuses'), 'additionalProperties', 'enum')).toHaveLength(5);
    for (const item of Object.values(at(document, 'paths') as JsonObject))
      for (const part of ['get', 'patch', 'delete']) for (const parameter of (at(item, part, 'parameters') ?? []) as JsonValue[]) expect(at(parameter, 'description')).toMatch(/\.$/);
  });

  it('knows subresources that connect, stream or create', () => {
    const core = buildOpenApiV3(input, '', 'v1');
    const pod = '/api/v1/namespaces/{namespace}/pods/{name}';
    expect(at(core, 'paths', `${pod}/exec`, 'post', 'operationId')).toBe('connectCoreV1PostNamespacedPodExec');
    expect(at(core, 'paths', `${pod}/exec`, 'post', 'description')).toBe('connect POST requests to exec of Pod');
    expect(names(at(core, 'paths', `${pod}/exec`, 'parameters'))).toEqual(['name', 'namespace', 'command', 'container', 'stderr', 'stdin', 'stdout', 'tty']);
    expect(names(at(core, 'paths', `${pod}/log`, 'parameters'))).toEqual(expect.arrayContaining(['follow', 'pretty', 'sinceSeconds', 'tailLines']));
    expect(Object.keys(at(core, 'paths', `${pod}/proxy`) as JsonObject)).toEqual(['delete', 'get', 'head', 'options', 'patch', 'post', 'put', 'parameters']);
    expect(at(core, 'paths', `${pod}/proxy/{path}`, 'head', 'operationId')).toBe('connectCoreV1HeadNamespacedPodProxyWithPath');
    expect((at(core, 'paths', `${pod}/proxy/{path}`, 'parameters') as JsonValue[]).map((each) => `${at(each, 'in') as string} ${at(each, 'name') as string}`)).toEqual(['path name', 'path namespace', 'query path', 'path path']);
    expect(at(core, 'paths', `${pod}/log`, 'get', 'responses', '200', 'content', 'text/plain', 'schema')).toEqual({ type: 'string' });
    expect(at(core, 'paths', `${pod}/eviction`, 'post', 'operationId')).toBe('createCoreV1NamespacedPodEviction');
    expect(at(core, 'paths', '/api/v1/nodes/{name}', 'get', 'operationId')).toBe('readCoreV1Node');
  });

  it('offers custom resources no strategic merge', () => {
    const custom = buildOpenApiV3(input, 'example.com', 'v1');
    const patches = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'];
    expect(Object.keys(at(custom, 'paths', '/apis/example.com/v1/namespaces/{namespace}/widgets/{name}', 'patch', 'requestBody', 'content') as JsonObject)).toEqual(patches);
    // kubectl asks this document too before it decides how to apply.
    const whole = buildOpenApiV2(input);
    expect(at(whole, 'paths', '/apis/example.com/v1/namespaces/{namespace}/widgets/{name}', 'patch', 'consumes')).toEqual(patches);
    expect(at(whole, 'paths', '/apis/apps/v1/namespaces/{namespace}/deployments/{name}', 'patch', 'consumes')).toContain('application/strategic-merge-patch+json');
    const produces = (path: string): JsonValue | undefined => at(whole, 'paths', path, 'get', 'produces');
    expect(produces('/apis/example.com/v1/widgets')).toEqual(['application/json', 'application/yaml']);
    expect(produces('/apis/apps/v1/deployments')).toEqual([
      'application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf', 'application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch',
    ]);
    expect(at(custom, 'components', 'schemas', 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta')).toBeDefined();
    expect(at(custom, 'paths', '/apis/example.com/v1/namespaces/{namespace}/widgets', 'get', 'description')).toBe('list objects of kind Widget');
  });

  it('goes into the protobuf that clients of Go may ask for', () => {
    const table = readTable<GnosticTable>('openapi-v3-gnostic');
    const whole: JsonObject = { ...document, 'x-odd': [1], components: { schemas: { ...(at(document, 'components', 'schemas') as JsonObject), Odd: { type: 'object', default: { string: 'no' }, additionalProperties: true, properties: { n: { default: 2, enum: ['a', 1] }, not: { not: { minimum: 1.5 } } } } } } };
    const group = readGnostic(table, 'openapi.v3.Document', encodeOpenApiV3(openApiV3Discovery(input).get('apis/apps')?.() ?? {}, table));
    expect(at(named(at(group, 'paths', 'path'), '/apis/apps/'), 'get')).toMatchObject({ tags: ['apps'], description: 'get information of a group', operation_id: 'getAppsAPIGroup' });
    const read = readGnostic(table, 'openapi.v3.Document', encodeOpenApiV3(whole, table));
    expect(at(read, 'openapi')).toBe('3.0.0');
    expect(at(named(at(read, 'specification_extension'), 'x-odd'), 'yaml')).toBe('[1]');
    const patch = at(named(at(read, 'paths', 'path'), object), 'patch');
    expect(at(named(at(patch, 'specification_extension'), 'x-kubernetes-action'), 'yaml')).toBe('"patch"');
    expect((at(patch, 'parameters') as JsonValue[]).map((each) => at(each, 'parameter', 'name'))).toEqual(['dryRun', 'fieldManager', 'fieldValidation', 'force']);
    const content = at(patch, 'request_body', 'request_body', 'content', 'additional_properties');
    expect(at(named(content, 'application/strategic-merge-patch+json'), 'schema', 'reference', '_ref')).toBe('#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.Patch');
    const answer = named(at(patch, 'responses', 'response_or_reference'), '200');
    expect(at(named(at(answer, 'response', 'content', 'additional_properties'), 'application/json'), 'schema', 'reference', '_ref')).toBe('#/components/schemas/io.k8s.api.apps.v1.Deployment');
    const schema = (name: string): JsonValue | undefined => at(named(at(read, 'components', 'schemas', 'additional_properties'), name), 'schema');
    const property = (of: JsonValue | undefined, name: string): JsonValue | undefined => at(named(at(of, 'properties', 'additional_properties'), name), 'schema');
    const containers = property(schema('io.k8s.api.core.v1.PodSpec'), 'containers');
    expect(at(containers, 'items', 'schema_or_reference', '0', 'reference', '_ref')).toBe('#/components/schemas/io.k8s.api.core.v1.Container');
    expect(at(named(at(containers, 'specification_extension'), 'x-kubernetes-list-map-keys'), 'yaml')).toBe('["name"]');
    expect(at(property(schema('io.k8s.api.core.v1.PodSpec'), 'nodeSelector'), 'additional_properties', 'schema_or_reference', 'schema', 'type')).toBe('string');
    expect(schema('Odd')).toMatchObject({ default: {}, additional_properties: { boolean: true } });
    expect(property(schema('Odd'), 'n')).toEqual({ default: { number: 2 }, enum: [{ yaml: '"a"' }, { yaml: '1' }] });
    expect(property(schema('Odd'), 'not')).toEqual({ not: { minimum: 1.5 } });
  });

  it('is found by an index with hashes', () => {
    const index = openApiV3Index(new Map([[openApiV3Path('apps', 'v1'), Buffer.from('{}')], [openApiV3Path('', 'v1'), Buffer.from('[]')]]));
    expect(at(index, 'paths', 'apis/apps/v1', 'serverRelativeURL')).toMatch(/^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{128}$/);
    expect(at(index, 'paths', 'api/v1')).not.toEqual(at(index, 'paths', 'apis/apps/v1'));
  });
});

describe('OpenAPI v2', () => {
  const document = buildOpenApiV2({ ...input, resources: input.resources.slice(0, 3), customDefinitions: {} });

  it('holds all paths and every definition they need', () => {
    expectClosed(document, '#/definitions/', at(document, 'definitions'));
    expect(at(document, 'definitions', 'io.k8s.api.core.v1.PodSpec', 'properties', 'containers', 'x-kubernetes-patch-merge-key')).toBe('name');
    expect(at(document, 'definitions', 'io.k8s.api.apps.v1.Deployment', 'properties', 'spec')).toEqual({ $ref: '#/definitions/io.k8s.api.apps.v1.DeploymentSpec', description: 'What is wanted.' });
    const post = at(document, 'paths', '/api/v1/namespaces/{namespace}/pods', 'post');
    expect(names(at(post, 'parameters'))).toEqual(['body', 'dryRun', 'fieldManager', 'fieldValidation']);
    expect(at(post, 'description')).toBe('create a Pod');
  });

  it('says of custom kinds what it has words for, also in protobuf', () => {
    const widget: JsonObject = {
      type: 'object', 'x-kubernetes-group-version-kind': [{ group: 'example.com', version: 'v1', kind: 'Widget' }],
      properties: { not: { type: 'string', nullable: true, default: { $ref: 'data' } }, size: { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true }, metadata: { allOf: [{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }] } },
    };
    const custom = buildOpenApiV2({ ...input, customDefinitions: { 'com.example.v1.Widget': widget } });
    expect(at(custom, 'definitions', 'com.example.v1.Widget', 'properties')).toEqual({
      not: { default: { $ref: 'data' } }, size: { 'x-kubernetes-int-or-string': true }, metadata: { allOf: [{ $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }] },
    });
    const table = readTable<GnosticTable>('openapi-v2-gnostic');
    expect(JSON.stringify(readGnostic(table, 'openapi.v2.Document', encodeOpenApiV2(custom, table)))).toContain('com.example.v1.Widget');
  });

  it('gives a custom kind that is called as a built-in one another name, and leaves that alone', () => {
    const id = 'io.k8s.api.core.v1.Pod';
    const schema = (kind: string, more: JsonObject): JsonObject => ({ type: 'object', properties: more, 'x-kubernetes-group-version-kind': [{ group: 'core.api.k8s.io', version: 'v1', kind }] });
    const list = schema('PodList', { items: { type: 'array', items: { allOf: [{ $ref: `#/components/schemas/${id}` }] } }, old: { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' } });
    const taken = {
      ...input,
      resources: [...input.resources, { group: 'core.api.k8s.io', version: 'v1', resource: 'pods', kind: 'Pod', namespaced: true, verbs: ['get', 'list'], subresources: [] }],
      customDefinitions: { ...input.customDefinitions, [id]: schema('Pod', { size: { type: 'integer' } }), [`${id}List`]: list },
    };
    const document = buildOpenApiV2(taken);
    expectClosed(document, '#/definitions/', at(document, 'definitions'));
    expect(at(document, 'definitions', id)).toEqual(at(buildOpenApiV2(input), 'definitions', id));
    expect(at(document, 'definitions', `${id}_v2`, 'properties')).toEqual({ size: { type: 'integer' } });
    expect(at(document, 'definitions', `${id}List_v2`, 'properties', 'items', 'items', 'allOf', '0', '$ref')).toBe(`#/definitions/${id}_v2`);
    const answer = (path: string): JsonValue | undefined => at(document, 'paths', path, 'get', 'responses', '200', 'schema', '$ref');
    expect(answer('/apis/core.api.k8s.io/v1/namespaces/{namespace}/pods/{name}')).toBe(`#/definitions/${id}_v2`);
    expect(answer('/api/v1/namespaces/{namespace}/pods/{name}')).toBe(`#/definitions/${id}`);
    // In v3 each has a document of its own, and its own name there.
    expect(buildOpenApiV3(taken, '', 'v1')).toEqual(buildOpenApiV3(input, '', 'v1'));
    expect(at(buildOpenApiV3(taken, 'core.api.k8s.io', 'v1'), 'components', 'schemas', id, 'properties')).toEqual({ size: { type: 'integer' } });
    // Upstream's aggregator counts on until nobody is called so.
    const more = { ...taken, customDefinitions: { ...taken.customDefinitions, [`${id}_v2`]: schema('Pod_v2', {}) } };
    expect(at(buildOpenApiV2(more), 'definitions', `${id}_v3`, 'properties')).toEqual({ size: { type: 'integer' } });
  });

  it('names no members of custom kinds that may have more, lest clients refuse those', () => {
    const gvk: JsonValue = [{ group: 'example.com', version: 'v1', kind: 'Widget' }];
    const definitionOf = (widget: JsonObject): JsonValue | undefined => at(buildOpenApiV2({ ...input, customDefinitions: { 'com.example.v1.Widget': { ...widget, 'x-kubernetes-group-version-kind': gvk } } }), 'definitions', 'com.example.v1.Widget');
    const members: JsonObject = { name: { type: 'string' } };
    expect(definitionOf({ type: 'object', description: 'Open.', properties: members, 'x-kubernetes-preserve-unknown-fields': true })).toEqual({ type: 'object', 'x-kubernetes-group-version-kind': gvk });
    const spec: JsonObject = {
      type: 'object', required: ['list', 'name'],
      properties: { list: { type: 'array', nullable: true, items: { type: 'string' } }, name: { type: 'string' }, open: { type: 'object', properties: members, 'x-kubernetes-preserve-unknown-fields': true } },
    };
    expect(at(definitionOf({ type: 'object', properties: { spec } }), 'properties', 'spec')).toEqual({
      type: 'object', required: ['name'], properties: { list: {}, name: { type: 'string' }, open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
    });
  });

  it('goes into the protobuf that old clients read', () => {
    const table = readTable<GnosticTable>('openapi-v2-gnostic');
    const read = readGnostic(table, 'openapi.v2.Document', encodeOpenApiV2(document, table)) as JsonObject;
    expect(at(read, 'swagger')).toBe('2.0');
    const patch = at(named(at(read, 'paths', 'path'), '/apis/apps/v1/namespaces/{namespace}/deployments/{name}'), 'patch');
    expect(at(named(at(patch, 'vendor_extension'), 'x-kubernetes-group-version-kind'), 'yaml')).toBe('{"group":"apps","kind":"Deployment","version":"v1"}');
    const parameters = at(patch, 'parameters') as JsonValue[];
    expect(parameters.map((each) => at(each, 'parameter', 'body_parameter', 'name') ?? at(each, 'parameter', 'non_body_parameter', 'query_parameter_sub_schema', 'name'))).toEqual(['body', 'dryRun', 'fieldManager', 'fieldValidation', 'force']);
    const spec = named(at(read, 'definitions', 'additional_properties'), 'io.k8s.api.core.v1.PodSpec');
    expect(at(spec, 'required')).toEqual(['containers']);
    const containers = named(at(spec, 'properties', 'additional_properties'), 'containers');
    expect(at(containers, 'type', 'value')).toEqual(['array']);
    expect(at(containers, 'items', 'schema', '0', '_ref')).toBe('#/definitions/io.k8s.api.core.v1.Container');
    expect(at(named(at(containers, 'vendor_extension'), 'x-kubernetes-patch-merge-key'), 'yaml')).toBe('"name"');
    const nodeSelector = named(at(spec, 'properties', 'additional_properties'), 'nodeSelector');
    expect(at(nodeSelector, 'additional_properties', 'schema', 'type', 'value')).toEqual(['string']);
    expect(at(named(at(patch, 'responses', 'response_code'), '200'), 'response', 'schema', 'schema', '_ref')).toBe('#/definitions/io.k8s.api.apps.v1.Deployment');
  });
});

/** Reads such a message back, by the same table; fails on what the table does not know. */
function readGnostic(table: GnosticTable, message: string, bytes: Uint8Array): JsonValue {
  const reader = new WireReader(bytes);
  const object: JsonObject = {};
  while (!reader.done) {
    const { field: number, wire } = reader.tag(message);
    const field = table.messages[message]?.find(([each]) => each === number);
    if (!field) throw new Error(`${message} has no field ${number}`);
    const type = field[2].replace('repeated ', '');
    const value: JsonValue = type === 'string' ? reader.string() : type === 'double' ? reader.double() : wire === 0 ? (type === 'bool' ? reader.int64() === 1 : reader.int64()) : readGnostic(table, message.replace(/\w+$/, type), reader.chunk());
    if (field[2].startsWith('repeated ')) object[field[1]] = [...((object[field[1]] ?? []) as JsonValue[]), value];
    else object[field[1]] = value;
  }
  return object;
}
