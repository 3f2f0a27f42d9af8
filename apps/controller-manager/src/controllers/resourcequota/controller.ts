import { core, type corev1, type DeviceObjects, type KubeObject, quotaEvaluatorFor, resource as dra, type resourcev1 } from '@navarch/api';
import { formatGroupResource } from '@navarch/apimachinery';
import { done, type Controller, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { patientSync } from '../../patient-sync';
import { repeat } from '../../repeat';
import { followsByWatch, ResourceTypes, type AnyResource } from '../../resource-types';
import { read, runningController, type RunningController } from '../../running-controller';
import { mayReplenish } from './replenishment';
import { countedTypes, quotaStatus } from './sync';

/** How long a count waits for kinds that it has not read before. */
const SYNC_PATIENCE_MS = 5_000;

/** Counts what each ResourceQuota limits, and writes it to its status. */
export class ResourceQuotaReconciler implements Reconciler {
  readonly name = 'resource_quota_controller';
  readonly quotas: ObjectSource<corev1.ResourceQuota>;
  readonly types: ResourceTypes;
  /** Which names of a quota claims of devices count under. */
  readonly deviceClasses: ObjectSource<resourcev1.DeviceClass>;
  readonly #context: ControllerContext;
  /** Those of which deletions wake quotas; what costs more than its number is read in full. */
  readonly #followed = new Map<ObjectSource<KubeObject>, () => void>();
  readonly #devices: DeviceObjects;
  #wake: ((type: AnyResource, namespace: string) => void) | undefined;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.quotas = context.sources.informer(core.resourcequotas);
    this.types = new ResourceTypes(context.sources);
    for (const type of [core.services, core.persistentvolumeclaims] as AnyResource[]) context.sources.informer(type);
    const [pods, claims] = [context.sources.informer(core.pods), context.sources.informer(dra.resourceclaims)];
    this.deviceClasses = context.sources.informer(dra.deviceclasses);
    this.#devices = { deviceClasses: () => this.deviceClasses.list(), pod: (namespace, name) => pods.get({ namespace, name }), claims: (namespace) => claims.list(namespace) };
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const quota = this.quotas.get(key);
    if (quota === undefined) return done;
    const types = countedTypes(quota, this.types.all(), this.#devices);
    const sources = types.map((type) => this.#follow(type));
    const isKnown = await patientSync(sources, SYNC_PATIENCE_MS, this.#context.clock, signal);
    const counted = types.flatMap((type, index) => (isKnown[index] === true ? [{ type, objects: sources[index]?.list(key.namespace) ?? [] }] : []));
    const status = quotaStatus({ quota, counted, nowMs: this.#context.clock.now(), devices: this.#devices });
    if (status !== undefined) await this.#context.api.updateStatus(core.resourcequotas, { ...quota, status }, { signal });
    const unknown = types.filter((_, index) => isKnown[index] !== true).map(({ group, resource }) => formatGroupResource({ group, resource }));
    if (unknown.length > 0) throw new Error(`not counted yet: ${unknown.join(', ')}`);
    return done;
  }

  /** Wakes the quotas of a namespace that count a resource when something of it was freed. */
  wakeQuotas(controller: Controller): void {
    this.#wake = (type, namespace) => {
      for (const quota of this.quotas.list(namespace)) if (countedTypes(quota, [type], this.#devices).length > 0) controller.enqueueObject(quota);
    };
  }

  forget(): void {
    for (const forget of this.#followed.values()) forget();
    this.#followed.clear();
  }

  #follow(type: AnyResource): ObjectSource<KubeObject> {
    const source = this.#context.sources.informer(type, { metadataOnly: !quotaEvaluatorFor(type).chargesUpdates, alwaysWatch: followsByWatch(type) });
    if (this.#followed.has(source)) return source;
    this.#followed.set(source, source.addHandler({
      onUpdate: (before, object) => {
        const { namespace = '' } = object.metadata;
        if (this.quotas.list(namespace).length > 0 && mayReplenish(type, before, object, this.#context.clock.now())) this.#wake?.(type, namespace);
      },
      onDelete: ({ metadata }) => this.#wake?.(type, metadata.namespace ?? ''),
    }));
    return source;
  }
}

export function resourceQuotaController(context: ControllerContext): RunningController {
  const reconciler = new ResourceQuotaReconciler(context);
  const { quotas, types, deviceClasses } = reconciler;
  return runningController({
    reconciler,
    workers: context.config.concurrentResourceQuotaSyncs,
    reads: [read(quotas), read(types.definitions), read(deviceClasses)],
    watch: (controller) => {
      const stopping = new AbortController();
      const hard = ({ spec }: corev1.ResourceQuota): string => JSON.stringify(spec?.hard);
      reconciler.wakeQuotas(controller);
      // What was missed, and pods whose time to end passed, is found by counting all again.
      void repeat(reconciler.name, context.config.resourceQuotaSyncPeriod, () => {
        for (const quota of quotas.list()) controller.enqueueObject(quota);
        return Promise.resolve();
      }, context, stopping.signal);
      return [
        quotas.addHandler({
          onAdd: (quota) => controller.enqueueObject(quota),
          onUpdate: (before, quota) => {
            if (hard(before) !== hard(quota)) controller.enqueueObject(quota);
          },
        }),
        () => stopping.abort(),
        () => reconciler.forget(),
      ];
    },
  }, context);
}
