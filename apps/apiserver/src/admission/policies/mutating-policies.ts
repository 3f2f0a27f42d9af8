import { admissionregistration, type admissionregistrationv1, type KubeObject } from '@navarch/api';
import { applyJsonPatch, internalError, isJsonObject, type JsonObject, type JsonValue, mergeTyped } from '@navarch/apimachinery';
import { CostExceeded, EvalError, type Program, RUNTIME_BUDGET, toJson } from '@navarch/cel';
import { isDeepStrictEqual } from 'node:util';
import type { AdmissionAttributes, AdmissionPlugin, MutationPass } from '../../pipeline';
import { admissionRequest } from '../admission-request';
import { MatchConditions } from '../match-conditions';
import { refused } from '../refused';
import type { RequestVersion } from '../request-versions';
import { isExcluded } from './excluded-resources';
import { PolicyActivation, PolicyBudget, PolicyEnvironment, type PolicyInput } from './policy-environment';
import { namespaceOf, ResourceMatch } from './policy-match';
import { ConfigurationFault, paramsFor } from './policy-params';
import { RegisteredPolicies, type RegisteredPolicy } from './registered-policies';
import type { PolicyDeps } from './validating-policies';

type Policy = admissionregistrationv1.MutatingAdmissionPolicy;
type Binding = admissionregistrationv1.MutatingAdmissionPolicyBinding;

interface CompiledMutation {
  readonly kind: 'apply' | 'patch';
  readonly expression: string;
  readonly program: Program;
}

interface CompiledPolicy {
  readonly policy: Policy;
  readonly match: ResourceMatch;
  readonly conditions: MatchConditions;
  readonly environment: PolicyEnvironment;
  readonly mutations: readonly CompiledMutation[];
}

/** @throws CompileError */
export function compileMutatingPolicy(policy: Policy): CompiledPolicy {
  const { paramKind, variables = [], mutations = [], matchConditions = [], matchConstraints = {} } = policy.spec ?? {};
  const environment = new PolicyEnvironment(paramKind !== undefined, true);
  for (const variable of variables) environment.declare(variable);
  return {
    policy, environment,
    match: new ResourceMatch(matchConstraints),
    conditions: new MatchConditions(matchConditions, paramKind !== undefined),
    mutations: mutations.map(({ patchType, applyConfiguration, jsonPatch }) => {
      const apply = patchType === 'ApplyConfiguration';
      const expression = (apply ? applyConfiguration?.expression : jsonPatch?.expression) ?? '';
      return { kind: apply ? 'apply' : 'patch', expression, program: environment.compile(expression, apply ? ['object'] : ['list']) };
    }),
  };
}

/** Told of what a policy could not do; throws where that refuses the request. */
type OnFailure = (error: unknown) => void;

/** Changes what policies in CEL change. */
export class MutatingAdmissionPolicyPlugin implements AdmissionPlugin {
  readonly name = 'MutatingAdmissionPolicy';
  private readonly policies: RegisteredPolicies<Policy, Binding, CompiledPolicy>;

  constructor(private readonly deps: PolicyDeps) {
    this.policies = new RegisteredPolicies(deps.reader, { policies: admissionregistration.mutatingadmissionpolicies, bindings: admissionregistration.mutatingadmissionpolicybindings }, compileMutatingPolicy);
  }

  handles(attributes: AdmissionAttributes): boolean {
    return attributes.object !== undefined && attributes.operation !== 'CONNECT' && !isExcluded(attributes) && this.policies.all().length > 0;
  }

  async mutate(attributes: AdmissionAttributes, pass: MutationPass): Promise<void> {
    let changed = false;
    for (const registered of this.policies.all()) {
      const again = registered.compiled.policy.spec?.reinvocationPolicy === 'IfNeeded';
      if (pass.again && !again) continue;
      for (const binding of registered.bindings) if (await this.apply(registered, binding, attributes)) changed = true;
    }
    if (changed && !pass.again) pass.requestAnother();
  }

  private async apply({ compiled, name }: RegisteredPolicy<CompiledPolicy, Binding>, binding: Binding, attributes: AdmissionAttributes): Promise<boolean> {
    const { versions, reader, authorizer } = this.deps;
    const { policy, conditions } = compiled;
    const all = versions.of(attributes);
    const namespace = namespaceOf(attributes, reader);
    const version = compiled.match.version(attributes, namespace, all);
    const { object, oldObject } = attributes;
    if (!version || !object || (binding.spec?.matchResources && !new ResourceMatch(binding.spec.matchResources).version(attributes, namespace, all))) return false;
    const shown = { object: versions.show(object, version), oldObject: oldObject && versions.show(oldObject, version) };
    const request = admissionRequest(attributes, version, all[0] ?? version, shown);
    const input: PolicyInput = { ...shown, attributes, request, namespace, authorizer };
    const failed: OnFailure = (error) => {
      if (!(error instanceof ConfigurationFault) && !(error instanceof EvalError) && !(error instanceof CostExceeded)) throw error;
      if (policy.spec?.failurePolicy !== 'Ignore') throw refused(attributes, `policy '${name}' with binding '${binding.metadata.name ?? ''}' denied request: ${error.message}`);
      this.deps.log.warn({ err: error, policy: name }, 'mutating policy failed and is passed over');
    };
    let params: readonly (KubeObject | undefined)[] = [];
    try {
      params = paramsFor(policy.spec?.paramKind, binding.spec?.paramRef, attributes, this.deps.params);
    } catch (error) {
      failed(error);
    }
    let result = shown.object;
    for (const each of params) {
      const held = conditions.empty || (await conditions.hold(attributes, request, { ...shown, object: result }, authorizer, each));
      if (typeof held === 'string') failed(new ConfigurationFault(held));
      else if (held) result = await this.mutated(compiled, each, { ...input, object: result }, version, failed);
    }
    return this.settle(result, shown.object, version, object);
  }

  /** Each mutation sees what those before it have done; one that fails and may do so undoes nothing of them. */
  private async mutated({ environment, mutations }: CompiledPolicy, params: KubeObject | undefined, input: PolicyInput, version: RequestVersion, failed: OnFailure): Promise<KubeObject> {
    const budget = new PolicyBudget(RUNTIME_BUDGET);
    let object = input.object as unknown as JsonObject;
    for (const { kind, expression, program } of mutations) {
      const activation = new PolicyActivation({ ...input, object: object as unknown as KubeObject }, params, environment, budget);
      try {
        const result = toJson(await activation.evaluate(program));
        object = kind === 'apply' ? this.laidOver(object, result, version) : patched(object, result, expression);
      } catch (error) {
        failed(error);
      }
    }
    return object as unknown as KubeObject;
  }

  private laidOver(object: JsonObject, config: JsonValue, version: RequestVersion): JsonObject {
    const type = this.deps.versions.typeOf(version);
    if (!isJsonObject(config)) throw new ConfigurationFault('error applying patch: ApplyConfiguration must be an object');
    for (const field of ['apiVersion', 'kind'] as const) if (config[field] !== undefined && config[field] !== object[field]) throw new ConfigurationFault(`invalid ApplyConfiguration: may not change ${field}`);
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

function patched(object: JsonObject, patch: JsonValue, expression: string): JsonObject {
  try {
    return applyJsonPatch(structuredClone(object), patch);
  } catch (error) {
    throw new ConfigurationFault(`JSON Patch of expression '${expression}' could not be applied: ${error instanceof Error ? error.message : String(error)}`);
  }
}
