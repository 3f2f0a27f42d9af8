import { core, type corev1 } from '@navarch/api';
import { isAlreadyExists, statusCause } from '@navarch/apimachinery';
import { done, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { read, runningController, type RunningController } from '../../running-controller';
import { wakeSelf } from '../../wake-owner';

const defaultAccount = 'default';

/** Every namespace has a service account `default`; one that was deleted comes back. Keys are namespaces. */
export class ServiceAccountReconciler implements Reconciler {
  readonly name = 'serviceaccount';
  readonly namespaces: ObjectSource<corev1.Namespace>;
  readonly accounts: ObjectSource<corev1.ServiceAccount>;
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.namespaces = context.sources.informer(core.namespaces);
    this.accounts = context.sources.informer(core.serviceaccounts, { alwaysWatch: true });
  }

  async reconcile({ name: namespace }: ObjectKey, signal: AbortSignal): Promise<Result> {
    const found = this.namespaces.get({ namespace: '', name: namespace });
    if (found === undefined || found.status?.phase === 'Terminating' || found.metadata.deletionTimestamp !== undefined) return done;
    if (this.accounts.get({ namespace, name: defaultAccount }) !== undefined) return done;
    try {
      await this.#context.api.create(core.serviceaccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name: defaultAccount } }, { signal });
    } catch (error) {
      if (!isAlreadyExists(error) && statusCause(error, 'NamespaceTerminating') === undefined) throw error;
    }
    return done;
  }
}

export function serviceAccountController(context: ControllerContext): RunningController {
  const reconciler = new ServiceAccountReconciler(context);
  const { namespaces, accounts } = reconciler;
  return runningController({
    reconciler,
    workers: 1,
    reads: [read(namespaces), read(accounts)],
    watch: (controller) => [
      wakeSelf(namespaces, controller),
      accounts.addHandler({ onDelete: ({ metadata }) => controller.enqueue({ namespace: '', name: metadata.namespace ?? '' }) }),
    ],
  }, context);
}
