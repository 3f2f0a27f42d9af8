import type { KubeObject } from '@navarch/api';
import { policyRules } from './policy-rules';

const group = 'admissionregistration.k8s.io';
const fine = {
  failurePolicy: 'Fail', matchConstraints: { matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {}, resourceRules: [{ operations: ['CREATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] }] },
  validations: [{ expression: 'true' }],
};
const bound = { policyName: 'few', validationActions: ['Deny'] };

function faultsOf(resource: string, spec: object, old?: object): string[] {
  const rule = policyRules[`${group}/${resource}`];
  if (rule === undefined) throw new Error(`no rule for ${resource}`);
  return rule({ metadata: { name: 'few' }, spec } as KubeObject, old && ({ metadata: { name: 'few' }, spec: old } as KubeObject)).map(({ field, type, message }) => `${field} ${type} ${message}`);
}

/** Of a fault its field, its type, and something of its text. */
const saying = (fault: string): unknown => {
  const [, start = '', text = ''] = /^(\S+ \S+) ?(.*)$/.exec(fault) ?? [];
  const literal = (part: string): string => part.replace(/[[\]()*+?.\\^$|{}]/g, '\\$&');
  return expect.stringMatching(new RegExp(`^${literal(start)} .*${literal(text)}`));
};

describe('a policy', () => {
  it('is taken when nothing is wrong with it', () => {
    expect(faultsOf('validatingadmissionpolicies', { ...fine, paramKind: { apiVersion: 'rules.example.com/v1', kind: 'Limit' }, matchConditions: [{ name: 'a', expression: 'true' }, { name: 'b/c', expression: 'true' }] })).toEqual([]);
  });

  it('may keep conditions that were stored, whatever is thought of them now', () => {
    const stored = { ...fine, matchConditions: [{ name: 'a', expression: 'object.x ==' }] };
    const faults = (spec: object): number => faultsOf('validatingadmissionpolicies', spec, stored).length;
    expect([faults({ ...stored, failurePolicy: 'Ignore' }), faults({ ...stored, paramKind: { apiVersion: 'v1', kind: 'Limit' } }), faults({ ...stored, matchConditions: [...stored.matchConditions, { name: 'b', expression: 'true' }] })]).toEqual([0, 1, 1]);
  });

  it.each<readonly [parts: object, fault: string]>([
    [{ paramKind: { apiVersion: 'a/b/v1', kind: 'Limit' } }, 'spec.paramKind.apiVersion FieldValueInvalid unexpected GroupVersion string: a/b/v1'],
    [{ paramKind: { apiVersion: 'rules.example.com/', kind: 'Limit' } }, 'spec.paramKind.apiVersion FieldValueInvalid version must be specified'],
    [{ paramKind: { apiVersion: 'v1' } }, 'spec.paramKind.kind FieldValueRequired'],
    [{ paramKind: { kind: 'Limit' } }, 'spec.paramKind.apiVersion FieldValueRequired'],
    [{ paramKind: { apiVersion: 'v1', kind: 'Li mit' } }, 'spec.paramKind.kind FieldValueInvalid may have mixed case, but should otherwise match: '],
    [{ paramKind: { apiVersion: 'Rules/v1', kind: 'Limit' } }, 'spec.paramKind.apiVersion FieldValueInvalid a lowercase RFC 1123 subdomain '],
    [{ matchConstraints: { ...fine.matchConstraints, matchPolicy: 'Odd' } }, 'spec.matchConstraints.matchPolicy FieldValueNotSupported '],
    [{ matchConstraints: { matchPolicy: 'Exact', resourceRules: [{ operations: ['CREATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['a/*', 'a/x'] }] } }, "spec.matchConstraints.resourceRules[0].resources[1] FieldValueInvalid if 'a/*' is present, must not specify a/x"],
    [{ matchConstraints: { ...fine.matchConstraints, excludeResourceRules: [{ operations: ['CREATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['a'], resourceNames: ['x', 'x'] }] } }, 'spec.matchConstraints.excludeResourceRules[0].resourceNames[1] FieldValueDuplicate'],
    [{ matchConstraints: { ...fine.matchConstraints, excludeResourceRules: [{ operations: ['CREATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['a'], resourceNames: ['x/y'] }] } }, "spec.matchConstraints.excludeResourceRules[0].resourceNames[0] FieldValueInvalid may not contain '/'"],
    [{ failurePolicy: 'Odd' }, 'spec.failurePolicy FieldValueNotSupported '],
    [{ matchConstraints: { resourceRules: fine.matchConstraints.resourceRules } }, 'spec.matchConstraints.matchPolicy FieldValueRequired'],
    [{ matchConstraints: { resourceRules: fine.matchConstraints.resourceRules } }, 'spec.matchConstraints.objectSelector FieldValueRequired'],
    [{ matchConstraints: { matchPolicy: 'Exact', namespaceSelector: {}, objectSelector: {} } }, 'spec.matchConstraints.resourceRules FieldValueRequired'],
    [{ variables: [{ name: ' ', expression: 'true' }] }, 'spec.variables[0].name FieldValueRequired name is not specified'],
    [{ variables: [{ name: 'namespace', expression: 'true' }] }, 'spec.variables[0].name FieldValueInvalid must be a valid CEL identifier'],
    [{ variables: [{ name: 'a', expression: '' }] }, 'spec.variables[0].expression FieldValueRequired expression is not specified'],
    [{ validations: [{ expression: ' ' }] }, 'spec.validations[0].expression FieldValueRequired expression is not specified'],
    [{ validations: [{ expression: 'true', messageExpression: ' ' }] }, 'spec.validations[0].messageExpression FieldValueInvalid must be non-empty if specified'],
    [{ validations: [{ expression: 'true', message: ' ' }] }, 'spec.validations[0].message FieldValueInvalid message must be non-empty if specified'],
    [{ validations: [{ expression: 'true', message: 'a\rb' }] }, 'spec.validations[0].message FieldValueInvalid message must not contain line breaks'],
    [{ validations: [] }, 'spec.validations FieldValueRequired validations or auditAnnotations must contain at least one item'],
    [{ validations: [] }, 'spec.auditAnnotations FieldValueRequired validations or auditAnnotations must contain at least one item'],
    [{ auditAnnotations: [{ key: 'a', valueExpression: '"x"' }, { key: 'a', valueExpression: '"x"' }] }, 'spec.auditAnnotations[1].key FieldValueDuplicate'],
    [{ auditAnnotations: [{ key: 'a', valueExpression: 'true' }] }, 'spec.auditAnnotations[0].valueExpression FieldValueInvalid must evaluate to one of [string null_type] but got bool'],
    [{ auditAnnotations: [{ key: 'no good', valueExpression: '"x"' }] }, 'spec.auditAnnotations[0].key FieldValueInvalid "few/no good": name part must consist of '],
    [{ auditAnnotations: [{ key: 'a', valueExpression: `"${'x'.repeat(5120)}"` }] }, 'spec.auditAnnotations[0].valueExpression FieldValueRequired must not exceed 5120 bytes in length'],
    [{ auditAnnotations: Array.from({ length: 21 }, (_, i) => ({ key: `k${i}`, valueExpression: '"x"' })) }, 'spec.auditAnnotations FieldValueInvalid must not have more than 20 auditAnnotations'],
    [{ matchConditions: [{ name: 'a', expression: 'params.data.x == "y"' }] }, "spec.matchConditions[0].expression FieldValueInvalid undeclared reference to 'params'"],
    [{ validations: [{ expression: 'true', reason: 'Unauthorized' }] }, 'spec.validations[0].reason FieldValueNotSupported'],
    [{ matchConditions: [{ name: 'a', expression: 'true' }, { name: 'a', expression: 'true' }] }, 'spec.matchConditions[1].name FieldValueDuplicate'],
    [{ matchConditions: [{ expression: 'true' }] }, 'spec.matchConditions[0].name FieldValueRequired'],
    [{ matchConditions: [{ name: 'no good', expression: 'true' }] }, 'spec.matchConditions[0].name FieldValueInvalid name part must consist of '],
    [{ matchConditions: [{ name: 'a', expression: ' ' }] }, 'spec.matchConditions[0].expression FieldValueRequired'],
    [{ matchConditions: Array.from({ length: 65 }, (_, i) => ({ name: `c${i}`, expression: 'true' })) }, 'spec.matchConditions FieldValueTooMany'],
  ])('is refused: %j for %s', (parts, fault) => {
    expect(faultsOf('validatingadmissionpolicies', { ...fine, ...parts })).toContainEqual(saying(fault));
  });

  it('is told once of a variable that says nothing', () => {
    expect(faultsOf('validatingadmissionpolicies', { ...fine, variables: [{ name: 'x', expression: '///' }], validations: [{ expression: 'variables.x == 1' }] })).toEqual([expect.stringContaining('spec.variables[0].expression')]);
  });
});

describe('a mutating policy', () => {
  const mutating = { ...fine, validations: undefined, reinvocationPolicy: 'Never', mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: '[]' } }] };

  it('is taken when nothing is wrong with it', () => expect(faultsOf('mutatingadmissionpolicies', mutating)).toEqual([]));

  it.each<readonly [parts: object, fault: string]>([
    [{ mutations: [] }, 'spec.mutations FieldValueRequired mutations must contain at least one item'],
    [{ mutations: [{}] }, 'spec.mutations[0].patchType FieldValueRequired'],
    [{ mutations: [{ patchType: 'JSONPatch' }] }, 'spec.mutations[0].jsonPatch FieldValueRequired must be specified when patchType is JSONPatch'],
    [{ mutations: [{ patchType: 'ApplyConfiguration' }] }, 'spec.mutations[0].applyConfiguration FieldValueRequired must be specified when patchType is ApplyConfiguration'],
    [{ mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: ' ' } }] }, 'spec.mutations[0].jsonPatch.expression FieldValueRequired'],
    [{ mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: '[]' }, applyConfiguration: { expression: 'Object{}' } }] }, 'spec.mutations[0].applyConfiguration FieldValueInvalid must not be specified when patchType is JSONPatch'],
    [{ reinvocationPolicy: 'Often' }, 'spec.reinvocationPolicy FieldValueNotSupported'],
    [{ matchConstraints: { ...fine.matchConstraints, resourceRules: [{ operations: ['DELETE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] }] } }, 'spec.matchConstraints.resourceRules.operations FieldValueNotSupported "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"'],
  ])('is refused: %j for %s', (parts, fault) => {
    expect(faultsOf('mutatingadmissionpolicies', { ...mutating, ...parts })).toContainEqual(saying(fault));
  });
});

describe('a binding', () => {
  it.each<readonly [parts: object, fault: string]>([
    [{ policyName: '' }, 'spec.policyName FieldValueRequired'],
    [{ policyName: 'No_name' }, 'spec.policyName FieldValueInvalid a lowercase RFC 1123 subdomain '],
    [{ paramRef: { name: 'a/b', parameterNotFoundAction: 'Deny' } }, "spec.paramRef.name FieldValueInvalid may not contain '/'"],
    [{ paramRef: { name: 'a' } }, 'spec.paramRef.parameterNotFoundAction FieldValueRequired'],
    [{ paramRef: { name: 'a', selector: {}, parameterNotFoundAction: 'Deny' } }, 'spec.paramRef.selector FieldValueForbidden name and selector are mutually exclusive'],
    [{ paramRef: { selector: { matchLabels: { 'no good': 'x' } }, parameterNotFoundAction: 'Deny' } }, 'spec.paramRef.selector.matchLabels FieldValueInvalid '],
    [{ matchResources: {} }, 'spec.matchResources.matchPolicy FieldValueRequired'],
    [{ paramRef: { parameterNotFoundAction: 'Deny' } }, 'spec.paramRef FieldValueRequired one of name or selector must be specified'],
    [{ validationActions: ['Deny', 'Deny'] }, 'spec.validationActions[1] FieldValueDuplicate'],
    [{ validationActions: [] }, 'spec.validationActions FieldValueRequired at least one validation action is required'],
  ])('is refused: %j for %s', (parts, fault) => {
    expect(faultsOf('validatingadmissionpolicybindings', { ...bound, ...parts })).toContainEqual(saying(fault));
  });

  it('is taken when nothing is wrong with it', () => {
    expect(faultsOf('validatingadmissionpolicybindings', { ...bound, paramRef: { name: 'limit', parameterNotFoundAction: 'Allow' } })).toEqual([]);
  });
});
