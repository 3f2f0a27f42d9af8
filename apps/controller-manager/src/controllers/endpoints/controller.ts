import { core, type corev1 } from '@navarch/api';
import { isNotFound, statusCause } from '@navarch/apimachinery';
import { done, type EventRecorder, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import { recorderFor, type ControllerContext } from '../../context';
import { messageOf } from '../../errors';
import { read, runningController, type RunningController } from '../../running-controller';
import { byLabel, hasManagedEndpoints, podsOfService, wakeServicesOfPods } from '../../services/service-pods';
import { TriggerTimes } from '../../services/trigger-times';
import { wakeSelf } from '../../wake-owner';
import { planEndpoints } from './sync';

/** Written by leader elections of old: not ours to touch. */
const LEADER_ANNOTATION = 'control-plane.alpha.kubernetes.io/leader';

/** Keeps the Endpoints of Services that select pods, for clients that do not know EndpointSlices. */
export class EndpointsReconciler implements Reconciler {
  readonly name = 'endpoint';
  readonly services: ObjectSource<corev1.Service>;
  readonly pods: ObjectSource<corev1.Pod>;
  readonly endpoints: ObjectSource<corev1.Endpoints>;
  readonly #context: ControllerContext;
  readonly #events: EventRecorder;
  readonly #triggers = new TriggerTimes();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#events = recorderFor('endpoint-controller', context);
    this.services = context.sources.informer(core.services);
    this.pods = context.sources.informer(core.pods, { indexes: byLabel });
    this.endpoints = context.sources.informer(core.endpoints, { alwaysWatch: true });
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const { api } = this.#context;
    const service = this.services.get(key);
    const current = this.endpoints.get(key);
    const id = `${key.namespace}/${key.name}`;
    if (service === undefined) {
      this.#triggers.forget(id);
      if (current !== undefined && !isForeign(current)) await api.delete(core.endpoints, key, { signal }).catch(unlessGone);
      return done;
    }
    if (!hasManagedEndpoints(service)) return done;
    const pods = podsOfService(this.pods, service);
    const action = planEndpoints(service, pods, current, this.#triggers.lookedAt(id, service, pods));
    try {
      if (action?.kind === 'create') await api.create(core.endpoints, action.endpoints, { signal });
      else if (action?.kind === 'update') await api.update(core.endpoints, action.endpoints, { signal });
    } catch (error) {
      if (statusCause(error, 'NamespaceTerminating') !== undefined) return done;
      const [reason, verb] = action?.kind === 'create' ? ['FailedToCreateEndpoint', 'create endpoint for service'] : ['FailedToUpdateEndpoint', 'update endpoint'];
      this.#events.event({ ...(current ?? { metadata: key }), apiVersion: 'v1', kind: 'Endpoints' }, 'Warning', reason, `Failed to ${verb} ${id}: ${messageOf(error)}`);
      throw error;
    }
    return done;
  }
}

function isForeign({ metadata }: corev1.Endpoints): boolean {
  return metadata.annotations?.[LEADER_ANNOTATION] !== undefined;
}

function unlessGone(error: unknown): void {
  if (!isNotFound(error)) throw error;
}

export function endpointsController(context: ControllerContext): RunningController {
  const reconciler = new EndpointsReconciler(context);
  const { services, pods, endpoints } = reconciler;
  return runningController({
    reconciler,
    workers: context.config.concurrentEndpointSyncs,
    reads: [read(services), read(pods), read(endpoints)],
    watch: (controller) => [
      wakeSelf(services, controller),
      wakeServicesOfPods(pods, services, controller),
      endpoints.addHandler({
        // Left over from a Service that went while nobody looked; those without a selector are their maker's.
        onAdd: (object) => {
          const managed = object.metadata.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller';
          if (managed && services.get({ namespace: object.metadata.namespace ?? '', name: object.metadata.name ?? '' }) === undefined) controller.enqueueObject(object);
        },
        onDelete: (object) => controller.enqueueObject(object),
      }),
    ],
  }, context);
}
