import { core, discovery, type corev1, type discoveryv1 } from '@navarch/api';
import { isNotFound, statusCause } from '@navarch/apimachinery';
import { done, keyOfObject, type EventRecorder, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import { recorderFor, type ControllerContext } from '../../context';
import { read, runningController, type RunningController } from '../../running-controller';
import { wakeSelf } from '../../wake-owner';
import { MANAGED_BY, SERVICE_NAME } from '../endpointslice/sync';
import { MirroringMetrics } from './mirroring-metrics';
import { MIRROR, planMirror, shouldMirror } from './sync';

const sliceKey = (namespace: string, name: string): string => `${namespace}/${name}`;
const isMirror = ({ metadata }: discoveryv1.EndpointSlice): boolean => metadata.labels?.[MANAGED_BY] === MIRROR;

/** Shows Endpoints that somebody wrote by hand as EndpointSlices, which is all that proxies read. */
export class MirroringReconciler implements Reconciler {
  readonly name = 'endpoint_slice_mirroring';
  readonly endpoints: ObjectSource<corev1.Endpoints>;
  readonly services: ObjectSource<corev1.Service>;
  readonly slices: ObjectSource<discoveryv1.EndpointSlice>;
  readonly #context: ControllerContext;
  readonly #events: EventRecorder;
  readonly #metrics: MirroringMetrics;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#metrics = new MirroringMetrics(context.registry);
    this.#events = recorderFor('endpoint-slice-mirroring-controller', context);
    this.endpoints = context.sources.informer(core.endpoints, { alwaysWatch: true });
    this.services = context.sources.informer(core.services);
    this.slices = context.sources.informer(discovery.endpointslices, {
      indexes: { mirrored: (slice) => (isMirror(slice) ? [sliceKey(slice.metadata.namespace ?? '', slice.metadata.labels?.[SERVICE_NAME] ?? '')] : []) },
    });
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const { clock } = this.#context;
    const started = clock.monotonic();
    try {
      return await this.#sync(key, signal);
    } finally {
      this.#metrics.synced(clock.monotonic() - started);
    }
  }

  async #sync(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const { api, config } = this.#context;
    const endpoints = this.endpoints.get(key);
    const slices = this.slices.byIndex('mirrored', sliceKey(key.namespace, key.name)).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const remove = (slice: discoveryv1.EndpointSlice): Promise<void> => api.delete(discovery.endpointslices, keyOfObject(slice), { signal }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
    if (!shouldMirror(endpoints, this.services.get(key))) {
      await Promise.all(slices.map(remove));
      this.#metrics.forget(sliceKey(key.namespace, key.name));
      return done;
    }
    const limit = config.mirroringMaxEndpointsPerSubset;
    const plan = planMirror(endpoints, slices, limit);
    const about = { ...endpoints, apiVersion: 'v1', kind: 'Endpoints' };
    if (plan.invalid > 0) this.#events.event(about, 'Warning', 'InvalidIPAddress', `Skipped ${plan.invalid} invalid IP addresses when mirroring to EndpointSlices`);
    if (plan.skipped > plan.invalid) {
      this.#events.event(
        about,
        'Warning',
        'TooManyAddressesToMirror',
        `A max of ${limit} addresses can be mirrored to EndpointSlices per Endpoints subset. ${plan.skipped} addresses were skipped`,
      );
    }
    try {
      await Promise.all([
        ...plan.create.map((slice) => api.create(discovery.endpointslices, slice, { signal })),
        ...plan.update.map((slice) => api.update(discovery.endpointslices, slice, { signal })),
        ...plan.remove.map(remove),
      ]);
    } catch (error) {
      if (statusCause(error, 'NamespaceTerminating') !== undefined) return done;
      throw error;
    }
    this.#metrics.applied(sliceKey(key.namespace, key.name), slices, plan, limit);
    return done;
  }
}

export function endpointSliceMirroringController(context: ControllerContext): RunningController {
  const reconciler = new MirroringReconciler(context);
  const { endpoints, services, slices } = reconciler;
  return runningController({
    reconciler,
    workers: context.config.mirroringConcurrentServiceEndpointSyncs,
    reads: [read(endpoints), read(services), read(slices)],
    watch: (controller) => {
      const wake = (slice: discoveryv1.EndpointSlice): void => {
        const name = isMirror(slice) ? slice.metadata.labels?.[SERVICE_NAME] : undefined;
        if (name !== undefined) controller.enqueue({ namespace: slice.metadata.namespace ?? '', name });
      };
      return [
        wakeSelf(endpoints, controller),
        wakeSelf(services, controller),
        slices.addHandler({ onUpdate: (previous, slice) => [previous, slice].forEach(wake), onDelete: wake }),
      ];
    },
  }, context);
}
