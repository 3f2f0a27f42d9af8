import type { corev1, KubeObject, policyv1 } from '@navarch/api';
import { ApiError, badRequest, compileLabelSelector, formatTime, isConflict } from '@navarch/apimachinery';
import { remove } from './delete';
import { type DeleteOptions, deleteOptions } from './delete-options';
import { type Budget, goesUncounted, needsNoBudget, spendDisruption, stillProcessing } from './disruption-budget';
import { get } from './get';
import type { Cached, ResourceStore } from './resource-store';
import { update } from './update';
import type { WriteContext } from './write-context';

type Pod = KubeObject & { spec?: corev1.PodSpec; status?: corev1.PodStatus };

/** As upstream: tried this often against other writers before the client hears of them. */
const ATTEMPTS = 20;

function budgetsFor(budgets: ResourceStore, namespace: string, pod: Cached): Cached[] {
  const labels = pod.object.metadata.labels;
  return budgets.objects.list(`${budgets.prefix}${namespace}/`).filter((budget) => compileLabelSelector((budget.object as Budget).spec?.selector).matches(labels));
}

function spend(budgets: ResourceStore, namespace: string, budget: Cached, podName: string, context: WriteContext): Promise<unknown> {
  return update(budgets, {
    namespace,
    name: budget.object.metadata.name ?? '',
    subresource: 'status',
    createsMissing: false,
    managedFieldsDone: true,
    compute: (current) => {
      const object = (current ?? budget).parse() as Budget;
      spendDisruption(object, podName, budgets.deps.clock.now());
      return object;
    },
  }, context);
}

/** Says in the pod's status why it goes, before it does; answers the pod as it is then. */
async function markTarget(pods: ResourceStore, namespace: string, pod: Cached, { preconditions }: DeleteOptions, context: WriteContext): Promise<Cached> {
  const { name = '' } = pod.object.metadata;
  const { object } = await update(pods, {
    namespace,
    name,
    subresource: 'status',
    createsMissing: false,
    ...(preconditions ? { preconditions } : {}),
    compute: (current) => withTarget((current ?? pod).parse(), formatTime(pods.deps.clock.now())),
  }, context);
  return object;
}

function withTarget(pod: Pod, now: string): Pod {
  const conditions = ((pod.status ??= {}).conditions ??= []);
  const said = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting', ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }) };
  const known = conditions.find(({ type }) => type === said.type);
  if (known) Object.assign(known, said, known.status === 'True' ? {} : { lastTransitionTime: now });
  else conditions.push({ ...said, lastTransitionTime: now });
  return pod;
}

/** How the pod may be deleted: with its version when it must not have changed since it was judged. */
type Verdict = { readonly asItIs: boolean; readonly budget: string };

async function judge(budgets: ResourceStore | undefined, namespace: string, pod: Cached, context: WriteContext): Promise<Verdict> {
  const object = pod.object as Pod;
  if (needsNoBudget(object)) return { asItIs: object.status?.phase === 'Pending' && object.metadata.deletionTimestamp === undefined, budget: '' };
  const matching = budgets ? budgetsFor(budgets, namespace, pod) : [];
  if (matching.length > 1) throw new ApiError({ code: 500, reason: '', message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.' });
  const [budget] = matching;
  if (!budgets || !budget) return { asItIs: false, budget: '' };
  const name = budget.object.metadata.name ?? '';
  if (goesUncounted(object, budget.object as Budget)) return { asItIs: true, budget: name };
  await spend(budgets, namespace, budget, object.metadata.name ?? '', context);
  return { asItIs: false, budget: name };
}

function boundTo({ asItIs }: Verdict, pod: Cached, options: DeleteOptions): DeleteOptions {
  const { uid } = pod.object.metadata;
  const version = asItIs && options.preconditions?.resourceVersion === undefined ? { resourceVersion: String(pod.resourceVersion) } : {};
  return { ...options, preconditions: { ...(uid === undefined ? {} : { uid }), ...version, ...options.preconditions } };
}

/** The version that was asked for is no longer the pod's own once its status says why it goes: upstream's addConditionAndDeletePod. */
function movedOn(options: DeleteOptions, { resourceVersion }: Cached): DeleteOptions {
  const { preconditions } = options;
  return preconditions?.resourceVersion === undefined ? options : { ...options, preconditions: { ...preconditions, resourceVersion: String(resourceVersion) } };
}

/** The stores that an eviction is about. */
export interface EvictionStores {
  readonly pods: ResourceStore;
  readonly budgets: ResourceStore | undefined;
}

/**
 * Deletes a pod if its disruption budget allows it: POST to `pods/<name>/eviction`. Admission sees the Eviction, by `validate`, and
 * not the delete. @throws tooManyRequests, notFound
 */
export async function evict(
  { pods, budgets }: EvictionStores,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  eviction: policyv1.Eviction,
  context: WriteContext,
  validate: () => void | Promise<void> = () => undefined,
): Promise<void> {
  if ((eviction.metadata.name ?? '') !== name) throw badRequest('name in URL does not match name in Eviction object');
  const body = deleteOptions(eviction.deleteOptions ?? {});
  const options = { ...body, dryRun: body.dryRun || context.dryRun };
  const mine: WriteContext = { ...context, dryRun: options.dryRun, trusted: true };
  await get(pods, namespace, name);
  await validate();
  for (let attempt = 1; ; attempt++) {
    const pod = await get(pods, namespace, name);
    const verdict = await judge(budgets, namespace, pod, mine);
    try {
      const bound = boundTo(verdict, pod, options);
      await remove(pods, namespace, name, options.dryRun ? bound : movedOn(bound, await markTarget(pods, namespace, pod, bound, mine)), mine);
      return;
    } catch (error) {
      if (!isConflict(error)) throw error;
      if (body.preconditions?.resourceVersion !== undefined || body.preconditions?.uid !== undefined) throw error;
      if (verdict.asItIs && verdict.budget !== '') throw stillProcessing(verdict.budget);
      // Another pod has the name by now: the one to be evicted is gone.
      if (verdict.budget !== '') return;
      if (attempt >= ATTEMPTS) throw error;
    }
  }
}
