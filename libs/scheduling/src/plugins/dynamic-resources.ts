import type { resourcev1 } from '@navarch/api';
import { allocateDevices } from '../devices/allocate-devices';
import { outOfTimeAfter, ranOutOfTime } from '../devices/allocation-deadline';
import { devicesReady } from '../devices/binding-conditions';
import { claimNames, claimsOf, whyUnusable } from '../devices/claims-of-pod';
import { DeviceLedger } from '../devices/device-ledger';
import { claimOnNode, isWritten, takeBack, writeExtendedClaim, writtenClaim, type ExtendedClaim } from '../devices/extended-claim';
import { withRules } from '../devices/device-taint-rules';
import { resourcesOfClasses, type ResourceClasses } from '../devices/extended-resources';
import { poolsOf } from '../devices/offered-devices';
import { reachOf } from '../devices/reach-of-devices';
import { hasAlternatives, scoreOfAlternatives } from '../devices/score-alternatives';
import { ClaimWriter, reservedFor } from '../devices/write-claim';
import { always, normalizeToMax, refusal, type FailedSearch, type PostFilterResult, type PluginTools, type QueueingHint, type SchedulerPlugin } from '../framework';
import type { ClusterState } from '../state/cluster-state';
import type { NodeInfo } from '../state/node-info';
import type { PodInfo } from '../state/pod-info';
import { nodeSelectorMatches } from './node-selector-terms';

const elsewhere = refusal('resourceclaim not available on the node', true);
const noDevices = refusal('cannot allocate all claims', true);
const invalidPools = refusal('invalid resource pools were encountered', true);
const leftBehind = refusal('cannot schedule extended resource claim', true);

/** Devices that somebody gave up help anybody; else it is the pod's own claim that must be new or have another status. */
const usesClaim: QueueingHint = (pod, { before, after }) =>
  freesDevices(before, after) ||
  ([before, after].some((claim) => claim?.metadata.namespace === pod.namespace && claimNames(pod).includes(claim.metadata.name ?? '')) &&
    (before === undefined || JSON.stringify(statusOf(before)) !== JSON.stringify(statusOf(after))));

const statusOf = (claim: unknown): resourcev1.ResourceClaimStatus => (claim as resourcev1.ResourceClaim | undefined)?.status ?? {};

/** Upstream's DynamicResourcesArgs, in milliseconds. */
export interface DynamicResourcesArgs {
  /** How long devices may be looked for on one node; 0: as long as it takes. */
  readonly filterTimeoutMs?: number;
  /** How long a pod may wait for its devices to be made ready. */
  readonly bindingTimeoutMs?: number;
}

/**
 * Devices that a pod claims are chosen with its node: by class, by CEL selectors, from what drivers offer (structured parameters). So are those
 * of classes that stand for extended resources which it requests (KEP-5004), by a claim that is written when the node is known.
 */
export function dynamicResources({ filterTimeoutMs = 10_000, bindingTimeoutMs = 600_000 }: DynamicResourcesArgs = {}, { monotonic }: PluginTools = {}): SchedulerPlugin {
  const writer = new ClaimWriter();
  return {
    name: 'DynamicResources',
    hints: {
      ResourceClaimAdd: usesClaim, ResourceClaimUpdate: usesClaim, ResourceClaimDelete: always, DeviceClassAdd: always, DeviceClassUpdate: always, ResourceSliceAdd: always, ResourceSliceUpdate: always,
      NodeAdd: always, NodeUpdateNodeLabel: always, NodeUpdateNodeAllocatable: always, PodUpdatePodGeneratedResourceClaim: always,
    },
    preEnqueue: (pod, state) => {
      const claims = claimsOf(pod, state);
      return 'refused' in claims ? claims.refused : undefined;
    },
    preFilter: (pod, state) => {
      const resources = resourcesOfClasses(pod, state.objects.deviceClasses);
      if (resources === undefined && !hasClaims(pod)) return undefined;
      const claims = claimsOf(pod, state);
      if ('refused' in claims) return { refused: claims.refused, unresolvable: true };
      // What a former attempt chose may be of no use now: it goes, and all is chosen anew.
      if (resources !== undefined && writtenClaim(pod, state) !== undefined) return () => leftBehind;
      const refused = claims.map((claim) => whyUnusable(claim, pod, state)).find((reason) => reason !== undefined);
      if (refused !== undefined) return { refused, unresolvable: true };
      const taken = takenDevices(state);
      return (node) => {
        if (!claims.every(({ status }) => status?.allocation?.nodeSelector === undefined || nodeSelectorMatches(status.allocation.nodeSelector, node))) return elsewhere;
        try {
          if (allocate(claimsOn(node, pod, claims, resources).all, node, state, taken, outOfTimeAfter(filterTimeoutMs, monotonic)) !== undefined) return undefined;
          return poolsOf(state.objects.resourceSlices.list()).areInvalidFor(node) ? invalidPools : noDevices;
        } catch (error) {
          // Something is wrong with the claim or its class: no other node is any better. Or the search took too long, which it may not the next time.
          const message = error instanceof Error ? error.message : String(error);
          throw new Error(`running "DynamicResources" filter plugin: ${ranOutOfTime(error) ? `node ${node.name}: ` : ''}${message}`, { cause: error });
        }
      };
    },
    // Devices that one pod was given may be in reach of other nodes too.
    sign: (pod, state) => (hasClaims(pod) || resourcesOfClasses(pod, state.objects.deviceClasses) !== undefined ? undefined : []),
    postFilter: giveUpDevices,
    preScore: (pod, state) => {
      const claims = hasClaims(pod) ? claimsOf(pod, state) : [];
      if ('refused' in claims || !claims.some(hasAlternatives)) return undefined;
      const taken = takenDevices(state);
      return {
        score: (node) => (allocate(claims, node, state, taken) ?? []).reduce((sum, claim) => sum + scoreOfAlternatives(claim), 0),
        normalize: (raw) => normalizeToMax(raw, false),
      };
    },
    reserve: (pod, node, state) => {
      const resources = resourcesOfClasses(pod, state.objects.deviceClasses);
      if (resources === undefined && !hasClaims(pod)) return undefined;
      const claims = claimsOf(pod, state);
      if ('refused' in claims) return refusal(claims.refused);
      const { all, extended } = claimsOn(node, pod, claims, resources);
      const allocated = allocate(all, node, state)?.map((claim) => reservedFor(claim, pod));
      if (allocated === undefined) return noDevices;
      const [named, own] = [allocated.slice(0, claims.length), allocated[claims.length]];
      for (const claim of named) state.reservations.resourceClaims.assume(claim);
      if (named.length > 0) state.reservations.deviceDecisions.set(pod.uid, named);
      if (own !== undefined && extended !== undefined) state.reservations.extendedClaims.set(pod.uid, { ...extended, claim: own });
      return undefined;
    },
    unreserve: (pod, { reservations: { resourceClaims, deviceDecisions, extendedClaims } }) => {
      for (const claim of deviceDecisions.get(pod.uid) ?? []) resourceClaims.forget(claim);
      const own = extendedClaims.get(pod.uid)?.claim;
      if (own !== undefined) resourceClaims.forget(own);
      deviceDecisions.delete(pod.uid);
      extendedClaims.delete(pod.uid);
    },
    worksBeforeBinding: ({ uid }, { reservations: { deviceDecisions, extendedClaims } }) => deviceDecisions.has(uid) || extendedClaims.has(uid),
    preBind: async (pod, node, context) => {
      const { deviceDecisions, extendedClaims } = context.state.reservations;
      const claims = [...(deviceDecisions.get(pod.uid) ?? [])];
      for (const claim of claims) await writer.write(claim, pod, context);
      const extended = extendedClaims.get(pod.uid);
      if (extended !== undefined) claims.push(await writeExtendedClaim(pod, extended, context, (claim) => writer.write(claim, pod, context)));
      await devicesReady(claims, pod, node, context, bindingTimeoutMs);
    },
    undoPreBind: async (pod, context) => {
      const own = context.state.reservations.extendedClaims.get(pod.uid)?.claim;
      if (own !== undefined && isWritten(own)) await takeBack(pod, own, context);
    },
    postBind: ({ uid }, _node, { reservations: { deviceDecisions, extendedClaims } }) => {
      deviceDecisions.delete(uid);
      extendedClaims.delete(uid);
    },
  };
}

const hasClaims = ({ spec }: PodInfo): boolean => (spec.resourceClaims ?? []).length > 0;

/** The claims of a pod on a node: those that it names, and last the one for its extended resources where it needs that. */
function claimsOn(
  node: NodeInfo,
  pod: PodInfo,
  named: readonly resourcev1.ResourceClaim[],
  resources: ResourceClasses | undefined,
): { readonly all: readonly resourcev1.ResourceClaim[]; readonly extended?: ExtendedClaim } {
  const extended = resources === undefined ? undefined : claimOnNode(pod, node, resources);
  return extended === undefined ? { all: named } : { all: [...named, extended.claim], extended };
}

/** Devices that nobody uses yet and that are where the pod cannot be are given up, so that others can be chosen. */
function giveUpDevices(pod: PodInfo, state: ClusterState, { diagnosis }: FailedSearch): PostFilterResult {
  const claims = claimsOf(pod, state);
  const own = resourcesOfClasses(pod, state.objects.deviceClasses) === undefined ? undefined : writtenClaim(pod, state);
  if ('refused' in claims || (claims.length === 0 && own === undefined)) return { message: 'no new claims to deallocate' };
  const refusing = diagnosis.refusals.flatMap(({ plugin, node }) => (plugin === 'DynamicResources' ? (state.node(node) ?? []) : []));
  const unused = claims.find(({ status }) => {
    const selector = status?.allocation?.nodeSelector;
    return selector !== undefined && (status?.reservedFor ?? []).every(({ uid }) => uid === pod.uid) && refusing.some((node) => !nodeSelectorMatches(selector, node));
  });
  if (unused === undefined && own !== undefined) return { remove: own, message: 'deletion of ResourceClaim completed' };
  if (unused === undefined) return { message: 'still not schedulable' };
  const status = { ...unused.status };
  for (const field of ['allocation', 'reservedFor', 'devices'] as const) delete status[field];
  return { release: { ...unused, status }, message: 'deallocation of ResourceClaim completed' };
}

/** The claims that have devices already, looked up once for all nodes of a cycle, and only if somebody asks. */
function takenDevices({ reservations }: ClusterState): () => readonly resourcev1.ResourceClaim[] {
  let claims: readonly resourcev1.ResourceClaim[] | undefined;
  return () => (claims ??= reservations.claimsWithDevices());
}

/** Claims with what they would be given on a node; those that have something already keep it. */
function allocate(claims: readonly resourcev1.ResourceClaim[], node: NodeInfo, state: ClusterState, taken = takenDevices(state), goOn?: () => void): readonly resourcev1.ResourceClaim[] | undefined {
  if (claims.every(({ status }) => status?.allocation !== undefined)) return claims;
  const pools = poolsOf(state.objects.resourceSlices.list());
  const allocator = { offered: withRules(pools.offeredTo(node), state.objects.deviceTaintRules.list()), whyUnknown: pools.whyUnknownTo(node), ledger: new DeviceLedger(pools, taken()), classes: state.objects.deviceClasses, goOn };
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

function freesDevices(before: unknown, after: unknown): boolean {
  const hasDevices = (claim: unknown): boolean => (claim as resourcev1.ResourceClaim | undefined)?.status?.allocation !== undefined;
  return hasDevices(before) && !hasDevices(after);
}
