import { core, discovery, type corev1, type discoveryv1 } from '@navarch/api';
import { isNotFound, statusCause } from '@navarch/apimachinery';
import { controllerReference, done, keyOfObject, type EventRecorder, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import { recorderFor, type ControllerContext } from '../../context';
import { aggregateMessage, messageOf } from '../../errors';
import { read, runningController, type RunningController } from '../../running-controller';
import { byLabel, hasManagedEndpoints, podsOfService, wakeServicesOfPods } from '../../services/service-pods';
import { TriggerTimes } from '../../services/trigger-times';
import { wakeSelf } from '../../wake-owner';
import { distributionOf } from './desired-endpoints';
import { EndpointSliceMetrics } from './endpointslice-metrics';
import { isOwnedBy } from './plan-family';
import { MANAGED_BY, MANAGER, planSlices, SERVICE_NAME } from './sync';
import { wantsTopologyHints } from './topology-hints';
import { topologyFacts, zoneRatios, type ZoneRatios } from './topology-ratios';

const serviceKey = (namespace: string, name: string): string => `${namespace}/${name}`;

/** The slices of each Service that this controller manages. */
const byService = {
  service: ({ metadata }: discoveryv1.EndpointSlice): readonly string[] =>
    metadata.labels?.[MANAGED_BY] === MANAGER ? [serviceKey(metadata.namespace ?? '', metadata.labels[SERVICE_NAME] ?? '')] : [],
};

/** Keeps the EndpointSlices of Services that select pods. */
export class EndpointSliceReconciler implements Reconciler {
  readonly name = 'endpoint_slice';
  readonly services: ObjectSource<corev1.Service>;
  readonly pods: ObjectSource<corev1.Pod>;
  readonly nodes: ObjectSource<corev1.Node>;
  readonly slices: ObjectSource<discoveryv1.EndpointSlice>;
  readonly #context: ControllerContext;
  readonly #events: EventRecorder;
  readonly #metrics: EndpointSliceMetrics;
  readonly #triggers = new TriggerTimes();
  /** Services whose endpoints are shared among zones. */
  readonly #zoned = new Set<string>();
  #ratios: { readonly value: ZoneRatios } | undefined;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#events = recorderFor('endpoint-slice-controller', context);
    this.#metrics = new EndpointSliceMetrics(context.registry);
    this.services = context.sources.informer(core.services);
    this.pods = context.sources.informer(core.pods, { indexes: byLabel });
    this.nodes = context.sources.informer(core.nodes);
    this.slices = context.sources.informer(discovery.endpointslices, { indexes: byService });
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const service = this.services.get(key);
    const id = serviceKey(key.namespace, key.name);
    // The slices of a Service that is gone are collected with their owner.
    if (service === undefined || !hasManagedEndpoints(service)) {
      this.#zoned.delete(id);
      this.#metrics.forget(id);
      if (service === undefined) this.#triggers.forget(id);
      return done;
    }
    const pods = podsOfService(this.pods, service);
    const plan = planSlices({
      service,
      pods,
      node: (name) => this.nodes.get({ namespace: '', name }),
      slices: this.slices.byIndex('service', id).filter(({ metadata }) => metadata.deletionTimestamp === undefined),
      maxPerSlice: this.#context.config.maxEndpointsPerSlice,
      ratios: wantsTopologyHints(service.metadata.annotations) ? this.#zoneRatios() : undefined,
      zoned: this.#zoned.has(id),
      triggeredAtMs: this.#triggers.lookedAt(id, service, pods),
    });
    const { api } = this.#context;
    const about = { ...service, apiVersion: 'v1', kind: 'Service' };
    const failed = (error: Error): Error => {
      this.#metrics.synced(false);
      this.#events.event(about, 'Warning', 'FailedToUpdateEndpointSlices', `Error updating Endpoint Slices for Service ${id}: ${error.message}`);
      return error;
    };
    try {
      await Promise.all([
        ...plan.create.map((slice) => api.create(discovery.endpointslices, slice, { signal }).catch(unable(`create EndpointSlice for Service ${id}`))),
        ...plan.update.map((slice) =>
          api.update(discovery.endpointslices, slice, { signal }).catch(unable(`update ${slice.metadata.name ?? ''} EndpointSlice for Service ${id}`)),
        ),
        ...plan.remove.map((slice) =>
          api
            .delete(discovery.endpointslices, keyOfObject(slice), { signal })
            .catch(unlessGone)
            .catch(unable(`delete ${slice.metadata.name ?? ''} EndpointSlice for Service ${id}`)),
        ),
      ]);
    } catch (error) {
      if (statusCause(error, 'NamespaceTerminating') !== undefined) return done;
      throw failed(error as Error);
    }
    this.#metrics.applied(id, plan, { distribution: distributionOf(service), wantsZones: wantsTopologyHints(service.metadata.annotations) });
    if (plan.zoned) this.#zoned.add(id);
    else this.#zoned.delete(id);
    for (const { type, reason, message } of plan.notices) this.#events.event(about, type, reason, message);
    const { problems } = plan;
    if (problems.length > 0) throw failed(new Error(aggregateMessage(problems)));
    this.#metrics.synced(true);
    return done;
  }

  /** A node has changed its zone, its processors or whether it is ready. */
  forgetZones(): void {
    this.#ratios = undefined;
  }

  #zoneRatios(): ZoneRatios {
    this.#ratios ??= { value: zoneRatios(this.nodes.list()) };
    return this.#ratios.value;
  }
}

/** Says what could not be done, beside why. */
function unable(what: string): (error: unknown) => never {
  return (error) => {
    throw new Error(`failed to ${what}: ${messageOf(error)}`, { cause: error });
  };
}

function unlessGone(error: unknown): void {
  if (!isNotFound(error)) throw error;
}

export function endpointSliceController(context: ControllerContext): RunningController {
  const reconciler = new EndpointSliceReconciler(context);
  const { services, pods, nodes, slices } = reconciler;
  const serviceOf = (slice: discoveryv1.EndpointSlice): ObjectKey | undefined => {
    const name = slice.metadata.labels?.[MANAGED_BY] === MANAGER ? slice.metadata.labels[SERVICE_NAME] : undefined;
    return name === undefined ? undefined : { namespace: slice.metadata.namespace ?? '', name };
  };
  return runningController({
    reconciler,
    workers: context.config.concurrentServiceEndpointSyncs,
    reads: [read(services), read(pods), read(nodes), read(slices)],
    watch: (controller) => {
      const wake = (slice: discoveryv1.EndpointSlice): void => {
        const key = serviceOf(slice);
        if (key !== undefined) controller.enqueue(key);
      };
      const zonesChanged = (): void => {
        reconciler.forgetZones();
        for (const service of services.list()) if (wantsTopologyHints(service.metadata.annotations)) controller.enqueueObject(service);
      };
      return [
        nodes.addHandler({
          onAdd: zonesChanged,
          onDelete: zonesChanged,
          onUpdate: (previous, node) => {
            if (topologyFacts(previous) !== topologyFacts(node)) zonesChanged();
          },
        }),
        wakeSelf(services, controller),
        wakeServicesOfPods(pods, services, controller),
        // Someone else's change of a slice is put right; a label that was taken off makes it another's.
        slices.addHandler({
          // One that somebody else made under this controller's name does not stay.
          onAdd: (slice) => {
            const key = serviceOf(slice);
            const service = key && services.get(key);
            if (service !== undefined && !isOwnedBy(slice.metadata.ownerReferences, controllerReference(core.services, service))) controller.enqueueObject(service);
          },
          onUpdate: (previous, slice) => [previous, slice].forEach(wake),
          onDelete: wake,
        }),
      ];
    },
  }, context);
}
