import { core, resource, type corev1, type resourcev1 } from '@navarch/api';
import { isConflict, isNotFound } from '@navarch/apimachinery';
import type { BindingContext } from '../framework';
import type { ClusterState } from '../state/cluster-state';
import type { NodeInfo } from '../state/node-info';
import type { PodInfo } from '../state/pod-info';
import { asDevicesOn, deviceRequests, type ResourceClasses } from './extended-resources';

type Claim = resourcev1.ResourceClaim;

/** Marks the one claim that stands for all extended resources of its pod. */
const annotation = 'resource.kubernetes.io/extended-resource-claim';
export const claimFinalizer = 'resource.kubernetes.io/delete-protection';
/** No name of an object: the claim is not written yet. */
const unwritten = '<extended-resources>';
/** As upstream's AssumeExtendedResourceTimeoutDefaultSeconds. */
const seenTimeoutMs = 120_000;
const mostAttempts = 5;

/** A claim for the extended resources of a pod, from the decision until the binding. */
export interface ExtendedClaim {
  readonly claim: Claim;
  readonly mappings: readonly corev1.ContainerExtendedResourceRequest[];
}

/** The claim that a former attempt left behind. */
export function writtenClaim({ uid, namespace }: PodInfo, state: ClusterState): Claim | undefined {
  return state.objects.resourceClaims
    .list(namespace)
    .find(
      ({ metadata }) =>
        metadata.annotations?.[annotation] === 'true' && metadata.ownerReferences?.some((owner) => owner.controller === true && owner.uid === uid),
    );
}

/** The claim that a pod needs on a node; undefined if the node's device plug-ins have all that it wants. */
export function claimOnNode({ namespace, name, uid, spec }: PodInfo, node: NodeInfo, resources: ResourceClasses): ExtendedClaim | undefined {
  const wanted = asDevicesOn(node, resources);
  if (wanted.size === 0) return undefined;
  const { requests, mappings } = deviceRequests(spec, wanted);
  return {
    mappings,
    claim: {
      metadata: {
        namespace, name: unwritten, generateName: `${name}-extended-resources-`, uid: `extended-resources-${uid}`, annotations: { [annotation]: 'true' },
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid, controller: true }],
      },
      spec: { devices: { requests: [...requests] } },
    },
  };
}

export const isWritten = ({ metadata }: Claim): boolean => metadata.name !== unwritten;

/** Writes the claim without what it was given, which is for `writeStatus`, and tells the pod's status of it. The claim as it is in the end. */
export async function writeExtendedClaim(pod: PodInfo, { claim, mappings }: ExtendedClaim, context: BindingContext, writeStatus: (claim: Claim) => Promise<Claim>): Promise<Claim> {
  const { api, state, signal, until, listener } = context;
  const { namespace = '', generateName = '', annotations = {}, ownerReferences = [] } = claim.metadata;
  // With the finalizer from the start: it is given devices at once.
  const made = await announced(
    api.create(
      resource.resourceclaims,
      {
        apiVersion: 'resource.k8s.io/v1',
        kind: 'ResourceClaim',
        metadata: { namespace, generateName, annotations, ownerReferences, finalizers: [claimFinalizer] },
        spec: claim.spec,
      },
      { signal },
    ),
    listener,
  );
  const given = { ...claim, metadata: made.metadata };
  state.reservations.extendedClaims.set(pod.uid, { claim: given, mappings });
  const written = await writeStatus(given);
  state.reservations.extendedClaims.set(pod.uid, { claim: written, mappings });
  // From then on what the caches show counts.
  const key = { namespace, name: written.metadata.name ?? '' };
  await until(() => state.objects.resourceClaims.get(key) !== undefined, seenTimeoutMs);
  const status = { extendedResourceClaimStatus: { resourceClaimName: key.name, requestMappings: mappings } };
  await api.patch(core.pods, { namespace, name: pod.name }, 'strategic', { metadata: { uid: pod.uid }, status }, { subresource: 'status', signal });
  return written;
}

async function announced<T>(creation: Promise<T>, listener: BindingContext['listener']): Promise<T> {
  try {
    const created = await creation;
    listener?.claimCreated(true);
    return created;
  } catch (error) {
    listener?.claimCreated(false);
    throw error;
  }
}

/** Deletes the claim of a binding that came to nothing; not of one that came about though its answer was lost. */
export async function takeBack({ namespace, name, uid }: PodInfo, claim: Claim, { api, signal }: Pick<BindingContext, 'api' | 'signal'>): Promise<void> {
  try {
    const pod = await api.get(core.pods, { namespace, name }, { signal });
    if (pod.metadata.uid === uid && (pod.spec?.nodeName ?? '') !== '') return;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  await deleteClaim(claim, { api, signal });
}

/** Deletes a claim that is protected because it has devices. */
export async function deleteClaim({ metadata: { namespace = '', name = '', uid } }: Claim, { api, signal }: Pick<BindingContext, 'api' | 'signal'>): Promise<void> {
  const key = { namespace, name };
  try {
    for (let attempt = 1; ; attempt++) {
      const current = await api.get(resource.resourceclaims, key, { signal });
      if (current.metadata.uid !== uid) return;
      const finalizers = (current.metadata.finalizers ?? []).filter((finalizer) => finalizer !== claimFinalizer);
      try {
        if (finalizers.length !== current.metadata.finalizers?.length) await api.update(resource.resourceclaims, { ...current, metadata: { ...current.metadata, finalizers } }, { signal });
        break;
      } catch (error) {
        if (!isConflict(error) || attempt === mostAttempts) throw error;
      }
    }
    await api.delete(resource.resourceclaims, key, { ...(uid === undefined ? {} : { preconditions: { uid } }), signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
