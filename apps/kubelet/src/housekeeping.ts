import { type PodCgroups } from './cgroups/pod-cgroups';
import { type DevicePlugins } from './devices/device-plugins';
import { type ResourceClaims } from './dra/resource-claims';
import { errorText } from './error-text';
import { type EventSink } from './events/event-sink';
import { type Evictor } from './eviction/evictor';
import { type ImageGc } from './gc/image-gc';
import { removeOrphanDirectories } from './gc/orphan-directories';
import { Repeating } from './gc/repeating';
import { type KubeletDeps } from './kubelet-deps';
import { type KubeletOptions } from './kubelet-options';
import { removeDanglingLinks } from './logs/container-logs';
import { rotateLog } from './logs/log-rotation';
import { countPods } from './pods/count-pods';
import { type PodTable } from './pods/pod-table';
import { type RuntimeWatcher } from './runtime/runtime-watcher';
import { type PodPlacement } from './topology/pod-placement';
import { type PodDirectories } from './volumes/pod-directories';
import { PodVolumes } from './volumes/pod-volumes';

export interface HousekeepingDeps extends Pick<KubeletDeps, 'runtime' | 'metrics' | 'clock' | 'log' | 'heartbeat'> {
  readonly table: PodTable;
  readonly directories: PodDirectories;
  readonly volumes: PodVolumes;
  readonly cgroups: PodCgroups;
  readonly devices: DevicePlugins;
  readonly claims: Pick<ResourceClaims, 'releaseAllBut'>;
  readonly placement: PodPlacement;
  readonly watcher: RuntimeWatcher;
  readonly evictor: Evictor;
  readonly imageGc: ImageGc;
  readonly events: Pick<EventSink, 'node'>;
}

const heartbeatMs = 2_000;
/** Whatever leaves room has them looked at; this is for what nobody told of. */
const resizeRetryMs = 30_000;
const housekeepingMs = 30_000;
const containerGcMs = 60_000;
const imageGcMs = 300_000;
/** Upstream's monitoring interval. */
const evictionMs = 10_000;

/** What a kubelet does again and again, whatever its pods do. */
export class Housekeeping {
  readonly #tasks: readonly Repeating[];

  constructor(private readonly options: KubeletOptions, private readonly deps: HousekeepingDeps) {
    const { evictor, imageGc } = deps;
    this.#tasks = [
      new Repeating('eviction', evictionMs, () => evictor.look(), deps),
      new Repeating('pending resizes', resizeRetryMs, () => this.#retryResizes(), deps),
      new Repeating('heartbeat', heartbeatMs, () => this.beat(), deps),
      new Repeating('live volumes', options.syncFrequencyMs, () => this.#refreshVolumes(), deps),
      new Repeating('volumes left', housekeepingMs, () => this.deps.volumes.tidy(), deps),
      new Repeating('housekeeping', housekeepingMs, () => this.#removeLeftovers(), deps),
      new Repeating('processors', options.cpuReconcileMs, () => this.deps.placement.reconcile(this.deps.table.workers), deps),
      new Repeating('log rotation', options.containerLogCheckMs, () => this.#rotateLogs(), deps),
      new Repeating('container garbage', containerGcMs, () => this.collectContainers(), deps),
      new Repeating('image garbage', imageGcMs, () => imageGc.collect(), deps),
    ];
  }

  start(): void {
    for (const task of this.#tasks) task.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#tasks.map((task) => task.stop()));
  }

  /** Says that the node lives. */
  beat(): Promise<void> {
    this.deps.heartbeat?.(this.options.identity.name, this.deps.clock.now());
    return Promise.resolve();
  }

  /** Removes dead containers that nobody asks about; where the runtime does not answer, or files cannot be seen to, an event says so each time. */
  async collectContainers(): Promise<void> {
    try {
      await this.#collectContainers();
    } catch (error) {
      this.deps.events.node('Warning', 'ContainerGCFailed', errorText(error));
      throw error;
    }
  }

  async #collectContainers(): Promise<void> {
    // What does not answer cannot be asked to remove anything.
    await this.deps.runtime.version();
    for (const worker of this.deps.table.workers) worker.collectGarbage();
    await removeDanglingLinks(this.deps.directories.containerLogs);
  }

  #retryResizes(): Promise<void> {
    this.deps.table.retryResizes('periodic_retry');
    return Promise.resolve();
  }

  #refreshVolumes(): Promise<void> {
    for (const worker of this.deps.table.workers) if (PodVolumes.isLive(worker.pod)) worker.refreshVolumes();
    return Promise.resolve();
  }

  async #removeLeftovers(): Promise<void> {
    const { table, watcher, directories, volumes, cgroups, devices, claims, placement, metrics, log } = this.deps;
    table.adoptOrphans();
    countPods(table.workers, metrics);
    // A pod that the runtime still has is ended by its own worker first.
    const isWanted = (uid: string): boolean => table.isWanted(uid) || watcher.pods.has(uid);
    const { removed, failed } = await removeOrphanDirectories(directories, volumes, isWanted, log);
    metrics.cleanedVolumes.set(removed);
    metrics.cleanedVolumesErrors.set(failed);
    await cgroups.removeOrphans(isWanted);
    devices.forgetAllBut(isWanted);
    placement.forgetAllBut(isWanted);
    await claims.releaseAllBut(isWanted);
  }

  async #rotateLogs(): Promise<void> {
    const { runtime, clock, table } = this.deps;
    const options = { maxBytes: this.options.containerLogMaxBytes, maxFiles: this.options.containerLogMaxFiles };
    const running = table.workers.flatMap(({ view }) => view.containers.filter(({ state, logPath }) => state === 'running' && logPath !== ''));
    // Each takes the next from what they share.
    const left = running.values();
    await Promise.all(Array.from({ length: this.options.containerLogWorkers }, async () => {
      for (const { id, logPath } of left) await rotateLog(logPath, options, clock.now(), () => runtime.reopenContainerLog(id));
    }));
  }
}
