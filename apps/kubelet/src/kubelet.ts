import { type corev1 } from '@navarch/api';
import { ComponentGroup, type Component } from '@navarch/component-base';
import { type CgroupUsage } from './cgroups/cgroup-usage';
import { type KubeletDeps } from './kubelet-deps';
import { type KubeletOptions } from './kubelet-options';
import { makeParts, type KubeletParts } from './kubelet-parts';
import { kubeletSteps } from './kubelet-steps';
import { type Machine } from './node/machine';
import { type MeasurableVolume } from './node-service/volume-stats';
import { uidOf } from './pods/pod-spec';
import { type PodTable } from './pods/pod-table';
import { type ProbeMetrics } from './probes/probe-metrics';
import { shutDownPods } from './shutdown/graceful-shutdown';
import { type PodDirectories } from './volumes/pod-directories';

/** One node: everything about it is in its instance, so that one process can be many. */
export class Kubelet implements Component {
  readonly name = 'kubelet';
  readonly #parts: KubeletParts;
  readonly #started: ComponentGroup;
  readonly #stop = new AbortController();
  #starting: Promise<void> | undefined;
  #ready = false;

  constructor(private readonly options: KubeletOptions, private readonly deps: KubeletDeps) {
    const { metrics, cgroups, log } = deps;
    metrics.nodeName.set({ node: options.identity.name }, 1);
    metrics.metricsProvider.set({ provider: 'cri' }, 1);
    if (cgroups) metrics.cgroupVersion.set(cgroups.version);
    this.#parts = makeParts(options, deps, this.#stop.signal);
    this.#started = new ComponentGroup(log);
  }

  get nodeName(): string {
    return this.options.identity.name;
  }

  get table(): PodTable {
    return this.#parts.pods.table;
  }

  get directories(): PodDirectories {
    return this.#parts.directories;
  }

  get probeMetrics(): ProbeMetrics {
    return this.#parts.probeMetrics;
  }

  /** What the node is made of; undefined before it was looked at. */
  get machine(): Machine | undefined {
    return this.#parts.node.node.machine;
  }

  /** Volumes of a pod that take room which can be measured. */
  volumesOf(podUid: string): MeasurableVolume[] {
    return this.#parts.volumes.measurable(podUid);
  }

  /** What a container's control group tells. */
  containerGroup(pod: corev1.Pod, containerId: string): Promise<CgroupUsage> {
    return this.#parts.cgroups.containerUsage(pod, containerId);
  }

  /** Throws while the kubelet does not serve its pods yet. */
  checkReady(): void {
    if (!this.#ready) throw new Error('pods have not been read yet');
  }

  /** Throws when the runtime has not been seen for too long: upstream's PLEG check. */
  checkRuntime(): void {
    const silentMs = this.deps.clock.now() - this.#parts.watcher.listedAtMs;
    if (this.#ready && silentMs > Math.max(180_000, this.options.relistMs * 20)) throw new Error(`the runtime was last listed ${Math.round(silentMs / 1000)} s ago`);
  }

  /** Begins; the runtime and the API may be away and are waited for in the background. */
  start(): Promise<void> {
    this.#starting ??= this.#begin().catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.deps.onCrash(error);
    });
    return Promise.resolve();
  }

  /** Leaves the pods running, unless the node is to shut down gracefully: then they are ended first. */
  async stop(): Promise<void> {
    if (this.options.shutdownGraces.length > 0 && this.#ready && !this.#parts.node.node.shuttingDown) await this.#shutDown();
    this.#stop.abort(new Error('kubelet is stopping'));
    await this.#starting;
    await this.#started.stopAll();
  }

  async #begin(): Promise<void> {
    this.deps.metrics.nodeStart.started(this.deps.clock.now());
    for (const step of kubeletSteps(this.#parts, this.options, this.deps, { signal: this.#stop.signal, onReady: (isReady) => (this.#ready = isReady) })) await this.#started.start(step);
  }

  /** Tells that the node is going, ends its pods by their priorities, and waits until the API knows. */
  async #shutDown(): Promise<void> {
    const { clock, log, events, metrics } = this.deps;
    const { node: { node, registration }, pods: { table, statuses } } = this.#parts;
    node.shuttingDown = true;
    metrics.shutdownStart.set(clock.now() / 1000);
    events.node('Normal', 'Shutdown', 'Shutdown manager detected shutdown event');
    registration.changed();
    await shutDownPods(this.options.shutdownGraces, { clock, log, workers: () => table.workers });
    await Promise.all(table.workers.map(({ pod }) => statuses.flush(uidOf(pod))));
    metrics.shutdownEnd.set(clock.now() / 1000);
  }
}
