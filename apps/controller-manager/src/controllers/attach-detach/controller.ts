import { claimsOfPod, core, isClaimForPod, storage, type corev1, type storagev1 } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import { after, canonicalJson, done, keyOfObject, type Controller, type EventRecorder, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import { recorderFor, type ControllerContext } from '../../context';
import { unless } from '../../errors';
import { byNode } from '../../nodes';
import { read, runningController, type RunningController } from '../../running-controller';
import { byClaim, isPodTerminated, podsOfClaim } from '../../volumes/pods-of-claim';
import { AskedAttachments } from './asked-attachments';
import { attachmentMetrics } from './attachment-metrics';
import { isManaged, keepsEnded, whatMatters } from './node-facts';
import { attachTimeout, multiAttachError, planAttachments, uniqueVolumeName, type AttachPlan, type Detachment, type ForceReason } from './sync';

/** How long volumes wait for a node that is not healthy to let go of them. */
const FORCE_DETACH_MS = 360_000;
/** How long an attacher may take before pods are told that it does not answer. */
const ATTACH_TIMEOUT_MS = 120_000;
const SHORTEST_SYNC_MS = 1_000;

type Needed = Map<string, { volume: corev1.PersistentVolume; pods: corev1.Pod[] }>;
type Attachment = storagev1.VolumeAttachment;

/** Asks the attachers of CSI drivers to attach volumes to nodes whose pods need them, and to take them away. Keys are nodes. */
export class AttachDetachReconciler implements Reconciler {
  readonly name = 'attachdetach';
  readonly pods: ObjectSource<corev1.Pod>;
  readonly nodes: ObjectSource<corev1.Node>;
  readonly claims: ObjectSource<corev1.PersistentVolumeClaim>;
  readonly volumes: ObjectSource<corev1.PersistentVolume>;
  readonly attachments: ObjectSource<Attachment>;
  readonly drivers: ObjectSource<storagev1.CSIDriver>;
  readonly #context: ControllerContext;
  readonly #events: EventRecorder;
  readonly #unneededSince = new Map<string, number>();
  /** Since when attachments are waited for, or were last told of. */
  readonly #attachingSince = new Map<string, number>();
  /** By node, the volumes for which it was told that another has them. */
  readonly #toldBlocked = new Map<string, ReadonlySet<string>>();
  readonly #asked: AskedAttachments;
  /** What nodes that are gone had mounted. */
  readonly #lastInUse = new Map<string, readonly string[]>();
  readonly #onForced: (reason: ForceReason) => void;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#asked = new AskedAttachments(context.api);
    this.#events = recorderFor('attachdetach-controller', context);
    this.pods = context.sources.informer(core.pods, { indexes: { ...byNode, ...byClaim } });
    this.nodes = context.sources.informer(core.nodes);
    this.claims = context.sources.informer(core.persistentvolumeclaims);
    this.volumes = context.sources.informer(core.persistentvolumes, { indexes: { sameAs: (volume) => (volume.spec?.csi === undefined ? [] : [uniqueVolumeName(volume)]) } });
    this.drivers = context.sources.informer(storage.csidrivers);
    this.attachments = context.sources.informer(storage.volumeattachments, { indexes: {
      attachedTo: ({ spec }) => [spec.nodeName],
      volume: ({ spec }) => [spec.source.persistentVolumeName ?? ''],
    } });
    this.#onForced = attachmentMetrics(context.registry, { wanted: () => this.#wanted(), attachments: () => this.attachments.list() });
  }

  async reconcile({ name: nodeName }: ObjectKey, signal: AbortSignal): Promise<Result> {
    const { api, clock, config } = this.#context;
    const node = this.nodes.get({ namespace: '', name: nodeName });
    const needed = this.#needed(nodeName);
    await this.#asked.check((volume) => needed.has(volume), signal);
    const plan = planAttachments({
      nodeName, node, lastInUse: this.#lastInUse.get(nodeName), needed, attachments: this.attachments.byIndex('attachedTo', nodeName),
      nodesOf: (volume) => this.#nodesOf(volume),
      volume: (name) => this.volumes.get({ namespace: '', name }),
      unneededSince: (name) => this.#unneededSince.get(name), forceAfterMs: config.disableForceDetachOnTimeout ? Infinity : FORCE_DETACH_MS, nowMs: clock.now(),
    });
    this.#asked.reserve(plan.attach);
    this.#tellBlocked(nodeName, plan.blocked);
    this.#remember(nodeName, plan.waiting);
    const nextTimeoutMs = this.#tellLate(nodeName, plan.attaching);
    // The node must know first what it can no longer count on.
    let live: corev1.Node | undefined;
    if (node !== undefined && canonicalJson(node.status?.volumesAttached ?? []) !== canonicalJson(plan.volumesAttached)) {
      live = await api.patch(core.nodes, keyOfObject(node), 'merge', { status: { volumesAttached: plan.volumesAttached } }, { signal, subresource: 'status' }).catch((error: unknown) => {
        plan.attach.forEach((attachment) => this.#asked.forget(attachment));
        throw error;
      });
    }
    await Promise.all(plan.attach.map((attachment) => this.#asked.ask(attachment, signal)));
    await this.#detach(nodeName, plan.detach, live, signal);
    const syncMs = config.disableAttachDetachReconcileSync || this.attachments.byIndex('attachedTo', nodeName).length === 0 ? undefined : config.attachDetachReconcileSyncPeriod;
    // Who was promised a volume may not get it.
    const isPromised = plan.blocked.some(({ volume }) => this.#asked.nodesOf(volume.metadata.name ?? '').length > 0);
    const delays = [syncMs, plan.nextForcedMs, nextTimeoutMs, isPromised ? SHORTEST_SYNC_MS : undefined].filter((delay) => delay !== undefined);
    return delays.length > 0 ? after(Math.min(...delays)) : done;
  }

  /** A node that has begun to use a volume since the cache was filled keeps it: only the API itself can tell. */
  async #detach(nodeName: string, detachments: readonly Detachment[], live: corev1.Node | undefined, signal: AbortSignal): Promise<void> {
    const { api } = this.#context;
    if (detachments.length === 0) return;
    const mustAsk = live === undefined && detachments.some(({ isOverdue }) => !isOverdue);
    const node = mustAsk ? await api.get(core.nodes, { namespace: '', name: nodeName }, { signal }).catch(unless(isNotFound)) : live;
    const isKept = ({ inUseAs, isOverdue }: Detachment): boolean => !isOverdue && inUseAs !== undefined && node?.status?.volumesInUse?.includes(inUseAs) === true;
    await Promise.all(detachments.filter((one) => !isKept(one)).map(async ({ attachment, forced, isUnattached }) => {
      if (forced !== undefined) this.#onForced(forced);
      const { uid = '', resourceVersion = '' } = attachment.metadata;
      await api.delete(storage.volumeattachments, keyOfObject(attachment), { signal, ...(isUnattached ? { preconditions: { uid, resourceVersion } } : {}) }).catch(unless(isNotFound));
    }));
    const kept = detachments.filter(isKept);
    if (kept.length > 0) throw new Error(`node ${nodeName} still has mounted: ${kept.map(({ inUseAs }) => inUseAs).join(', ')}`);
  }

  /** Pods are told once, not as often as it is tried. */
  #tellBlocked(nodeName: string, blocked: AttachPlan['blocked']): void {
    const told = this.#toldBlocked.get(nodeName);
    for (const { volume: { metadata: { name = '' } }, pods, heldBy } of blocked) {
      if (told?.has(name) === true) continue;
      const users = heldBy.flatMap((node) => this.#needed(node).get(name)?.pods ?? []);
      for (const pod of pods) this.#tell([pod], 'Warning', 'FailedAttachVolume', multiAttachError(name, pod, users));
    }
    if (blocked.length === 0) this.#toldBlocked.delete(nodeName);
    else this.#toldBlocked.set(nodeName, new Set(blocked.map(({ volume }) => volume.metadata.name ?? '')));
  }

  /** Tells pods of attachers that do not answer; the milliseconds until the next of them has had its time, if any is waited for. */
  #tellLate(nodeName: string, attaching: AttachPlan['attaching']): number | undefined {
    const nowMs = this.#context.clock.now();
    const pending = new Set(attaching.map(({ attachment }) => attachment.metadata.name ?? ''));
    for (const { metadata: { name = '' } } of this.attachments.byIndex('attachedTo', nodeName)) if (!pending.has(name)) this.#attachingSince.delete(name);
    const left: number[] = [];
    for (const { attachment: { metadata: { name = '' } }, volume, pods } of attaching) {
      const since = this.#attachingSince.get(name) ?? nowMs;
      const isLate = nowMs - since >= ATTACH_TIMEOUT_MS;
      if (isLate) this.#tell(pods, 'Warning', 'FailedAttachVolume', `AttachVolume.Attach failed for volume ${JSON.stringify(volume.metadata.name)} : ${attachTimeout(volume)}`);
      this.#attachingSince.set(name, isLate ? nowMs : since);
      left.push(isLate ? ATTACH_TIMEOUT_MS : since + ATTACH_TIMEOUT_MS - nowMs);
    }
    return left.length > 0 ? Math.min(...left) : undefined;
  }

  /** A node has gone: what it had mounted then, it may have mounted still. */
  nodeGone({ metadata: { name = '' }, status }: corev1.Node): void {
    this.#lastInUse.set(name, status?.volumesInUse ?? []);
  }

  nodeCame({ metadata: { name = '' } }: corev1.Node): void {
    this.#lastInUse.delete(name);
  }

  attachmentSeen(attachment: Attachment): void {
    this.#asked.forget(attachment);
  }

  attachmentGone(attachment: Attachment): void {
    const { metadata: { name = '' } } = attachment;
    this.#asked.forget(attachment);
    this.#attachingSince.delete(name);
    this.#unneededSince.delete(name);
  }

  /** Tells the pods that wait for a volume what came of it. */
  tellOfAttachment(before: Attachment, { spec, status }: Attachment): void {
    const volume = spec.source.persistentVolumeName ?? '';
    const pods = this.#needed(spec.nodeName).get(volume)?.pods ?? [];
    const failure = status?.attachError?.message;
    if (before.status?.attached !== true && status?.attached === true) this.#tell(pods, 'Normal', 'SuccessfulAttachVolume', `AttachVolume.Attach succeeded for volume ${JSON.stringify(volume)} `);
    if (failure !== undefined && failure !== before.status?.attachError?.message) this.#tell(pods, 'Warning', 'FailedAttachVolume', `AttachVolume.Attach failed for volume ${JSON.stringify(volume)} : ${failure}`);
  }

  #tell(pods: readonly corev1.Pod[], type: 'Normal' | 'Warning', reason: string, message: string): void {
    for (const pod of pods) this.#events.event({ ...pod, apiVersion: 'v1', kind: 'Pod' }, type, reason, message);
  }

  #remember(nodeName: string, waiting: readonly string[]): void {
    for (const { metadata: { name = '' } } of this.attachments.byIndex('attachedTo', nodeName)) if (!waiting.includes(name)) this.#unneededSince.delete(name);
    for (const name of waiting) if (!this.#unneededSince.has(name)) this.#unneededSince.set(name, this.#context.clock.now());
  }

  #needed(nodeName: string): Needed {
    const needed: Needed = new Map();
    const node = this.nodes.get({ namespace: '', name: nodeName });
    // Of a node that is gone there may still be pods.
    if (node !== undefined && !isManaged(node)) return needed;
    for (const pod of this.pods.byIndex('node', nodeName)) {
      if (isPodTerminated(pod) && !keepsEnded(node)) continue;
      for (const { claimName, ephemeral } of claimsOfPod(pod)) {
        const claim = this.claims.get({ namespace: pod.metadata.namespace ?? '', name: claimName });
        if (claim?.status?.phase !== 'Bound' || (ephemeral && !isClaimForPod(claim, pod))) continue;
        const name = claim.spec?.volumeName ?? '';
        const volume = this.volumes.get({ namespace: '', name });
        if (volume?.spec?.csi === undefined || volume.spec.claimRef?.uid !== claim.metadata.uid || !this.#mustBeAttached(volume.spec.csi.driver)) continue;
        const known = needed.get(name) ?? { volume, pods: [] };
        known.pods.push(pod);
        needed.set(name, known);
      }
    }
    return needed;
  }

  /** Nodes that have a volume, or will have it: by any of those that stand for the same one of a driver. */
  #nodesOf(name: string): string[] {
    const volume = this.volumes.get({ namespace: '', name });
    const same = volume?.spec?.csi === undefined ? [name] : this.volumes.byIndex('sameAs', uniqueVolumeName(volume)).map(({ metadata }) => metadata.name ?? '');
    return same.flatMap((one) => [...this.attachments.byIndex('volume', one).map(({ spec }) => spec.nodeName), ...this.#asked.nodesOf(one)]);
  }

  *#wanted(): Iterable<{ node: string; volume: corev1.PersistentVolume; users: number }> {
    for (const { metadata: { name: node = '' } } of this.nodes.list()) for (const { volume, pods } of this.#needed(node).values()) yield { node, volume, users: pods.length };
  }

  #mustBeAttached(driver: string): boolean {
    return this.drivers.get({ namespace: '', name: driver })?.spec.attachRequired !== false;
  }
}

function wakeNodes(reconciler: AttachDetachReconciler, controller: Controller): (() => void)[] {
  const { pods, nodes, claims, volumes, attachments, drivers } = reconciler;
  const wakeNode = (name = ''): void => {
    if (name !== '') controller.enqueue({ namespace: '', name });
  };
  const wakePod = (pod: corev1.Pod): void => {
    if (claimsOfPod(pod).length > 0) wakeNode(pod.spec?.nodeName);
  };
  /** Whether its volumes are attached at all may be another thing now. */
  const wakeDriver = ({ metadata: { name } }: storagev1.CSIDriver): void => {
    for (const { spec } of attachments.list()) if (spec.attacher === name) wakeNode(spec.nodeName);
    pods.list().forEach(wakePod);
  };
  /** News of a claim may be here before those of its volume. */
  const wakeUsers = ({ spec }: corev1.PersistentVolume): void => {
    const claim = claims.get({ namespace: spec?.claimRef?.namespace ?? '', name: spec?.claimRef?.name ?? '' });
    if (claim !== undefined) podsOfClaim(pods, claim).forEach(wakePod);
  };
  return [
    volumes.addHandler({
      onAdd: wakeUsers,
      onUpdate: (before, volume) => {
        if (before.spec?.claimRef?.uid !== volume.spec?.claimRef?.uid) wakeUsers(volume);
      },
    }),
    pods.addHandler({
      onAdd: wakePod,
      onDelete: wakePod,
      onUpdate: (before, pod) => {
        if (before.spec?.nodeName !== pod.spec?.nodeName || isPodTerminated(before) !== isPodTerminated(pod)) wakePod(pod);
      },
    }),
    claims.addHandler({
      onUpdate: (before, claim) => {
        if (before.status?.phase === claim.status?.phase) return;
        podsOfClaim(pods, claim).forEach(wakePod);
      },
    }),
    nodes.addHandler({
      onAdd: (node) => {
        reconciler.nodeCame(node);
        wakeNode(node.metadata.name);
      },
      onUpdate: (before, node) => {
        if (whatMatters(before) !== whatMatters(node)) wakeNode(node.metadata.name);
      },
      onDelete: (node) => {
        reconciler.nodeGone(node);
        wakeNode(node.metadata.name);
      },
    }),
    attachments.addHandler({
      onAdd: (attachment) => {
        reconciler.attachmentSeen(attachment);
        wakeNode(attachment.spec.nodeName);
      },
      onUpdate: (before, attachment) => {
        reconciler.attachmentSeen(attachment);
        reconciler.tellOfAttachment(before, attachment);
        wakeNode(attachment.spec.nodeName);
      },
      onDelete: (attachment) => {
        reconciler.attachmentGone(attachment);
        wakeNode(attachment.spec.nodeName);
        // Others may wait for what was exclusively this node's.
        pods.list().forEach(wakePod);
      },
    }),
    drivers.addHandler({
      onAdd: wakeDriver,
      onUpdate: (before, driver) => {
        if (before.spec.attachRequired !== driver.spec.attachRequired) wakeDriver(driver);
      },
      onDelete: wakeDriver,
    }),
  ];
}

export function attachDetachController(context: ControllerContext): RunningController {
  if (context.config.attachDetachReconcileSyncPeriod < SHORTEST_SYNC_MS) throw new Error('duration time must be greater than one second as set via command line option reconcile-sync-loop-period');
  const reconciler = new AttachDetachReconciler(context);
  const { pods, nodes, claims, volumes, attachments, drivers } = reconciler;
  return runningController({
    reconciler,
    reads: [read(pods), read(nodes), read(claims), read(volumes), read(attachments), read(drivers)],
    watch: (controller) => wakeNodes(reconciler, controller),
  }, context);
}
