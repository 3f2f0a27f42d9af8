import { core, type corev1 } from '@navarch/api';
import { isAlreadyExists, isNotFound, isConflict } from '@navarch/apimachinery';
import { type ApiClient, type Informer } from '@navarch/client';
import { type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { Repeating } from '../gc/repeating';
import { nameOf, namespaceOf, uidOf } from '../pods/pod-spec';
import { isMirrorPod, mirrorOf, mirrors } from './read-manifest';
import { type StaticPodSource } from './static-pod-source';

export interface StaticPodsDeps {
  readonly sources: readonly StaticPodSource[];
  readonly client: ApiClient;
  readonly pods: Informer<corev1.Pod>;
  readonly node: () => { readonly name: string; readonly uid: string | undefined };
  readonly clock: Clock;
  readonly log: Logger;
  /** Begins a pod; returns false while one of its name is still being ended. */
  readonly begin: (pod: corev1.Pod) => boolean;
  /** Ends a pod that no source has any more. */
  readonly end: (uid: string) => void;
  /** One has begun again that had been ended, the same as before. */
  readonly onRestart: () => void;
  /** A mirror has come: the API is to show the pod's status. */
  readonly onMirror: (mirror: corev1.Pod, uid: string) => void;
}

const checkMs = 1_000;

/** Pods that come from files and addresses, and the mirrors by which the API shows them. */
export class StaticPods {
  readonly #bySource = new Map<string, readonly corev1.Pod[]>();
  readonly #begun = new Set<string>();
  /** Those that were ended and have not begun again. */
  readonly #ended = new Set<string>();
  readonly #periodic: Repeating;
  #unsubscribe: (() => void) | undefined;

  constructor(private readonly deps: StaticPodsDeps) {
    this.#periodic = new Repeating('mirror pods', checkMs, () => this.#sync(), deps);
  }

  /** Whether every source has been read: before that no pod of the runtime is known to be unwanted. */
  get ready(): boolean {
    return this.deps.sources.every(({ name }) => this.#bySource.has(name));
  }

  get pods(): corev1.Pod[] {
    return [...this.#bySource.values()].flat();
  }

  has(uid: string): boolean {
    return this.pods.some((pod) => uidOf(pod) === uid);
  }

  /** The uid here of the static pod that a mirror's uid in the API stands for. */
  uidBehind(mirrorUid: string): string | undefined {
    const mirror = this.deps.pods.list().find((pod) => uidOf(pod) === mirrorUid && isMirrorPod(pod));
    return mirror && this.pods.find((pod) => isNamesake(pod, mirror))?.metadata.uid;
  }

  /** The object that shows a static pod in the API now. */
  mirror(pod: corev1.Pod): corev1.Pod | undefined {
    const mirror = this.deps.pods.get({ namespace: namespaceOf(pod), name: nameOf(pod) });
    return mirror && isMirrorPod(mirror) && mirrors(mirror, pod) ? mirror : undefined;
  }

  /** Reads every source; their pods need no API to begin. */
  async start(): Promise<void> {
    if (this.deps.sources.length === 0) return;
    await Promise.all(this.deps.sources.map((source) => source.start((pods) => {
      this.#bySource.set(source.name, pods);
      this.#beginAndEnd();
    })));
    this.#unsubscribe = this.deps.pods.addHandler({ onAdd: (pod) => this.#mirrorSeen(pod), onUpdate: (_, pod) => this.#mirrorSeen(pod) });
    this.#periodic.start();
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    await Promise.all([this.#periodic.stop(), ...this.deps.sources.map((source) => source.stop())]);
  }

  #beginAndEnd(): void {
    for (const uid of this.#begun) {
      if (this.has(uid)) continue;
      this.#begun.delete(uid);
      this.#ended.add(uid);
      this.deps.end(uid);
    }
    for (const pod of this.pods) {
      if (this.#begun.has(uidOf(pod)) || !this.deps.begin(pod)) continue;
      this.#begun.add(uidOf(pod));
      if (this.#ended.delete(uidOf(pod))) this.deps.onRestart();
    }
  }

  #mirrorSeen(mirror: corev1.Pod): void {
    const pod = isMirrorPod(mirror) ? this.pods.find((candidate) => isNamesake(candidate, mirror)) : undefined;
    if (pod && mirrors(mirror, pod)) this.deps.onMirror(mirror, uidOf(pod));
  }

  async #sync(): Promise<void> {
    this.#beginAndEnd();
    if (!this.deps.pods.synced || !this.ready) return;
    for (const mirror of this.deps.pods.list().filter(isMirrorPod)) {
      if (!this.pods.some((pod) => mirrors(mirror, pod) && isNamesake(pod, mirror))) await this.#deleteMirror(mirror);
    }
    for (const pod of this.pods) {
      const { namespace, name } = { namespace: namespaceOf(pod), name: nameOf(pod) };
      if (!this.deps.pods.get({ namespace, name })) await this.#createMirror(pod);
    }
  }

  async #deleteMirror(mirror: corev1.Pod): Promise<void> {
    try {
      await this.deps.client.delete(core.pods, { namespace: namespaceOf(mirror), name: nameOf(mirror) }, { gracePeriodSeconds: 0, preconditions: { uid: uidOf(mirror) } });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  async #createMirror(pod: corev1.Pod): Promise<void> {
    try {
      this.deps.pods.observe(await this.deps.client.create(core.pods, mirrorOf(pod, this.deps.node())));
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }
}

function isNamesake(a: corev1.Pod, b: corev1.Pod): boolean {
  return nameOf(a) === nameOf(b) && namespaceOf(a) === namespaceOf(b);
}
