import { admissionregistration, type KubeObject, rbac, type rbacv1 } from '@navarch/api';
import { FreshAuthorizer } from '../../auth/fresh-authorizer';
import { RbacAuthorizer } from '../../auth/rbac/rbac-authorizer';
import { RoleRules } from '../../auth/rbac/role-rules';
import type { AdmissionAttributes } from '../../pipeline';
import { admit } from '../../testing/admit';
import { aUser, anAdmission } from '../../testing/admission-attributes';
import { ObjectTable } from '../../testing/object-table';
import { ParamAuthorization } from './param-authorization';

const apiGroup = 'rbac.authorization.k8s.io';
const group = 'admissionregistration.k8s.io';
const jane = '&{jane  [system:authenticated] map[]}';
const configMap = { apiVersion: 'v1', kind: 'ConfigMap' };
const allow = (verb: string, groups: string, resource: string, ...names: string[]): rbacv1.PolicyRule => ({ verbs: [verb], apiGroups: [groups], resources: [resource], ...(names.length > 0 ? { resourceNames: names } : {}) });

const policy = (paramKind?: object, name = 'p'): KubeObject => ({ metadata: { name }, spec: { ...(paramKind ? { paramKind } : {}) } }) as KubeObject;
const binding = (paramRef?: object, policyName = 'p'): KubeObject => ({ metadata: { name: 'b' }, spec: { policyName, ...(paramRef ? { paramRef } : {}) } }) as KubeObject;

/** Jane holds these rules everywhere; the policies `p` take ConfigMaps, `strange` and `broken` what there is not. */
function plugin(...rules: rbacv1.PolicyRule[]): ParamAuthorization {
  const table = new ObjectTable()
    .put(rbac.clusterroles, { metadata: { name: 'held' }, rules })
    .put(rbac.clusterrolebindings, { metadata: { name: 'held' }, roleRef: { apiGroup, kind: 'ClusterRole', name: 'held' }, subjects: [{ kind: 'User', name: 'jane' }] });
  for (const type of [admissionregistration.validatingadmissionpolicies, admissionregistration.mutatingadmissionpolicies])
    table.put<KubeObject>(type, policy(configMap), policy({ apiVersion: 'example.com/v1', kind: 'Strange' }, 'strange'), policy({ apiVersion: 'a/b/c', kind: 'Broken' }, 'broken'));
  const authorizer = new FreshAuthorizer([new RbacAuthorizer(new RoleRules(table))], table);
  return new ParamAuthorization({ authorizer, reader: table, resourcesOfKind: (of, version, kind) => (of === '' && version === 'v1' && kind === 'ConfigMap' ? [{ resource: 'configmaps', namespaced: true }] : []) });
}

const kinds = {
  validatingadmissionpolicies: 'ValidatingAdmissionPolicy',
  mutatingadmissionpolicies: 'MutatingAdmissionPolicy',
  validatingadmissionpolicybindings: 'ValidatingAdmissionPolicyBinding',
  mutatingadmissionpolicybindings: 'MutatingAdmissionPolicyBinding',
} as const;
const writing = (resource: keyof typeof kinds, object: KubeObject, over: Partial<AdmissionAttributes> = {}): AdmissionAttributes => anAdmission(object, { group, resource, kind: kinds[resource], ...over });
const updating = (resource: keyof typeof kinds, oldObject: KubeObject, object: KubeObject): AdmissionAttributes => writing(resource, object, { operation: 'UPDATE', oldObject });

describe('who makes a policy', () => {
  const needed = `user ${jane} must have "get" permission on all objects of the referenced paramKind (kind=ConfigMap, apiVersion=v1)`;

  it.each<{ reason: string; held?: rbacv1.PolicyRule[]; write: AdmissionAttributes; refusal: string }>([
    { reason: 'without parameters', write: writing('validatingadmissionpolicies', policy()), refusal: '' },
    { reason: 'may not read them', write: writing('validatingadmissionpolicies', policy(configMap)), refusal: `ValidatingAdmissionPolicy.admissionregistration.k8s.io "p" is invalid: spec.paramKind: Forbidden: ${needed}` },
    { reason: 'that mutates, and may not read them', write: writing('mutatingadmissionpolicies', policy(configMap)), refusal: `MutatingAdmissionPolicy.admissionregistration.k8s.io "p" is invalid: spec.paramKind: Forbidden: ${needed}` },
    { reason: 'may read all', held: [allow('get', '', 'configmaps')], write: writing('validatingadmissionpolicies', policy(configMap)), refusal: '' },
    { reason: 'may read some', held: [allow('get', '', 'configmaps', 'one')], write: writing('validatingadmissionpolicies', policy(configMap)), refusal: needed },
    { reason: 'of a kind that there is not, and may read the group', held: [allow('get', 'example.com', '*')], write: writing('validatingadmissionpolicies', policy({ apiVersion: 'example.com/v1', kind: 'Strange' })), refusal: '' },
    { reason: 'of a kind that there is not, and may read a resource', held: [allow('get', 'example.com', 'stranges')], write: writing('validatingadmissionpolicies', policy({ apiVersion: 'example.com/v1', kind: 'Strange' })), refusal: '(kind=Strange, apiVersion=example.com/v1)' },
    { reason: 'is an administrator', write: writing('validatingadmissionpolicies', policy(configMap), { user: aUser('root', 'system:masters') }), refusal: 'not handled' },
    { reason: 'keeps the kind', write: updating('mutatingadmissionpolicies', policy(configMap), policy(configMap)), refusal: '' },
    { reason: 'takes the kind away', write: updating('mutatingadmissionpolicies', policy(configMap), policy()), refusal: '' },
    { reason: 'changes the kind', write: updating('validatingadmissionpolicies', policy({ apiVersion: 'v1', kind: 'Secret' }), policy(configMap)), refusal: needed },
    { reason: 'writes the status', write: writing('validatingadmissionpolicies', policy(configMap), { operation: 'UPDATE', subresource: 'status', oldObject: policy() }), refusal: 'not handled' },
  ])('$reason', async ({ held = [], write, refusal }) => {
    const answer = await admit(plugin(...held), write);
    if (refusal === '') expect(answer).toBe('');
    else expect(answer).toContain(refusal);
  });
});

describe('who binds a policy', () => {
  const named = { name: 'one', namespace: 'a', parameterNotFoundAction: 'Deny' };
  const selected = { selector: {}, namespace: 'a', parameterNotFoundAction: 'Deny' };
  const everywhere = (verb: string): string => `to determine minimum required permissions and user ${jane} does not have "${verb}" permission for all groups, versions and resources`;
  const validating = (paramRef?: object, policyName?: string): AdmissionAttributes => writing('validatingadmissionpolicybindings', binding(paramRef, policyName));

  it.each<{ reason: string; held?: rbacv1.PolicyRule[]; write: AdmissionAttributes; refusal: string }>([
    { reason: 'without parameters', write: validating(), refusal: '' },
    { reason: 'may not read them', write: validating(named), refusal: `ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io "b" is invalid: spec.paramRef: Forbidden: user ${jane} does not have "get" permission on the object referenced by paramRef` },
    { reason: 'may read the named one', held: [allow('get', '', 'configmaps', 'one')], write: validating(named), refusal: '' },
    { reason: 'may read another', held: [allow('get', '', 'configmaps', 'two')], write: validating(named), refusal: 'does not have "get" permission on the object' },
    { reason: 'selects, and may get', held: [allow('get', '', 'configmaps')], write: validating(selected), refusal: 'does not have "list" permission on the object' },
    { reason: 'selects, and may list', held: [allow('list', '', 'configmaps')], write: validating(selected), refusal: '' },
    { reason: 'that there is not', held: [allow('get', '', 'configmaps')], write: validating(named, 'none'), refusal: `unable to get policy none ${everywhere('get')}` },
    { reason: 'that there is not, and may read anything', held: [allow('get', '*', '*')], write: validating(named, 'none'), refusal: '' },
    { reason: 'of a kind that there is not', write: validating(named, 'strange'), refusal: `unable to resolve paramKind &{example.com/v1 Strange} ${everywhere('get')}` },
    { reason: 'of what is no kind', write: validating(selected, 'broken'), refusal: `unable to parse paramKind &{a/b/c Broken} ${everywhere('list')}` },
    { reason: 'that mutates, and may not read them', write: writing('mutatingadmissionpolicybindings', binding(named)), refusal: `MutatingAdmissionPolicyBinding.admissionregistration.k8s.io "b" is invalid: spec.paramRef: Forbidden: user get does not have "${jane}" permission on the object referenced by paramRef` },
    { reason: 'changes nothing of it', write: updating('validatingadmissionpolicybindings', binding(named), binding(named)), refusal: 'permission on the object referenced by paramRef' },
    { reason: 'takes them away', write: updating('validatingadmissionpolicybindings', binding(named), binding()), refusal: '' },
  ])('$reason', async ({ held = [], write, refusal }) => {
    const answer = await admit(plugin(...held), write);
    if (refusal === '') expect(answer).toBe('');
    else expect(answer).toContain(refusal);
  });

  it('is told with all that is known of them', async () => {
    const user = { name: 'jane', uid: '7', groups: ['a', 'b'], extra: { z: ['1', '2'], k: ['3'] } };
    expect(await admit(plugin(), { ...validating(named), user })).toContain('user &{jane 7 [a b] map[k:[3] z:[1 2]]} does not have');
  });
});
