import { networking, type networkingv1 } from '@navarch/api';
import { done, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { withFinalizer, withoutFinalizer } from '../../protection-finalizer';
import { read, runningController, type RunningController } from '../../running-controller';
import { wakeSelf } from '../../wake-owner';
import { CIDR_FINALIZER, planServiceCidr } from './sync';

/** Says of ranges of Service addresses whether they can be used, and keeps those that are in use from being deleted. */
export class ServiceCidrReconciler implements Reconciler {
  readonly name = 'service_cidr';
  readonly ranges: ObjectSource<networkingv1.ServiceCIDR>;
  readonly addresses: ObjectSource<networkingv1.IPAddress>;
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.ranges = context.sources.informer(networking.servicecidrs);
    this.addresses = context.sources.informer(networking.ipaddresses);
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const { api, clock } = this.#context;
    let range = this.ranges.get(key);
    if (range === undefined) return done;
    const others = this.ranges.list().filter(({ metadata }) => metadata.name !== key.name);
    const plan = planServiceCidr(range, others, this.addresses.list().map(({ metadata }) => metadata.name ?? ''), clock.now());
    if (plan.finalizer === 'add') range = await api.update(networking.servicecidrs, withFinalizer(range, CIDR_FINALIZER), { signal });
    if (plan.condition !== undefined) {
      const conditions = [...(range.status?.conditions ?? []).filter(({ type }) => type !== 'Ready'), plan.condition];
      await api.updateStatus(networking.servicecidrs, { ...range, status: { ...range.status, conditions } }, { signal });
    }
    if (plan.finalizer === 'remove') await api.update(networking.servicecidrs, withoutFinalizer(range, CIDR_FINALIZER), { signal });
    return done;
  }
}

export function serviceCidrController(context: ControllerContext): RunningController {
  const reconciler = new ServiceCidrReconciler(context);
  const { ranges, addresses } = reconciler;
  return runningController({
    reconciler,
    workers: 1,
    reads: [read(ranges), read(addresses)],
    watch: (controller) => {
      const wakeAll = (): void => {
        for (const range of ranges.list()) if (range.metadata.deletionTimestamp !== undefined) controller.enqueueObject(range);
      };
      return [wakeSelf(ranges, controller), ranges.addHandler({ onAdd: wakeAll, onUpdate: wakeAll }), addresses.addHandler({ onDelete: wakeAll })];
    },
  }, context);
}
