import { type admissionregistrationv1, type KubeObject, validateNamedRule } from '@navarch/api';
import { dns1035LabelMessages, dns1123SubdomainMessages, type FieldError, fieldErrors, FieldPath, labelKeyMessages, pathSegmentNameMessages, validateLabelSelector } from '@navarch/apimachinery';
import { type CelType, CompileError } from '@navarch/cel';
import type { FurtherRule } from '../../registry/resource-definition';
import { conditionFaults, unchangedConditions } from '../match-conditions';
import { isDeepStrictEqual } from 'node:util';
import { PolicyEnvironment } from './policy-environment';

// Mirrors pkg/apis/admissionregistration/validation.

type Validating = admissionregistrationv1.ValidatingAdmissionPolicy;
type Mutating = admissionregistrationv1.MutatingAdmissionPolicy;
type Spec = Partial<NonNullable<Validating['spec']> & NonNullable<Mutating['spec']>>;

const SPEC = FieldPath.of('spec');
/** A mutation of what goes cannot be. */
const MUTABLE = ['*', 'CONNECT', 'CREATE', 'UPDATE'];
const RESERVED = new Set('true false null in as break const continue else for function if import let loop package namespace return var void while'.split(' '));
const MOST_AUDIT_ANNOTATIONS = 20;
/** Less than an annotation may be long: an expression that joins texts makes a longer one. */
const MOST_AUDIT_BYTES = 5 * 1024;
const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const ACTIONS = ['Audit', 'Deny', 'Warn'];

/** What is wrong with an expression. */
function expressionFaults(expression: string | undefined, path: FieldPath, work: () => void, missing = `${path.toString().split('.').pop() ?? ''} is not specified`): FieldError[] {
  if (expression === undefined || expression.trim() === '') return [fieldErrors.required(path, missing)];
  try {
    work();
    return [];
  } catch (error) {
    if (error instanceof CompileError) return [fieldErrors.invalid(path, expression, error.detail)];
    throw error;
  }
}

function matchFaults(constraints: admissionregistrationv1.MatchResources | undefined, path: FieldPath, required: boolean, mutates: boolean): FieldError[] {
  if (!constraints) return required ? [fieldErrors.required(path, '')] : [];
  const { matchPolicy = '', resourceRules = [] } = constraints;
  const errors = choiceFaults(matchPolicy, ['Equivalent', 'Exact'], path.child('matchPolicy'));
  for (const field of ['namespaceSelector', 'objectSelector'] as const) errors.push(...(constraints[field] ? validateLabelSelector(constraints[field], path.child(field)) : [fieldErrors.required(path.child(field), '')]));
  for (const kind of ['resourceRules', 'excludeResourceRules'] as const) (constraints[kind] ?? []).forEach((rule, i) => validateNamedRule(rule, path.child(kind).index(i), errors));
  if (required && resourceRules.length === 0) errors.push(fieldErrors.required(path.child('resourceRules'), ''));
  if (mutates)
    for (const operation of resourceRules.flatMap(({ operations = [] }) => operations))
      if (!MUTABLE.includes(operation)) errors.push(fieldErrors.notSupported(path.child('resourceRules', 'operations'), operation, MUTABLE));
  return errors;
}

/** One of a closed set, which must be given. */
function choiceFaults(value: string, allowed: readonly string[], path: FieldPath): FieldError[] {
  if (value === '') return [fieldErrors.required(path, '')];
  return allowed.includes(value) ? [] : [fieldErrors.notSupported(path, value, allowed)];
}

/** Which kind the parameters are of: a group may be any, as an APIService's. */
function paramKindFaults({ apiVersion = '', kind = '' }: admissionregistrationv1.ParamKind, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const at = path.child('apiVersion');
  const [version = '', group = '', ...more] = apiVersion.split('/').reverse();
  const refuse = (value: string, messages: readonly string[]): void => {
    if (messages.length > 0) errors.push(fieldErrors.invalid(at, value, messages.join(',')));
  };
  if (apiVersion === '') errors.push(fieldErrors.required(at, ''));
  else if (more.length > 0) refuse(apiVersion, [`unexpected GroupVersion string: ${apiVersion}`]);
  else {
    if (group !== '') refuse(group, dns1123SubdomainMessages(group));
    if (version === '') refuse(apiVersion, ['version must be specified']);
    else refuse(version, dns1035LabelMessages(version));
  }
  const wrong = dns1035LabelMessages(kind.toLowerCase());
  if (kind === '') errors.push(fieldErrors.required(path.child('kind'), ''));
  else if (wrong.length > 0) errors.push(fieldErrors.invalid(path.child('kind'), kind, `may have mixed case, but should otherwise match: ${wrong.join(',')}`));
  return errors;
}

/** Conditions that stay, of parameters that stay, are not judged anew. */
const keepsConditions = (spec: Spec, old: Spec | undefined): boolean => old !== undefined && isDeepStrictEqual(spec.paramKind, old.paramKind) && unchangedConditions(spec.matchConditions, old.matchConditions);

function commonFaults(spec: Spec, old: Spec | undefined, environment: PolicyEnvironment, mutates: boolean): FieldError[] {
  const { paramKind, failurePolicy = '', matchConstraints, matchConditions, variables = [] } = spec;
  const errors = [
    ...choiceFaults(failurePolicy, ['Fail', 'Ignore'], SPEC.child('failurePolicy')),
    ...(paramKind ? paramKindFaults(paramKind, SPEC.child('paramKind')) : []),
    ...matchFaults(matchConstraints, SPEC.child('matchConstraints'), true, mutates),
    ...(keepsConditions(spec, old) ? [] : conditionFaults(matchConditions, SPEC.child('matchConditions'), paramKind !== undefined)),
  ];
  variables.forEach((variable: Partial<admissionregistrationv1.Variable>, i) => {
    const at = SPEC.child('variables').index(i);
    const { name = '', expression = '' } = variable;
    if (name.trim() === '') errors.push(fieldErrors.required(at.child('name'), 'name is not specified'));
    else if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) || RESERVED.has(name)) errors.push(fieldErrors.invalid(at.child('name'), name, 'must be a valid CEL identifier'));
    errors.push(...expressionFaults(expression, at.child('expression'), () => environment.declare({ name, expression })));
  });
  return errors;
}

const compileIn = (environment: PolicyEnvironment, expression: string | undefined, ...results: CelType['kind'][]) => (): void => void environment.compile(expression ?? '', results);
/** What a refusal says may not depend on who else may do what. */
const compileMessage = (environment: PolicyEnvironment, expression: string) => (): void => void environment.compile(expression, ['string'], false);

const validatingPolicy = ({ metadata: { name: policy = '' }, spec = {} }: Validating, old: Validating | undefined): FieldError[] => {
  const environment = new PolicyEnvironment(spec.paramKind !== undefined, false);
  const errors = commonFaults(spec, old?.spec, environment, false);
  const { validations = [], auditAnnotations = [] } = spec;
  if (validations.length === 0 && auditAnnotations.length === 0)
    for (const field of ['validations', 'auditAnnotations']) errors.push(fieldErrors.required(SPEC.child(field), 'validations or auditAnnotations must contain at least one item'));
  validations.forEach(({ expression, message = '', messageExpression, reason }, i) => {
    const at = SPEC.child('validations').index(i);
    errors.push(...expressionFaults(expression, at.child('expression'), compileIn(environment, expression, 'bool')));
    if (messageExpression && messageExpression.trim() === '') errors.push(fieldErrors.invalid(at.child('messageExpression'), messageExpression, 'must be non-empty if specified'));
    else if (messageExpression) errors.push(...expressionFaults(messageExpression, at.child('messageExpression'), compileMessage(environment, messageExpression)));
    if (message !== '' && message.trim() === '') errors.push(fieldErrors.invalid(at.child('message'), message, 'message must be non-empty if specified'));
    else if (/[\n\r]/.test(message.trim())) errors.push(fieldErrors.invalid(at.child('message'), message, 'message must not contain line breaks'));
    if (reason !== undefined && !REASONS.includes(reason)) errors.push(fieldErrors.notSupported(at.child('reason'), reason, REASONS));
  });
  if (auditAnnotations.length > MOST_AUDIT_ANNOTATIONS) errors.push(fieldErrors.invalid(SPEC.child('auditAnnotations'), auditAnnotations, `must not have more than ${MOST_AUDIT_ANNOTATIONS} auditAnnotations`));
  const keys = auditAnnotations.map(({ key }) => key);
  auditAnnotations.forEach(({ key = '', valueExpression = '' }: Partial<admissionregistrationv1.AuditAnnotation>, i) => {
    const at = SPEC.child('auditAnnotations').index(i);
    // What is noted has the policy's name before the key.
    if (policy === '') errors.push(fieldErrors.invalid(at.child('key'), key, 'requires metadata.name be non-empty'));
    else for (const message of labelKeyMessages(`${policy}/${key}`)) errors.push(fieldErrors.invalid(at.child('key'), `${policy}/${key}`, message));
    if (Buffer.byteLength(valueExpression.trim()) > MOST_AUDIT_BYTES) errors.push(fieldErrors.required(at.child('valueExpression'), `must not exceed ${MOST_AUDIT_BYTES} bytes in length`));
    else errors.push(...expressionFaults(valueExpression, at.child('valueExpression'), compileIn(environment, valueExpression, 'string', 'null')));
    if (keys.indexOf(key) < i) errors.push(fieldErrors.duplicate(at.child('key'), key));
  });
  return errors;
};

const mutatingPolicy = ({ spec = {} }: Mutating, old: Mutating | undefined): FieldError[] => {
  const environment = new PolicyEnvironment(spec.paramKind !== undefined, true);
  const errors = commonFaults(spec, old?.spec, environment, true);
  const { mutations = [], reinvocationPolicy = '' } = spec;
  if (mutations.length === 0) errors.push(fieldErrors.required(SPEC.child('mutations'), 'mutations must contain at least one item'));
  mutations.forEach((mutation, i) => errors.push(...mutationFaults(mutation, SPEC.child('mutations').index(i), environment)));
  return [...errors, ...choiceFaults(reinvocationPolicy, ['IfNeeded', 'Never'], SPEC.child('reinvocationPolicy'))];
};

const patchTypes = { ApplyConfiguration: 'applyConfiguration', JSONPatch: 'jsonPatch' } as const;

/** A mutation has the field that its type says, and no other. */
function mutationFaults(mutation: Partial<admissionregistrationv1.Mutation>, path: FieldPath, environment: PolicyEnvironment): FieldError[] {
  const { patchType = '' } = mutation;
  const wrong = choiceFaults(patchType, Object.keys(patchTypes), path.child('patchType'));
  if (wrong.length > 0) return wrong;
  const field = patchType === 'JSONPatch' ? patchTypes.JSONPatch : patchTypes.ApplyConfiguration;
  const other = patchType === 'JSONPatch' ? patchTypes.ApplyConfiguration : patchTypes.JSONPatch;
  const { [field]: said } = mutation;
  const errors = said
    ? expressionFaults(said.expression, path.child(field, 'expression'), () => void environment.compileMutation(said.expression ?? '', patchType === 'JSONPatch' ? 'patch' : 'apply'), '')
    : [fieldErrors.required(path.child(field), `must be specified when patchType is ${patchType}`)];
  if (mutation[other]) errors.push(fieldErrors.invalid(path.child(other), `{${other}}`, `must not be specified when patchType is ${patchType}`));
  return errors;
}

type BindingSpec = Partial<admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec>;

function bindingFaults(spec: BindingSpec, validating: boolean): FieldError[] {
  const { policyName = '', paramRef, validationActions = [], matchResources } = spec;
  const errors: FieldError[] = [];
  if (policyName === '') errors.push(fieldErrors.required(SPEC.child('policyName'), ''));
  else for (const message of dns1123SubdomainMessages(policyName)) errors.push(fieldErrors.invalid(SPEC.child('policyName'), policyName, message));
  if (paramRef) {
    const at = SPEC.child('paramRef');
    const { name = '', selector, parameterNotFoundAction = '' } = paramRef;
    const isBoth = name !== '' && selector !== undefined;
    if (name !== '') for (const message of pathSegmentNameMessages(name)) errors.push(fieldErrors.invalid(at.child('name'), name, message));
    if (isBoth) errors.push(fieldErrors.forbidden(at.child('name'), 'name and selector are mutually exclusive'));
    if (selector) errors.push(...validateLabelSelector(selector, at.child('selector')));
    if (isBoth) errors.push(fieldErrors.forbidden(at.child('selector'), 'name and selector are mutually exclusive'));
    if (name === '' && !selector) errors.push(fieldErrors.required(at, 'one of name or selector must be specified'));
    errors.push(...choiceFaults(parameterNotFoundAction, ['Deny', 'Allow'], at.child('parameterNotFoundAction')));
  }
  errors.push(...matchFaults(matchResources, SPEC.child('matchResources'), false, !validating));
  if (!validating) return errors;
  const at = SPEC.child('validationActions');
  for (const [i, action] of validationActions.entries()) {
    if (!ACTIONS.includes(action)) errors.push(fieldErrors.notSupported(at.index(i), action, ACTIONS));
    if (validationActions.indexOf(action) < i) errors.push(fieldErrors.duplicate(at.index(i), action));
  }
  if (validationActions.includes('Deny') && validationActions.includes('Warn'))
    errors.push(fieldErrors.invalid(at, validationActions, 'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)'));
  if (validationActions.length === 0) errors.push(fieldErrors.required(at, 'at least one validation action is required'));
  return errors;
}

const specOf = (object: KubeObject): BindingSpec => (object as { spec?: BindingSpec }).spec ?? {};
const group = 'admissionregistration.k8s.io';

/** Policies and bindings are checked, their expressions compiled, before they are stored. */
export const policyRules: Readonly<Record<string, FurtherRule>> = {
  [`${group}/validatingadmissionpolicies`]: (object, old) => validatingPolicy(object, old),
  [`${group}/mutatingadmissionpolicies`]: (object, old) => mutatingPolicy(object, old),
  [`${group}/validatingadmissionpolicybindings`]: (object) => bindingFaults(specOf(object), true),
  [`${group}/mutatingadmissionpolicybindings`]: (object) => bindingFaults(specOf(object), false),
};
