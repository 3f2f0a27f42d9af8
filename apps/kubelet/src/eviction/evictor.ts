import { type corev1 } from '@navarch/api';
import { type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { type runtimev1 } from '@navarch/proto';
import { type EventSink } from '../events/event-sink';
import { type Rejection } from '../pods/admit-pod';
import { isCritical } from '../pods/critical-pod';
import { qosClass } from '../pods/qos-class';
import { type PodDirectories } from '../volumes/pod-directories';
import { withContainerThresholds } from './container-thresholds';
import { type DiskLayout } from './disk-layout';
import { diskShare, type DiskShare } from './disk-share';
import { evictionMessage } from './eviction-message';
import { exceededStorage, limitsStorage } from './local-storage';
import { assessPressure, noPressure, resourceOf, type Levels, type PressureCondition, type PressureState } from './pressure';
import { rankPods, type Candidate } from './rank-pods';
import { readUsage } from './read-usage';
import { type Threshold } from './thresholds';

export interface EvictorOptions {
  readonly thresholds: readonly Threshold[];
  /** Upstream's --eviction-pressure-transition-period. */
  readonly transitionMs: number;
  /** Upstream's --eviction-max-pod-grace-period: the most a pod evicted by a soft threshold gets. */
  readonly maxGraceSeconds: number;
  /** Whether pods are held to what they may write; they are where it is not given. */
  readonly isolatesLocalStorage?: boolean;
}

/** A pod that can be given up. */
export interface EvictablePod {
  readonly pod: corev1.Pod;
  /** How many processes its containers have. */
  readonly processes: () => Promise<number>;
  /** `disruption`: it ends for the node's sake, and is not to blame itself. */
  readonly evict: (message: string, graceSeconds: number, disruption: boolean) => void;
}

export interface EvictorDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventSink;
  readonly directories: PodDirectories;
  readonly levels: () => Promise<Levels>;
  /** Asked once: file systems stay where they are. */
  readonly layout: () => Promise<DiskLayout>;
  readonly stats: () => Promise<readonly runtimev1.ContainerStats[]>;
  /** Pods that run here and are not being ended. */
  readonly pods: () => readonly EvictablePod[];
  /** Frees disk without harm: dead containers, unused images, or both. */
  readonly reclaimDisk: (what: Pick<DiskShare, 'layers' | 'images'>) => Promise<void>;
  /** The node's conditions have changed. */
  readonly onConditions: () => void;
  /** A pod is given up, because of this signal. `ageMs`: how long ago what it was decided by was read. */
  readonly onEvicted: (signal: string, ageMs: number) => void;
}

/** Keeps the node from running out: tells of pressure, frees what nobody needs, and gives up pods one at a time. */
export class Evictor {
  #state: PressureState = noPressure;
  #conditions: readonly PressureCondition[] = [];
  #inForce: { readonly thresholds: readonly Threshold[]; readonly layout: DiskLayout } | undefined;

  constructor(private readonly options: EvictorOptions, private readonly deps: EvictorDeps) {}

  get conditions(): readonly PressureCondition[] {
    return this.#conditions;
  }

  /** Why a pod may not begin now. */
  admit(pod: corev1.Pod): Rejection | undefined {
    if (this.#conditions.length === 0 || isCritical(pod)) return undefined;
    // One that is short of memory only still takes pods that have asked for theirs.
    const onlyMemory = this.#conditions.length === 1 && this.#conditions[0] === 'MemoryPressure';
    if (onlyMemory && (qosClass(pod) !== 'BestEffort' || tolerates(pod, 'node.kubernetes.io/memory-pressure'))) return undefined;
    return { reason: 'Evicted', message: `Pod was rejected: The node had condition: [${this.#conditions.join(', ')}]. ` };
  }

  /** One look: at the node, and at pods that limit what they write. */
  async look(): Promise<void> {
    const { deps } = this;
    const { clock } = deps;
    if (this.options.isolatesLocalStorage !== false) await this.#evictByLimits();
    const { thresholds, layout } = await this.#read();
    let readAtMs = clock.now();
    let levels = await deps.levels();
    let pressure = assessPressure(thresholds, levels, this.#state, clock.now(), this.options.transitionMs);
    this.#settle(pressure);
    if (pressure.act.length === 0) return;
    if (pressure.act.every(({ signal }) => resourceOf(signal) !== 'memory' && resourceOf(signal) !== 'pids')) {
      deps.log.warn({ signals: pressure.act.map(({ signal }) => signal) }, 'node runs low on disk: removing what is not used');
      const shares = pressure.act.map(({ signal }) => diskShare(signal, layout));
      // What could not be removed keeps nobody from being evicted.
      await deps
        .reclaimDisk({ layers: shares.some(({ layers }) => layers), images: shares.some(({ images }) => images) })
        .catch((error: unknown) => deps.log.warn({ err: error }, 'not all that is not used could be removed'));
      readAtMs = clock.now();
      levels = await deps.levels();
      pressure = assessPressure(thresholds, levels, pressure.state, clock.now(), this.options.transitionMs);
      this.#settle(pressure);
    }
    const [threshold] = pressure.act;
    if (threshold) await this.#evictOne(threshold, levels, layout, readAtMs);
  }

  async #read(): Promise<{ readonly thresholds: readonly Threshold[]; readonly layout: DiskLayout }> {
    if (this.#inForce) return this.#inForce;
    const layout = await this.deps.layout();
    const { thresholds, ignored } = withContainerThresholds(this.options.thresholds, layout);
    if (ignored.length > 0) this.deps.log.warn({ ignored }, 'found conflicting containerfs eviction thresholds');
    return this.#inForce = { thresholds, layout };
  }

  #settle({ state, conditions }: { readonly state: PressureState; readonly conditions: readonly PressureCondition[] }): void {
    this.#state = state;
    const changed = conditions.join() !== this.#conditions.join();
    this.#conditions = conditions;
    if (changed) this.deps.onConditions();
  }

  async #evictOne(threshold: Threshold, levels: Levels, layout: DiskLayout, readAtMs: number): Promise<void> {
    const { log, events, pods } = this.deps;
    const level = levels[threshold.signal];
    if (!level) return;
    const running = pods();
    events.node('Warning', 'EvictionThresholdMet', `Attempting to reclaim ${resourceOf(threshold.signal)}`);
    const stats = await this.deps.stats();
    const resource = resourceOf(threshold.signal);
    const candidates = await Promise.all(running.map(async (evictable): Promise<Candidate & EvictablePod> => {
      const space = await readUsage(evictable.pod, stats, this.deps.directories, resource === 'ephemeral-storage' || resource === 'inodes');
      return { ...evictable, usage: { ...space, pids: resource === 'pids' ? await evictable.processes() : 0 } };
    }));
    const [first] = rankPods(candidates, threshold.signal, diskShare(threshold.signal, layout));
    if (!first) {
      log.warn({ signal: threshold.signal }, 'node runs low and there is no pod to give up');
      return;
    }
    const evictable = candidates.find(({ pod }) => pod === first.pod);
    log.warn({ pod: first.pod, signal: threshold.signal }, 'pod evicted');
    evictable?.evict(evictionMessage(threshold, level, first.pod, first.usage), threshold.graceMs > 0 ? this.options.maxGraceSeconds : 1, true);
    this.deps.onEvicted(threshold.signal, this.deps.clock.now() - readAtMs);
  }

  async #evictByLimits(): Promise<void> {
    const limited = this.deps.pods().filter(({ pod }) => limitsStorage(pod));
    if (limited.length === 0) return;
    const readAtMs = this.deps.clock.now();
    const stats = await this.deps.stats();
    for (const { pod, evict } of limited) {
      const exceeded = exceededStorage(pod, await readUsage(pod, stats, this.deps.directories, true));
      if (!exceeded || isCritical(pod)) continue;
      this.deps.log.warn({ pod, signal: exceeded.signal }, 'pod evicted: it wrote more than it may');
      evict(exceeded.message, 1, false);
      this.deps.onEvicted(exceeded.signal, this.deps.clock.now() - readAtMs);
    }
  }
}

function tolerates(pod: corev1.Pod, key: string): boolean {
  return (pod.spec?.tolerations ?? []).some((toleration) => (toleration.key === undefined || toleration.key === key) && (toleration.effect === undefined || toleration.effect === 'NoSchedule'));
}
