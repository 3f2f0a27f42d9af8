import { claimsOfPod, core, isClaimForPod, storage, type corev1, type storagev1 } from '@navarch/api';
import { isAlreadyExists, isNotFound } from '@navarch/apimachinery';
import { after, canonicalJson, done, isPodTerminal, keyOfObject, type Controller, type EventRecorder, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import { recorderFor, type ControllerContext } from '../../context';
import { byNode } from '../../nodes';
import { read, runningController, type RunningController } from '../../running-controller';
import { attachmentMetrics } from './attachment-metrics';
import { multiAttachError, planAttachments } from './sync';

/** How often a node that keeps a volume is looked at again. */
const AGAIN_MS = 60_000;

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
  readonly #onForced: (reason: 'out-of-service' | 'timeout') => void;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#events = recorderFor('attachdetach-controller', context);
    this.pods = context.sources.informer(core.pods, { indexes: byNode });
    this.nodes = context.sources.informer(core.nodes);
    this.claims = context.sources.informer(core.persistentvolumeclaims);
    this.volumes = context.sources.informer(core.persistentvolumes);
    this.drivers = context.sources.informer(storage.csidrivers);
    this.attachments = context.sources.informer(storage.volumeattachments, { indexes: {
      attachedTo: ({ spec }) => [spec.nodeName],
      volume: ({ spec }) => [spec.source.persistentVolumeName ?? ''],
    } });
    this.#onForced = attachmentMetrics(context.registry, { wanted: () => this.#wanted(), attachments: () => this.attachments.list() });
  }

  async reconcile({ name: nodeName }: ObjectKey, signal: AbortSignal): Promise<Result> {
    const { api, clock } = this.#context;
    const node = this.nodes.get({ namespace: '', name: nodeName });
    const plan = planAttachments({
      nodeName, node, needed: this.#needed(nodeName), attachments: this.attachments.byIndex('attachedTo', nodeName),
      nodesOf: (volume) => this.attachments.byIndex('volume', volume).map(({ spec }) => spec.nodeName),
      volume: (name) => this.volumes.get({ namespace: '', name }),
      unneededSince: (name) => this.#unneededSince.get(name), nowMs: clock.now(),
    });
    for (const { volume: { metadata: { name = '' } }, pods, heldBy } of plan.blocked) {
      const users = heldBy.flatMap((node) => this.#needed(node).get(name)?.pods ?? []);
      for (const pod of pods) this.#tell([pod], 'Warning', 'FailedAttachVolume', multiAttachError(name, pod, users));
    }
    this.#remember(nodeName, plan.waiting);
    // The node must know first what it can no longer count on.
    if (node !== undefined && canonicalJson(node.status?.volumesAttached ?? []) !== canonicalJson(plan.volumesAttached)) {
      await api.patch(core.nodes, keyOfObject(node), 'merge', { status: { volumesAttached: plan.volumesAttached } }, { signal, subresource: 'status' });
    }
    plan.forced.forEach(this.#onForced);
    await Promise.all([
      ...plan.attach.map((attachment) => api.create(storage.volumeattachments, attachment, { signal }).catch(unless(isAlreadyExists))),
      ...plan.detach.map((attachment) => api.delete(storage.volumeattachments, keyOfObject(attachment), { signal }).catch(unless(isNotFound))),
    ]);
    return plan.blocked.length + plan.waiting.length > 0 ? after(AGAIN_MS) : done;
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
    for (const pod of this.pods.byIndex('node', nodeName)) {
      if (isPodTerminal(pod)) continue;
      for (const { claimName, ephemeral } of claimsOfPod(pod)) {
        const claim = this.claims.get({ namespace: pod.metadata.namespace ?? '', name: claimName });
        if (claim?.status?.phase !== 'Bound' || (ephemeral && !isClaimForPod(claim, pod))) continue;
        const name = claim.spec?.volumeName ?? '';
        const volume = this.volumes.get({ namespace: '', name });
        if (volume?.spec?.csi === undefined || !this.#mustBeAttached(volume.spec.csi.driver)) continue;
        const known = needed.get(name) ?? { volume, pods: [] };
        known.pods.push(pod);
        needed.set(name, known);
      }
    }
    return needed;
  }

  *#wanted(): Iterable<{ node: string; volume: corev1.PersistentVolume }> {
    for (const { metadata: { name: node = '' } } of this.nodes.list()) for (const { volume } of this.#needed(node).values()) yield { node, volume };
  }

  #mustBeAttached(driver: string): boolean {
    return this.drivers.get({ namespace: '', name: driver })?.spec.attachRequired !== false;
  }
}

function unless(isExpected: (error: unknown) => boolean): (error: unknown) => void {
  return (error) => {
    if (!isExpected(error)) throw error;
  };
}

const keptByNode = ({ spec, status }: corev1.Node): string => canonicalJson([status?.volumesInUse, status?.volumesAttached, spec?.taints]);

function wakeNodes(reconciler: AttachDetachReconciler, controller: Controller): (() => void)[] {
  const { pods, nodes, claims, attachments } = reconciler;
  const wakeNode = (name = ''): void => {
    if (name !== '') controller.enqueue({ namespace: '', name });
  };
  const wakePod = (pod: corev1.Pod): void => {
    if (claimsOfPod(pod).length > 0) wakeNode(pod.spec?.nodeName);
  };
  return [
    pods.addHandler({
      onAdd: wakePod,
      onDelete: wakePod,
      onUpdate: (before, pod) => {
        if (before.spec?.nodeName !== pod.spec?.nodeName || isPodTerminal(before) !== isPodTerminal(pod)) wakePod(pod);
      },
    }),
    claims.addHandler({
      onUpdate: (before, claim) => {
        if (before.status?.phase === claim.status?.phase) return;
        for (const pod of pods.list(claim.metadata.namespace)) if (claimsOfPod(pod).some(({ claimName }) => claimName === claim.metadata.name)) wakePod(pod);
      },
    }),
    nodes.addHandler({
      onUpdate: (before, node) => {
        if (keptByNode(before) !== keptByNode(node)) wakeNode(node.metadata.name);
      },
      onDelete: ({ metadata }) => wakeNode(metadata.name),
    }),
    attachments.addHandler({
      onAdd: ({ spec }) => wakeNode(spec.nodeName),
      onUpdate: (before, attachment) => {
        reconciler.tellOfAttachment(before, attachment);
        wakeNode(attachment.spec.nodeName);
      },
      onDelete: ({ spec }) => {
        wakeNode(spec.nodeName);
        // Others may wait for what was exclusively this node's.
        pods.list().forEach(wakePod);
      },
    }),
  ];
}

export function attachDetachController(context: ControllerContext): RunningController {
  const reconciler = new AttachDetachReconciler(context);
  const { pods, nodes, claims, volumes, attachments, drivers } = reconciler;
  return runningController({
    reconciler,
    reads: [read(pods), read(nodes), read(claims), read(volumes), read(attachments), read(drivers)],
    watch: (controller) => wakeNodes(reconciler, controller),
  }, context);
}
