import type { KubeObject, policyv1 } from '@navarch/api';
import { ApiError, compileLabelSelector, formatTime, isConflict } from '@navarch/apimachinery';
import { remove } from './delete';
import { deleteOptions } from './delete-options';
import { get } from './get';
import type { Cached, ResourceStore } from './resource-store';
import { update } from './update';
import type { WriteContext } from './write-context';

interface Budget extends KubeObject {
  spec?: policyv1.PodDisruptionBudgetSpec;
  status?: policyv1.PodDisruptionBudgetStatus;
}

/** Upstream's limit on pods whose eviction is under way. */
const MAX_DISRUPTED_PODS = 2000;

function budgetsFor(budgets: ResourceStore, namespace: string, pod: Cached): Cached[] {
  const labels = pod.object.metadata.labels;
  return budgets.objects.list(`${budgets.prefix}${namespace}/`).filter((budget) => compileLabelSelector((budget.object as Budget).spec?.selector).matches(labels));
}

function tooMany(message: string, cause: string): ApiError {
  return new ApiError({ code: 429, reason: 'TooManyRequests', message, details: { causes: [{ reason: 'DisruptionBudget', message: cause }], retryAfterSeconds: cause.includes('still being processed') ? 10 : 0 } });
}

/** Takes one disruption off the budget. @throws tooMany */
async function spend(budgets: ResourceStore, namespace: string, budget: Cached, podName: string, context: WriteContext): Promise<void> {
  const name = budget.object.metadata.name ?? '';
  await update(budgets, {
    namespace,
    name,
    subresource: 'status',
    createsMissing: false,
    managedFieldsDone: true,
    compute: (current) => {
      const object = (current ?? budget).parse() as Budget;
      const status = (object.status ??= {} as policyv1.PodDisruptionBudgetStatus);
      const message = 'Cannot evict pod as it would violate the pod\'s disruption budget.';
      if ((status.observedGeneration ?? 0) < (object.metadata.generation ?? 0))
        throw tooMany(message, `The disruption budget ${name} is still being processed by the server.`);
      const allowed = status.disruptionsAllowed ?? 0;
      if (allowed <= 0)
        throw tooMany(message, `The disruption budget ${name} needs ${status.desiredHealthy ?? 0} healthy pods and has ${status.currentHealthy ?? 0} currently`);
      const disrupted = (status.disruptedPods ??= {});
      if (Object.keys(disrupted).length > MAX_DISRUPTED_PODS) throw new ApiError({ code: 403, reason: 'Forbidden', message: 'DisruptedPods map too big - too many evictions not confirmed by PDB controller' });
      status.disruptionsAllowed = allowed - 1;
      disrupted[podName] = formatTime(budgets.deps.clock.now());
      return object;
    },
  }, { ...context, trusted: true });
}

/** Deletes a pod if its disruption budget allows it: POST to `pods/<name>/eviction`. @throws tooMany, notFound */
export async function evict(pods: ResourceStore, budgets: ResourceStore | undefined, namespace: string, name: string, eviction: policyv1.Eviction, context: WriteContext): Promise<void> {
  const options = deleteOptions(eviction.deleteOptions ?? {});
  const pod = await get(pods, namespace, name);
  const { status, spec } = pod.object as { status?: { phase?: string; conditions?: { type: string; status: string }[] }; spec?: { nodeName?: string } };
  const finished = status?.phase === 'Succeeded' || status?.phase === 'Failed' || (status?.phase === 'Pending' && (spec?.nodeName ?? '') === '');
  if (budgets && !finished && pod.object.metadata.deletionTimestamp === undefined) {
    const matching = budgetsFor(budgets, namespace, pod);
    if (matching.length > 1) throw new ApiError({ code: 500, reason: 'InternalError', message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.' });
    const [budget] = matching;
    if (budget && !context.dryRun) await spend(budgets, namespace, budget, name, context);
  }
  try {
    await remove(pods, namespace, name, { ...options, preconditions: { ...options.preconditions, ...(pod.object.metadata.uid === undefined ? {} : { uid: pod.object.metadata.uid }) } }, context);
  } catch (error) {
    // Another pod has the name by now: the one to be evicted is gone.
    if (!isConflict(error)) throw error;
  }
}
