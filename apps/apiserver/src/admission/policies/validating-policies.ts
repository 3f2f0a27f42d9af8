import { admissionregistration, type admissionregistrationv1, type KubeObject } from '@navarch/api';
import { type ApiError, aggregateMessages } from '@navarch/apimachinery';
import { CompileError, CostExceeded, EvalError, type Program, RUNTIME_BUDGET } from '@navarch/cel';
import type { AdmissionAttributes, AdmissionPlugin, WriteSort } from '../../pipeline';
import { admissionRequest } from '../admission-request';
import { compiledOrNot } from '../compiled-or-not';
import { MatchConditions } from '../match-conditions';
import { refused } from '../refused';
import type { WebhookDeps } from '../webhooks/webhook-calls';
import { isExcluded } from './excluded-resources';
import { BudgetExceeded, PolicyActivation, PolicyBudget, PolicyEnvironment, type PolicyInput } from './policy-environment';
import { namespaceOf, ResourceMatch } from './policy-match';
import { ConfigurationFault, paramsFor, type ParamSource } from './policy-params';
import type { PolicyErrorType, PolicyMetrics } from './policy-metrics';
import { RegisteredPolicies, type RegisteredPolicy } from './registered-policies';

type Policy = admissionregistrationv1.ValidatingAdmissionPolicy;
type Binding = admissionregistrationv1.ValidatingAdmissionPolicyBinding;
type Validation = admissionregistrationv1.Validation;

export interface PolicyDeps extends Pick<WebhookDeps, 'authorizer' | 'conditions' | 'log' | 'reader' | 'versions'> {
  readonly params: ParamSource;
  readonly metrics: PolicyMetrics;
}

interface CompiledValidation {
  readonly validation: Validation;
  readonly program: Program;
  readonly message: Program | undefined;
}

interface Expressions {
  readonly environment: PolicyEnvironment;
  readonly conditions: MatchConditions;
  readonly validations: readonly CompiledValidation[];
  readonly annotations: readonly { readonly key: string; readonly expression: string; readonly program: Program }[];
}

/** A policy whose expressions are ready, or what keeps them from it. */
interface CompiledPolicy {
  readonly policy: Policy;
  readonly match: ResourceMatch;
  readonly expressions: Expressions | CompileError;
}

function compileValidatingPolicy(policy: Policy): CompiledPolicy {
  return { policy, match: new ResourceMatch(policy.spec?.matchConstraints ?? {}), expressions: compiledOrNot(() => compileExpressions(policy)) };
}

/** @throws CompileError */
function compileExpressions({ spec }: Policy): Expressions {
  const { paramKind, variables = [], validations = [], auditAnnotations = [], matchConditions = [] } = spec ?? {};
  const environment = new PolicyEnvironment(paramKind !== undefined, false);
  for (const variable of variables) environment.declare(variable);
  return {
    environment,
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
  readonly reason?: string;
  readonly type: PolicyErrorType;
  readonly seconds: number;
  /** It failed, and the policy says not to mind. */
  readonly isIgnored?: boolean;
}

/** What a validation_failure in the audit says. */
interface AuditedFailure {
  readonly message: string;
  readonly policy: string;
  readonly binding: string;
  readonly expressionIndex: number;
  readonly validationActions: readonly string[];
}

/** What came of one write, of all policies. */
interface Outcome {
  readonly denials: ApiError[];
  readonly failures: AuditedFailure[];
}

/** What one policy notes, of all its bindings. */
type Notes = Map<string, Set<string>>;

const secondsSince = (start: number): number => (performance.now() - start) / 1000;

const CODES: Readonly<Record<string, number>> = { Forbidden: 403, RequestEntityTooLarge: 413 };
const AUDIT = 'validation.policy.admission.k8s.io/validation_failure';
const MOST_AUDITED = 50;
const MAX_ANNOTATION_BYTES = 10 * 1024;

/** Refuses what policies in CEL refuse. */
export class ValidatingAdmissionPolicyPlugin implements AdmissionPlugin {
  readonly name = 'ValidatingAdmissionPolicy';
  private readonly policies: RegisteredPolicies<Policy, Binding, CompiledPolicy>;

  constructor(private readonly deps: PolicyDeps) {
    this.policies = new RegisteredPolicies(
      deps.reader,
      { policies: admissionregistration.validatingadmissionpolicies, bindings: admissionregistration.validatingadmissionpolicybindings },
      compileValidatingPolicy,
    );
  }

  handles(sort: WriteSort): boolean {
    return !isExcluded(sort);
  }

  applies(): boolean {
    return this.policies.all().length > 0;
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const outcome: Outcome = { denials: [], failures: [] };
    for (const registered of this.policies.all()) await this.apply(registered, attributes, outcome);
    if (outcome.failures.length > 0) attributes.annotate?.(AUDIT, JSON.stringify(outcome.failures.slice(0, MOST_AUDITED)));
    const [first] = outcome.denials;
    if (first) throw first;
  }

  private async apply({ compiled, bindings, name }: RegisteredPolicy<CompiledPolicy, Binding>, attributes: AdmissionAttributes, outcome: Outcome): Promise<void> {
    const { versions, reader, authorizer, params } = this.deps;
    const all = versions.of(attributes);
    const namespace = namespaceOf(attributes, reader);
    const version = compiled.match.version(attributes, namespace, all);
    if (!version) return;
    const shown = {
      object: attributes.object && versions.show(attributes.object, version), oldObject: attributes.oldObject && versions.show(attributes.oldObject, version),
    };
    const request = admissionRequest(attributes, version, all[0] ?? version, shown);
    const input: PolicyInput = { ...shown, attributes, request, namespace, authorizer };
    const { spec } = compiled.policy;
    const notes: Notes = new Map();
    for (const binding of bindings) {
      if (binding.spec.matchResources && !new ResourceMatch(binding.spec.matchResources).version(attributes, namespace, all)) continue;
      try {
        for (const each of paramsFor(spec?.paramKind, binding.spec.paramRef, attributes, params)) await this.applyWith(each, compiled, binding, input, notes, outcome);
      } catch (error) {
        if (!(error instanceof ConfigurationFault)) throw error;
        // A binding that does not know its parameters refuses, whatever it would do with a failure.
        if (spec?.failurePolicy !== 'Ignore') outcome.denials.push(denial(name, binding, `failed to configure binding: ${error.message}`, undefined, attributes));
      }
    }
    for (const [key, values] of notes) attributes.annotate?.(`${name}/${key}`, [...values].join(', '));
  }

  private async applyWith(params: KubeObject | undefined, { policy, expressions }: CompiledPolicy, binding: Binding, input: PolicyInput, notes: Notes, outcome: Outcome): Promise<void> {
    const ignore = policy.spec?.failurePolicy === 'Ignore';
    const enforceAll = (decisions: readonly Decision[]): void => decisions.forEach((decision, index) => this.enforce(policy.metadata.name ?? '', binding, decision, index, input.attributes, outcome));
    const fault = (message: string, type: PolicyErrorType): void => enforceAll([{ message, type, seconds: 0, isIgnored: ignore }]);
    if (expressions instanceof CompileError) {
      fault(`compilation error: ${expressions.detail}`, 'compile_error');
      return;
    }
    const { conditions, environment } = expressions;
    const held =
      conditions.empty ||
      (await conditions.hold({
        ...input,
        shown: input,
        params,
        metrics: this.deps.conditions,
        of: { name: policy.metadata.name ?? '', kind: 'policy', type: 'validate', operation: input.attributes.operation },
      }));
    if (typeof held === 'string' && !ignore) fault(held, 'invalid_error');
    if (held !== true) return;
    const activation = (): PolicyActivation => new PolicyActivation(input, params, environment, new PolicyBudget(RUNTIME_BUDGET));
    try {
      const decisions = await evaluate(expressions, activation(), ignore);
      const failed = await note(expressions, activation(), notes);
      enforceAll(decisions);
      // Who cannot say what is to be noted refuses, whatever the binding would do with a failure.
      if (!ignore) for (const decision of failed) this.deny(policy.metadata.name ?? '', binding, decision, input.attributes, outcome);
    } catch (error) {
      if (!(error instanceof BudgetExceeded)) throw error;
      fault(error.message, 'out_of_budget');
    }
  }

  /** Does what a binding wants done with a failure. */
  private enforce(policy: string, binding: Binding, decision: Decision, expressionIndex: number, attributes: AdmissionAttributes, outcome: Outcome): void {
    const { metadata: { name = '' }, spec: { validationActions } } = binding;
    const { message, type, seconds } = decision;
    if (decision.isIgnored) this.deps.metrics.checked(policy, name, type, 'allow', seconds);
    if (decision.isIgnored || type === 'no_error') return;
    for (const action of validationActions) {
      if (action === 'Deny') this.deny(policy, binding, decision, attributes, outcome);
      else this.deps.metrics.checked(policy, name, type, action === 'Warn' ? 'warn' : 'audit', seconds);
      if (action === 'Warn') attributes.warn(`Validation failed for ValidatingAdmissionPolicy '${policy}' with binding '${name}': ${message}`);
      if (action === 'Audit') outcome.failures.push({ message, policy, binding: name, expressionIndex, validationActions });
    }
  }

  private deny(policy: string, binding: Binding, { message, reason, type, seconds }: Decision, attributes: AdmissionAttributes, { denials }: Outcome): void {
    this.deps.metrics.checked(policy, binding.metadata.name ?? '', type, 'deny', seconds);
    denials.push(denial(policy, binding, message, reason, attributes));
  }
}

/** One decision for each validation. @throws BudgetExceeded */
async function evaluate({ validations }: Expressions, activation: PolicyActivation, ignore: boolean): Promise<Decision[]> {
  const decisions: Decision[] = [];
  for (const { validation, program, message } of validations) {
    const started = performance.now();
    const seconds = (): number => secondsSince(started);
    try {
      if ((await activation.evaluate(program)) === true) decisions.push({ message: '', type: 'no_error', seconds: seconds() });
      else decisions.push({ message: await messageOf(validation, message, activation), reason: validation.reason ?? 'Invalid', type: 'invalid_error', seconds: seconds() });
    } catch (error) {
      decisions.push({ message: faultOf(validation.expression, error), type: 'invalid_error', seconds: seconds(), isIgnored: ignore });
    }
  }
  return decisions;
}

/** @throws what is no fault of the expression */
function faultOf(expression: string, error: unknown): string {
  if (error instanceof EvalError || error instanceof CostExceeded) return `expression '${expression}' resulted in error: ${error.message}`;
  throw error;
}

async function messageOf({ message, expression }: Validation, program: Program | undefined, activation: PolicyActivation): Promise<string> {
  const fallback = message?.trim() ? message.trim() : `failed expression: ${expression.trim()}`;
  if (!program) return fallback;
  try {
    const value = await activation.evaluate(program);
    const text = typeof value === 'string' ? value.trim() : '';
    return text !== '' && !text.includes('\n') && Buffer.byteLength(text) <= 5 * 1024 ? text : fallback;
  } catch (error) {
    // A message that cannot be made does not hide what it is about.
    if (error instanceof EvalError || error instanceof CostExceeded) return fallback;
    throw error;
  }
}

/** Notes what there is to note; answers what could not be made. @throws BudgetExceeded */
async function note({ annotations }: Expressions, activation: PolicyActivation, notes: Notes): Promise<Decision[]> {
  const failed: Decision[] = [];
  for (const { key, expression, program } of annotations) {
    const started = performance.now();
    try {
      const value = await activation.evaluate(program);
      const text = typeof value === 'string' ? value.trim().slice(0, MAX_ANNOTATION_BYTES) : '';
      if (text !== '') notes.set(key, (notes.get(key) ?? new Set()).add(text));
    } catch (error) {
      failed.push({ message: faultOf(expression, error), type: 'invalid_error', seconds: secondsSince(started) });
    }
  }
  return failed;
}

function denial(policy: string, { metadata: { name = '' } }: Binding, message: string, reason = 'Invalid', attributes: AdmissionAttributes): ApiError {
  const text = `ValidatingAdmissionPolicy '${policy}' with binding '${name}' denied request: ${message}`;
  const error = refused(attributes, aggregateMessages([text]));
  Object.assign(error.status, { reason, code: CODES[reason] ?? 422 });
  if (error.status.details) error.status.details.causes = [...(error.status.details.causes ?? []), { message: text }];
  return error;
}
