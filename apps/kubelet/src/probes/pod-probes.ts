import { type corev1 } from '@navarch/api';
import { type Clock } from '@navarch/clock';
import { type EventSink } from '../events/event-sink';
import { type ProbeResult, type ProbeResults } from '../pods/pod-observation';
import { allContainersOf } from '../pods/pod-spec';
import { type ContainerView, type RuntimeView } from '../pods/runtime-view';
import { ProbeThresholds } from './probe-thresholds';
import { type ProbeOutcome, type ProbeTarget } from './run-probe';

type ProbeKind = 'startup' | 'readiness' | 'liveness';

export interface PodProbesDeps {
  readonly clock: Clock;
  readonly events: EventSink;
  readonly run: (probe: corev1.Probe, target: ProbeTarget) => Promise<ProbeOutcome>;
  /** Told when a settled result changes. */
  readonly onChange: () => void;
  readonly onResult?: (kind: ProbeKind, outcome: ProbeOutcome['result'], pod: corev1.Pod, container: string, seconds: number) => void;
}

interface Running {
  readonly results: Map<ProbeKind, ProbeResult>;
  readonly stop: AbortController;
  readonly kinds: Set<ProbeKind>;
}

const names: Record<ProbeKind, string> = { startup: 'Startup', readiness: 'Readiness', liveness: 'Liveness' };

/** The probes of one pod's running containers: a loop for each, begun when a container starts and ended with it. */
export class PodProbes {
  readonly #containers = new Map<string, Running>();

  constructor(private readonly deps: PodProbesDeps) {}

  results(containerId: string): ProbeResults {
    return Object.fromEntries(this.#containers.get(containerId)?.results ?? []);
  }

  /** Brings the loops in line with what runs. A pod that is being stopped keeps only its readiness. */
  sync(pod: corev1.Pod, runtime: RuntimeView, podIP: string, stopping: boolean): void {
    const running = new Map(runtime.containers.filter((view) => view.state === 'running').map((view) => [view.id, view]));
    for (const [id, entry] of this.#containers) {
      if (running.has(id)) continue;
      entry.stop.abort();
      this.#containers.delete(id);
    }
    for (const view of running.values()) {
      const container = allContainersOf(pod).find(({ name }) => name === view.name);
      if (container && (container.startupProbe ?? container.readinessProbe ?? container.livenessProbe)) this.#syncContainer(pod, container, view, podIP, stopping);
    }
  }

  stop(): void {
    for (const { stop } of this.#containers.values()) stop.abort();
    this.#containers.clear();
  }

  #syncContainer(pod: corev1.Pod, container: corev1.Container, view: ContainerView, podIP: string, stopping: boolean): void {
    let entry = this.#containers.get(view.id);
    if (!entry) {
      entry = { results: new Map(), stop: new AbortController(), kinds: new Set() };
      this.#containers.set(view.id, entry);
    }
    const started = !container.startupProbe || entry.results.get('startup') === 'success';
    const wanted: [ProbeKind, corev1.Probe | undefined, boolean][] = [
      ['startup', container.startupProbe, !stopping],
      ['readiness', container.readinessProbe, started],
      ['liveness', container.livenessProbe, started && !stopping],
    ];
    for (const [kind, probe, due] of wanted) {
      if (!probe || !due || entry.kinds.has(kind)) continue;
      entry.kinds.add(kind);
      this.#loop(kind, probe, pod, { container, containerId: view.id, podIP }, view, entry).catch((error: unknown) => {
        // Stopping is the only way out of a loop besides its own end.
        if (!entry.stop.signal.aborted) throw error;
      });
    }
  }

  async #loop(kind: ProbeKind, probe: corev1.Probe, pod: corev1.Pod, target: ProbeTarget, view: ContainerView, entry: Running): Promise<void> {
    const { clock } = this.deps;
    const { signal } = entry.stop;
    const thresholds = new ProbeThresholds(probe);
    const firstMs = view.startedAtMs + (probe.initialDelaySeconds ?? 0) * 1000;
    await clock.sleep(Math.max(0, firstMs - clock.now()), signal);
    for (;;) {
      const beganMs = clock.now();
      const outcome = await this.deps.run(probe, target);
      if (signal.aborted) return;
      this.deps.onResult?.(kind, outcome.result, pod, target.container.name, (clock.now() - beganMs) / 1000);
      this.#say(kind, pod, target.container, outcome);
      const settled = outcome.result === 'unknown' ? undefined : thresholds.count(outcome.result === 'failure' ? 'failure' : 'success');
      if (settled && settled !== entry.results.get(kind)) {
        entry.results.set(kind, settled);
        this.deps.onChange();
      }
      // A container that is up stays up, and one that is condemned is not asked again.
      if (settled && (kind === 'startup' || (kind === 'liveness' && settled === 'failure'))) return;
      await clock.sleep((probe.periodSeconds ?? 10) * 1000, signal);
    }
  }

  #say(kind: ProbeKind, pod: corev1.Pod, container: corev1.Container, outcome: ProbeOutcome): void {
    if (outcome.result === 'success') return;
    if (outcome.result === 'warning') {
      this.deps.events.pod(pod, 'Warning', 'ProbeWarning', `${names[kind]} probe warning: ${outcome.output}`, container.name);
      return;
    }
    const what = outcome.result === 'failure' ? 'failed' : 'errored and resulted in unknown state';
    this.deps.events.pod(pod, 'Warning', 'Unhealthy', `${names[kind]} probe ${what}: ${outcome.output}`, container.name);
  }
}
