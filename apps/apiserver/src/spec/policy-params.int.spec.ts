import { eventually } from '@navarch/testing';
import { RestClient } from '../testing';
import { useTestApi } from './use-test-api';

interface Answer {
  reason: string;
  message: string;
}

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const registration = '/apis/admissionregistration.k8s.io/v1';
const apiGroup = 'rbac.authorization.k8s.io';
const policy = (name: string, paramKind: object) => ({
  metadata: { name },
  spec: {
    paramKind,
    validations: [{ expression: 'true' }],
    matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }] },
  },
});
const binding = (name: string, policyName: string, ref: object) => ({ metadata: { name }, spec: { policyName, validationActions: ['Deny'], paramRef: { parameterNotFoundAction: 'Allow', ...ref } } });

describe('parameters of policies', () => {
  let admin: RestClient;
  let jane: RestClient;
  const grant = async (name: string, rules: object[]): Promise<void> => {
    await admin.post(`${rbac}/clusterroles`, { metadata: { name }, rules });
    await admin.post(`${rbac}/clusterrolebindings`, { metadata: { name }, roleRef: { apiGroup, kind: 'ClusterRole', name }, subjects: [{ kind: 'User', name: 'jane', apiGroup }] });
  };

  afterAll(() => {
    jane.close();
  });
  useTestApi(async ({ api, server }) => {
    admin = api;
    jane = await RestClient.as(server, await server.pki.ensureComponent('jane', { commonName: 'jane', organizations: [], usages: ['client auth'] }));
    await grant('registrar', [{ apiGroups: ['admissionregistration.k8s.io'], resources: ['*'], verbs: ['*'] }]);
    await admin.post(`${registration}/validatingadmissionpolicies`, policy('by-secret', { apiVersion: 'v1', kind: 'Secret' }));
  });

  it('are not bound to by who may not read them', async () => {
    const bindings = `${registration}/validatingadmissionpolicybindings`;
    const { code, body } = await jane.post<Answer>(bindings, binding('spy', 'by-secret', { name: 'one', namespace: 'kube-system' }));
    expect([code, body.reason]).toEqual([422, 'Invalid']);
    expect(body.message).toMatch(
      /^ValidatingAdmissionPolicyBinding\.admissionregistration\.k8s\.io "spy" is invalid: spec\.paramRef: Forbidden: user &{jane {2}\[system:authenticated\] map\[authentication\.kubernetes\.io\/credential-id:\[X509SHA256=[\da-f]+\]\]} does not have "get" permission on the object referenced by paramRef$/,
    );
    expect((await admin.post(bindings, binding('spy', 'by-secret', { name: 'one', namespace: 'kube-system' }))).code).toBe(201);
    expect((await jane.patch<Answer>(`${bindings}/spy`, 'merge', { spec: { paramRef: { name: 'two' } } })).code).toBe(422);
    await grant('secret-two', [{ apiGroups: [''], resources: ['secrets'], resourceNames: ['two'], verbs: ['get'] }]);
    await eventually(async () => (await jane.patch<Answer>(`${bindings}/spy`, 'merge', { spec: { paramRef: { name: 'two' } } })).code === 200);
  });

  it('are not of a kind that the author may not read', async () => {
    const policies = `${registration}/mutatingadmissionpolicies`;
    const asked = {
      metadata: { name: 'mine' },
      spec: {
        ...policy('mine', { apiVersion: 'v1', kind: 'Secret' }).spec,
        validations: undefined,
        reinvocationPolicy: 'Never',
        mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: '[]' } }],
      },
    };
    const { code, body } = await jane.post<Answer>(policies, asked);
    expect(code).toBe(422);
    expect(body.message).toContain('MutatingAdmissionPolicy.admissionregistration.k8s.io "mine" is invalid: spec.paramKind: Forbidden: user &{jane ');
    expect(body.message).toContain(' must have "get" permission on all objects of the referenced paramKind (kind=Secret, apiVersion=v1)');
    await grant('all-secrets', [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }]);
    await eventually(async () => (await jane.post<Answer>(policies, asked)).code === 201);
  });
});
