import { admissionregistration, type admissionregistrationv1, type KubeObject } from '@navarch/api';
import { type ApiError, aggregateMessages } from '@navarch/apimachinery';
import { CostExceeded, EvalError, type Program, RUNTIME_BUDGET } from '@navarch/cel';
import type { AdmissionAttributes, AdmissionPlugin } from '../../pipeline';
import { admissionRequest } from '../admission-request';
import { MatchConditions } from '../match-conditions';
import { refused } from '../refused';
import type { WebhookDeps } from '../webhooks/webhook-calls';
import { isExcluded } from './excluded-resources';
import { PolicyActivation, PolicyBudget, PolicyEnvironment, type PolicyInput } from './policy-environment';
import { namespaceOf, ResourceMatch } from './policy-match';
import { ConfigurationFault, paramsFor, type ParamSource } from './policy-params';
import type { PolicyAction, PolicyErrorType, PolicyMetrics } from './policy-metrics';
import { RegisteredPolicies, type RegisteredPolicy } from './registered-policies';

type Policy = admissionregistrationv1.ValidatingAdmissionPolicy;
type Binding = admissionregistrationv1.ValidatingAdmissionPolicyBinding;
type Validation = admissionregistrationv1.Validation;

export interface PolicyDeps extends Pick<WebhookDeps, 'authorizer' | 'log' | 'reader' | 'versions'> {
  readonly params: ParamSource;
  readonly metrics: PolicyMetrics;
}

interface CompiledValidation {
  readonly validation: Validation;
  readonly program: Program;
  readonly message: Program | undefined;
}

/** A policy whose expressions are ready. */
export interface CompiledPolicy {
  readonly policy: Policy;
  readonly match: ResourceMatch;
  readonly conditions: MatchConditions;
  readonly environment: PolicyEnvironment;
  readonly validations: readonly CompiledValidation[];
  readonly annotations: readonly { readonly key: string; readonly expression: string; readonly program: Program }[];
}

/** @throws CompileError */
export function compileValidatingPolicy(policy: Policy): CompiledPolicy {
  const { paramKind, variables = [], validations = [], auditAnnotations = [], matchConditions = [], matchConstraints = {} } = policy.spec ?? {};
  const environment = new PolicyEnvironment(paramKind !== undefined, false);
  for (const variable of variables) environment.declare(variable);
  return {
    policy, environment,
    match: new ResourceMatch(matchConstraints),
    conditions: new MatchConditions(matchConditions, paramKind !== undefined),
    validations: validations.map((validation) => ({
      validation,
      program: environment.compile(validation.expression, ['bool']),
      message: validation.messageExpression ? environment.compile(validation.messageExpression, ['string']) : undefined,
    })),
    annotations: auditAnnotations.map(({ key, valueExpression }) => ({ key, expression: valueExpression, program: environment.compile(valueExpression, ['string', 'null']) })),
  };
}

interface Decision {
  readonly message: string;
  readonly reason: string;
  /** Position of the validation; undefined for what is wrong with the policy itself. */
  readonly index?: number;
  readonly type: PolicyErrorType;
  readonly seconds: number;
  /** It failed, and the policy says not to mind. */
  readonly isIgnored?: boolean;
}

const secondsSince = (start: number): number => (performance.now() - start) / 1000;
const typeOf = (error: unknown): PolicyErrorType => (error instanceof CostExceeded ? 'out_of_budget' : 'invalid_error');

const CODES: Readonly<Record<string, number>> = { Forbidden: 403, RequestEntityTooLarge: 413 };
const ACTIONS: Readonly<Record<string, PolicyAction>> = { Audit: 'audit', Warn: 'warn' };
const MAX_ANNOTATION_BYTES = 10 * 1024;

/** Refuses what policies in CEL refuse. */
export class ValidatingAdmissionPolicyPlugin implements AdmissionPlugin {
  readonly name = 'ValidatingAdmissionPolicy';
  private readonly policies: RegisteredPolicies<Policy, Binding, CompiledPolicy>;

  constructor(private readonly deps: PolicyDeps) {
    this.policies = new RegisteredPolicies(deps.reader, { policies: admissionregistration.validatingadmissionpolicies, bindings: admissionregistration.validatingadmissionpolicybindings }, compileValidatingPolicy);
  }

  handles(attributes: AdmissionAttributes): boolean {
    return !isExcluded(attributes) && this.policies.all().length > 0;
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const denials: ApiError[] = [];
    for (const registered of this.policies.all()) denials.push(...(await this.apply(registered, attributes)));
    const [first] = denials;
    if (first) throw first;
  }

  private async apply({ compiled, bindings, name }: RegisteredPolicy<CompiledPolicy, Binding>, attributes: AdmissionAttributes): Promise<ApiError[]> {
    const { versions, reader, authorizer, metrics } = this.deps;
    const all = versions.of(attributes);
    const namespace = namespaceOf(attributes, reader);
    const version = compiled.match.version(attributes, namespace, all);
    if (!version) return [];
    const shown = {
      object: attributes.object && versions.show(attributes.object, version), oldObject: attributes.oldObject && versions.show(attributes.oldObject, version),
    };
    const request = admissionRequest(attributes, version, all[0] ?? version, shown);
    const input: PolicyInput = { ...shown, attributes, request, namespace, authorizer };
    const denials: ApiError[] = [];
    for (const binding of bindings) {
      if (!binding.spec.matchResources || new ResourceMatch(binding.spec.matchResources).version(attributes, namespace, all)) {
        const decisions = await this.decide(compiled, binding, input);
        denials.push(...decisions.flatMap((decision) => enforce(name, binding, decision, attributes, metrics)));
      }
    }
    return denials;
  }

  private async decide(compiled: CompiledPolicy, binding: Binding, input: PolicyInput): Promise<Decision[]> {
    const { policy, conditions } = compiled;
    const ignore = policy.spec?.failurePolicy === 'Ignore';
    const fault = (message: string): Decision[] => (ignore ? [] : [{ message, reason: 'Invalid', type: 'invalid_error', seconds: 0 }]);
    let params: readonly (KubeObject | undefined)[];
    try {
      params = paramsFor(policy.spec?.paramKind, binding.spec.paramRef, input.attributes, this.deps.params);
    } catch (error) {
      if (error instanceof ConfigurationFault) return fault(`failed to configure binding: ${error.message}`);
      throw error;
    }
    const decisions: Decision[] = [];
    for (const each of params) {
      const held = conditions.empty || (await conditions.hold(input.attributes, input.request, input, input.authorizer, each));
      if (typeof held === 'string') decisions.push(...fault(held));
      else if (held) decisions.push(...(await this.evaluate(compiled, each, input, ignore)));
    }
    return decisions;
  }

  private async evaluate(compiled: CompiledPolicy, params: KubeObject | undefined, input: PolicyInput, ignore: boolean): Promise<Decision[]> {
    const activation = new PolicyActivation(input, params, compiled.environment, new PolicyBudget(RUNTIME_BUDGET));
    const decisions: Decision[] = [];
    for (const [index, { validation, program, message }] of compiled.validations.entries()) {
      const reason = validation.reason ?? 'Invalid';
      const started = performance.now();
      try {
        if ((await activation.evaluate(program)) === true) continue;
        const seconds = secondsSince(started);
        decisions.push({ message: await messageOf(validation, message, activation), reason, index, type: 'invalid_error', seconds });
      } catch (error) {
        if (!(error instanceof EvalError) && !(error instanceof CostExceeded)) throw error;
        decisions.push({ message: `expression '${validation.expression}' resulted in error: ${error.message}`, reason: 'Invalid', index, type: typeOf(error), seconds: secondsSince(started), isIgnored: ignore });
      }
    }
    await annotate(compiled, activation, input.attributes, decisions, ignore);
    return decisions;
  }
}

async function messageOf({ message, expression }: Validation, program: Program | undefined, activation: PolicyActivation): Promise<string> {
  const fallback = message?.trim() ? message.trim() : `failed expression: ${expression.trim()}`;
  if (!program) return fallback;
  try {
    const text = await activation.evaluate(program);
    return typeof text === 'string' && text.trim() !== '' && !text.includes('\n') && Buffer.byteLength(text) <= 5 * 1024 ? text.trim() : fallback;
  } catch (error) {
    // A message that cannot be made does not hide what it is about.
    if (error instanceof EvalError) return fallback;
    throw error;
  }
}

async function annotate({ annotations, policy }: CompiledPolicy, activation: PolicyActivation, attributes: AdmissionAttributes, decisions: Decision[], ignore: boolean): Promise<void> {
  for (const { key, expression, program } of annotations) {
    const started = performance.now();
    try {
      const value = await activation.evaluate(program);
      if (typeof value === 'string' && value.trim() !== '') attributes.annotate?.(`${policy.metadata.name ?? ''}/${key}`, value.trim().slice(0, MAX_ANNOTATION_BYTES));
    } catch (error) {
      if (!(error instanceof EvalError) && !(error instanceof CostExceeded)) throw error;
      if (!ignore) decisions.push({ message: `expression '${expression}' resulted in error: ${error.message}`, reason: 'Invalid', type: typeOf(error), seconds: secondsSince(started) });
    }
  }
}

/** Does what a binding wants done with a failure; answers what refuses the write. */
function enforce(policy: string, { metadata: { name: binding = '' }, spec: { validationActions } }: Binding, { message, reason, index = 0, type, seconds, isIgnored = false }: Decision, attributes: AdmissionAttributes, metrics: PolicyMetrics): ApiError[] {
  if (isIgnored) {
    metrics.checked(policy, binding, type, 'allow', seconds);
    return [];
  }
  const denials: ApiError[] = [];
  for (const action of validationActions) {
    metrics.checked(policy, binding, type, ACTIONS[action] ?? 'deny', seconds);
    if (action === 'Warn') attributes.warn(`Validation failed for ValidatingAdmissionPolicy '${policy}' with binding '${binding}': ${message}`);
    else if (action === 'Audit')
      attributes.annotate?.('validation.policy.admission.k8s.io/validation_failure', JSON.stringify([{ message, policy, binding, expressionIndex: String(index), validationActions }]));
    else {
      const text = `ValidatingAdmissionPolicy '${policy}' with binding '${binding}' denied request: ${message}`;
      const error = refused(attributes, aggregateMessages([text]));
      Object.assign(error.status, { reason, code: CODES[reason] ?? 422 });
      if (error.status.details) error.status.details.causes = [...(error.status.details.causes ?? []), { message: text }];
      denials.push(error);
    }
  }
  return denials;
}
