import { core, type corev1 } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import { isPodTerminal, keyOfObject } from '@navarch/reconcile';
import { Counter } from 'prom-client';
import type { ControllerContext } from '../../context';
import { observedIn, withDisruptionTarget } from '../../disruption-condition';
import { repeat } from '../../repeat';
import type { RunningController } from '../../running-controller';
import { planPodGc } from './sync';

const PERIOD_MS = 20_000;
/** A node that is replaced may be back under its name: its pods are given this long. */
const QUARANTINE_MS = 40_000;

type GcReason = 'orphaned' | 'out-of-service' | 'terminated' | 'unscheduled';

/** Removes pods that nobody else removes: of nodes that are gone or out of service, and terminated ones when there are too many. */
export class PodGarbageCollector implements RunningController {
  readonly name = 'pod-garbage-collector-controller';
  readonly #context: ControllerContext;
  readonly #pods;
  readonly #nodes;
  readonly #stopping = new AbortController();
  /** Nodes that were missed, and since when. */
  #missingSince = new Map<string, number>();
  #running: Promise<void> | undefined;
  readonly #deleted: Counter<'namespace' | 'reason'>;
  readonly #errors: Counter<'namespace' | 'reason'>;

  constructor(context: ControllerContext) {
    this.#context = context;
    const common = { labelNames: ['namespace', 'reason'] as const, registers: [context.registry] };
    this.#deleted = new Counter({ ...common, name: 'pod_gc_collector_force_delete_pods_total', help: 'Number of pods that are being forcefully deleted since the Pod GC Controller started.' });
    this.#errors = new Counter({ ...common, name: 'pod_gc_collector_force_delete_pod_errors_total', help: 'Number of errors encountered when forcefully deleting the pods since the Pod GC Controller started.' });
    this.#pods = context.sources.informer(core.pods);
    this.#nodes = context.sources.informer(core.nodes);
  }

  async start(): Promise<void> {
    const { signal } = this.#stopping;
    await Promise.all([this.#pods, this.#nodes].map((source) => source.waitForSync(signal)));
    this.#running = repeat(this.name, PERIOD_MS, () => this.#collect(signal), this.#context, signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error(`${this.name} stopped`));
    await this.#running;
  }

  async #collect(signal: AbortSignal): Promise<void> {
    const { config } = this.#context;
    const plan = planPodGc({ pods: this.#pods.list(), node: (name) => this.#nodes.get({ namespace: '', name }), terminatedThreshold: config.terminatedPodGcThreshold });
    const gone = await this.#goneNodes(plan.orphaned, signal);
    const now = this.#context.clock.now();
    await Promise.all([
      ...plan.terminated.map((pod) => this.#remove(pod, 'terminated', signal)),
      ...plan.unscheduled.map((pod) => this.#failAndRemove(pod, 'unscheduled', signal)),
      ...plan.outOfService.map((pod) => this.#failAndRemove(pod, 'out-of-service', signal)),
      ...plan.orphaned.filter(({ spec }) => gone.has(spec?.nodeName ?? '')).map((pod) => this.#failAndRemove(pod, 'orphaned', signal, withDisruptionTarget(pod, 'DeletionByPodGC', 'PodGC: node no longer exists', now))),
    ]);
  }

  /** Missing for long enough, and not to be found at the apiserver either. */
  async #goneNodes(orphans: readonly corev1.Pod[], signal: AbortSignal): Promise<Set<string>> {
    const now = this.#context.clock.monotonic();
    const missing = new Set(orphans.map(({ spec }) => spec?.nodeName ?? ''));
    this.#missingSince = new Map([...missing].map((name) => [name, this.#missingSince.get(name) ?? now]));
    const gone = new Set<string>();
    for (const [name, since] of this.#missingSince) {
      if (now - since < QUARANTINE_MS) continue;
      try {
        await this.#context.api.get(core.nodes, { namespace: '', name }, { signal });
      } catch (error) {
        if (!isNotFound(error)) throw error;
        gone.add(name);
      }
    }
    return gone;
  }

  /** A finalizer may hold the pod: who waits for its end, a Job for example, must see that it has ended. */
  async #failAndRemove(pod: corev1.Pod, reason: GcReason, signal: AbortSignal, conditions = pod.status?.conditions): Promise<void> {
    if (!isPodTerminal(pod)) await this.#context.api.updateStatus(core.pods, { ...pod, status: { ...pod.status, ...observedIn(pod), phase: 'Failed', ...(conditions === undefined ? {} : { conditions }) } }, { signal }).catch(unlessGone);
    await this.#remove(pod, reason, signal);
  }

  async #remove(pod: corev1.Pod, reason: GcReason, signal: AbortSignal): Promise<void> {
    const { uid, namespace = '' } = pod.metadata;
    this.#deleted.inc({ namespace, reason });
    await this.#context.api.delete(core.pods, keyOfObject(pod), { signal, gracePeriodSeconds: 0, ...(uid === undefined ? {} : { preconditions: { uid } }) }).catch((error: unknown) => {
      if (!isNotFound(error)) this.#errors.inc({ namespace, reason });
      unlessGone(error);
    });
  }
}

function unlessGone(error: unknown): undefined {
  if (isNotFound(error)) return undefined;
  throw error;
}

export const podGarbageCollector = (context: ControllerContext): RunningController => new PodGarbageCollector(context);
