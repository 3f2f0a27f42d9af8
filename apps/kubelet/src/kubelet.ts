import { mkdir } from 'node:fs/promises';
import { core, node as nodeApi, type authenticationv1, type corev1 } from '@navarch/api';
import { isConflict, isNotFound } from '@navarch/apimachinery';
import { type ApiClient, type Informer, type InformerFactory } from '@navarch/client';
import { type Clock } from '@navarch/clock';
import { type Component, type Logger } from '@navarch/component-base';
import { type CgroupTree } from './cgroups/cgroup-tree';
import { PodCgroups } from './cgroups/pod-cgroups';
import { UserNamespaces } from './containers/user-namespaces';
import { CsiDrivers } from './csi/csi-drivers';
import { CsiNodeObject } from './csi/csi-node';
import { CsiPaths } from './csi/csi-paths';
import { CsiPluginHandler } from './csi/csi-plugin-handler';
import { CsiVolumes } from './csi/csi-volumes';
import { DevicePlugins } from './devices/device-plugins';
import { Evictor } from './eviction/evictor';
import { type Levels } from './eviction/pressure';
import { readLevels } from './eviction/read-levels';
import { type EventSink } from './events/event-sink';
import { ImageGc } from './gc/image-gc';
import { removeOrphanDirectories } from './gc/orphan-directories';
import { Repeating } from './gc/repeating';
import { ImagePuller, type ImagePullerDeps } from './images/image-puller';
import { type KubeletMetrics } from './kubelet-metrics';
import { type KubeletOptions } from './kubelet-options';
import { rotateLog } from './logs/log-rotation';
import { inspectMachine, type Machine } from './node/machine';
import { NodeLease } from './node/node-lease';
import { nodeImages, type NodeFacts } from './node/node-object';
import { NodeRegistration } from './node/node-registration';
import { nodeResources, type NodeResources } from './node/node-resources';
import { PluginWatcher } from './plugins/plugin-watcher';
import { admitPlatform, inspectPlatform } from './pods/admit-platform';
import { apiTime } from './pods/api-time';
import { admitPod, type Rejection } from './pods/admit-pod';
import { admitSysctls } from './pods/admit-sysctls';
import { ApiReferences } from './pods/api-references';
import { PodExecutor, type NodeSurroundings } from './pods/pod-executor';
import { isStaticPod, isTerminalPhase, nameOf, namespaceOf, uidOf } from './pods/pod-spec';
import { PodTable } from './pods/pod-table';
import { PodWorker } from './pods/pod-worker';
import { roomFor, type PendingResize } from './pods/resize';
import { type RuntimeView } from './pods/runtime-view';
import { ProbeMetrics } from './probes/probe-metrics';
import { PodProbes } from './probes/pod-probes';
import { runProbe, type ProbeOutcome } from './probes/run-probe';
import { type ContainerRuntime } from './runtime';
import { CriEvents } from './runtime/events/cri-events';
import { type RuntimeEventSource } from './runtime/events/runtime-event-source';
import { observePod } from './runtime/observe-pod';
import { RuntimeState } from './runtime/runtime-state';
import { RuntimeWatcher } from './runtime/runtime-watcher';
import { shutDownPods } from './shutdown/graceful-shutdown';
import { ManifestDirectory } from './sources/manifest-directory';
import { ManifestUrl } from './sources/manifest-url';
import { type StaticPodSource } from './sources/static-pod-source';
import { StaticPods } from './sources/static-pods';
import { StatusWriter } from './status/status-writer';
import { imageVolumesError } from './volumes/image-volumes';
import { type Mounter } from './volumes/mounter';
import { PodDirectories } from './volumes/pod-directories';
import { PodVolumes } from './volumes/pod-volumes';
import { ApiVolumeObjects } from './volumes/volume-objects';
import { TokenCache } from './volumes/token-cache';

export interface KubeletDeps {
  readonly client: ApiClient;
  readonly informers: InformerFactory;
  readonly runtime: ContainerRuntime;
  /** How changes in the runtime are told besides CRI's events; lists are under all of them. */
  readonly runtimeEvents?: readonly RuntimeEventSource[];
  readonly events: EventSink;
  readonly mounter: Mounter;
  /** Credentials that the node itself has for an image. */
  readonly nodeCredentials?: ImagePullerDeps['nodeCredentials'];
  /** Undefined: no control groups of its own. */
  readonly cgroups: CgroupTree | undefined;
  readonly metrics: KubeletMetrics;
  readonly clock: Clock;
  readonly log: Logger;
  /** What is left of the node; looks itself when not given. */
  readonly levels?: () => Promise<Levels>;
  /** Says over the bus that this node lives; may be lost. */
  readonly heartbeat?: (node: string, nowMs: number) => void;
  /** Ends the process: something that must not fail did. */
  readonly onCrash: (error: unknown) => void;
}

/** Pods of a simulated runtime have addresses on no network: whoever asks them is taken to be answered. */
const simulatedRuntime = 'navarch-fake';
const assumedUp: ProbeOutcome = { result: 'success', output: '' };

const heartbeatMs = 2_000;
const retryMs = 1_000;
const housekeepingMs = 30_000;
const logRotationMs = 10_000;
const containerGcMs = 60_000;
const imageGcMs = 300_000;
/** Upstream's monitoring interval. */
const evictionMs = 10_000;

/** One node: everything about it is in its instance, so that one process can be many. */
export class Kubelet implements Component {
  readonly name = 'kubelet';
  readonly table: PodTable;
  readonly directories: PodDirectories;
  readonly probeMetrics = new ProbeMetrics();
  readonly #pods: Informer<corev1.Pod>;
  readonly #services: Informer<corev1.Service>;
  readonly #csiDrivers = new CsiDrivers();
  readonly #plugins: PluginWatcher;
  readonly #statics: StaticPods;
  readonly #executor: PodExecutor;
  readonly #volumes: PodVolumes;
  readonly #cgroups: PodCgroups;
  readonly #statuses: StatusWriter;
  readonly #tokens: TokenCache;
  readonly #watcher: RuntimeWatcher;
  readonly #evictor: Evictor;
  readonly #devices: DevicePlugins;
  readonly #users: UserNamespaces;
  #shuttingDown = false;
  readonly #runtimeState: RuntimeState;
  readonly #registration: NodeRegistration;
  readonly #lease: NodeLease;
  readonly #periodic: Repeating[];
  readonly #stop = new AbortController();
  #starting: Promise<void> | undefined;
  #machine: Machine | undefined;
  #resources: NodeResources = { capacity: {}, allocatable: {} };
  #runtimeVersion = '';
  #runtimeName = 'containerd';
  #ready = false;

  constructor(private readonly options: KubeletOptions, private readonly deps: KubeletDeps) {
    const { client, informers, runtime, events, mounter, clock, log, metrics } = deps;
    const { identity } = options;
    metrics.nodeName.set({ node: identity.name }, 1);
    this.directories = new PodDirectories(options.rootDir, options.podLogsDir);
    this.#users = new UserNamespaces(this.directories);
    this.#pods = informers.informer(core.pods, { node: identity.name });
    this.#services = informers.informer(core.services);
    this.#cgroups = new PodCgroups(options.cgroupRoot, deps.cgroups);
    this.#statuses = new StatusWriter({ client, clock, log });
    const references = new ApiReferences(client);
    this.#tokens = new TokenCache({
      clock,
      request: (namespace, name, request) => client.createSubresource<authenticationv1.TokenRequest>(core.serviceaccounts, { namespace, name }, 'token', request),
    });
    this.#devices = new DevicePlugins({ directory: this.directories.devicePlugins, log, onChange: () => this.#registration.changed() });
    const objects = new ApiVolumeObjects(client);
    const images = new ImagePuller({ maxParallelPulls: options.maxParallelImagePulls }, { runtime, events, clock, pullSecrets: (pod) => references.pullSecrets(pod), ...(deps.nodeCredentials ? { nodeCredentials: deps.nodeCredentials } : {}) });
    this.#plugins = new PluginWatcher(this.directories.pluginsRegistry, {
      DevicePlugin: this.#devices,
      CSIPlugin: new CsiPluginHandler(this.#csiDrivers, new CsiNodeObject(identity.name, { client, nodeUid: () => this.#registration.node?.metadata.uid })),
    }, { clock, log });
    this.#volumes = new PodVolumes({
      directories: this.directories, mounter, log, objects,
      csi: new CsiVolumes({
        nodeName: identity.name, drivers: this.#csiDrivers, objects, paths: new CsiPaths(this.directories),
        token: async (pod, audience, expirationSeconds) => {
          const { token, expiresAtMs } = await this.#tokens.find(pod, { audience, ...(expirationSeconds === undefined ? {} : { expirationSeconds }) });
          return { token, expirationTimestamp: apiTime(expiresAtMs) };
        },
      }),
      image: async (pod, _volume, { reference = '', pullPolicy }) => {
        const unsupported = imageVolumesError(this.#runtimeName, this.#runtimeVersion.replace(/^.*:\/\//, ''));
        if (unsupported !== undefined) throw new Error(unsupported);
        const user = { name: '', image: reference, ...(pullPolicy === undefined ? {} : { imagePullPolicy: pullPolicy }) };
        return (await images.ensure(pod, user, undefined, this.#stop.signal)).imageRef;
      },
      sources: () => ({
        data: references, trust: objects, addresses: { podIPs: [], hostIPs: identity.addresses }, allocatable: this.#resources.allocatable,
        token: (pod, projection) => this.#tokens.get(pod, projection),
      }),
    });
    this.#executor = new PodExecutor({
      runtime, events, clock, log, volumes: this.#volumes, directories: this.directories, cgroups: this.#cgroups, data: references, devices: this.#devices, users: this.#users,
      images,
      node: () => this.#surroundings(),
      services: (pod) => {
        if (!this.#services.synced && !isStaticPod(pod)) throw new Error('services have not yet been read at least once, cannot construct envs');
        return this.#services.list();
      },
      runtimeHandler: async (name) => (await client.get(nodeApi.runtimeclasses, { namespace: '', name })).handler,
    });
    this.#watcher = new RuntimeWatcher({ relistMs: options.relistMs, relistWithEventsMs: options.relistMs * 10 }, {
      runtime, clock, log, sources: [new CriEvents(runtime), ...(deps.runtimeEvents ?? [])], onRelist: (ms) => metrics.relistSeconds.observe(ms / 1000),
    });
    this.#runtimeState = new RuntimeState({
      runtime, clock,
      onChange: ({ networkError }) => {
        this.#registration.changed();
        // Pods that waited for the network need not wait for their next turn.
        if (networkError === undefined) for (const worker of this.table.workers) worker.retryNow();
      },
    });
    this.#registration = new NodeRegistration(
      { identity, register: options.register, updateMs: options.nodeStatusUpdateMs, reportMs: options.nodeStatusReportMs },
      { client, clock, log, events, facts: () => this.#facts() },
    );
    this.#lease = new NodeLease({ nodeName: identity.name, durationSeconds: options.leaseDurationSeconds }, { client, clock, log, nodeUid: () => this.#registration.node?.metadata.uid });
    this.#statics = new StaticPods({
      client, clock, log, pods: this.#pods, sources: staticSources(options, { clock, log }),
      node: () => ({ name: identity.name, uid: this.#registration.node?.metadata.uid }),
      begin: (pod) => this.table.beginStatic(pod),
      end: (uid) => this.table.endStatic(uid),
      onMirror: (mirror, uid) => {
        const worker = this.table.get(uid);
        if (worker) this.#statuses.set(mirror, worker.status);
      },
    });
    const platform = inspectPlatform();
    this.table = new PodTable({
      client, clock, log, nodeName: identity.name, pods: this.#pods,
      makeWorker: (pod, view) => this.#makeWorker(pod, view),
      observe: (uid) => observePod(runtime, uid),
      runtimePods: () => this.#watcher.pods,
      statics: this.#statics,
      admit: (pod, others) => this.#admitDuringShutdown() ?? admitPlatform(pod, platform) ?? this.#evictor.admit(pod) ?? admitSysctls(pod, options.allowedUnsafeSysctls) ?? admitPod(pod, others, this.#resources.allocatable) ?? this.#devices.admit(pod),
    });
    const imageGc = new ImageGc({ highPercent: options.imageGcHighPercent, lowPercent: options.imageGcLowPercent, minAgeMs: options.imageMinAgeMs }, { runtime, clock, log });
    this.#evictor = new Evictor(options.eviction, {
      clock, log, events, directories: this.directories,
      levels: deps.levels ?? (async () => readLevels(options.rootDir, (await runtime.imageFsInfo()).imageFilesystems[0]?.fsId?.mountpoint)),
      stats: () => runtime.listContainerStats(),
      pods: () => this.table.workers.filter((worker) => !worker.ending && !worker.stopped).map((worker) => ({
        pod: worker.pod,
        evict: (message, graceSeconds) => {
          events.pod(worker.pod, 'Warning', 'Evicted', message);
          worker.disrupt('Evicted', message, graceSeconds, message);
        },
      })),
      reclaimDisk: async () => {
        await this.#collectContainers();
        await imageGc.removeUnused();
      },
      onConditions: () => this.#registration.changed(),
    });
    this.#periodic = [
      new Repeating('eviction', evictionMs, () => this.#evictor.look(), { clock, log }),
      new Repeating('heartbeat', heartbeatMs, () => this.#beat(), { clock, log }),
      new Repeating('live volumes', options.syncFrequencyMs, () => this.#refreshVolumes(), { clock, log }),
      new Repeating('housekeeping', housekeepingMs, () => this.#housekeep(), { clock, log }),
      new Repeating('log rotation', logRotationMs, () => this.#rotateLogs(), { clock, log }),
      new Repeating('container garbage', containerGcMs, () => this.#collectContainers(), { clock, log }),
      new Repeating('image garbage', imageGcMs, () => imageGc.collect(), { clock, log }),
    ];
  }

  get nodeName(): string {
    return this.options.identity.name;
  }

  /** What the node is made of; undefined before it was looked at. */
  get machine(): Machine | undefined {
    return this.#machine;
  }

  /** Throws while the kubelet does not serve its pods yet. */
  checkReady(): void {
    if (!this.#ready) throw new Error('pods have not been read yet');
  }

  /** Throws when the runtime has not been seen for too long: upstream's PLEG check. */
  checkRuntime(): void {
    const silentMs = this.deps.clock.now() - this.#watcher.listedAtMs;
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
    if (this.options.shutdownGraces.length > 0 && this.#ready && !this.#shuttingDown) await this.#shutDown();
    this.#stop.abort(new Error('kubelet is stopping'));
    await this.#starting;
    this.#ready = false;
    this.#runtimeState.stop();
    await Promise.all(this.#periodic.map((task) => task.stop()));
    await Promise.all([this.#statics.stop(), this.#plugins.stop()]);
    this.#csiDrivers.close();
    await this.#devices.stop();
    this.table.stop();
    this.#statuses.stop();
    await Promise.all([this.#watcher.stop(), this.#lease.stop(), this.#registration.stop()]);
  }

  async #begin(): Promise<void> {
    const { rootDir } = this.options;
    const { signal } = this.#stop;
    await mkdir(rootDir, { recursive: true, mode: 0o750 });
    await this.#volumes.start();
    await this.#users.start();
    await this.#cgroups.start();
    this.#machine = await inspectMachine(rootDir);
    this.#resources = nodeResources(this.#machine, this.options.maxPods, this.options.reservations);
    await this.#untilItWorks('runtime version', async () => {
      const { runtimeName, runtimeVersion } = await this.deps.runtime.version();
      this.#runtimeName = runtimeName;
      this.#runtimeVersion = `${runtimeName}://${runtimeVersion}`;
    });
    await this.#runtimeState.start();
    this.#registration.start();
    this.#lease.start();
    await this.#devices.start();
    await this.#plugins.start();
    this.deps.events.node('Normal', 'Starting', 'Starting kubelet.');
    await this.#untilItWorks('runtime list', () => this.#watcher.start((uid) => this.table.get(uid)?.refresh()));
    // They may be what the API itself is made of.
    await this.#statics.start();
    // No other pod is judged, begun or ended before all of them are known.
    await Promise.all([this.#pods.waitForSync(signal), this.#services.waitForSync(signal)]);
    this.table.start();
    this.#ready = true;
    for (const task of this.#periodic) task.start();
    await this.#beat();
  }

  async #untilItWorks(what: string, act: () => Promise<void>): Promise<void> {
    const { clock, log } = this.deps;
    for (;;) {
      try {
        await act();
        return;
      } catch (error) {
        this.#stop.signal.throwIfAborted();
        log.info({ err: error, waitingFor: what }, 'the runtime does not answer yet');
        await clock.sleep(retryMs, this.#stop.signal);
      }
    }
  }

  #makeWorker(pod: corev1.Pod, view: RuntimeView | undefined): PodWorker {
    const { runtime, events, clock, log, client, metrics, onCrash } = this.deps;
    const seenMs = clock.now();
    let started = view !== undefined;
    return new PodWorker(pod, view, {
      executor: this.#executor, events, clock, log, onCrash,
      probes: (onChange) => new PodProbes({
        clock, events, onChange,
        run: (probe, target) => (this.#runtimeName === simulatedRuntime && !probe.exec ? Promise.resolve(assumedUp) : runProbe(probe, target, runtime)),
        onResult: (kind, result, of, container) => this.probeMetrics.count(of, container, kind, result),
      }),
      observe: (uid) => observePod(runtime, uid),
      hostIPs: () => this.options.identity.addresses,
      runtimeName: this.#runtimeName,
      room: (wanted) => this.#roomFor(wanted),
      onStatus: (current, status) => {
        const shown = isStaticPod(current) ? this.#statics.mirror(current) : current;
        if (shown) this.#statuses.set(shown, status);
        if (started || status.phase !== 'Running') return;
        started = true;
        metrics.podStartSeconds.observe((clock.now() - seenMs) / 1000);
      },
      onStopped: async (stopped) => {
        await this.#statuses.flush(uidOf(stopped));
        await this.#deleteFromApi(client, stopped);
      },
      onDone: (uid) => {
        this.#statuses.forget(uid);
        this.#tokens.forgetPod(uid);
        this.probeMetrics.forgetPod(uid);
        // Kept until the API has told that the object is gone, so that its last updates begin nothing.
        if (!this.#pods.list().some((known) => uidOf(known) === uid)) this.table.forget(uid);
      },
    });
  }

  /** Whether a pod could grow to what it now asks for. */
  #roomFor(pod: corev1.Pod): PendingResize | undefined {
    const others = this.table.workers.filter((worker) => uidOf(worker.pod) !== uidOf(pod) && !worker.stopped && !isTerminalPhase(worker.status.phase)).map((worker) => worker.pod);
    const { allocatable } = this.#resources;
    return roomFor(admitPod(pod, others, allocatable), admitPod(pod, [], allocatable));
  }

  /** Tells that the node is going, ends its pods by their priorities, and waits until the API knows. */
  async #shutDown(): Promise<void> {
    const { clock, log, events } = this.deps;
    this.#shuttingDown = true;
    events.node('Normal', 'Shutdown', 'Shutdown manager detected shutdown event');
    this.#registration.changed();
    await shutDownPods(this.options.shutdownGraces, { clock, log, workers: () => this.table.workers });
    await Promise.all(this.table.workers.map(({ pod }) => this.#statuses.flush(uidOf(pod))));
  }

  #admitDuringShutdown(): Rejection | undefined {
    return this.#shuttingDown ? { reason: 'NodeShutdown', message: 'Pod was rejected as the node is shutting down.' } : undefined;
  }

  async #deleteFromApi(client: ApiClient, pod: corev1.Pod): Promise<void> {
    const uid = uidOf(pod);
    try {
      await client.delete(core.pods, { namespace: namespaceOf(pod), name: nameOf(pod) }, { gracePeriodSeconds: 0, preconditions: { uid } });
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  #surroundings(): NodeSurroundings {
    const { clusterDns, clusterDomain, hostDns, identity } = this.options;
    const { networkError, runtimeError } = this.#runtimeState.health;
    return {
      userNamespaces: this.#runtimeState.features.userNamespaces,
      hostIPs: identity.addresses, allocatable: this.#resources.allocatable, memoryCapacity: this.#machine?.memoryBytes ?? 0,
      dns: { clusterDns, clusterDomain, host: hostDns }, networkError: networkError ?? runtimeError,
    };
  }

  async #facts(): Promise<NodeFacts> {
    if (!this.#machine) throw new Error('the machine has not been looked at yet');
    const { runtimeError, networkError } = this.#runtimeState.health;
    const notReady = [runtimeError, networkError, this.#shuttingDown ? 'node is shutting down' : undefined].filter((error) => error !== undefined);
    const images = runtimeError === undefined ? nodeImages(await this.deps.runtime.listImages()) : [];
    return {
      machine: this.#machine, resources: { capacity: { ...this.#resources.capacity, ...this.#devices.amounts.capacity }, allocatable: { ...this.#resources.allocatable, ...this.#devices.amounts.allocatable } }, runtimeVersion: this.#runtimeVersion, images, volumesInUse: this.#volumes.inUse, pressure: this.#evictor.conditions,
      notReady: notReady.length > 1 ? `[${notReady.join(', ')}]` : notReady[0] ?? '',
    };
  }

  #beat(): Promise<void> {
    this.deps.heartbeat?.(this.options.identity.name, this.deps.clock.now());
    return Promise.resolve();
  }

  #refreshVolumes(): Promise<void> {
    for (const worker of this.table.workers) if (PodVolumes.isLive(worker.pod)) worker.refreshVolumes();
    return Promise.resolve();
  }

  async #housekeep(): Promise<void> {
    const { metrics, log } = this.deps;
    this.table.adoptOrphans();
    const views = this.table.workers.map(({ view }) => view);
    metrics.runningPods.set(views.filter(({ sandboxes }) => sandboxes[0]?.ready === true).length);
    for (const state of ['created', 'running', 'exited', 'unknown']) {
      metrics.runningContainers.set({ container_state: state }, views.reduce((sum, { containers }) => sum + containers.filter((container) => container.state === state).length, 0));
    }
    // A pod that the runtime still has is ended by its own worker first.
    const isWanted = (uid: string): boolean => this.table.isWanted(uid) || this.#watcher.pods.has(uid);
    await removeOrphanDirectories(this.directories, this.#volumes, isWanted, log);
    await this.#cgroups.removeOrphans(isWanted);
    this.#devices.forgetAllBut(isWanted);
  }

  async #rotateLogs(): Promise<void> {
    const { runtime, clock } = this.deps;
    const options = { maxBytes: this.options.containerLogMaxBytes, maxFiles: this.options.containerLogMaxFiles };
    for (const { view } of this.table.workers) {
      for (const { id, state, logPath } of view.containers) {
        if (state === 'running' && logPath !== '') await rotateLog(logPath, options, clock.now(), () => runtime.reopenContainerLog(id));
      }
    }
  }

  #collectContainers(): Promise<void> {
    for (const worker of this.table.workers) worker.collectGarbage();
    return Promise.resolve();
  }
}

function isGone(error: unknown): boolean {
  return isNotFound(error) || isConflict(error);
}

function staticSources(options: KubeletOptions, deps: Pick<KubeletDeps, 'clock' | 'log'>): StaticPodSource[] {
  const { podManifestPath, manifestUrl, manifestUrlHeaders, fileCheckMs, httpCheckMs, identity: { name: nodeName } } = options;
  return [
    ...(podManifestPath === '' ? [] : [new ManifestDirectory({ path: podManifestPath, checkMs: fileCheckMs, nodeName }, deps)]),
    ...(manifestUrl === '' ? [] : [new ManifestUrl({ url: manifestUrl, headers: manifestUrlHeaders, checkMs: httpCheckMs, nodeName }, deps)]),
  ];
}
