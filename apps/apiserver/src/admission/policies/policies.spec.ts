import { admissionregistration, core, type admissionregistrationv1, type KubeObject } from '@navarch/api';
import { createRegistry, silentLogger } from '@navarch/component-base';
import type { AdmissionAttributes } from '../../pipeline';
import { PluginChain } from '../../pipeline/admission-chain';
import { anAdmission, refusalOf } from '../../testing/admission-attributes';
import { memoryRegistry, type MemoryRegistry } from '../../testing/memory-registry';
import { ObjectTable } from '../../testing/object-table';
import { RegistryVersions } from '../request-versions';
import { MatchConditionMetrics } from '../match-condition-metrics';
import { MutatingAdmissionPolicyPlugin } from './mutating-policies';
import { PolicyMetrics } from './policy-metrics';
import { RegistryParams } from './policy-params';
import { create } from '../../registry/create';
import { policyRules } from './policy-rules';
import { ValidatingAdmissionPolicyPlugin } from './validating-policies';

type ValidatingSpec = NonNullable<admissionregistrationv1.ValidatingAdmissionPolicy['spec']>;
type MutatingSpec = NonNullable<admissionregistrationv1.MutatingAdmissionPolicy['spec']>;
type BindingSpec = admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec;

const DEPLOYMENTS = { resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'], operations: ['CREATE', 'UPDATE'] }] };

let registry: MemoryRegistry;
beforeAll(async () => (registry = await memoryRegistry()));
afterAll(() => registry.stop());

const deployment = (replicas: number, labels: Record<string, string> = {}): KubeObject & { spec: Record<string, unknown> } => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default', labels },
  spec: { replicas, selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'one', image: 'x' }] } } },
});

/** A chain with one policy of each kind, bound. */
class World {
  readonly warnings: string[] = [];
  readonly notes: Record<string, string> = {};
  readonly prometheus = createRegistry();
  private readonly chain = new PluginChain();

  constructor({ validating, binding = {}, mutating }: { validating?: Partial<ValidatingSpec>; binding?: Partial<BindingSpec>; mutating?: Partial<MutatingSpec> }) {
    const table = new ObjectTable().put(core.namespaces, { metadata: { name: 'default', labels: { team: 'a' } } });
    if (validating) {
      table.put(admissionregistration.validatingadmissionpolicies, { metadata: { name: 'p' }, spec: { failurePolicy: 'Fail', matchConstraints: DEPLOYMENTS, ...validating } })
        .put(admissionregistration.validatingadmissionpolicybindings, { metadata: { name: 'b' }, spec: { policyName: 'p', validationActions: ['Deny'], ...binding } });
    }
    if (mutating) {
      table.put(admissionregistration.mutatingadmissionpolicies, { metadata: { name: 'p' }, spec: { failurePolicy: 'Fail', reinvocationPolicy: 'Never', matchConstraints: DEPLOYMENTS, ...mutating } })
        .put(admissionregistration.mutatingadmissionpolicybindings, { metadata: { name: 'b' }, spec: { policyName: 'p', ...binding } });
    }
    const deps = {
      reader: table, versions: new RegistryVersions(registry.registry), log: silentLogger, params: new RegistryParams(registry.registry), metrics: new PolicyMetrics(this.prometheus), conditions: new MatchConditionMetrics(this.prometheus),
      authorizer: { name: 'some', authorize: () => Promise.resolve({ verdict: 'allow' as const, reason: 'known' }) },
    };
    this.chain.install([new MutatingAdmissionPolicyPlugin(deps), new ValidatingAdmissionPolicyPlugin(deps)]);
  }

  admit(object: KubeObject, over: Partial<AdmissionAttributes> = {}): Promise<string> {
    const attributes = anAdmission(object, {
      group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment', namespaced: true, namespace: 'default', name: 'web',
      warn: (text) => this.warnings.push(text), annotate: (key, value) => (this.notes[key] = value), ...over,
    });
    return refusalOf(async () => {
      await this.chain.mutate(attributes);
      await this.chain.validate(attributes);
    });
  }
}

const few = { validations: [{ expression: 'object.spec.replicas <= 5' }] };

describe('validating policies', () => {
  it('refuse what does not meet an expression, and say so', async () => {
    expect(await new World({ validating: few }).admit(deployment(6))).toBe("deployments.apps \"web\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: failed expression: object.spec.replicas <= 5");
    expect(await new World({ validating: few }).admit(deployment(5))).toBe('');
  });

  it.each<[string, Partial<ValidatingSpec>, string]>([
    ['variables', { variables: [{ name: 'count', expression: 'object.spec.replicas' }, { name: 'double', expression: 'variables.count * 2' }], validations: [{ expression: 'variables.double < 10', messageExpression: '"twice is " + string(variables.double)' }] }, 'twice is 12'],
    ['the request', { validations: [{ expression: 'request.operation == "UPDATE" && request.userInfo.username == "jane"', message: 'only updates' }] }, 'only updates'],
    ['the namespace', { validations: [{ expression: 'namespaceObject.metadata.labels.team == "b"', message: 'wrong team' }] }, 'wrong team'],
    ['the authorizer', { validations: [{ expression: '!authorizer.group("apps").resource("deployments").check("delete").allowed()', message: 'may delete' }] }, 'may delete'],
    ['the old object', { validations: [{ expression: 'oldObject != null', message: 'no history' }] }, 'no history'],
  ])('know %s', async (_what, spec, message) => {
    expect(await new World({ validating: spec }).admit(deployment(6))).toContain(`denied request: ${message}`);
  });

  it('fail or pass over what cannot be evaluated', async () => {
    const broken = { validations: [{ expression: 'object.spec.missing == 1' }] };
    expect(await new World({ validating: broken }).admit(deployment(1))).toContain("expression 'object.spec.missing == 1' resulted in error: no such key: missing");
    expect(await new World({ validating: { ...broken, failurePolicy: 'Ignore' } }).admit(deployment(1))).toBe('');
  });

  it('are about what they match only', async () => {
    expect(await new World({ validating: { ...few, matchConditions: [{ name: 'small', expression: 'object.spec.replicas < 3' }] } }).admit(deployment(6))).toBe('');
    expect(await new World({ validating: few, binding: { matchResources: { namespaceSelector: { matchLabels: { team: 'z' } } } } }).admit(deployment(6))).toBe('');
    expect(await new World({ validating: { ...few, matchConstraints: { ...DEPLOYMENTS, excludeResourceRules: DEPLOYMENTS.resourceRules } } }).admit(deployment(6))).toBe('');
    expect(await new World({ validating: few }).admit(deployment(6), { operation: 'DELETE' })).toBe('');
  });

  it('are about no question of who may do what', async () => {
    const world = new World({ validating: { validations: [{ expression: 'false' }], matchConstraints: { resourceRules: [{ apiGroups: ['*'], apiVersions: ['*'], resources: ['*'], operations: ['*'] }] } } });
    const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', metadata: {} };
    expect(await world.admit(review, { group: 'authorization.k8s.io', resource: 'selfsubjectaccessreviews', kind: 'SelfSubjectAccessReview', namespaced: false, namespace: '', name: '' })).toBe('');
    expect(await world.admit(deployment(1))).toContain('failed expression: false');
  });

  it.each([['validatingwebhookconfigurations', 'failed expression: false'], ['mutatingadmissionpolicies', '']])('look at webhooks, and not at each other: %s', async (resource, refusal) => {
    const all = { resourceRules: [{ apiGroups: ['*'], apiVersions: ['*'], resources: ['*'], operations: ['*'] }] };
    const world = new World({ validating: { validations: [{ expression: 'false' }], matchConstraints: all } });
    const object = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'Any', metadata: { name: 'a' } };
    const said = await world.admit(object, { group: 'admissionregistration.k8s.io', resource, kind: 'Any', namespaced: false, namespace: '', name: 'a' });
    expect(refusal === '' ? said : said.includes(refusal)).toBe(refusal === '' ? '' : true);
  });

  it('see no namespace around a Namespace', async () => {
    const world = new World({ validating: { validations: [{ expression: 'namespaceObject == null' }], matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['namespaces'], operations: ['*'] }] } } });
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } };
    expect(await world.admit(namespace, { operation: 'UPDATE', oldObject: namespace, group: '', version: 'v1', resource: 'namespaces', kind: 'Namespace', namespaced: false, namespace: 'default', name: 'default' })).toBe('');
  });

  it('name the expression of a note that cannot be made', async () => {
    const world = new World({ validating: { ...few, auditAnnotations: [{ key: 'note', valueExpression: 'object.spec.nothing' }] } });
    expect(await world.admit(deployment(1))).toContain("expression 'object.spec.nothing' resulted in error: no such key: nothing");
  });

  it('note all that failed in one, and what each set of parameters says beside the others', async () => {
    const configMaps = registry.registry.store('', 'configmaps');
    if (!configMaps) throw new Error('no config maps');
    for (const name of ['n1', 'n2']) await create(configMaps, { metadata: { name, namespace: 'default', labels: { notes: 'yes' } } }, registry.context);
    const world = new World({
      validating: { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, validations: [{ expression: 'true' }, { expression: 'object.spec.replicas <= 5', messageExpression: '"for " + params.metadata.name + "\\n"' }], auditAnnotations: [{ key: 'of', valueExpression: 'params.metadata.name' }, { key: 'same', valueExpression: '"same"' }] },
      binding: { validationActions: ['Audit'], paramRef: { selector: { matchLabels: { notes: 'yes' } }, namespace: 'default', parameterNotFoundAction: 'Deny' } },
    });
    expect(await world.admit(deployment(6))).toBe('');
    const failure = (message: string): object => ({ message, policy: 'p', binding: 'b', expressionIndex: 1, validationActions: ['Audit'] });
    expect(world.notes).toEqual({ 'p/of': 'n1, n2', 'p/same': 'same', 'validation.policy.admission.k8s.io/validation_failure': JSON.stringify([failure('for n1'), failure('for n2')]) });
  });

  it('refuse without their parameters, or what they should note, even where they would only warn', async () => {
    const binding = { validationActions: ['Warn'] };
    const absent = { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, validations: [{ expression: 'true' }] };
    expect(await new World({ validating: absent, binding: { ...binding, paramRef: { name: 'absent', parameterNotFoundAction: 'Deny' } } }).admit(deployment(1))).toContain('denied request: failed to configure binding: ');
    const note = { auditAnnotations: [{ key: 'note', valueExpression: 'object.spec.nothing' }] };
    expect(await new World({ validating: note, binding }).admit(deployment(1))).toContain('resulted in error: no such key: nothing');
    expect(await new World({ validating: { ...note, failurePolicy: 'Ignore' }, binding }).admit(deployment(1))).toBe('');
  });

  it('that cannot be compiled, since another server stored them, are no burden to the others', async () => {
    const world = new World({ validating: { validations: [{ expression: 'object.unknownFunction()' }] } });
    expect(await world.admit(deployment(1))).toContain('denied request: compilation error: ');
    expect(await world.admit(deployment(1), { resource: 'statefulsets', kind: 'StatefulSet' })).toBe('');
    expect(await new World({ validating: { failurePolicy: 'Ignore', validations: [{ expression: 'object.unknownFunction()' }] } }).admit(deployment(1))).toBe('');
    expect(await new World({ mutating: { mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: 'unknown' } }] } }).admit(deployment(1))).toContain("policy 'p' with binding 'b' denied request: compilation error: ");
  });

  it('stop when all together cost too much', async () => {
    const asking = (times: number) => ({ expression: Array(times).fill('authorizer.path("/x").check("get").allowed()').join(' && ') });
    const world = new World({ validating: { validations: Array.from({ length: 15 }, () => asking(2)) } });
    expect(await world.admit(deployment(1))).toContain('denied request: validation failed due to running out of cost budget, no further validation rules will be run');
    expect(await world.prometheus.metrics()).toContain('error_type="out_of_budget",enforcement_action="deny"} 1');
    expect(await new World({ validating: { validations: [asking(3)] } }).admit(deployment(1))).toContain('resulted in error: operation cancelled: actual cost limit exceeded');
  });

  it('warn and note instead of refusing', async () => {
    const world = new World({ validating: { ...few, auditAnnotations: [{ key: 'replicas', valueExpression: '"has " + string(object.spec.replicas)' }] }, binding: { validationActions: ['Warn', 'Audit'] } });
    expect(await world.admit(deployment(6))).toBe('');
    expect(world.warnings).toEqual(["Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': failed expression: object.spec.replicas <= 5"]);
    expect(world.notes['p/replicas']).toBe('has 6');
    expect(JSON.parse(world.notes['validation.policy.admission.k8s.io/validation_failure'] ?? '')).toMatchObject([{ policy: 'p', binding: 'b', message: 'failed expression: object.spec.replicas <= 5' }]);
  });

  it('are counted when they do not hold, by what came of it', async () => {
    const counted = async (world: World): Promise<string[]> => {
      await world.admit(deployment(6));
      return (await world.prometheus.metrics()).split('\n').filter((line) => line.startsWith('apiserver_validating_admission_policy_check_total{'));
    };
    const line = (type: string, action: string): string => `apiserver_validating_admission_policy_check_total{policy="p",policy_binding="b",error_type="${type}",enforcement_action="${action}"} 1`;
    expect(await counted(new World({ validating: few }))).toEqual([line('invalid_error', 'deny')]);
    expect(await counted(new World({ validating: few, binding: { validationActions: ['Warn', 'Audit'] } }))).toEqual([line('invalid_error', 'warn'), line('invalid_error', 'audit')]);
    expect(await counted(new World({ validating: { validations: [{ expression: 'object.spec.absent == 1' }], failurePolicy: 'Ignore' } }))).toEqual([line('invalid_error', 'allow')]);
    expect(await counted(new World({ validating: { validations: [{ expression: 'true' }] } }))).toEqual([]);
  });

  it('take parameters from objects, or say that there are none', async () => {
    const { served } = { served: registry.registry.served('', 'v1', 'configmaps') };
    expect(served).toBeDefined();
    const spec = { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, validations: [{ expression: 'object.spec.replicas <= int(params.data.max)' }] };
    const world = (name: string, parameterNotFoundAction: string) => new World({ validating: spec, binding: { paramRef: { name, namespace: 'default', parameterNotFoundAction } } });
    expect(await world('absent', 'Deny').admit(deployment(6))).toContain('failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction');
    expect(await world('absent', 'Allow').admit(deployment(6))).toBe('');
  });
});

describe('the conditions of a policy with parameters', () => {
  it('are asked with each of them, and decide for it alone', async () => {
    const configMaps = registry.registry.store('', 'configmaps');
    if (!configMaps) throw new Error('no config maps');
    for (const [name, max] of [['strict', '5'], ['loose', '50']] as const)
      await create(configMaps, { metadata: { name, namespace: 'default', labels: { limits: 'yes' } }, data: { max } } as unknown as KubeObject, registry.context);
    const conditionsOn = (max: string): World => new World({
      validating: { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, matchConditions: [{ name: 'some', expression: `params.data.max == '${max}'` }], validations: [{ expression: 'object.spec.replicas <= int(params.data.max)', messageExpression: '"over " + params.data.max' }] },
      binding: { paramRef: { selector: { matchLabels: { limits: 'yes' } }, namespace: 'default', parameterNotFoundAction: 'Deny' } },
    });
    expect(await conditionsOn('5').admit(deployment(6))).toContain('over 5');
    expect(await conditionsOn('50').admit(deployment(6))).toBe('');
    expect(await conditionsOn('50').admit(deployment(60))).toContain('over 50');
  });
});

describe('mutating policies', () => {
  it('lay configurations over objects, by the keys of their lists', async () => {
    const object = deployment(1);
    const world = new World({ mutating: { mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{metadata: Object.metadata{labels: {"added": object.metadata.name}}, spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{containers: [Object.spec.template.spec.containers{name: "side", image: "y"}]}}}}' } }] } });
    expect(await world.admit(object)).toBe('');
    expect(object).toMatchObject({ metadata: { labels: { added: 'web' } }, spec: { replicas: 1, template: { spec: { containers: [{ name: 'one' }, { name: 'side', image: 'y' }] } } } });
  });

  it('patch, and see what was done before', async () => {
    const object = deployment(2, { a: 'b' });
    const patch = (expression: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression } });
    const world = new World({
      mutating: {
        mutations: [
          patch('[JSONPatch{op: "replace", path: "/spec/replicas", value: object.spec.replicas + 1}]'),
          patch('[JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("x/y"), value: string(object.spec.replicas)}]'),
        ],
      },
    });
    expect(await world.admit(object)).toBe('');
    expect(object).toMatchObject({ metadata: { labels: { 'x/y': '3' } }, spec: { replicas: 3 } });
  });

  const applying = (expression: string) => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } });
  const patching = (operation: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression: `[JSONPatch{${operation}}]` } });

  it.each<[string, admissionregistrationv1.Mutation, string]>([
    ['what is replaced whole', applying('Object{spec: Object.spec{selector: Object.spec.selector{matchLabels: {"l": "v"}}}}'), 'error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.selector'],
    ['a type that is another field\'s', applying('Object{spec: Object.specx{replicas: 1}}'), 'type mismatch: unexpected type name "Object.specx", expected "Object.spec", which matches field name path from root Object type'],
    ['a field that there is not', applying('Object{spec: Object.spec{replicasx: 1}}'), 'error applying patch: failed to convert patch object to typed object: .spec.replicasx: field not declared in schema'],
    ['what cannot be evaluated', applying('Object{spec: Object.spec{replicas: object.spec.nothing}}'), "expression 'Object{spec: Object.spec{replicas: object.spec.nothing}}' resulted in error: no such key: nothing"],
    ['a patch with a type that is another field\'s', patching('op: "replace", path: "/spec", value: Object.spec{template: Object.spec.other{}}'), 'type mismatch: unexpected type name "Object.spec.other", expected "Object.spec.template"'],
    ['a patch that does not fit', patching('op: "remove", path: "/spec/absent"'), 'JSON Patch: '],
  ])('refuse %s', async (_what, mutation, text) => {
    expect(await new World({ mutating: { mutations: [mutation] } }).admit(deployment(1))).toContain(`policy 'p' with binding 'b' denied request: ${text}`);
  });

  it('do nothing where the test of their patch does not hold, and see defaults after each', async () => {
    const object = deployment(1, { own: 'x' });
    const tested = (replicas: number, labels: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression: `[JSONPatch{op: "test", path: "/spec/replicas", value: ${replicas}}, JSONPatch{op: "add", path: "/metadata/labels/${labels}", value: "x"}]` } });
    const strategy = patching('op: "add", path: "/spec/strategy", value: Object.spec.strategy{type: "RollingUpdate"}');
    const seen = { patchType: 'JSONPatch', jsonPatch: { expression: '[JSONPatch{op: "add", path: "/metadata/labels/surge", value: object.spec.strategy.rollingUpdate.maxSurge}]' } };
    const world = new World({ mutating: { mutations: [tested(2, 'not'), tested(1, 'so'), strategy, seen] } });
    expect(await world.admit(object)).toBe('');
    expect(object.metadata.labels).toEqual({ own: 'x', so: 'x', surge: '25%' });
    expect(await world.prometheus.metrics()).toContain('apiserver_mutating_admission_policy_check_total{policy="p",policy_binding="b",error_type="no_error"} 4');
  });

  it('write no fields that there are not', async () => {
    expect(await new World({ mutating: { mutations: [patching('op: "add", path: "/spec/nothing", value: 1')] } }).admit(deployment(1))).toBe('Internal error occurred: strict decoding error: unknown field "spec.nothing"');
  });

  it('refuse the write when they fail', async () => {
    const mutations = [{ patchType: 'JSONPatch', jsonPatch: { expression: '[JSONPatch{op: "remove", path: "/spec/absent"}]' } }];
    expect(await new World({ mutating: { mutations } }).admit(deployment(1))).toContain("policy 'p' with binding 'b' denied request: JSON Patch: ");
    expect(await new World({ mutating: { mutations, failurePolicy: 'Ignore' } }).admit(deployment(1))).toBe('');
  });

  it('that may fail keep what other mutations, and other parameters, have done', async () => {
    const configMaps = registry.registry.store('', 'configmaps');
    if (!configMaps) throw new Error('no config maps');
    for (const [name, data] of [['a', { on: 'yes' }], ['b', {}], ['c', { on: 'yes' }]] as const)
      await create(configMaps, { metadata: { name, namespace: 'default', labels: { adds: 'yes' } }, data } as unknown as KubeObject, registry.context);
    const patch = (expression: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression } });
    const label = (suffix: string) => patch(`[JSONPatch{op: "add", path: "/metadata/labels/" + params.metadata.name + "${suffix}", value: "x"}]`);
    const object = deployment(1, { own: 'x' });
    const world = new World({
      mutating: { failurePolicy: 'Ignore', paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, matchConditions: [{ name: 'on', expression: "params.data.on == 'yes'" }], mutations: [label('1'), patch('[JSONPatch{op: "remove", path: "/spec/absent"}]'), label('2')] },
      binding: { paramRef: { selector: { matchLabels: { adds: 'yes' } }, namespace: 'default', parameterNotFoundAction: 'Deny' } },
    });
    expect(await world.admit(object)).toBe('');
    expect(Object.keys(object.metadata.labels ?? {}).sort()).toEqual(['a1', 'a2', 'c1', 'c2', 'own']);
  });
});

describe('policies are checked before they are stored', () => {
  const messages = (resource: string, spec: object): string[] => policyRules[`admissionregistration.k8s.io/${resource}`]?.({ metadata: { name: 'p' }, spec } as KubeObject, undefined).map(({ message }) => message) ?? ['no rule'];
  const base = { failurePolicy: 'Fail', matchConstraints: { matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {}, ...DEPLOYMENTS }, reinvocationPolicy: 'Never' };

  it.each<[string, object, string[]]>([
    ['validatingadmissionpolicies', { ...base, validations: [{ expression: 'object.x ==' }] }, ["spec.validations[0].expression: Invalid value: \"object.x ==\": compilation failed: ERROR: <input>:1:12: Syntax error"]],
    ['validatingadmissionpolicies', { ...base, validations: [{ expression: 'true &&\n  true' }] }, []],
    ['validatingadmissionpolicies', { ...base, validations: [{ expression: 'true', message: 'a\nb' }] }, ['spec.validations[0].message: Invalid value: "a\\nb": message must not contain line breaks']],
    ['validatingadmissionpolicies', { ...base, validations: [{ expression: 'true', messageExpression: 'string(authorizer.path("/x").check("get").allowed())' }] }, ["undeclared reference to 'authorizer'"]],
    ['mutatingadmissionpolicies', { ...base, mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object.spec.metadata{}' } }] }, ['must evaluate to Object but got Object.spec.metadata']],
    ['validatingadmissionpolicies', { ...base, validations: [{ expression: '1 + 1' }] }, ['spec.validations[0].expression: Invalid value: "1 + 1": must evaluate to bool']],
    ['validatingadmissionpolicies', { ...base, validations: [{ expression: 'request.nope == 1' }] }, ["spec.validations[0].expression: Invalid value: \"request.nope == 1\": compilation failed: ERROR: <input>:1:8: undefined field 'nope'"]],
    ['validatingadmissionpolicies', { ...base, validations: [{ expression: 'params.x' }] }, ["undeclared reference to 'params'"]],
    ['validatingadmissionpolicies', { failurePolicy: 'Fail', validations: [{ expression: 'true' }] }, ['spec.matchConstraints: Required value']],
    ['mutatingadmissionpolicies', { ...base, mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: '1' } }] }, ['spec.mutations[0].jsonPatch.expression: Invalid value: "1": must evaluate to list']],
    ['mutatingadmissionpolicies', { ...base, mutations: [{ patchType: 'Other' }] }, ['spec.mutations[0].patchType: Unsupported value: "Other": supported values: "ApplyConfiguration", "JSONPatch"']],
    ['validatingadmissionpolicybindings', { policyName: 'p', validationActions: ['Deny', 'Warn'] }, ['must not contain both Deny and Warn']],
    ['validatingadmissionpolicybindings', { policyName: 'p', validationActions: ['Deny'], paramRef: { parameterNotFoundAction: 'Deny' } }, ['spec.paramRef: Required value: one of name or selector must be specified']],
  ])('%s of %j', (resource, spec, expected) => {
    const found = messages(resource, spec);
    expect(found).toHaveLength(expected.length);
    expected.forEach((text, i) => expect(found[i]).toContain(text));
  });
});
