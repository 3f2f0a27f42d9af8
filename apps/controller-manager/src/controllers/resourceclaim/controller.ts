import { core, resource as dra, type corev1, type resourcev1 } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import { canonicalJson, done, keyOfObject, type EventRecorder, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import { recorderFor, type ControllerContext } from '../../context';
import { messageOf } from '../../errors';
import { read, runningController, type RunningController } from '../../running-controller';
import { ResourceClaimMetrics } from './resource-claim-metrics';
import { CLAIM_FINALIZER, claimsToReserve, isPodDone, planClaim, planPodClaims } from './sync';

type Claim = resourcev1.ResourceClaim;

/** Keys of pods and of claims share a queue: a prefix tells them apart. */
const POD = 'pod:';
const CLAIM = 'claim:';
const podKey = ({ namespace, name }: ObjectKey): ObjectKey => ({ namespace, name: `${POD}${name}` });
const claimKey = ({ namespace, name }: ObjectKey): ObjectKey => ({ namespace, name: `${CLAIM}${name}` });

/** Makes the claims of devices that pods bring with them, and gives back what nobody uses any more. */
export class ResourceClaimReconciler implements Reconciler {
  readonly name = 'resource_claim';
  readonly pods: ObjectSource<corev1.Pod>;
  readonly claims: ObjectSource<Claim>;
  readonly templates: ObjectSource<resourcev1.ResourceClaimTemplate>;
  readonly #context: ControllerContext;
  readonly #events: EventRecorder;
  readonly #metrics: ResourceClaimMetrics;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#events = recorderFor('resource_claim', context);
    this.pods = context.sources.informer(core.pods);
    this.claims = context.sources.informer(dra.resourceclaims);
    this.templates = context.sources.informer(dra.resourceclaimtemplates);
    this.#metrics = new ResourceClaimMetrics(context.registry, this.claims);
  }

  reconcile({ namespace, name }: ObjectKey, signal: AbortSignal): Promise<Result> {
    return name.startsWith(POD) ? this.#syncPod({ namespace, name: name.slice(POD.length) }, signal) : this.#syncClaim({ namespace, name: name.slice(CLAIM.length) }, signal);
  }

  async #syncPod(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const { api } = this.#context;
    const pod = this.pods.get(key);
    if (pod === undefined) return done;
    const { create, failures, known } = planPodClaims(pod, this.claims.list(key.namespace), (name) => this.templates.get({ namespace: key.namespace, name }));
    const names = new Map(known);
    for (const { podClaim, claim } of create) {
      const made = await this.#metrics.creating(claim, () => api.create(dra.resourceclaims, claim, { signal })).catch((error: unknown) => {
        signal.throwIfAborted();
        // Upstream names the claim here, which has no name yet.
        this.#tellFailure(pod, podClaim, `create ResourceClaim : ${messageOf(error)}`);
        throw error;
      });
      names.set(podClaim, made.metadata.name ?? '');
    }
    const resourceClaimStatuses = [...names].map(([name, resourceClaimName]) => ({ name, resourceClaimName }));
    if (names.size > 0 && canonicalJson(pod.status?.resourceClaimStatuses ?? []) !== canonicalJson(resourceClaimStatuses)) {
      await api.patch(core.pods, key, 'merge', { metadata: { uid: pod.metadata.uid }, status: { resourceClaimStatuses } }, { signal, subresource: 'status' });
    }
    for (const { podClaim, message } of failures) this.#tellFailure(pod, podClaim, message);
    if (failures.length > 0) throw new Error(`claims of pod ${key.namespace}/${key.name}: ${failures.map(({ message }) => message).join(', ')}`);
    for (const claim of claimsToReserve(pod, names, (name) => this.claims.get({ namespace: key.namespace, name }))) await this.#reserve(claim, pod, signal);
    return done;
  }

  #tellFailure(pod: corev1.Pod, podClaim: string, message: string): void {
    this.#events.event({ ...pod, apiVersion: 'v1', kind: 'Pod' }, 'Warning', 'FailedResourceClaimCreation', `PodResourceClaim ${podClaim}: ${message}`);
  }

  async #reserve(claim: Claim, { metadata: { name = '', uid = '' } }: corev1.Pod, signal: AbortSignal): Promise<void> {
    const reservedFor = [...(claim.status?.reservedFor ?? []), { resource: 'pods', name, uid }];
    await this.#context.api.updateStatus(dra.resourceclaims, { ...claim, status: { ...claim.status, reservedFor } }, { signal });
  }

  async #syncClaim(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const { api } = this.#context;
    let claim = this.claims.get(key);
    if (claim === undefined) return done;
    const users = [...(claim.status?.reservedFor ?? []), ...(claim.metadata.ownerReferences ?? []).filter(({ kind }) => kind === 'Pod')];
    const live = new Set<string>();
    for (const { name, uid } of users) if (await this.#isInUse({ namespace: key.namespace, name }, uid, signal)) live.add(uid);
    const plan = planClaim(claim, (_, uid) => live.has(uid));
    if (plan.status !== undefined) claim = await api.updateStatus(dra.resourceclaims, { ...claim, status: plan.status }, { signal });
    if (plan.dropFinalizer) {
      const finalizers = (claim.metadata.finalizers ?? []).filter((finalizer) => finalizer !== CLAIM_FINALIZER);
      await api.update(dra.resourceclaims, { ...claim, metadata: { ...claim.metadata, finalizers } }, { signal });
    }
    if (plan.remove) await api.delete(dra.resourceclaims, key, { signal, ...(claim.metadata.uid === undefined ? {} : { preconditions: { uid: claim.metadata.uid } }) }).catch(unlessGone);
    return done;
  }

  /** Devices are taken from a pod only when the apiserver says that it is gone. */
  async #isInUse(key: ObjectKey, uid: string, signal: AbortSignal): Promise<boolean> {
    const cached = this.pods.get(key);
    const pod = cached?.metadata.uid === uid ? cached : await this.#context.api.get(core.pods, key, { signal }).catch(unlessGone);
    return pod !== undefined && pod.metadata.uid === uid && !isPodDone(pod);
  }
}

function unlessGone(error: unknown): undefined {
  if (isNotFound(error)) return undefined;
  throw error;
}

export function resourceClaimController(context: ControllerContext): RunningController {
  const reconciler = new ResourceClaimReconciler(context);
  const { pods, claims, templates } = reconciler;
  return runningController({
    reconciler,
    workers: context.config.concurrentResourceClaimSyncs,
    reads: [read(pods), read(claims), read(templates)],
    watch: (controller) => {
      const claimsOf = (pod: corev1.Pod): string[] => [
        ...(pod.spec?.resourceClaims ?? []).flatMap(({ resourceClaimName }) => (resourceClaimName === undefined ? [] : [resourceClaimName])),
        ...(pod.status?.resourceClaimStatuses ?? []).flatMap(({ resourceClaimName }) => (resourceClaimName === undefined ? [] : [resourceClaimName])),
      ];
      const wakeClaims = (pod: corev1.Pod): void => {
        for (const name of claimsOf(pod)) controller.enqueue(claimKey({ namespace: pod.metadata.namespace ?? '', name }));
      };
      const wakePod = (pod: corev1.Pod): void => {
        if ((pod.spec?.resourceClaims ?? []).length > 0) controller.enqueue(podKey(keyOfObject(pod)));
      };
      /** Pods that were bound without the scheduler wait for what happens to their claims. */
      const wakeClaim = (claim: Claim): void => {
        const { namespace = '', name = '' } = claim.metadata;
        controller.enqueue(claimKey({ namespace, name }));
        for (const pod of pods.list(namespace)) if ((pod.spec?.nodeName ?? '') !== '' && claimsOf(pod).includes(name)) wakePod(pod);
      };
      return [
        pods.addHandler({
          onAdd: wakePod,
          onUpdate: (before, pod) => {
            if (!isPodDone(before) && isPodDone(pod)) wakeClaims(pod);
            if ((before.spec?.nodeName ?? '') === '' && (pod.spec?.nodeName ?? '') !== '') wakePod(pod);
          },
          onDelete: wakeClaims,
        }),
        claims.addHandler({
          onAdd: wakeClaim,
          onUpdate: (_, claim) => wakeClaim(claim),
          // One that is gone is made again, as long as its pod is there.
          onDelete: ({ metadata: { namespace = '', ownerReferences = [] } }) => {
            for (const { kind, name } of ownerReferences) if (kind === 'Pod') controller.enqueue(podKey({ namespace, name }));
          },
        }),
        templates.addHandler({
          onAdd: ({ metadata: { namespace = '', name } }) => {
            for (const pod of pods.list(namespace)) if (pod.spec?.resourceClaims?.some(({ resourceClaimTemplateName }) => resourceClaimTemplateName === name) === true) wakePod(pod);
          },
        }),
      ];
    },
  }, context);
}
