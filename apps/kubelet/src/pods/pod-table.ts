import { type corev1 } from '@navarch/api';
import { type ApiClient, type Informer } from '@navarch/client';
import { rest, type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { isMirrorPod } from '../sources/read-manifest';
import { type StaticPods } from '../sources/static-pods';
import { type RuntimePod } from '../runtime/runtime-watcher';
import { type AdmissionCheck } from './pod-admission';
import { PodsInApi } from './pods-in-api';
import { type PodWorker } from './pod-worker';
import { type ResizeTrigger } from './resize-metrics';
import { resizeOrder } from './resize-order';
import { isStaticPod, isTerminalPhase, nameOf, namespaceOf, uidOf } from './pod-spec';
import { type RuntimeView } from './runtime-view';

export interface PodTableDeps {
  readonly nodeName: string;
  readonly client: ApiClient;
  readonly pods: Informer<corev1.Pod>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly makeWorker: (pod: corev1.Pod, view: RuntimeView | undefined) => PodWorker;
  /** What the runtime has of a pod that ran before this kubelet did. */
  readonly observe: (uid: string) => Promise<RuntimeView>;
  /** Pods the runtime had when it was last listed. */
  readonly runtimePods: () => ReadonlyMap<string, RuntimePod>;
  /** Static pods, which the API shows by mirrors only; undefined where there are none. */
  readonly statics?: Pick<StaticPods, 'has' | 'ready' | 'uidBehind'>;
  /** Decides on a pod that is new here. */
  readonly admit: AdmissionCheck;
  /** Reads anew what the node is to pods: its labels and taints may have changed a moment ago. Resolves in any case. */
  readonly refreshNode: () => Promise<void>;
  /** The runtime has a pod that the API has not. */
  readonly onOrphan?: () => void;
  /** A worker has begun, so long after its pod was first seen. */
  readonly onWorker?: (waitedMs: number) => void;
}

const confirmRetryMs = 1_000;

/**
 * The pods of this node and their workers. A pod that is missing from what the API told is ended only after a
 * consistent read has confirmed that it is gone (rules 3.9).
 */
export class PodTable {
  readonly #workers = new Map<string, PodWorker>();
  /** Workers on their way, until what the runtime has of their pods is known. */
  readonly #adopting = new Map<string, corev1.Pod>();
  /** Pods whose end all that is new waits for: the runtime had them when this kubelet began, and the API does not. */
  readonly #leaving = new Set<string>();
  readonly #held = new Map<string, corev1.Pod>();
  /** Pods that wait for the end of some others, whose room they need; nobody else does. */
  readonly #waiting = new Map<string, { pod: corev1.Pod; readonly others: Set<string> }>();
  /** Pods that there is no room for, until it is known whether those who have it are still wanted. */
  readonly #doubted = new Map<string, corev1.Pod>();
  /** When pods were first seen that have no worker yet. */
  readonly #seenAtMs = new Map<string, number>();
  /** How often containers of static pods had begun that are gone, by the pod's name: one that comes back is the same pod, and counts on. */
  readonly #counts = new Map<string, { readonly uid: string; readonly status: corev1.PodStatus }>();
  readonly #stop = new AbortController();
  readonly #api: PodsInApi;
  #unsubscribe: (() => void) | undefined;

  constructor(private readonly deps: PodTableDeps) {
    this.#api = new PodsInApi(deps, this.#stop.signal);
  }

  get workers(): PodWorker[] {
    return [...this.#workers.values()];
  }

  get(uid: string): PodWorker | undefined {
    return this.#workers.get(uid) ?? this.#workers.get(this.deps.statics?.uidBehind(uid) ?? '');
  }

  find(namespace: string, name: string): PodWorker | undefined {
    const matching = this.workers.filter(({ pod }) => pod.metadata.namespace === namespace && pod.metadata.name === name);
    return matching.find(({ pod }) => pod.metadata.deletionTimestamp === undefined) ?? matching[0];
  }

  /** What is known of a container or a sandbox: whose it is, and whether it was seen to have ended. */
  container(id: string): { readonly podUid: string; readonly ended: boolean } | undefined {
    for (const { pod, view } of this.#workers.values()) {
      const container = view.containers.find((each) => each.id === id);
      if (container) return { podUid: uidOf(pod), ended: container.state === 'exited' };
      const sandbox = view.sandboxes.find((each) => each.id === id);
      if (sandbox) return { podUid: uidOf(pod), ended: !sandbox.ready };
    }
    return undefined;
  }

  /** Follows the API; call when its first snapshot is complete. */
  start(): void {
    // What was deleted while this kubelet was away may hold what a new pod needs: it ends before any begins.
    this.#findLeftovers();
    this.#unsubscribe = this.deps.pods.addHandler({
      onAdd: (pod) => {
        if (!isMirrorPod(pod)) this.#seen(pod);
      },
      onUpdate: (previous, pod) => {
        if (isMirrorPod(pod)) return;
        // A pod of the same name may have taken the place of one that is gone.
        if (uidOf(previous) !== uidOf(pod)) this.#missed(previous);
        this.#seen(pod);
      },
      onDelete: (pod) => this.#missed(pod),
    });
    this.adoptOrphans();
  }

  /** Leaves all pods running. */
  stop(): void {
    this.#stop.abort(new Error('kubelet is stopping'));
    this.#unsubscribe?.();
    for (const worker of this.#workers.values()) worker.close();
  }

  /** Begins a static pod; false while a pod of its name is still here. */
  beginStatic(pod: corev1.Pod): boolean {
    const namesake = this.workers.find((worker) => worker.pod.metadata.name === pod.metadata.name && worker.pod.metadata.namespace === pod.metadata.namespace && !worker.done);
    // One that came back while it is being ended is begun anew when nothing of it is left.
    if (namesake) return uidOf(namesake.pod) === uidOf(pod) && !namesake.unwanted;
    const counts = this.#counts.get(fullName(pod));
    this.#counts.delete(fullName(pod));
    this.#seen({ ...pod, status: { ...pod.status, ...(counts?.uid === uidOf(pod) ? counts.status : {}) } });
    return true;
  }

  /** Ends a static pod that its source does not have any more. */
  endStatic(uid: string): void {
    this.#seenAtMs.delete(uid);
    this.#held.delete(uid);
    this.#waiting.delete(uid);
    const worker = this.#workers.get(uid);
    if (worker?.done === true) this.forget(uid);
    else worker?.remove();
  }

  /** Nothing of a pod runs any more, and all it held is free. */
  ended(uid: string): void {
    this.#left(uid);
    this.retryResizes('pods_removed');
  }

  /** Looks whether there is room now for the resizes that wait: who comes first takes what others may then not have. */
  retryResizes(trigger: ResizeTrigger): void {
    const waiting = this.workers.flatMap((worker) => (worker.waitingResize ? [{ worker, ...worker.waitingResize }] : []));
    for (const { worker } of waiting.sort(resizeOrder)) worker.tryResize(trigger);
  }

  /** The worker of a pod has ended: nothing of it is left. */
  forget(uid: string): void {
    const worker = this.#workers.get(uid);
    if (worker && isStaticPod(worker.pod)) this.#counts.set(fullName(worker.pod), { uid, status: countsOf(worker.status) });
    this.#workers.delete(uid);
    this.#left(uid);
  }

  /** Whether a pod has anything to do with this node still. */
  isWanted(uid: string): boolean {
    if (this.deps.statics && (!this.deps.statics.ready || this.deps.statics.has(uid))) return true;
    return this.#workers.has(uid) || this.#adopting.has(uid) || this.deps.pods.list().some((pod) => uidOf(pod) === uid);
  }

  /** Ends pods that the runtime has and the API does not. */
  adoptOrphans(): void {
    // A pod that no source is known to have may be one of a source that has not been read.
    if (this.deps.statics?.ready === false) return;
    for (const orphan of this.deps.runtimePods().values()) {
      if (this.#workers.has(orphan.uid) || this.#adopting.has(orphan.uid) || this.deps.statics?.has(orphan.uid) === true) continue;
      if (this.deps.pods.get(orphan)?.metadata.uid === orphan.uid) continue;
      const pod: corev1.Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: orphan.namespace, name: orphan.name, uid: orphan.uid }, spec: { containers: [], terminationGracePeriodSeconds: 1 } };
      this.#adopting.set(orphan.uid, pod);
      this.#supervise(this.#endOrphan(pod));
    }
  }

  #seen(pod: corev1.Pod): void {
    const uid = uidOf(pod);
    const worker = this.#workers.get(uid);
    if (!worker && !this.#seenAtMs.has(uid)) this.#seenAtMs.set(uid, this.deps.clock.now());
    if (worker) worker.update(pod);
    else if (this.#adopting.has(uid)) this.#adopting.set(uid, pod);
    else if (this.#doubted.has(uid)) this.#doubted.set(uid, pod);
    else if (this.#waitsFor(pod)) return;
    else if (this.deps.runtimePods().has(uid)) {
      this.#adopting.set(uid, pod);
      this.#supervise(this.#adopt(uid));
    } else if (this.#mustWait(pod)) this.#held.set(uid, pod);
    else this.#admit(pod);
  }

  /** Whether it goes on waiting for others. */
  #waitsFor(pod: corev1.Pod): boolean {
    const wait = this.#waiting.get(uidOf(pod));
    if (!wait) return false;
    wait.pod = pod;
    return pod.metadata.deletionTimestamp === undefined || !this.#waiting.delete(uidOf(pod));
  }

  /** What is deleted already has nothing to wait for. */
  #mustWait(pod: corev1.Pod): boolean {
    const wasHeld = this.#held.delete(uidOf(pod));
    return pod.metadata.deletionTimestamp === undefined && (wasHeld || (this.#leaving.size > 0 && !isStaticPod(pod)));
  }

  #findLeftovers(): void {
    const known = new Set(this.deps.pods.list().map(uidOf));
    for (const { uid } of this.deps.runtimePods().values()) if (!known.has(uid) && this.deps.statics?.has(uid) !== true && !this.#workers.has(uid)) this.#leaving.add(uid);
    if (this.deps.statics?.ready === false) this.#leaving.clear();
  }

  /** One of them has ended, or is wanted after all: with the last, what waited begins. */
  #left(uid: string): void {
    for (const [waiting, { pod, others }] of [...this.#waiting]) {
      if (!others.delete(uid) || others.size > 0) continue;
      this.#waiting.delete(waiting);
      this.#seen(pod);
    }
    if (!this.#leaving.delete(uid) || this.#leaving.size > 0) return;
    const held = [...this.#held.values()];
    this.#held.clear();
    for (const pod of held) this.#seen(pod);
  }

  #admit(pod: corev1.Pod, isConfirmed = false): void {
    const isNew = pod.status?.startTime === undefined && !isTerminalPhase(pod.status?.phase) && pod.metadata.deletionTimestamp === undefined;
    const others = isNew ? this.workers.filter((other) => other.holdsRoom).map((other) => other.held) : [];
    const verdict = isNew ? this.deps.admit(pod, others) : undefined;
    if (!verdict) {
      this.#make(pod, undefined).wake();
      return;
    }
    const doubtful = others.filter((other) => !isStaticPod(other));
    if ('after' in verdict) this.#beginAfter(pod, verdict.after);
    // What is the node's own must not wait for an API that may not be there yet.
    else if (isConfirmed || (isStaticPod(pod) && doubtful.length === 0)) this.#make(pod, undefined).reject(verdict.reason, verdict.message);
    else {
      this.#doubted.set(uidOf(pod), pod);
      this.#supervise(this.#confirmRejection(pod, doubtful));
    }
  }

  #beginAfter(pod: corev1.Pod, others: readonly string[]): void {
    this.#waiting.set(uidOf(pod), { pod, others: new Set(others) });
  }

  /** A rejection is for good: it must not be for the sake of pods that are gone, or of what the node was, when this kubelet has not heard yet. */
  async #confirmRejection(given: corev1.Pod, others: readonly corev1.Pod[]): Promise<void> {
    const uid = uidOf(given);
    const [onNode] = await Promise.all([others.length === 0 ? new Set<string>() : this.#api.onNode(), isStaticPod(given) ? undefined : this.deps.refreshNode()]);
    const pod = this.#doubted.get(uid);
    this.#doubted.delete(uid);
    if (!pod || !onNode) return;
    const gone = new Set(others.map(uidOf).filter((other) => !onNode.has(other) && this.#workers.get(other)?.stopped === false));
    const verdict = gone.size === 0 ? undefined : this.deps.admit(pod, this.workers.filter((other) => other.holdsRoom && !gone.has(uidOf(other.pod))).map((other) => other.held));
    if (gone.size === 0 || (verdict && 'reason' in verdict)) this.#admit(pod, true);
    else this.#beginAfter(pod, [...gone, ...(verdict?.after ?? [])]);
  }

  #make(pod: corev1.Pod, view: RuntimeView | undefined): PodWorker {
    const worker = this.deps.makeWorker(pod, view);
    const uid = uidOf(pod);
    this.#workers.set(uid, worker);
    const { clock, onWorker } = this.deps;
    onWorker?.(clock.now() - (this.#seenAtMs.get(uid) ?? clock.now()));
    this.#seenAtMs.delete(uid);
    return worker;
  }

  async #adopt(uid: string): Promise<void> {
    const view = await this.#observe(uid);
    const pod = this.#adopting.get(uid);
    this.#adopting.delete(uid);
    if (pod && view) this.#make(pod, view).wake();
  }

  async #endOrphan(pod: corev1.Pod): Promise<void> {
    const uid = uidOf(pod);
    const gone = await this.#api.isGone(pod);
    const view = gone ? await this.#observe(uid) : undefined;
    const known = this.#adopting.get(uid);
    this.#adopting.delete(uid);
    if (!gone || !view) {
      // It is in the API after all, and its worker was held back meanwhile.
      this.#left(uid);
      if (known && known !== pod) this.#seen(known);
      return;
    }
    this.deps.log.info({ pod }, 'ending a pod that is gone from the API');
    this.deps.onOrphan?.();
    this.#make(pod, view).remove();
  }

  #missed(pod: corev1.Pod): void {
    const uid = uidOf(pod);
    this.#seenAtMs.delete(uid);
    this.#held.delete(uid);
    this.#waiting.delete(uid);
    this.#doubted.delete(uid);
    const worker = this.#workers.get(uid);
    if (!worker) return;
    if (worker.done) this.forget(uid);
    // Nothing runs that could be ended wrongly.
    else if (worker.stopped) worker.remove();
    else this.#supervise(this.#confirmGone(pod, worker));
  }

  async #confirmGone(pod: corev1.Pod, worker: PodWorker): Promise<void> {
    if (await this.#api.isGone(pod) && !worker.done) worker.remove();
  }

  async #observe(uid: string): Promise<RuntimeView | undefined> {
    const { clock, log, observe } = this.deps;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        return await observe(uid);
      } catch (error) {
        log.warn({ err: error, uid }, 'pod could not be looked up in the runtime');
        await rest(clock, confirmRetryMs, signal);
      }
    }
    return undefined;
  }

  #supervise(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!this.#stop.signal.aborted) throw error;
    });
  }
}

const fullName = (pod: corev1.Pod): string => `${namespaceOf(pod)}/${nameOf(pod)}`;

/** What is left of a status for a pod that begins anew. */
function countsOf({ initContainerStatuses = [], containerStatuses = [] }: corev1.PodStatus): corev1.PodStatus {
  const counts = (statuses: readonly corev1.ContainerStatus[]): corev1.ContainerStatus[] => statuses.map(({ name, image, imageID, containerID, restartCount }) => ({ name, image, imageID, ...(containerID === undefined ? {} : { containerID }), restartCount, ready: false }));
  return { initContainerStatuses: counts(initContainerStatuses), containerStatuses: counts(containerStatuses) };
}
