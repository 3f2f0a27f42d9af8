import { resource, type resourcev1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';
import { allocateDevices } from '../devices/allocate-devices';
import { becomeReady, waitsForDevices } from '../devices/binding-conditions';
import { DeviceLedger } from '../devices/device-ledger';
import { DevicePools } from '../devices/offered-devices';
import { reachOf } from '../devices/reach-of-devices';
import { always, refusal, type BindingContext, type FailedSearch, type PostFilterResult, type QueueingHint, type SchedulerPlugin } from '../framework';
import type { ClusterState } from '../state/cluster-state';
import type { NodeInfo } from '../state/node-info';
import type { PodInfo } from '../state/pod-info';
import { nodeSelectorMatches } from './node-selector-terms';

const finalizer = 'resource.kubernetes.io/delete-protection';
/** A claim can be in use by this many pods. */
const mostConsumers = 256;
const elsewhere = refusal('resourceclaim not available on the node', true);
const noDevices = refusal('cannot allocate all claims', true);

const usesClaim: QueueingHint = (pod, { before, after }) => [before, after].some((claim) => claim?.metadata.namespace === pod.namespace && (claimNames(pod).includes(claim.metadata.name ?? '') || freesDevices(before, after)));

/** Devices that a pod claims are chosen with its node: by class, by CEL selectors, from what drivers offer (structured parameters). */
export const dynamicResources: SchedulerPlugin = {
  name: 'DynamicResources',
  hints: { ResourceClaimAdd: usesClaim, ResourceClaimUpdate: usesClaim, ResourceClaimDelete: always, DeviceClassAdd: always, DeviceClassUpdate: always, ResourceSliceAdd: always, ResourceSliceUpdate: always, NodeAdd: always, NodeUpdateNodeLabel: always, PodUpdatePodGeneratedResourceClaim: always },
  preEnqueue: (pod, state) => {
    const claims = claimsOf(pod, state);
    return 'refused' in claims ? claims.refused : undefined;
  },
  preFilter: (pod, state) => {
    if ((pod.spec.resourceClaims ?? []).length === 0) return undefined;
    const claims = claimsOf(pod, state);
    if ('refused' in claims) return { refused: claims.refused, unresolvable: true };
    const refused = claims.map((claim) => whyUnusable(claim, pod, state)).find((reason) => reason !== undefined);
    if (refused !== undefined) return { refused, unresolvable: true };
    return (node) => {
      if (!claims.every(({ status }) => status?.allocation?.nodeSelector === undefined || nodeSelectorMatches(status.allocation.nodeSelector, node))) return elsewhere;
      return allocate(claims, node, state) === undefined ? noDevices : undefined;
    };
  },
  postFilter: giveUpDevices,
  reserve: (pod, node, state) => {
    if ((pod.spec.resourceClaims ?? []).length === 0) return undefined;
    const claims = claimsOf(pod, state);
    if ('refused' in claims) return refusal(claims.refused);
    const allocated = allocate(claims, node, state)?.map((claim) => reservedFor(claim, pod));
    if (allocated === undefined) return noDevices;
    for (const claim of allocated) state.reservations.resourceClaims.assume(claim);
    state.reservations.deviceDecisions.set(pod.uid, allocated);
    return undefined;
  },
  unreserve: (pod, state) => {
    for (const claim of state.reservations.deviceDecisions.get(pod.uid) ?? []) state.reservations.resourceClaims.forget(claim);
    state.reservations.deviceDecisions.delete(pod.uid);
  },
  worksBeforeBinding: (pod, state) => (state.reservations.deviceDecisions.get(pod.uid) ?? []).length > 0,
  preBind: async (pod, _node, context) => {
    const claims = context.state.reservations.deviceDecisions.get(pod.uid) ?? [];
    for (const claim of claims) await write(claim, context);
    await Promise.all(claims.filter(waitsForDevices).map((claim) => becomeReady(claim, pod.uid, context)));
  },
  postBind: (pod, _node, state) => void state.reservations.deviceDecisions.delete(pod.uid),
};

/** The names of the claims of a pod, as far as those made from templates are known. */
function claimNames({ spec, pod }: PodInfo): string[] {
  return (spec.resourceClaims ?? []).flatMap(({ name, resourceClaimName }) => resourceClaimName ?? pod.status?.resourceClaimStatuses?.find((status) => status.name === name)?.resourceClaimName ?? []);
}

function claimsOf(pod: PodInfo, state: ClusterState): readonly resourcev1.ResourceClaim[] | { readonly refused: string } {
  const claims: resourcev1.ResourceClaim[] = [];
  for (const { name, resourceClaimName } of pod.spec.resourceClaims ?? []) {
    const status = pod.pod.status?.resourceClaimStatuses?.find((entry) => entry.name === name);
    // A template that made no claim on purpose.
    if (resourceClaimName === undefined && status !== undefined && status.resourceClaimName === undefined) continue;
    const actual = resourceClaimName ?? status?.resourceClaimName;
    if (actual === undefined) return { refused: `pod "${pod.namespace}/${pod.name}": ResourceClaim not created yet` };
    const claim = state.reservations.resourceClaims.get({ namespace: pod.namespace, name: actual });
    if (claim === undefined) return { refused: `resourceclaim "${actual}" not found` };
    const owner = resourceClaimName === undefined ? claim.metadata.ownerReferences?.find(({ controller }) => controller === true) : undefined;
    if (owner !== undefined && owner.uid !== pod.uid) return { refused: `ResourceClaim ${pod.namespace}/${actual} was not created for pod ${pod.namespace}/${pod.name} (pod is not owner)` };
    claims.push(claim);
  }
  return claims;
}

function whyUnusable({ metadata, spec, status }: resourcev1.ResourceClaim, pod: PodInfo, state: ClusterState): string | undefined {
  if (metadata.deletionTimestamp !== undefined) return `resourceclaim "${metadata.name ?? ''}" is being deleted`;
  const users = status?.reservedFor ?? [];
  if (users.length >= mostConsumers && !users.some(({ uid }) => uid === pod.uid)) return 'resourceclaim in use';
  if (status?.allocation !== undefined) return undefined;
  for (const { name, exactly, firstAvailable = [] } of spec.devices?.requests ?? []) {
    for (const { deviceClassName } of exactly === undefined ? firstAvailable : [exactly]) {
      if (state.objects.deviceClasses.get({ namespace: '', name: deviceClassName }) === undefined) return `request ${name}: device class ${deviceClassName} does not exist`;
    }
  }
  return undefined;
}

/** Devices that nobody uses yet and that are where the pod cannot be are given up, so that others can be chosen. */
function giveUpDevices(pod: PodInfo, state: ClusterState, { diagnosis }: FailedSearch): PostFilterResult {
  const claims = claimsOf(pod, state);
  if ('refused' in claims || claims.length === 0) return { message: 'no new claims to deallocate' };
  const refusing = diagnosis.refusals.flatMap(({ plugin, node }) => (plugin === 'DynamicResources' ? (state.node(node) ?? []) : []));
  const unused = claims.find(({ status }) => {
    const selector = status?.allocation?.nodeSelector;
    return selector !== undefined && (status?.reservedFor ?? []).every(({ uid }) => uid === pod.uid) && refusing.some((node) => !nodeSelectorMatches(selector, node));
  });
  if (unused === undefined) return { message: 'still not schedulable' };
  const status = { ...unused.status };
  for (const field of ['allocation', 'reservedFor', 'devices'] as const) delete status[field];
  return { release: { ...unused, status }, message: 'deallocation of ResourceClaim completed' };
}

/** Claims with what they would be given on a node; those that have something already keep it. */
function allocate(claims: readonly resourcev1.ResourceClaim[], node: NodeInfo, state: ClusterState): readonly resourcev1.ResourceClaim[] | undefined {
  if (claims.every(({ status }) => status?.allocation !== undefined)) return claims;
  const pools = new DevicePools(state.objects.resourceSlices.list());
  const allocator = { offered: pools.offeredTo(node), ledger: new DeviceLedger(pools, state.reservations.resourceClaims.list()), classes: state.objects.deviceClasses };
  const allocated: resourcev1.ResourceClaim[] = [];
  for (const claim of claims) {
    if (claim.status?.allocation !== undefined) {
      allocated.push(claim);
      continue;
    }
    const chosen = allocateDevices(claim, allocator);
    if (chosen === undefined) return undefined;
    const nodeSelector = reachOf(chosen.devices, node.name);
    const results = [...chosen.results];
    allocated.push({ ...claim, status: { ...claim.status, allocation: { devices: { results, config: configOf(claim, results, state) }, ...(nodeSelector === undefined ? {} : { nodeSelector }) } } });
  }
  return allocated;
}

/** What drivers are told: of the class of each request, or of the alternative that was taken, and of the claim itself. */
function configOf({ spec }: resourcev1.ResourceClaim, results: readonly resourcev1.DeviceRequestAllocationResult[], state: ClusterState): resourcev1.DeviceAllocationConfiguration[] {
  const fromClasses = (spec.devices?.requests ?? []).flatMap(({ name, exactly, firstAvailable = [] }) => {
    const taken = firstAvailable.find((alternative) => results.some(({ request }) => request === `${name}/${alternative.name}`));
    const className = (exactly ?? taken)?.deviceClassName;
    const deviceClass = className === undefined ? undefined : state.objects.deviceClasses.get({ namespace: '', name: className });
    return (deviceClass?.spec.config ?? []).map((config) => ({ source: 'FromClass', requests: [taken === undefined ? name : `${name}/${taken.name}`], ...config }));
  });
  return [...fromClasses, ...(spec.devices?.config ?? []).map((config) => ({ source: 'FromClaim', ...config }))];
}

function reservedFor(claim: resourcev1.ResourceClaim, { name, uid }: PodInfo): resourcev1.ResourceClaim {
  const users = claim.status?.reservedFor ?? [];
  if (users.some((user) => user.uid === uid)) return claim;
  return { ...claim, status: { ...claim.status, reservedFor: [...users, { resource: 'pods', name, uid }] } };
}

/** A claim that has something must not go while it has it: the finalizer first, then the status. */
async function write(claim: resourcev1.ResourceClaim, { api, state, signal, now }: BindingContext): Promise<void> {
  const isProtected = claim.metadata.finalizers?.includes(finalizer) === true;
  const { metadata } = isProtected ? claim : await api.update(resource.resourceclaims, { ...claim, metadata: { ...claim.metadata, finalizers: [...(claim.metadata.finalizers ?? []), finalizer] } }, { signal });
  state.reservations.resourceClaims.assume(await api.updateStatus(resource.resourceclaims, { ...stamped(claim, now()), metadata }, { signal }));
}

function freesDevices(before: unknown, after: unknown): boolean {
  const hasDevices = (claim: unknown): boolean => (claim as resourcev1.ResourceClaim | undefined)?.status?.allocation !== undefined;
  return hasDevices(before) && !hasDevices(after);
}

/** When it was allocated, where something has to happen before it can be used. */
function stamped(claim: resourcev1.ResourceClaim, nowMs: number): resourcev1.ResourceClaim {
  const allocation = claim.status?.allocation;
  if (allocation === undefined || allocation.allocationTimestamp !== undefined || !waitsForDevices(claim)) return claim;
  return { ...claim, status: { ...claim.status, allocation: { ...allocation, allocationTimestamp: formatTime(nowMs) } } };
}
