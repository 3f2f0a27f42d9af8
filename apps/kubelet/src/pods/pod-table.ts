import { type corev1 } from '@navarch/api';
import { rest } from '@navarch/clock';
import { isMirrorPod } from '../sources/read-manifest';
import { type RuntimePod } from '../runtime/runtime-watcher';
import { LeftoverPods } from './leftover-pods';
import { PodsInApi } from './pods-in-api';
import { PodsWaitingForRoom } from './pods-waiting-for-room';
import { type PodTableDeps } from './pod-table-deps';
import { type PodWorker } from './pod-worker';
import { type ResizeTrigger } from './resize-metrics';
import { resizeOrder } from './resize-order';
import { isStaticPod, isTerminalPhase, uidOf } from './pod-spec';
import { type RuntimeView } from './runtime-view';
import { fullName, StaticCounts } from './static-counts';

const confirmRetryMs = 1_000;

/**
 * The pods of this node and their workers. A pod that is missing from what the API told is ended only after a
 * consistent read has confirmed that it is gone (rules 3.9).
 */
export class PodTable {
  readonly #workers = new Map<string, PodWorker>();
  /** Workers on their way, until what the runtime has of their pods is known. */
  readonly #adopting = new Map<string, corev1.Pod>();
  readonly #leftovers = new LeftoverPods();
  readonly #waiting = new PodsWaitingForRoom();
  /** Pods that there is no room for, until it is known whether those who have it are still wanted. */
  readonly #doubted = new Map<string, corev1.Pod>();
  /** When pods were first seen that have no worker yet. */
  readonly #seenAtMs = new Map<string, number>();
  readonly #counts = new StaticCounts();
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
    const namesake = this.workers.find((worker) => fullName(worker.pod) === fullName(pod) && !worker.done);
    // One that came back while it is being ended is begun anew when nothing of it is left.
    if (namesake) return uidOf(namesake.pod) === uidOf(pod) && !namesake.unwanted;
    this.#seen(this.#counts.restore(pod));
    return true;
  }

  /** Ends a static pod that its source does not have any more. */
  endStatic(uid: string): void {
    this.#seenAtMs.delete(uid);
    this.#leftovers.forget(uid);
    this.#waiting.forget(uid);
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
    if (worker && isStaticPod(worker.pod)) this.#counts.keep(worker.pod, worker.status);
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
      const pod = podOfOrphan(orphan);
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
    else if (this.#waiting.update(pod)) return;
    else if (this.deps.runtimePods().has(uid)) {
      this.#adopting.set(uid, pod);
      this.#supervise(this.#adopt(uid));
    } else if (!this.#leftovers.holdsBack(pod)) this.#admit(pod);
  }

  #findLeftovers(): void {
    const { pods, runtimePods, statics } = this.deps;
    // A pod that no source is known to have may be one of a source that has not been read.
    if (statics?.ready === false) return;
    const known = new Set(pods.list().map(uidOf));
    for (const { uid } of runtimePods().values()) {
      if (!known.has(uid) && statics?.has(uid) !== true && !this.#workers.has(uid)) this.#leftovers.found(uid);
    }
  }

  /** What waited for the end of this pod begins. */
  #left(uid: string): void {
    for (const pod of this.#waiting.left(uid)) this.#seen(pod);
    for (const pod of this.#leftovers.left(uid)) this.#seen(pod);
  }

  #admit(pod: corev1.Pod, isConfirmed = false): void {
    const isNew = pod.status?.startTime === undefined && !isTerminalPhase(pod.status?.phase) && pod.metadata.deletionTimestamp === undefined;
    const others = isNew ? this.#holdingRoom() : [];
    const verdict = isNew ? this.deps.admit(pod, others) : undefined;
    if (!verdict) {
      this.#make(pod, undefined).wake();
      return;
    }
    const doubtful = others.filter((other) => !isStaticPod(other));
    if ('after' in verdict) this.#waiting.add(pod, verdict.after);
    // What is the node's own must not wait for an API that may not be there yet.
    else if (isConfirmed || (isStaticPod(pod) && doubtful.length === 0)) this.#make(pod, undefined).reject(verdict.reason, verdict.message);
    else {
      this.#doubted.set(uidOf(pod), pod);
      this.#supervise(this.#confirmRejection(pod, doubtful));
    }
  }

  /** A rejection is for good: it must not be for the sake of pods that are gone, or of what the node was, when this kubelet has not heard yet. */
  async #confirmRejection(given: corev1.Pod, others: readonly corev1.Pod[]): Promise<void> {
    const uid = uidOf(given);
    const [onNode] = await Promise.all([
      others.length === 0 ? new Set<string>() : this.#api.onNode(),
      isStaticPod(given) ? undefined : this.deps.refreshNode(),
    ]);
    const pod = this.#doubted.get(uid);
    this.#doubted.delete(uid);
    if (!pod || !onNode) return;
    const isGone = (other: string): boolean => !onNode.has(other) && this.#workers.get(other)?.stopped === false;
    const gone = new Set(others.map(uidOf).filter(isGone));
    const verdict = gone.size === 0 ? undefined : this.deps.admit(pod, this.#holdingRoom(gone));
    if (gone.size === 0 || (verdict && 'reason' in verdict)) this.#admit(pod, true);
    else this.#waiting.add(pod, [...gone, ...(verdict?.after ?? [])]);
  }

  /** Pods that count against what the node has, but for these, with all that they keep from others. */
  #holdingRoom(except: ReadonlySet<string> = new Set()): corev1.Pod[] {
    return this.workers.filter((other) => other.holdsRoom && !except.has(uidOf(other.pod))).map((other) => other.held);
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
    this.#leftovers.forget(uid);
    this.#waiting.forget(uid);
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

/** What is known of a pod that only the runtime has: enough to end it. */
function podOfOrphan({ namespace, name, uid }: RuntimePod): corev1.Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, uid }, spec: { containers: [], terminationGracePeriodSeconds: 1 } };
}
