import { core, type corev1 } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import { after, done, keyOfObject, type EventRecorder, type ObjectKey, type Result } from '@navarch/reconcile';
import { Counter, Histogram } from 'prom-client';
import { recorderFor, type ControllerContext } from '../context';
import { observedIn, withDisruptionTarget } from '../disruption-condition';
import { aboutObject } from './pod-control';

/** The words in which a controller evicts. */
export interface EvictionTexts {
  /** Who speaks in events. */
  readonly component: string;
  /** Of the events. */
  readonly reason: string;
  readonly marking: (pod: string) => string;
  readonly cancelling: (pod: string) => string;
  /** Of the pod's condition DisruptionTarget. */
  readonly condition: { readonly reason: string; readonly message: string };
  /** Before `pod_deletions_total` and `pod_deletion_duration_seconds`. */
  readonly metrics: string;
  readonly help: { readonly total: string; readonly duration: string };
}

/** Pods that have to go at a time, told and counted as upstream does (pkg/controller/tainteviction and devicetainteviction). */
export class TimedEvictions {
  readonly #context: ControllerContext;
  readonly #texts: EvictionTexts;
  readonly #events: EventRecorder;
  /** Uids, by key, of pods that will have to go. */
  readonly #marked = new Map<string, string>();
  readonly #deletions: Counter;
  readonly #deletionDuration: Histogram;

  constructor(context: ControllerContext, texts: EvictionTexts) {
    this.#context = context;
    this.#texts = texts;
    this.#events = recorderFor(texts.component, context);
    const registers = [context.registry];
    this.#deletions = new Counter({ name: `${texts.metrics}_pod_deletions_total`, help: texts.help.total, registers });
    this.#deletionDuration = new Histogram({ name: `${texts.metrics}_pod_deletion_duration_seconds`, help: texts.help.duration, buckets: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 30, 60, 120, 180, 240], registers });
  }

  /** Evicts the pod if its time (milliseconds since 1970) has come, and tells of that; undefined lets it stay. The pod is undefined when it is gone. */
  async settle(key: ObjectKey, pod: corev1.Pod | undefined, atMs: number | undefined, signal: AbortSignal, evicted: () => void = () => undefined): Promise<Result> {
    const id = `${key.namespace}/${key.name}`;
    const uid = pod?.metadata.uid ?? '';
    if (pod === undefined || atMs === undefined) {
      const isReprieved = pod?.metadata.deletionTimestamp === undefined && this.#marked.get(id) === uid;
      if (pod !== undefined && isReprieved) this.#tell(pod, this.#texts.cancelling(id));
      this.#marked.delete(id);
      return done;
    }
    const nowMs = this.#context.clock.now();
    if (atMs > nowMs) {
      this.#marked.set(id, uid);
      return after(atMs - nowMs);
    }
    this.#tell(pod, this.#texts.marking(id));
    if (await this.#evict(pod, nowMs, signal)) {
      this.#deletions.inc();
      this.#deletionDuration.observe(Math.max(0, this.#context.clock.now() - atMs) / 1000);
      evicted();
    }
    this.#marked.delete(id);
    return done;
  }

  /** False: somebody else was faster. */
  async #evict(pod: corev1.Pod, nowMs: number, signal: AbortSignal): Promise<boolean> {
    const { api } = this.#context;
    const { uid } = pod.metadata;
    const { reason, message } = this.#texts.condition;
    try {
      await api.updateStatus(core.pods, { ...pod, status: { ...pod.status, ...observedIn(pod), conditions: withDisruptionTarget(pod, reason, message, nowMs) } }, { signal });
      await api.delete(core.pods, keyOfObject(pod), { signal, ...(uid === undefined ? {} : { preconditions: { uid } }) });
      return true;
    } catch (error) {
      if (!isNotFound(error)) throw error;
      return false;
    }
  }

  #tell(pod: corev1.Pod, message: string): void {
    this.#events.event(aboutObject(core.pods, pod), 'Normal', this.#texts.reason, message);
  }
}
