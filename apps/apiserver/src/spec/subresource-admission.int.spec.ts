import { eventually } from '@navarch/testing';
import { RestClient, type TestApiserver } from '../testing';
import { useTestApi } from './use-test-api';

const registration = '/apis/admissionregistration.k8s.io/v1';
const pods = '/api/v1/namespaces/default/pods';
const pod = (name: string) => ({ metadata: { name }, spec: { containers: [{ name: 'c', image: 'x' }] } });
const everything = { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*'] };

interface Answer {
  code: number;
  message: string;
  metadata: { name: string; resourceVersion: string };
  spec: { replicas: number; nodeName?: string; finalizers?: string[] };
}

/** A policy of the server's own refuses all that jane writes, and tells what it was shown: no webhook server is needed to see it. */
const told = [
  'request.operation', 'request.resource.resource + (has(request.subResource) ? "/" + request.subResource : "")', 'request.kind.group + "/" + request.kind.version + " " + request.kind.kind',
  '(has(request.name) ? request.name : "-")', '(object == null ? "no object" : object.kind + " of " + object.apiVersion)', '(oldObject == null ? "no old object" : oldObject.kind + " before")',
].join(' + ", " + ');

describe('what is asked of admission', () => {
  let server: TestApiserver;
  let admin: RestClient;
  let jane: RestClient;

  const bind = (policy: string) => admin.post(`${registration}/validatingadmissionpolicybindings`, { metadata: { name: policy }, spec: { policyName: policy, validationActions: ['Deny'] } });
  /** What the policy says of a request; empty if it was let through. */
  const seen = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<string> => {
    const { code, body: answer } = await jane.call<Answer>(method, path, { ...(body === undefined ? {} : { body }), headers });
    return code < 400 ? '' : (answer.message.split('denied request: ')[1] ?? answer.message);
  };

  afterAll(() => {
    jane.close();
  });
  useTestApi(async (running) => {
    ({ api: admin, server } = running);
    jane = await RestClient.as(server, await server.pki.ensureComponent('jane', { commonName: 'jane', organizations: [], usages: ['client auth'] }));
    await admin.post('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      metadata: { name: 'jane' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'User', name: 'jane', apiGroup: 'rbac.authorization.k8s.io' }],
    });
    await admin.post(pods, pod('web'));
    await admin.post('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'robot' } });
    await admin.post('/apis/apps/v1/namespaces/default/deployments', {
      metadata: { name: 'web', labels: { app: 'web' } },
      spec: {
        replicas: 2,
        selector: { matchLabels: { a: 'b' } },
        template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'x' }] } },
      },
    });
    const made = await admin.post<Answer>(`${registration}/validatingadmissionpolicies`, {
      metadata: { name: 'telling' },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: { resourceRules: [everything] },
        matchConditions: [{ name: 'jane', expression: 'request.userInfo.username == "jane"' }],
        validations: [{ expression: 'false', messageExpression: told }],
      },
    });
    expect(made.body.message).toBeUndefined();
    await bind('telling');
    // What one lets through is made: each try needs a name of its own.
    let tries = 0;
    await eventually(async () => (await seen('POST', pods, pod(`x${tries++}`))).startsWith('CREATE, pods'));
  }, ['--disable-admission-plugins=ServiceAccount']);

  const merge = { 'Content-Type': 'application/merge-patch+json' };
  const upgrade = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Protocol': 'v5.channel.k8s.io' };

  it.each<{ what: string; method: string; path: string; body?: object; headers?: Record<string, string>; told: string }>([
    { what: 'an object', method: 'PATCH', path: `${pods}/web`, body: { metadata: { labels: { a: 'b' } } }, headers: merge, told: 'UPDATE, pods, /v1 Pod, web, Pod of v1, Pod before' },
    { what: 'a delete', method: 'DELETE', path: `${pods}/web`, told: 'DELETE, pods, /v1 Pod, web, no object, Pod before' },
    { what: 'a status', method: 'PATCH', path: `${pods}/web/status`, body: { status: { message: 'x' } }, headers: merge, told: 'UPDATE, pods/status, /v1 Pod, web, Pod of v1, Pod before' },
    { what: 'a binding', method: 'POST', path: `${pods}/web/binding`, body: { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'web' }, target: { kind: 'Node', name: 'n' } }, told: 'CREATE, pods/binding, /v1 Binding, web, Binding of v1, no old object' },
    { what: 'a binding by the older door', method: 'POST', path: '/api/v1/namespaces/default/bindings', body: { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'web' }, target: { kind: 'Node', name: 'n' } }, told: 'CREATE, bindings, /v1 Binding, web, Binding of v1, no old object' },
    { what: 'an eviction', method: 'POST', path: `${pods}/web/eviction`, body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'web' } }, told: 'CREATE, pods/eviction, policy/v1 Eviction, web, Eviction of policy/v1, no old object' },
    { what: 'a token', method: 'POST', path: '/api/v1/namespaces/default/serviceaccounts/robot/token', body: { spec: {} }, told: 'CREATE, serviceaccounts/token, authentication.k8s.io/v1 TokenRequest, robot, TokenRequest of authentication.k8s.io/v1, no old object' },
    { what: 'a scale, put', method: 'PUT', path: '/apis/apps/v1/namespaces/default/deployments/web/scale', body: { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'web', namespace: 'default' }, spec: { replicas: 5 } }, told: 'UPDATE, deployments/scale, autoscaling/v1 Scale, web, Scale of autoscaling/v1, Scale before' },
    { what: 'a scale, patched', method: 'PATCH', path: '/apis/apps/v1/namespaces/default/deployments/web/scale', body: { spec: { replicas: 5 } }, headers: merge, told: 'UPDATE, deployments/scale, autoscaling/v1 Scale, web, Scale of autoscaling/v1, Scale before' },
    { what: 'a proxied request', method: 'GET', path: `${pods}/web/proxy/a/b`, told: 'CONNECT, pods/proxy, /v1 PodProxyOptions, web, PodProxyOptions of v1, no old object' },
    { what: 'a node behind a proxy', method: 'GET', path: '/api/v1/nodes/n/proxy/healthz', told: 'CONNECT, nodes/proxy, /v1 NodeProxyOptions, n, NodeProxyOptions of v1, no old object' },
    { what: 'a command', method: 'POST', path: `${pods}/web/exec?command=ls&command=-l&stdout=true`, told: 'CONNECT, pods/exec, /v1 PodExecOptions, web, PodExecOptions of v1, no old object' },
    { what: 'a command on a WebSocket', method: 'GET', path: `${pods}/web/exec?command=ls&stdout=true`, headers: upgrade, told: 'CONNECT, pods/exec, /v1 PodExecOptions, web, PodExecOptions of v1, no old object' },
    { what: 'forwarded ports', method: 'POST', path: `${pods}/web/portforward?ports=80`, told: 'CONNECT, pods/portforward, /v1 PodPortForwardOptions, web, PodPortForwardOptions of v1, no old object' },
  ])('is all of $what', async ({ method, path, body, headers, told: expected }) => {
    expect(await seen(method, path, body, headers)).toBe(expected);
  });

  // Upstream keeps policies from what would keep everybody out.
  it('is nothing for a review', async () => {
    expect((await jane.post('/apis/authentication.k8s.io/v1/selfsubjectreviews', {})).code).toBe(201);
  });

  it('is nothing for a log', async () => {
    expect(await seen('GET', `${pods}/web/log`)).not.toContain('CONNECT');
  });

  it('shows the options of a request', async () => {
    const shown = async (path: string, method: string, body?: object) => seen(method, path, body);
    await admin.post(`${registration}/validatingadmissionpolicies`, {
      metadata: { name: 'asking' },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: { resourceRules: [{ ...everything, resources: ['configmaps', 'pods/exec'] }] },
        matchConditions: [{ name: 'jane', expression: 'request.userInfo.username == "jane"' }],
        validations: [
          {
            expression: 'false',
            messageExpression:
              'request.operation == "CONNECT" ? object.command.join(" ") + (object.stdin ? " in" : "") : request.options.kind + ":" + (request.operation == "DELETE" ? string(request.options.gracePeriodSeconds) : request.options.fieldManager + string(request.dryRun))',
          },
        ],
      },
    });
    await admin.delete(`${registration}/validatingadmissionpolicybindings/telling`);
    await bind('asking');
    const maps = '/api/v1/namespaces/default/configmaps';
    await eventually(async () => (await shown(`${maps}?fieldManager=me&dryRun=All`, 'POST', { metadata: { name: 'm' } })) === 'CreateOptions:metrue');
    await admin.post(maps, { metadata: { name: 'm' } });
    expect(await shown(`${maps}/m`, 'DELETE', { gracePeriodSeconds: 7 })).toBe('DeleteOptions:7');
    expect(await shown(`${pods}/web/exec?command=ls&command=-l&stdin=1`, 'POST')).toBe('ls -l in');
    await admin.delete(`${registration}/validatingadmissionpolicybindings/asking`);
  });

  it('changes a scale before it is done', async () => {
    const made = await admin.post<Answer>(`${registration}/mutatingadmissionpolicies`, {
      metadata: { name: 'atmost' },
      spec: {
        failurePolicy: 'Fail', reinvocationPolicy: 'Never', matchConstraints: { resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['deployments/scale'] }] },
        matchConditions: [{ name: 'many', expression: 'object.spec.replicas > 3' }], mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: '[JSONPatch{op: "replace", path: "/spec/replicas", value: 3}]' } }],
      },
    });
    expect(made).toMatchObject({ code: 201 });
    await admin.post(`${registration}/mutatingadmissionpolicybindings`, { metadata: { name: 'atmost' }, spec: { policyName: 'atmost' } });
    const scale = '/apis/apps/v1/namespaces/default/deployments/web/scale';
    await eventually(async () => (await admin.patch<Answer>(scale, 'merge', { spec: { replicas: 9 } })).body.spec.replicas === 3);
    expect((await admin.get<Answer>('/apis/apps/v1/namespaces/default/deployments/web')).body.spec.replicas).toBe(3);
  });

  it('does not keep a sound eviction or binding from happening', async () => {
    expect(await admin.post(`${pods}/web/binding`, { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'web' }, target: { kind: 'Node', name: 'n' } })).toMatchObject({ code: 201 });
    expect((await admin.get<Answer>(`${pods}/web`)).body.spec.nodeName).toBe('n');
    expect(await admin.post(`${pods}/web/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'web' } })).toMatchObject({ code: 201 });
  });
});
