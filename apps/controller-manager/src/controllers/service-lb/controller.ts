import { core, type corev1 } from '@navarch/api';
import { canonicalAddress, formatNamespacedName, isConflict, isNotFound } from '@navarch/apimachinery';
import { done, keyOfObject, type EventRecorder, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import { recorderFor, type ControllerContext } from '../../context';
import { messageOf } from '../../errors';
import { omit } from '../../omit';
import { read, runningController, type RunningController } from '../../running-controller';
import { wakeSelf } from '../../wake-owner';
import { addressPools, type AddressPool } from './address-pool';
import { changeEvent } from './change-events';
import { balancerAddresses, LB_FINALIZER, planBalancer } from './sync';

/**
 * Gives Services of type LoadBalancer addresses of a range that is routed to the nodes, whose proxies answer on them. What a cloud
 * does with machines of its own, the proxies of the nodes do here.
 */
export class ServiceBalancerReconciler implements Reconciler {
  readonly name = 'service';
  readonly services: ObjectSource<corev1.Service>;
  readonly nodes: ObjectSource<corev1.Node>;
  readonly #context: ControllerContext;
  readonly #pools: readonly AddressPool[];
  readonly #events: EventRecorder;
  /** By Service, what was written or may have been: the cache may show it later than the next Service asks. */
  readonly #given = new Map<string, readonly string[]>();

  /** @param ranges one of each family at most */
  constructor(context: ControllerContext, ranges: string) {
    this.#context = context;
    this.#pools = addressPools(ranges);
    this.#events = recorderFor('service-controller', context);
    this.services = context.sources.informer(core.services);
    this.nodes = context.sources.informer(core.nodes);
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const service = this.services.get(key);
    const id = formatNamespacedName(key);
    if (service === undefined) {
      this.#given.delete(id);
      return done;
    }
    const plan = planBalancer(service, this.#takenByOthers(id), this.#pools);
    switch (plan.kind) {
      case 'ensure':
        this.#given.set(id, plan.ips);
        await this.#ensure(service, plan.ips, signal);
        break;
      case 'release':
        await this.#release(service, signal);
        this.#given.delete(id);
        break;
      case 'refuse':
        this.tell(service, 'Warning', 'SyncLoadBalancerFailed', `Error syncing load balancer: failed to ensure load balancer: ${plan.message}`);
        throw new Error(`load balancer of ${key.namespace}/${key.name}: ${plan.message}`);
      case 'nothing':
    }
    return done;
  }

  #takenByOthers(id: string): ReadonlySet<string> {
    const others = this.services.list().filter((service) => formatNamespacedName(keyOfObject(service)) !== id);
    const given = [...this.#given].flatMap(([other, ips]) => (other === id ? [] : ips.map(canonicalAddress)));
    return new Set([...others.flatMap(balancerAddresses), ...given]);
  }

  async #ensure(service: corev1.Service, ips: readonly string[], signal: AbortSignal): Promise<void> {
    this.tell(service, 'Normal', 'EnsuringLoadBalancer', 'Ensuring load balancer');
    // Before anything is given: what is not known to be ours is not freed.
    const { finalizers = [] } = service.metadata;
    const held = finalizers.includes(LB_FINALIZER)
      ? service
      : await this.#telling(service, 'failed to add load balancer cleanup finalizer', signal, () =>
          this.#patchFinalizers(service, [...finalizers, LB_FINALIZER], signal),
        );
    // The address is its all the same: it leads somewhere when a node comes.
    if (!this.nodes.list().some(mayLead)) this.tell(service, 'Warning', 'UnAvailableLoadBalancer', 'There are no available nodes for LoadBalancer');
    const status: corev1.ServiceStatus = { ...held.status, loadBalancer: { ingress: ips.map((ip) => ({ ip, ipMode: 'VIP' })) } };
    await this.#telling(service, 'failed to update load balancer status', signal, () => this.#context.api.updateStatus(core.services, { ...held, status }, { signal }));
    this.tell(service, 'Normal', 'EnsuredLoadBalancer', 'Ensured load balancer');
  }

  async #release(service: corev1.Service, signal: AbortSignal): Promise<void> {
    this.tell(service, 'Normal', 'DeletingLoadBalancer', 'Deleting load balancer');
    const status: corev1.ServiceStatus = { ...omit(service.status ?? {}, 'loadBalancer'), loadBalancer: {} };
    const freed = await this.#telling(service, 'failed to update load balancer status', signal, () => this.#context.api.updateStatus(core.services, { ...service, status }, { signal }));
    const finalizers = (freed.metadata.finalizers ?? []).filter((finalizer) => finalizer !== LB_FINALIZER);
    await this.#telling(service, 'failed to remove load balancer cleanup finalizer', signal, () => this.#patchFinalizers(freed, finalizers, signal));
    this.tell(service, 'Normal', 'DeletedLoadBalancer', 'Deleted load balancer');
  }

  /** Tells of a write that failed. That the Service has changed, or is gone, is no failure: it is looked at again. */
  async #telling<T>(service: corev1.Service, what: string, signal: AbortSignal, write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      signal.throwIfAborted();
      if (!isConflict(error) && !isNotFound(error)) this.tell(service, 'Warning', 'SyncLoadBalancerFailed', `Error syncing load balancer: ${what}: ${messageOf(error)}`);
      throw error;
    }
  }

  #patchFinalizers(service: corev1.Service, finalizers: string[], signal: AbortSignal): Promise<corev1.Service> {
    const { resourceVersion = '' } = service.metadata;
    return this.#context.api.patch(core.services, keyOfObject(service), 'merge', { metadata: { finalizers, resourceVersion } }, { signal });
  }

  tell(service: corev1.Service, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#events.event({ ...service, apiVersion: 'v1', kind: 'Service' }, type, reason, message);
  }
}

const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers';
const TO_BE_DELETED = 'ToBeDeletedByClusterAutoscaler';

/** Whether load balancers may lead to a node: one that is not ready comes back (upstream's stableNodeSetPredicates). */
const mayLead = ({ metadata, spec }: corev1.Node): boolean =>
  metadata.deletionTimestamp === undefined && metadata.labels?.[EXCLUDED] === undefined && !(spec?.taints ?? []).some(({ key }) => key === TO_BE_DELETED);

/** Without a range there is nothing to give: the controller then does nothing, as upstream's without a cloud. */
export function serviceBalancerController(context: ControllerContext): RunningController {
  const { loadBalancerCidr } = context.config;
  if (loadBalancerCidr === undefined) return { name: 'service', start: () => Promise.resolve(), stop: () => Promise.resolve() };
  const reconciler = new ServiceBalancerReconciler(context, loadBalancerCidr);
  const { services, nodes } = reconciler;
  return runningController({
    reconciler,
    // One at a time: the range is shared.
    workers: 1,
    reads: [read(services), read(nodes)],
    watch: (controller) => [
      wakeSelf(services, controller),
      services.addHandler({
        onUpdate: (before, after) => {
          const told = changeEvent(before, after);
          if (told !== undefined) reconciler.tell(after, 'Normal', told.reason, told.message);
        },
      }),
    ],
  }, context);
}
