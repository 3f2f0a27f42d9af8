import { type admissionregistrationv1, type KubeObject, validateNamedRule } from '@navarch/api';
import { dns1035LabelMessages, dns1123SubdomainMessages, type FieldError, fieldErrors, FieldPath, labelKeyMessages, pathSegmentNameMessages, validateLabelSelector } from '@navarch/apimachinery';
import { type CelType, CompileError } from '@navarch/cel';
import type { FurtherRule } from '../../registry/resource-definition';
import { conditionFaults } from '../match-conditions';
import { PolicyEnvironment } from './policy-environment';

// Mirrors pkg/apis/admissionregistration/validation.

type Validating = admissionregistrationv1.ValidatingAdmissionPolicy;
type Mutating = admissionregistrationv1.MutatingAdmissionPolicy;
type Spec = Partial<NonNullable<Validating['spec']> & NonNullable<Mutating['spec']>>;

const SPEC = FieldPath.of('spec');
const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const ACTIONS = ['Audit', 'Deny', 'Warn'];

/** What is wrong with an expression. */
function expressionFaults(expression: string | undefined, path: FieldPath, work: () => void): FieldError[] {
  if (expression === undefined || expression.trim() === '') return [fieldErrors.required(path, `${path.toString().split('.').pop() ?? ''} is not specified`)];
  try {
    work();
    return [];
  } catch (error) {
    if (error instanceof CompileError) return [fieldErrors.invalid(path, expression, error.detail)];
    throw error;
  }
}

function matchFaults(constraints: admissionregistrationv1.MatchResources | undefined, path: FieldPath, required: boolean): FieldError[] {
  if (!constraints) return required ? [fieldErrors.required(path, '')] : [];
  const errors: FieldError[] = [];
  if (required && (constraints.resourceRules ?? []).length === 0) errors.push(fieldErrors.required(path.child('resourceRules'), ''));
  for (const kind of ['resourceRules', 'excludeResourceRules'] as const) (constraints[kind] ?? []).forEach((rule, i) => validateNamedRule(rule, path.child(kind).index(i), errors));
  if (!['Equivalent', 'Exact'].includes(constraints.matchPolicy ?? '')) errors.push(fieldErrors.notSupported(path.child('matchPolicy'), constraints.matchPolicy ?? '', ['Equivalent', 'Exact']));
  for (const field of ['namespaceSelector', 'objectSelector'] as const) if (constraints[field]) errors.push(...validateLabelSelector(constraints[field], path.child(field)));
  return errors;
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

function commonFaults(spec: Spec, environment: PolicyEnvironment): FieldError[] {
  const { paramKind, failurePolicy, matchConstraints, matchConditions, variables = [] } = spec;
  const errors = [...matchFaults(matchConstraints, SPEC.child('matchConstraints'), true), ...conditionFaults(matchConditions, SPEC.child('matchConditions'))];
  if (failurePolicy !== 'Fail' && failurePolicy !== 'Ignore') errors.push(fieldErrors.notSupported(SPEC.child('failurePolicy'), failurePolicy ?? '', ['Fail', 'Ignore']));
  if (paramKind) errors.push(...paramKindFaults(paramKind, SPEC.child('paramKind')));
  const seen = new Set<string>();
  variables.forEach((variable, i) => {
    const at = SPEC.child('variables').index(i);
    const { name, expression } = variable;
    if (name === '') errors.push(fieldErrors.required(at.child('name'), 'name is not specified'));
    else if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) errors.push(fieldErrors.invalid(at.child('name'), name, 'name is not a valid CEL identifier'));
    else if (seen.has(name)) errors.push(fieldErrors.duplicate(at.child('name'), name));
    seen.add(name);
    errors.push(...expressionFaults(expression, at.child('expression'), () => environment.declare(variable)));
  });
  return errors;
}

const compileIn = (environment: PolicyEnvironment, expression: string | undefined, ...results: CelType['kind'][]) => (): void => void environment.compile(expression ?? '', results);

const validatingPolicy = ({ spec = {} }: Validating): FieldError[] => {
  const environment = new PolicyEnvironment(spec.paramKind !== undefined, false);
  const errors = commonFaults(spec, environment);
  const { validations = [], auditAnnotations = [] } = spec;
  if (validations.length === 0 && auditAnnotations.length === 0) errors.push(fieldErrors.required(SPEC.child('validations'), 'validations or auditAnnotations must contain at least one item'));
  validations.forEach(({ expression, message = '', messageExpression, reason }, i) => {
    const at = SPEC.child('validations').index(i);
    errors.push(...expressionFaults(expression, at.child('expression'), compileIn(environment, expression, 'bool')));
    if (messageExpression) errors.push(...expressionFaults(messageExpression, at.child('messageExpression'), compileIn(environment, messageExpression, 'string')));
    if (message !== '' && message.trim() === '') errors.push(fieldErrors.invalid(at.child('message'), message, 'message must be non-empty if specified'));
    else if (message.trim().includes('\n')) errors.push(fieldErrors.invalid(at.child('message'), message, 'message must not contain line breaks'));
    if (reason !== undefined && reason !== '' && !REASONS.includes(reason)) errors.push(fieldErrors.notSupported(at.child('reason'), reason, REASONS));
  });
  auditAnnotations.forEach(({ key, valueExpression }, i) => {
    const at = SPEC.child('auditAnnotations').index(i);
    for (const message of labelKeyMessages(key)) errors.push(fieldErrors.invalid(at.child('key'), key, message));
    errors.push(...expressionFaults(valueExpression, at.child('valueExpression'), compileIn(environment, valueExpression, 'string', 'null')));
  });
  return errors;
};

const mutatingPolicy = ({ spec = {} }: Mutating): FieldError[] => {
  const environment = new PolicyEnvironment(spec.paramKind !== undefined, true);
  const errors = commonFaults(spec, environment);
  const { mutations = [], reinvocationPolicy } = spec;
  if (reinvocationPolicy !== 'Never' && reinvocationPolicy !== 'IfNeeded') errors.push(fieldErrors.notSupported(SPEC.child('reinvocationPolicy'), reinvocationPolicy ?? '', ['IfNeeded', 'Never']));
  if (mutations.length === 0) errors.push(fieldErrors.required(SPEC.child('mutations'), 'mutations must contain at least one item'));
  mutations.forEach(({ patchType, applyConfiguration, jsonPatch }, i) => {
    const at = SPEC.child('mutations').index(i);
    if (patchType === 'ApplyConfiguration') errors.push(...expressionFaults(applyConfiguration?.expression, at.child('applyConfiguration', 'expression'), compileIn(environment, applyConfiguration?.expression, 'object')));
    else if (patchType === 'JSONPatch') errors.push(...expressionFaults(jsonPatch?.expression, at.child('jsonPatch', 'expression'), compileIn(environment, jsonPatch?.expression, 'list')));
    else errors.push(fieldErrors.notSupported(at.child('patchType'), patchType, ['ApplyConfiguration', 'JSONPatch']));
  });
  return errors;
};

type BindingSpec = Partial<admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec>;

function bindingFaults(spec: BindingSpec, validating: boolean): FieldError[] {
  const { policyName = '', paramRef, validationActions = [], matchResources } = spec;
  const errors = matchFaults(matchResources, SPEC.child('matchResources'), false);
  if (policyName === '') errors.push(fieldErrors.required(SPEC.child('policyName'), ''));
  else for (const message of dns1123SubdomainMessages(policyName)) errors.push(fieldErrors.invalid(SPEC.child('policyName'), policyName, message));
  if (paramRef) {
    const at = SPEC.child('paramRef');
    if (paramRef.name && paramRef.selector) errors.push(fieldErrors.forbidden(at.child('name'), 'name and selector are mutually exclusive'), fieldErrors.forbidden(at.child('selector'), 'name and selector are mutually exclusive'));
    for (const message of pathSegmentNameMessages(paramRef.name ?? '')) errors.push(fieldErrors.invalid(at.child('name'), paramRef.name ?? '', message));
    if (!paramRef.name && !paramRef.selector) errors.push(fieldErrors.required(at, 'one of name or selector must be specified'));
    if (!['Allow', 'Deny'].includes(paramRef.parameterNotFoundAction ?? '')) errors.push(fieldErrors.notSupported(at.child('parameterNotFoundAction'), paramRef.parameterNotFoundAction ?? '', ['Deny', 'Allow']));
  }
  if (!validating) return errors;
  const at = SPEC.child('validationActions');
  if (validationActions.length === 0) errors.push(fieldErrors.required(at, 'at least one validation action is required'));
  for (const [i, action] of validationActions.entries()) {
    if (!ACTIONS.includes(action)) errors.push(fieldErrors.notSupported(at.index(i), action, ACTIONS));
    if (validationActions.indexOf(action) < i) errors.push(fieldErrors.duplicate(at.index(i), action));
  }
  if (validationActions.includes('Deny') && validationActions.includes('Warn'))
    errors.push(fieldErrors.invalid(at, validationActions, 'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)'));
  return errors;
}

const specOf = (object: KubeObject): BindingSpec => (object as { spec?: BindingSpec }).spec ?? {};
const group = 'admissionregistration.k8s.io';

/** Policies and bindings are checked, their expressions compiled, before they are stored. */
export const policyRules: Readonly<Record<string, FurtherRule>> = {
  [`${group}/validatingadmissionpolicies`]: (object) => validatingPolicy(object),
  [`${group}/mutatingadmissionpolicies`]: (object) => mutatingPolicy(object),
  [`${group}/validatingadmissionpolicybindings`]: (object) => bindingFaults(specOf(object), true),
  [`${group}/mutatingadmissionpolicybindings`]: (object) => bindingFaults(specOf(object), false),
};
