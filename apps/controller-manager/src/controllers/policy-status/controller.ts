import { admissionregistration, allResources, apiextensions, goShapeTable, protobufTable, schemaTable, type admissionregistrationv1, type apiextensionsv1 } from '@navarch/api';
import { SchemaCatalog } from '@navarch/apimachinery';
import { typeOfSchema } from '@navarch/cel';
import { done, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { read, runningController, type RunningController } from '../../running-controller';
import { wakeSelf } from '../../wake-owner';
import { celTypeOf } from './cel-type-of';
import { typeWarnings, type CheckedKind } from './type-check';

type Policy = admissionregistrationv1.ValidatingAdmissionPolicy;

/** Says of policies what their expressions get wrong about the kinds they are for. */
export class PolicyStatusReconciler implements Reconciler {
  readonly name = 'validatingadmissionpolicy-status';
  readonly policies: ObjectSource<Policy>;
  readonly definitions: ObjectSource<apiextensionsv1.CustomResourceDefinition>;
  readonly #context: ControllerContext;
  /** Made at the first use: few clusters have policies. */
  #catalog: SchemaCatalog | undefined;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.policies = context.sources.informer(admissionregistration.validatingadmissionpolicies);
    this.definitions = context.sources.informer(apiextensions.customresourcedefinitions, { alwaysWatch: true });
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const policy = this.policies.get(key);
    if (policy === undefined) return done;
    const { metadata: { generation = 0 }, status } = policy;
    if (status?.observedGeneration === generation && status.typeChecking !== undefined) return done;
    const expressionWarnings = typeWarnings(policy, this.#kindsOf(policy));
    const typeChecking = expressionWarnings.length === 0 ? {} : { expressionWarnings };
    await this.#context.api.updateStatus(admissionregistration.validatingadmissionpolicies, { ...policy, status: { ...status, observedGeneration: generation, typeChecking } }, { signal });
    return done;
  }

  /** The kinds that a policy names one by one: of those behind a wildcard nothing can be said. */
  #kindsOf({ spec }: Policy): CheckedKind[] {
    const kinds = new Map<string, CheckedKind>();
    for (const { apiGroups = [], apiVersions = [], resources = [] } of spec?.matchConstraints?.resourceRules ?? [])
      for (const group of apiGroups) for (const version of apiVersions) for (const resource of resources) {
        const found = this.#kindOf(group, version, resource);
        if (found !== undefined) kinds.set(found.name, found);
      }
    return [...kinds.values()];
  }

  #kindOf(group: string, version: string, resource: string): CheckedKind | undefined {
    const nameOf = (kind: string): string => `${group === '' ? version : `${group}/${version}`}, Kind=${kind}`;
    const builtIn = [...allResources()].find((type) => type.group === group && type.version === version && type.resource === resource);
    if (builtIn !== undefined) {
      this.#catalog ??= new SchemaCatalog({ schema: schemaTable(), protobuf: protobufTable(), goShape: goShapeTable() });
      const type = this.#catalog.typeOfKind(group, version, builtIn.kind);
      return type === undefined ? undefined : { name: nameOf(builtIn.kind), type: celTypeOf(type) };
    }
    const definition = this.definitions.list().find(({ spec }) => spec.group === group && spec.names.plural === resource);
    const schema = definition?.spec.versions.find(({ name }) => name === version)?.schema?.openAPIV3Schema;
    const type = schema === undefined ? undefined : typeOfSchema(schema, 'object', true);
    return definition === undefined || type === undefined ? undefined : { name: nameOf(definition.spec.names.kind), type };
  }
}

export function policyStatusController(context: ControllerContext): RunningController {
  const reconciler = new PolicyStatusReconciler(context);
  const { policies, definitions } = reconciler;
  return runningController({
    reconciler,
    workers: context.config.concurrentValidatingAdmissionPolicyStatusSyncs,
    reads: [read(policies), read(definitions)],
    watch: (controller) => [wakeSelf(policies, controller)],
  }, context);
}
