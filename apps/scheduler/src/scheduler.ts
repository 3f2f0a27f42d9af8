import { core, type corev1 } from '@navarch/api';
import { isConflict, isNotFound } from '@navarch/apimachinery';
import type { ApiClient, Informer } from '@navarch/client';
import type { Clock } from '@navarch/clock';
import type { Component, Logger } from '@navarch/component-base';
import { ClusterState, defaultPlugins, schedulePod, type PodInfo, type WeightedPlugin } from '@navarch/scheduling';
import { follow } from './follow-cluster';
import type { PodReporter } from './pod-reporter';
import type { SchedulerMetrics } from './scheduler-metrics';
import { SchedulingQueue } from './scheduling-queue';

export interface SchedulerOptions {
  /** Pods whose spec.schedulerName is this are ours. */
  readonly schedulerName: string;
  readonly plugins?: readonly WeightedPlugin[];
}

export interface SchedulerDeps {
  readonly client: ApiClient;
  readonly pods: Informer<corev1.Pod>;
  readonly nodes: Informer<corev1.Node>;
  readonly namespaces: Informer<corev1.Namespace>;
  readonly reporter: PodReporter;
  readonly metrics: SchedulerMetrics;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
}

/** Pods placed in one go before other work of the process gets its turn. */
const cyclesPerTurn = 64;
const flushEveryMs = 30_000;

/**
 * Takes pods from the queue, finds each a node and binds it. Deciding is synchronous and counts on the pod being there at once
 * (`assume`); binding goes on behind, many at a time.
 */
export class Scheduler implements Component {
  readonly name = 'scheduler';
  readonly #state = new ClusterState();
  readonly #plugins: readonly WeightedPlugin[];
  readonly #queue: SchedulingQueue;
  readonly #stop = new AbortController();
  #unfollow: (() => void) | undefined;
  #turnPlanned = false;
  #startIndex = 0;
  #running = false;
  #flush: { cancel(): void } | undefined;

  constructor(private readonly options: SchedulerOptions, private readonly deps: SchedulerDeps) {
    this.#plugins = options.plugins ?? defaultPlugins;
    this.#queue = new SchedulingQueue(deps.clock, this.#plugins, () => this.#planTurn());
    deps.metrics.watchQueue(() => this.#queue.depths);
  }

  async start(): Promise<void> {
    const { pods, nodes, namespaces } = this.deps;
    this.#unfollow = follow({ pods, nodes, namespaces }, { state: this.#state, queue: this.#queue, schedulerName: this.options.schedulerName });
    // Deciding before all is known would pile pods onto the nodes that happened to come first.
    await Promise.all([pods, nodes, namespaces].map((informer) => informer.waitForSync(this.#stop.signal)));
    this.#running = true;
    this.#planFlush();
    this.#planTurn();
  }

  stop(): Promise<void> {
    this.#running = false;
    this.#stop.abort(new Error('scheduler is stopping'));
    this.#unfollow?.();
    this.#flush?.cancel();
    return Promise.resolve();
  }

  #planFlush(): void {
    this.#flush = this.deps.clock.setTimeout(() => {
      this.#queue.flushOld();
      if (this.#running) this.#planFlush();
    }, flushEveryMs);
  }

  #planTurn(): void {
    if (this.#turnPlanned || !this.#running) return;
    this.#turnPlanned = true;
    setImmediate(() => {
      this.#turnPlanned = false;
      if (!this.#running) return;
      for (let cycle = 0; cycle < cyclesPerTurn; cycle++) if (!this.#scheduleOne()) return;
      this.#planTurn();
    });
  }

  /** One scheduling cycle; false if no pod was waiting. */
  #scheduleOne(): boolean {
    const next = this.#queue.pop();
    if (next === undefined) return false;
    const { pod, cycle, attempts, since } = next;
    const started = performance.now();
    const { placement, examined } = schedulePod(pod, this.#state, { plugins: this.#plugins, startIndex: this.#startIndex, random: this.deps.random });
    const nodes = this.#state.nodes.length;
    this.#startIndex = nodes === 0 ? 0 : (this.#startIndex + examined) % nodes;
    if (placement.kind === 'refused') {
      this.deps.metrics.attempt('unschedulable', performance.now() - started);
      this.#queue.park(pod, placement.diagnosis.refusedBy, cycle);
      this.deps.reporter.unschedulable(pod.pod, placement.diagnosis.message);
      return true;
    }
    this.#state.assume(pod, placement.node);
    void this.#bind(pod, placement.node, started, { attempts, since });
    return true;
  }

  /** Never rejects. */
  async #bind(pod: PodInfo, node: string, started: number, { attempts, since }: { attempts: number; since: number }): Promise<void> {
    const { client, log, metrics, reporter, clock } = this.deps;
    const key = { namespace: pod.namespace, name: pod.name };
    try {
      const binding: corev1.Binding = {
        apiVersion: 'v1', kind: 'Binding', metadata: { namespace: pod.namespace, name: pod.name, uid: pod.uid }, target: { apiVersion: 'v1', kind: 'Node', name: node },
      };
      await client.createSubresource(core.pods, key, 'binding', binding, { signal: this.#stop.signal });
      metrics.attempt('scheduled', performance.now() - started);
      metrics.scheduled(attempts, clock.now() - since);
      reporter.scheduled(pod.pod, node);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#state.forget(pod.uid);
      if (isNotFound(error) || (isConflict(error) && this.#boundOrGone(key, pod.uid))) {
        this.#queue.remove(pod.uid);
        return;
      }
      metrics.attempt('error', performance.now() - started);
      log.warn({ pod: key, node, err: error }, 'binding failed, the pod is tried again');
      this.#queue.retry(pod);
    }
  }

  #boundOrGone(key: { namespace: string; name: string }, uid: string): boolean {
    const current = this.deps.pods.get(key);
    return current === undefined || current.metadata.uid !== uid || (current.spec?.nodeName ?? '') !== '';
  }
}

