import { createHash, X509Certificate } from 'node:crypto';
import { RestClient, type TestApiserver } from '../testing';
import { useTestApi } from './use-test-api';

interface Any {
  kind: string;
  reason?: string;
  message?: string;
  code?: number;
  metadata: { name: string; uid: string; creationTimestamp?: string };
  status: { allowed?: boolean; reason?: string; token?: string; expirationTimestamp?: string; userInfo?: unknown; authenticated?: boolean; error?: string; user?: unknown; audiences?: string[]; resourceRules?: unknown[]; incomplete?: boolean; evaluationError?: string };
  spec: Record<string, unknown>;
  [field: string]: unknown;
}

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const pods = '/api/v1/namespaces/default/pods';
const issuer = 'https://kubernetes.default.svc.cluster.local';
const pod = (name: string, node: string, more: object = {}) => ({ metadata: { name }, spec: { nodeName: node, containers: [{ name: 'c', image: 'x' }], ...more } });

describe('who may do what', () => {
  let server: TestApiserver;
  let admin: RestClient;
  let anonymous: RestClient;
  let jane: RestClient;
  const opened: RestClient[] = [];

  const open = async (name: string, commonName: string, ...organizations: string[]): Promise<RestClient> => {
    const client = await RestClient.as(server, await server.pki.ensureComponent(name, { commonName, organizations, usages: ['client auth'] }));
    opened.push(client);
    return client;
  };
  const canI = async (client: RestClient, resourceAttributes: object) => (await client.post<Any>('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { spec: { resourceAttributes } })).body.status;
  const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

  afterAll(() => {
    for (const client of [anonymous, ...opened]) client.close();
  });
  useTestApi(async (running) => {
    ({ api: admin, server } = running);
    anonymous = await RestClient.of(server, true);
    jane = await open('jane', 'jane', 'team');
    for (const name of ['default', 'robot']) await admin.post('/api/v1/namespaces/default/serviceaccounts', { metadata: { name } });
  });

  describe('without a grant', () => {
    it('a list is refused in upstream\'s words', async () => {
      const message = 'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"';
      expect(await jane.get<Any>(pods)).toMatchObject({
        code: 403, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason: 'Forbidden', details: { kind: 'pods' }, code: 403 },
      });
    });

    it.each([
      ['GET', '/apis/apps/v1/namespaces/default/deployments/web', 'deployments.apps "web" is forbidden: User "jane" cannot get resource "deployments" in API group "apps" in the namespace "default"'],
      ['GET', '/api/v1/nodes', 'nodes is forbidden: User "jane" cannot list resource "nodes" in API group "" at the cluster scope'],
      ['GET', '/api/v1/pods?watch=1', 'pods is forbidden: User "jane" cannot watch resource "pods" in API group "" at the cluster scope'],
      ['DELETE', '/api/v1/namespaces/default', 'namespaces "default" is forbidden: User "jane" cannot delete resource "namespaces" in API group "" in the namespace "default"'],
      ['GET', `${pods}/web/log`, 'pods "web" is forbidden: User "jane" cannot get resource "pods/log" in API group "" in the namespace "default"'],
      ['GET', '/metrics', 'forbidden: User "jane" cannot get path "/metrics"'],
      ['GET', '/flagz', 'forbidden: User "jane" cannot get path "/flagz"'],
      ['GET', '/statusz', 'forbidden: User "jane" cannot get path "/statusz"'],
    ])('%s %s is refused', async (method, path, message) => {
      expect(await jane.call<Any>(method, path)).toMatchObject({ code: 403, body: { reason: 'Forbidden', message } });
    });

    it('discovery and the own reviews are for everyone who is known', async () => {
      for (const path of ['/api', '/apis', '/api/v1', '/openapi/v2', '/version', '/healthz']) expect((await jane.get(path)).code).toBe(200);
      expect(await canI(jane, { verb: 'list', resource: 'pods', namespace: 'default' })).toEqual({ allowed: false });
    });
  });

  describe('anonymous requests', () => {
    it.each(['/healthz', '/livez', '/readyz', '/version', '/version/'])('may get %s', async (path) => {
      expect((await anonymous.get(path)).code).toBe(200);
    });

    it.each([
      ['/api', 'forbidden: User "system:anonymous" cannot get path "/api"'],
      ['/metrics', 'forbidden: User "system:anonymous" cannot get path "/metrics"'],
      [pods, 'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "default"'],
    ])('may not get %s', async (path, message) => {
      expect(await anonymous.get<Any>(path)).toMatchObject({ code: 403, body: { message } });
    });

    it('are not what a wrong token makes', async () => {
      expect(await anonymous.get<Any>('/healthz', bearer('nonsense'))).toMatchObject({ code: 401 });
      expect(await anonymous.get<Any>(pods, bearer('a.b.c'))).toMatchObject({ code: 401, body: { kind: 'Status', reason: 'Unauthorized', message: 'Unauthorized', code: 401 } });
      expect((await anonymous.get<Any>(pods, { Authorization: 'Basic amFuZTpqYW5l' })).code).toBe(401);
    });
  });

  describe('a role', () => {
    beforeAll(async () => {
      await admin.post('/api/v1/namespaces', { metadata: { name: 'team' } });
      await admin.post('/api/v1/namespaces/team/serviceaccounts', { metadata: { name: 'default' } });
      await admin.post(`${rbac}/namespaces/team/rolebindings`, { metadata: { name: 'jane-admin' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' }, subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'team' }] });
    });

    it('bound in a namespace counts there and nowhere else', async () => {
      expect((await jane.get('/api/v1/namespaces/team/pods')).code).toBe(200);
      expect((await jane.post('/api/v1/namespaces/team/configmaps', { metadata: { name: 'made-by-jane' } })).code).toBe(201);
      expect((await jane.get('/api/v1/namespaces/team')).code).toBe(200);
      expect((await jane.get(pods)).code).toBe(403);
      expect((await jane.get('/api/v1/pods')).code).toBe(403);
    });

    it('for one name counts for lists and watches that select it, not for old watches and deletions', async () => {
      await admin.post(`${rbac}/namespaces/default/roles`, { metadata: { name: 'named' }, rules: [{ verbs: ['list', 'watch', 'deletecollection'], apiGroups: [''], resources: ['configmaps'], resourceNames: ['one'] }] });
      await admin.post(`${rbac}/namespaces/default/rolebindings`, { metadata: { name: 'named' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'named' }, subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'team' }] });
      const one = 'namespaces/default/configmaps?timeoutSeconds=1&fieldSelector=metadata.name%3Done';
      const codes = [await jane.get(`/api/v1/${one}`), await jane.get(`/api/v1/${one}&watch=true`), await jane.get(`/api/v1/watch/${one}`), await jane.delete(`/api/v1/${one}`)].map(({ code }) => code);
      expect(codes).toEqual([200, 200, 403, 403]);
    });

    it('is what `auth can-i` tells of', async () => {
      expect(await canI(jane, { verb: 'create', group: 'apps', resource: 'deployments', namespace: 'team' })).toEqual({
        allowed: true, reason: 'RBAC: allowed by RoleBinding "jane-admin/team" of ClusterRole "admin" to Group "team"',
      });
      expect(await canI(jane, { verb: 'create', group: 'apps', resource: 'deployments', namespace: 'default' })).toEqual({ allowed: false });
      const listed = await jane.post<Any>('/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', { spec: { namespace: 'team' } });
      expect(listed.code).toBe(201);
      expect(listed.body.status).toMatchObject({ incomplete: false });
      expect(listed.body.status.resourceRules).toContainEqual(expect.objectContaining({ apiGroups: [''], verbs: expect.arrayContaining(['create']) as unknown }));
    });

    it('that is missing is told of', async () => {
      await admin.post(`${rbac}/namespaces/team/rolebindings`, { metadata: { name: 'dangling' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'none' }, subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'joe' }] });
      const joe = await open('joe', 'joe');
      expect((await joe.get<Any>('/api/v1/namespaces/team/pods')).body.message).toBe('pods is forbidden: User "joe" cannot list resource "pods" in API group "" in the namespace "team": RBAC: role.rbac.authorization.k8s.io "none" not found');
    });

    it('that lets one patch does not let one create', async () => {
      await admin.post(`${rbac}/namespaces/team/roles`, { metadata: { name: 'patcher' }, rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'patch', 'update'] }] });
      await admin.post(`${rbac}/namespaces/team/rolebindings`, { metadata: { name: 'ann' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'patcher' }, subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'ann' }] });
      const ann = await open('ann', 'ann');
      const apply = (client: RestClient, name: string) => client.patch<Any>(`/api/v1/namespaces/team/configmaps/${name}?fieldManager=test`, 'apply', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: 'b' } });
      expect(await apply(ann, 'applied')).toMatchObject({ code: 403, body: { reason: 'Forbidden', details: { name: 'applied', kind: 'configmaps' } } });
      expect((await apply(admin, 'applied')).code).toBe(201);
      expect((await apply(ann, 'applied')).code).toBe(200);
    });

    it('gives no more than its maker has', async () => {
      const role = (verbs: string[]) => ({ metadata: { name: `pods-${verbs.join('-')}` }, rules: [{ apiGroups: [''], resources: ['pods', 'nodes'], verbs }] });
      expect(await jane.post<Any>(`${rbac}/namespaces/team/roles`, role(['get', 'list']))).toMatchObject({
        code: 403,
        body: {
          reason: 'Forbidden',
          message: 'roles.rbac.authorization.k8s.io "pods-get-list" is forbidden: user "jane" (groups=["team" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["nodes"], Verbs:["get" "list"]}',
        },
      });
      expect((await jane.post(`${rbac}/namespaces/team/roles`, { metadata: { name: 'readers' }, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] })).code).toBe(201);
      const binding = (name: string) => ({ metadata: { name }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name }, subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'joe' }] });
      expect((await jane.post(`${rbac}/namespaces/team/rolebindings`, binding('view'))).code).toBe(201);
      expect((await jane.post<Any>(`${rbac}/namespaces/team/rolebindings`, binding('cluster-admin'))).body.message).toContain('is attempting to grant RBAC permissions not currently held:\n{APIGroups:["*"], Resources:["*"], Verbs:["*"]}\n{NonResourceURLs:["*"], Verbs:["*"]}');
      expect(await jane.post<Any>(`${rbac}/namespaces/team/rolebindings`, binding('no-such-role'))).toMatchObject({ code: 404, body: { message: 'clusterroles.rbac.authorization.k8s.io "no-such-role" not found' } });
    });
  });

  describe('impersonation', () => {
    it('acts as another with that one\'s rights', async () => {
      const asJane = { 'Impersonate-User': 'jane', 'Impersonate-Group': 'team' };
      expect((await admin.get('/api/v1/namespaces/team/pods', asJane)).code).toBe(200);
      expect((await admin.get<Any>(pods, asJane)).body.message).toContain('User "jane" cannot list');
      const review = await admin.call<Any>('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { body: {}, headers: asJane });
      expect(review.body.status.userInfo).toEqual({ username: 'jane', groups: ['team', 'system:authenticated'] });
    });

    it('is for those who are allowed to', async () => {
      expect(await jane.get<Any>(pods, { 'Impersonate-User': 'joe' })).toMatchObject({ code: 403, body: { message: 'pods is forbidden: User "jane" cannot impersonate-on:user-info:list resource "pods" in API group "" in the namespace "default"' } });
      expect((await jane.get<Any>(pods, { 'Impersonate-User': 'jane', 'Impersonate-Group': 'system:masters' })).code).toBe(403);
    });
  });

  describe('constrained impersonation', () => {
    const grant = (name: string, rules: object[]) => Promise.all([
      admin.post(`${rbac}/clusterroles`, { metadata: { name }, rules }),
      admin.post(`${rbac}/clusterrolebindings`, { metadata: { name }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name }, subjects: [{ kind: 'User', name: 'kim', apiGroup: 'rbac.authorization.k8s.io' }] }),
    ]);
    const [group, resource] = ['authentication.k8s.io', 'users'];

    it('lets act as another only to do what it names', async () => {
      const kim = await open('kim', 'kim');
      await grant('as-joe', [{ verbs: ['impersonate:user-info'], apiGroups: [group], resources: [resource], resourceNames: ['joe'] }, { verbs: ['impersonate-on:user-info:list'], apiGroups: [''], resources: ['pods'] }]);
      const as = (name: string, more: object = {}) => ({ 'Impersonate-User': name, ...more });
      // Whether joe may is another question, which is his to be refused.
      expect((await kim.get<Any>(pods, as('joe'))).body.message).toContain('User "joe" cannot list resource "pods"');
      expect((await kim.get<Any>(`${pods}/web`, as('joe'))).body.message).toContain('User "kim" cannot impersonate-on:user-info:get resource "pods"');
      expect((await kim.get<Any>(pods, as('jim'))).body.message).toBe('users.authentication.k8s.io "jim" is forbidden: User "kim" cannot impersonate:user-info resource "users" in API group "authentication.k8s.io" at the cluster scope');
      expect((await kim.get<Any>(pods, as('joe', { 'Impersonate-Group': 'system:masters' }))).body.message).toContain('impersonating the system:masters group is not allowed');
      expect((await kim.get<Any>(pods, as('system:node:node-1'))).body.message).toContain('User "kim" cannot impersonate-on:arbitrary-node:list resource "pods"');
    });

    it('makes a node of nobody but who is let to, with a node\'s groups', async () => {
      const kim = await open('kim', 'kim');
      await grant('as-node', [{ verbs: ['impersonate:arbitrary-node'], apiGroups: [group], resources: ['nodes'], resourceNames: ['node-1'] }, { verbs: ['impersonate-on:arbitrary-node:create'], apiGroups: [group], resources: ['selfsubjectreviews'] }]);
      const review = await kim.call<Any>('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { body: {}, headers: { 'Impersonate-User': 'system:node:node-1' } });
      expect(review.body.status.userInfo).toEqual({ username: 'system:node:node-1', groups: ['system:nodes', 'system:authenticated'] });
    });
  });

  describe('SelfSubjectReview', () => {
    it('tells who asks', async () => {
      const { body, code } = await jane.post<Any>('/apis/authentication.k8s.io/v1/selfsubjectreviews', { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });
      expect(code).toBe(201);
      const { cert } = await server.credentials(server.pki.files.component('jane'));
      const print = createHash('sha256').update(new X509Certificate(cert).raw).digest('hex');
      expect(body.status.userInfo).toEqual({ username: 'jane', groups: ['team', 'system:authenticated'], extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${print}`] } });
      expect(body.metadata.creationTimestamp).toMatch(/Z$/);
    });
  });

  describe('a review of others', () => {
    const reviews = '/apis/authorization.k8s.io/v1';
    const resourceAttributes = { verb: 'list', resource: 'pods', namespace: 'default' };

    it.each([`${reviews}/subjectaccessreviews`, `${reviews}/namespaces/default/localsubjectaccessreviews`])('at %s tells what they may do', async (path) => {
      const allowed = async (spec: object) => (await admin.post<Any>(path, { spec: { ...spec, resourceAttributes } })).body.status.allowed;
      expect([await allowed({ user: 'jane', groups: ['team'] }), await allowed({ user: 'root', groups: ['system:masters'] })]).toEqual([false, true]);
      expect((await jane.post(path, { spec: { user: 'root', resourceAttributes } })).code).toBe(403);
    });
  });

  describe('a service account\'s token', () => {
    const request = (name: string, spec: object = {}) => admin.post<Any>(`/api/v1/namespaces/default/serviceaccounts/${name}/token`, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec });
    const whoAmI = (token: string) => anonymous.call<Any>('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { body: {}, headers: bearer(token) });

    it('is made by `create token` and is who it says', async () => {
      const made = await request('robot');
      expect(made.code).toBe(201);
      expect(made.body).toMatchObject({ kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', metadata: { name: 'robot', namespace: 'default' }, spec: { audiences: [issuer], expirationSeconds: 3600 } });
      const { body } = await whoAmI(made.body.status.token ?? '');
      const account = await admin.get<Any>('/api/v1/namespaces/default/serviceaccounts/robot');
      expect(body.status.userInfo).toEqual({
        username: 'system:serviceaccount:default:robot', uid: account.body.metadata.uid, groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
        extra: { 'authentication.kubernetes.io/credential-id': [expect.stringMatching(/^JTI=[0-9a-f-]{36}$/)] },
      });
    });

    it('is good for what its account is bound to', async () => {
      const token = (await request('robot')).body.status.token ?? '';
      expect((await anonymous.get<Any>(pods, bearer(token))).body.message).toBe('pods is forbidden: User "system:serviceaccount:default:robot" cannot list resource "pods" in API group "" in the namespace "default"');
      await admin.post(`${rbac}/namespaces/default/rolebindings`, { metadata: { name: 'robot-view' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' }, subjects: [{ kind: 'ServiceAccount', name: 'robot', namespace: 'default' }] });
      expect((await anonymous.get(pods, bearer(token))).code).toBe(200);
      expect((await anonymous.get('/api/v1/namespaces/default/secrets', bearer(token))).code).toBe(403);
    });

    it.each([
      ['too short', 'robot', { expirationSeconds: 60 }, 422, 'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes'],
      ['of no account', 'nobody', {}, 404, 'serviceaccounts "nobody" not found'],
      ['bound to a strange kind', 'robot', { boundObjectRef: { apiVersion: 'v1', kind: 'ConfigMap', name: 'x' } }, 400, 'cannot bind token to object of type /v1, Kind=ConfigMap'],
      ['bound to a pod that is not there', 'robot', { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'gone' } }, 404, 'pods "gone" not found'],
    ])('%s is not made', async (_what, name, spec, code, message) => {
      expect(await request(name, spec)).toMatchObject({ code, body: { message } });
    });

    it('for somebody else is none for the server', async () => {
      const token = (await request('robot', { audiences: ['vault'] })).body.status.token ?? '';
      expect((await whoAmI(token)).code).toBe(401);
      const review = (audiences: string[]) => admin.post<Any>('/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token, audiences } });
      expect((await review(['vault', 'other'])).body.status).toMatchObject({ authenticated: true, audiences: ['vault'], user: { username: 'system:serviceaccount:default:robot' } });
      expect((await review([])).body.status).toEqual({ user: {}, error: `[invalid bearer token, token audiences ["vault"] is invalid for the target audiences ["${issuer}"]]` });
    });

    it('dies with the pod it is bound to', async () => {
      const made = await admin.post<Any>(pods, pod('bound', 'node-1', { serviceAccountName: 'robot' }));
      expect(made.code).toBe(201);
      const spec = { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'bound', uid: made.body.metadata.uid } };
      const [first, second] = [(await request('robot', spec)).body.status.token ?? '', (await request('robot', spec)).body.status.token ?? ''];
      expect((await whoAmI(first)).body.status.userInfo).toMatchObject({ extra: { 'authentication.kubernetes.io/pod-name': ['bound'], 'authentication.kubernetes.io/node-name': ['node-1'] } });
      await admin.delete(`${pods}/bound`, { gracePeriodSeconds: 0 });
      expect((await whoAmI(second)).code).toBe(401);
      expect((await admin.post<Any>('/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: second } })).body.status).toEqual({ user: {}, error: '[invalid bearer token, service account token has been invalidated]' });
    });

    it('is mounted into pods', async () => {
      const made = await admin.post<Any>(pods, pod('mounting', ''));
      const spec = made.body.spec as { serviceAccountName: string; volumes: { name: string; projected: { sources: object[] } }[]; containers: { volumeMounts: object[] }[]; tolerations: object[]; priority: number };
      expect(spec).toMatchObject({ serviceAccountName: 'default', priority: 0 });
      const [volume] = spec.volumes;
      expect(volume?.name).toMatch(/^kube-api-access-/);
      expect(spec.containers[0]?.volumeMounts).toEqual([{ name: volume?.name, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }]);
      expect(spec.tolerations).toHaveLength(2);
    });
  });

  describe('a namespace', () => {
    it('that is missing takes nothing', async () => {
      expect(await admin.post<Any>('/api/v1/namespaces/nowhere/pods', pod('a', ''))).toMatchObject({ code: 404, body: { message: 'namespaces "nowhere" not found', details: { name: 'nowhere', kind: 'namespaces' } } });
    });

    it('that goes takes nothing new', async () => {
      await admin.post('/api/v1/namespaces', { metadata: { name: 'going' } });
      await admin.delete('/api/v1/namespaces/going');
      expect((await admin.post<Any>('/api/v1/namespaces/going/configmaps', { metadata: { generateName: 'x-' } })).body).toMatchObject({
        code: 403, reason: 'Forbidden', message: 'configmaps "x-" is forbidden: unable to create new content in namespace going because it is being terminated',
        details: { causes: [{ reason: 'NamespaceTerminating', message: 'namespace going is being terminated', field: 'metadata.namespace' }] },
      });
    });

    it('that the cluster needs stays', async () => {
      expect((await admin.delete<Any>('/api/v1/namespaces/kube-system')).body.message).toBe('namespaces "kube-system" is forbidden: this namespace may not be deleted');
    });
  });
});
