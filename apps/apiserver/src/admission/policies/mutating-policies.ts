import { admissionregistration, type admissionregistrationv1, type KubeObject } from '@navarch/api';
import { ApiError, atomicPaths, checkConfig, DecodeError, internalError, isJsonObject, type JsonObject, mergeTyped } from '@navarch/apimachinery';
import { CompileError, CostExceeded, EvalError, type Program, RUNTIME_BUDGET, toJson, typeNameOf, type Value } from '@navarch/cel';
import { isDeepStrictEqual } from 'node:util';
import type { AdmissionAttributes, AdmissionPlugin, MutationPass, WriteSort } from '../../pipeline';
import { admissionRequest } from '../admission-request';
import { compiledOrNot } from '../compiled-or-not';
import { MatchConditions } from '../match-conditions';
import { refused } from '../refused';
import type { RequestVersion } from '../request-versions';
import { isExcluded } from './excluded-resources';
import { patched } from './patched';
import { BudgetExceeded, PolicyActivation, PolicyBudget, PolicyEnvironment, type PolicyInput } from './policy-environment';
import { namespaceOf, ResourceMatch } from './policy-match';
import { ConfigurationFault, paramsFor } from './policy-params';
import type { PolicyErrorType } from './policy-metrics';
import { RegisteredPolicies, type RegisteredPolicy } from './registered-policies';
import { typeFaults } from './type-faults';
import type { PolicyDeps } from './validating-policies';

type Policy = admissionregistrationv1.MutatingAdmissionPolicy;
type Binding = admissionregistrationv1.MutatingAdmissionPolicyBinding;

interface CompiledMutation {
  readonly kind: 'apply' | 'patch';
  readonly expression: string;
  readonly program: Program;
}

interface Expressions {
  readonly conditions: MatchConditions;
  readonly environment: PolicyEnvironment;
  readonly mutations: readonly CompiledMutation[];
}

/** A policy whose expressions are ready, or what keeps them from it. */
interface CompiledPolicy {
  readonly policy: Policy;
  readonly match: ResourceMatch;
  readonly expressions: Expressions | CompileError;
}

function compileMutatingPolicy(policy: Policy): CompiledPolicy {
  return { policy, match: new ResourceMatch(policy.spec?.matchConstraints ?? {}), expressions: compiledOrNot(() => compileExpressions(policy)) };
}

/** @throws CompileError */
function compileExpressions({ spec }: Policy): Expressions {
  const { paramKind, variables = [], mutations = [], matchConditions = [] } = spec ?? {};
  const environment = new PolicyEnvironment(paramKind !== undefined, true);
  for (const variable of variables) environment.declare(variable);
  return {
    environment,
    conditions: new MatchConditions(matchConditions, paramKind !== undefined),
    mutations: mutations.map(({ patchType, applyConfiguration, jsonPatch }) => {
      const apply = patchType === 'ApplyConfiguration';
      const expression = (apply ? applyConfiguration?.expression : jsonPatch?.expression) ?? '';
      return { kind: apply ? 'apply' : 'patch', expression, program: environment.compileMutation(expression, apply ? 'apply' : 'patch') };
    }),
  };
}

/** What refuses a write. */
interface Fault {
  readonly text: string;
  /** Forbidden unless it says so. */
  readonly reason: 'Invalid' | undefined;
}

interface Watcher {
  /** Told of what a policy could not do; throws where that refuses the request. */
  readonly failed: (error: unknown, reason?: 'Invalid') => void;
  readonly observe: (type: PolicyErrorType, seconds: number) => void;
}

/** Changes what policies in CEL change. */
export class MutatingAdmissionPolicyPlugin implements AdmissionPlugin {
  readonly name = 'MutatingAdmissionPolicy';
  private readonly policies: RegisteredPolicies<Policy, Binding, CompiledPolicy>;

  constructor(private readonly deps: PolicyDeps) {
    this.policies = new RegisteredPolicies(
      deps.reader,
      { policies: admissionregistration.mutatingadmissionpolicies, bindings: admissionregistration.mutatingadmissionpolicybindings },
      compileMutatingPolicy,
    );
  }

  handles(sort: WriteSort): boolean {
    return sort.operation !== 'CONNECT' && !isExcluded(sort);
  }

  applies({ object }: AdmissionAttributes): boolean {
    return object !== undefined && this.policies.all().length > 0;
  }

  async mutate(attributes: AdmissionAttributes, pass: MutationPass): Promise<void> {
    let changed = false;
    const faults: Fault[] = [];
    for (const registered of this.policies.all()) {
      const again = registered.compiled.policy.spec?.reinvocationPolicy === 'IfNeeded';
      if (pass.again && !again) continue;
      for (const binding of registered.bindings) if (await this.apply(registered, binding, attributes, faults)) changed = true;
    }
    if (faults.length > 0) throw denial(faults, attributes);
    if (changed && !pass.again) pass.requestAnother();
  }

  private async apply({ compiled, name }: RegisteredPolicy<CompiledPolicy, Binding>, binding: Binding, attributes: AdmissionAttributes, faults: Fault[]): Promise<boolean> {
    const { versions, reader, authorizer } = this.deps;
    const { policy, expressions } = compiled;
    const all = versions.of(attributes);
    const namespace = namespaceOf(attributes, reader);
    const version = compiled.match.version(attributes, namespace, all);
    const { object, oldObject } = attributes;
    if (!version || !object || (binding.spec?.matchResources && !new ResourceMatch(binding.spec.matchResources).version(attributes, namespace, all))) return false;
    const shown = { object: versions.show(object, version), oldObject: oldObject && versions.show(oldObject, version) };
    const request = admissionRequest(attributes, version, all[0] ?? version, shown);
    const input: PolicyInput = { ...shown, attributes, request, namespace, authorizer };
    const failed = (error: unknown, reason?: 'Invalid'): void => {
      if (!(error instanceof ConfigurationFault) && !(error instanceof EvalError) && !(error instanceof CostExceeded) && !(error instanceof BudgetExceeded)) throw error;
      if (policy.spec?.failurePolicy !== 'Ignore') faults.push({ text: `policy '${name}' with binding '${binding.metadata.name ?? ''}' denied request: ${error.message}`, reason });
      else this.deps.log.warn({ err: error, policy: name }, 'mutating policy failed and is passed over');
    };
    if (expressions instanceof CompileError) {
      failed(new ConfigurationFault(`compilation error: ${expressions.detail}`), 'Invalid');
      return false;
    }
    const { conditions } = expressions;
    const observe = (type: PolicyErrorType, seconds: number): void => this.deps.metrics.mutated(name, binding.metadata.name ?? '', type, seconds);
    let params: readonly (KubeObject | undefined)[] = [];
    try {
      params = paramsFor(policy.spec?.paramKind, binding.spec?.paramRef, attributes, this.deps.params);
    } catch (error) {
      failed(error instanceof ConfigurationFault ? new ConfigurationFault(`failed to configure binding: ${error.message}`) : error);
    }
    let result = shown.object;
    for (const each of params) {
      const held =
        conditions.empty ||
        (await conditions.hold({
          attributes,
          request,
          shown: { ...shown, object: result },
          authorizer,
          params: each,
          metrics: this.deps.conditions,
          of: { name, kind: 'policy', type: 'admit', operation: attributes.operation },
        }));
      if (typeof held === 'string') failed(new ConfigurationFault(held), 'Invalid');
      else if (held) result = await this.mutated(expressions, each, { ...input, object: result }, version, { failed, observe });
    }
    return this.settle(result, shown.object, version, object);
  }

  /** Each mutation sees what those before it have done; one that fails and may do so undoes nothing of them. */
  private async mutated({ environment, mutations }: Expressions, params: KubeObject | undefined, input: PolicyInput, version: RequestVersion, { failed, observe }: Watcher): Promise<KubeObject> {
    let object = input.object as unknown as JsonObject;
    for (const { kind, expression, program } of mutations) {
      const started = performance.now();
      const seconds = (): number => (performance.now() - started) / 1000;
      const activation = new PolicyActivation({ ...input, object: object as unknown as KubeObject }, params, environment, new PolicyBudget(RUNTIME_BUDGET));
      try {
        const result = await evaluated(program, expression, activation);
        const changed = kind === 'apply' ? this.laidOver(object, result, version) : patched(object, result);
        this.#complete(changed, version);
        object = changed;
        observe('no_error', seconds());
      } catch (error) {
        observe(error instanceof BudgetExceeded ? 'out_of_budget' : 'invalid_error', seconds());
        failed(error, 'Invalid');
      }
    }
    return object as unknown as KubeObject;
  }

  /** What comes next sees it defaulted. @throws internalError for what the kind does not know: a patch is not checked before */
  #complete(object: JsonObject, version: RequestVersion): void {
    let faults: string[];
    try {
      faults = this.deps.versions.complete(object as unknown as KubeObject, version);
    } catch (error) {
      if (error instanceof DecodeError) throw internalError(error.message);
      throw error;
    }
    if (faults.length > 0) throw internalError(`strict decoding error: ${faults.join(', ')}`);
  }

  private laidOver(object: JsonObject, value: Value, version: RequestVersion): JsonObject {
    const mismatches = typeFaults(value, typeNameOf(value));
    if (mismatches.length > 0) throw new ConfigurationFault(`type mismatch: ${mismatches.join('\n')}`);
    const type = this.deps.versions.typeOf(version);
    const said = toJson(value);
    if (!isJsonObject(said)) throw new ConfigurationFault(`invalid return type: ${typeNameOf(value)}`);
    const config: JsonObject = { ...said, apiVersion: object['apiVersion'] ?? '', kind: object['kind'] ?? '' };
    const problems = checkConfig(config, type);
    if (problems.length > 0) {
      throw new ConfigurationFault(
        `error applying patch: failed to convert patch object to typed object: ${problems.length === 1 ? (problems[0] ?? '') : `errors:\n${problems.map((problem) => `  ${problem}`).join('\n')}`}`,
      );
    }
    // Whoever means some fields of what is replaced whole would lose the others.
    const atomics = atomicPaths(config, type);
    if (atomics.length > 0) throw new ConfigurationFault(`error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomics.join(', ')}`);
    const merged = mergeTyped(object, config, type);
    return isJsonObject(merged) ? merged : object;
  }

  private async settle(result: KubeObject, before: KubeObject, version: RequestVersion, target: KubeObject): Promise<boolean> {
    if (isDeepStrictEqual(result, before)) return false;
    const accepted = await this.deps.versions.accept(structuredClone(result), version);
    if (accepted.metadata.name !== target.metadata.name) throw internalError('a policy may not change the name of an object');
    const fields = target as unknown as Record<string, unknown>;
    for (const field of Object.keys(fields)) delete fields[field];
    Object.assign(fields, accepted);
    return true;
  }
}

async function evaluated(program: Program, expression: string, activation: PolicyActivation): Promise<Value> {
  try {
    return await activation.evaluate(program);
  } catch (error) {
    if (error instanceof EvalError || error instanceof CostExceeded) throw new ConfigurationFault(`expression '${expression}' resulted in error: ${error.message}`);
    throw error;
  }
}

/** The first fault is the answer, its causes are all of them. */
function denial(faults: readonly Fault[], attributes: AdmissionAttributes): ApiError {
  const [first] = faults;
  const { details } = refused(attributes, '').status;
  return new ApiError({ code: 403, reason: first?.reason ?? 'Forbidden', message: first?.text ?? '', details: { ...details, causes: faults.map(({ text }) => ({ message: text })) } });
}
