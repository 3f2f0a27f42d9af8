import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { core, node as nodeApi, type authenticationv1, type corev1 } from '@navarch/api';
import { type Informer } from '@navarch/client';
import { type Component } from '@navarch/component-base';
import { AllocatableEnforcement } from './cgroups/allocatable-enforcement';
import { type CgroupUsage } from './cgroups/cgroup-usage';
import { ObservedCgroupTree } from './cgroups/observed-cgroup-tree';
import { PodCgroups } from './cgroups/pod-cgroups';
import { UserNamespaces } from './containers/user-namespaces';
import { CsiDrivers } from './csi/csi-drivers';
import { CsiNodeObject } from './csi/csi-node';
import { CsiPluginHandler } from './csi/csi-plugin-handler';
import { DevicePlugins } from './devices/device-plugins';
import { DraDrivers } from './dra/dra-drivers';
import { ResourceClaims } from './dra/resource-claims';
import { SliceWiping } from './dra/slice-wiping';
import { Evictor } from './eviction/evictor';
import { readLevels } from './eviction/read-levels';
import { ImageGc } from './gc/image-gc';
import { Housekeeping } from './housekeeping';
import { ImagePuller } from './images/image-puller';
import { PullRecords } from './images/pull-records';
import { imageSizeBucket } from './images/image-size-bucket';
import { type KubeletDeps } from './kubelet-deps';
import { type KubeletOptions } from './kubelet-options';
import { type Machine } from './node/machine';
import { NodeLease } from './node/node-lease';
import { NodeRegistration } from './node/node-registration';
import { ThisNode } from './node/this-node';
import { type MeasurableVolume } from './node-service/volume-stats';
import { PluginWatcher } from './plugins/plugin-watcher';
import { admitPlatform, inspectPlatform } from './pods/admit-platform';
import { admitNode } from './pods/admit-node';
import { admitPorts } from './pods/admit-pod';
import { admitSysctls } from './pods/admit-sysctls';
import { makeWorker } from './pods/make-worker';
import { admissionOf } from './pods/pod-admission';
import { ApiReferences } from './pods/api-references';
import { PodExecutor } from './pods/pod-executor';
import { isStaticPod, uidOf } from './pods/pod-spec';
import { PodTable } from './pods/pod-table';
import { roomForPod } from './preemption/room-for-pod';
import { PodResourcesServer } from './pod-resources/pod-resources-server';
import { ProbeMetrics } from './probes/probe-metrics';
import { CriEvents } from './runtime/events/cri-events';
import { observePod } from './runtime/observe-pod';
import { RuntimeState } from './runtime/runtime-state';
import { RuntimeWatcher } from './runtime/runtime-watcher';
import { shutDownPods } from './shutdown/graceful-shutdown';
import { StaticPods } from './sources/static-pods';
import { staticSources } from './sources/static-sources';
import { StatusWriter } from './status/status-writer';
import { PodDirectories } from './volumes/pod-directories';
import { PodPlacement } from './topology/pod-placement';
import { makeVolumes } from './volumes/make-volumes';
import { type PodVolumes } from './volumes/pod-volumes';
import { TokenCache } from './volumes/token-cache';

const retryMs = 1_000;

/** One node: everything about it is in its instance, so that one process can be many. */
export class Kubelet implements Component {
  readonly name = 'kubelet';
  readonly table: PodTable;
  readonly directories: PodDirectories;
  readonly probeMetrics = new ProbeMetrics();
  readonly #pods: Informer<corev1.Pod>;
  readonly #services: Informer<corev1.Service>;
  readonly #csiDrivers: CsiDrivers;
  readonly #plugins: PluginWatcher;
  readonly #statics: StaticPods;
  readonly #executor: PodExecutor;
  readonly #volumes: PodVolumes;
  readonly #cgroups: PodCgroups;
  readonly #allocatable: AllocatableEnforcement;
  readonly #statuses: StatusWriter;
  readonly #tokens: TokenCache;
  readonly #watcher: RuntimeWatcher;
  readonly #evictor: Evictor;
  readonly #devices: DevicePlugins;
  readonly #draDrivers: DraDrivers;
  readonly #claims: ResourceClaims;
  readonly #slices: SliceWiping;
  readonly #podResources: PodResourcesServer;
  readonly #placement: PodPlacement;
  readonly #users: UserNamespaces;
  readonly #pulls: PullRecords;
  readonly #runtimeState: RuntimeState;
  readonly #registration: NodeRegistration;
  readonly #lease: NodeLease;
  readonly #node: ThisNode;
  readonly #housekeeping: Housekeeping;
  readonly #stop = new AbortController();
  #starting: Promise<void> | undefined;
  #ready = false;
  #hadNetworkPod = false;

  constructor(private readonly options: KubeletOptions, private readonly deps: KubeletDeps) {
    const { client, informers, runtime, events, mounter, clock, log, metrics } = deps;
    const { identity } = options;
    metrics.nodeName.set({ node: identity.name }, 1);
    metrics.metricsProvider.set({ provider: 'cri' }, 1);
    if (deps.cgroups) metrics.cgroupVersion.set(deps.cgroups.version);
    this.directories = new PodDirectories(options.rootDir, options.podLogsDir);
    this.#users = new UserNamespaces(this.directories);
    this.#pods = informers.informer(core.pods, { node: identity.name });
    this.#services = informers.informer(core.services);
    const cgroups = deps.cgroups && new ObservedCgroupTree(deps.cgroups, clock, (operation, seconds) => metrics.cgroupSeconds.observe({ operation_type: operation }, seconds));
    this.#csiDrivers = new CsiDrivers((...call) => metrics.storage.csiCall(...call));
    this.#cgroups = new PodCgroups(options.cgroupRoot, cgroups, options.podMaxPids, (pod) => this.#placement.hasOwnCpus(pod));
    this.#allocatable = new AllocatableEnforcement(options.cgroupRoot, options.allocatable, options.reservations, { tree: cgroups, events, clock, log });
    this.#statuses = new StatusWriter({ client, clock, log, onWritten: (ms) => metrics.statusSyncSeconds.observe(ms / 1000) });
    const references = new ApiReferences(client);
    this.#tokens = new TokenCache({
      clock,
      request: (namespace, name, request) => client.createSubresource<authenticationv1.TokenRequest>(core.serviceaccounts, { namespace, name }, 'token', request),
    });
    this.#devices = new DevicePlugins({ directory: this.directories.devicePlugins, log, metrics, numaNodes: () => this.#placement.numaNodes, onChange: () => this.#registration.changed() });
    this.#slices = new SliceWiping({ client, clock, log, nodeName: identity.name, nodeIsKnown: () => this.#registration.node !== undefined });
    this.#draDrivers = new DraDrivers({ metrics: metrics.dra, onChange: (driver, isThere) => this.#slices.follow(driver, isThere) });
    this.#claims = new ResourceClaims({ client, rootDir: options.rootDir, drivers: this.#draDrivers, metrics: metrics.dra, log });
    this.#placement = new PodPlacement(options.placement, { rootDir: options.rootDir, runtime, log, devices: this.#devices, metrics: metrics.placement });
    this.#podResources = new PodResourcesServer({
      directory: this.directories.podResources, log, devices: this.#devices, placement: this.#placement, claims: this.#claims, metrics: metrics.podResources,
      pods: () => this.table.workers.filter((worker) => worker.holdsRoom).map((worker) => worker.pod),
    });
    this.#pulls = new PullRecords(join(options.rootDir, 'image_manager'), { clock, log });
    metrics.images.follow(() => this.#pulls.sizes);
    const images = new ImagePuller({ maxParallelPulls: options.maxParallelImagePulls, access: options.imageAccess }, { runtime, events, clock, records: this.#pulls, metrics: metrics.images, pullSecrets: (pod) => references.pullSecrets(pod), onPulled: (seconds, bytes) => metrics.imagePullSeconds.observe({ image_size_in_bytes: imageSizeBucket(bytes) }, seconds), ...(deps.nodeCredentials ? { nodeCredentials: deps.nodeCredentials } : {}) });
    this.#plugins = new PluginWatcher(this.directories.pluginsRegistry, {
      DevicePlugin: this.#devices,
      DRAPlugin: this.#draDrivers,
      CSIPlugin: new CsiPluginHandler(this.#csiDrivers, new CsiNodeObject(identity.name, { client, nodeUid: () => this.#registration.node?.metadata.uid })),
    }, { clock, log });
    metrics.plugins.follow(() => this.#plugins.sockets);
    this.#node = new ThisNode(options, {
      runtime, runtimeState: () => this.#runtimeState, extended: () => this.#devices.amounts, volumesInUse: () => this.#volumes.inUse, pressure: () => this.#evictor.conditions,
    });
    this.#volumes = makeVolumes({ client, mounter, log, events, clock, metrics, identity, references, images, node: this.#node, directories: this.directories, csiDrivers: this.#csiDrivers, tokens: this.#tokens, signal: this.#stop.signal });
    metrics.storage.follow(() => this.#volumes.totals);
    this.#executor = new PodExecutor({
      runtime, events, clock, log, metrics, volumes: this.#volumes, directories: this.directories, cgroups: this.#cgroups, data: references, devices: this.#devices, claims: this.#claims, placement: this.#placement, users: this.#users,
      images,
      node: () => this.#node.surroundings,
      services: (pod) => {
        if (!this.#services.synced && !isStaticPod(pod)) throw new Error('services have not yet been read at least once, cannot construct envs');
        return this.#services.list();
      },
      runtimeHandler: async (name) => (await client.get(nodeApi.runtimeclasses, { namespace: '', name })).handler,
    });
    const criEvents = new CriEvents(runtime, {
      onConnected: () => metrics.eventsConnected.inc(),
      onError: () => metrics.eventsErrors.inc(),
      onEvent: (createdAtMs) => metrics.eventsLatencySeconds.observe(Math.max(0, clock.now() - createdAtMs) / 1000),
    });
    this.#watcher = new RuntimeWatcher({ relistMs: options.relistMs, relistWithEventsMs: options.relistMs * 10 }, {
      runtime, clock, log, sources: [criEvents, ...(deps.runtimeEvents ?? [])], onRelist: (ms, sinceMs) => {
        metrics.relistSeconds.observe(ms / 1000);
        if (sinceMs !== undefined) metrics.relistIntervalSeconds.observe(sinceMs / 1000);
        metrics.relistedAtSeconds.set(clock.now() / 1000);
      },
      known: (id) => this.table.container(id),
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
      { client, clock, log, events, facts: () => this.#node.facts(), metrics: metrics.nodeStart },
    );
    this.#lease = new NodeLease({ nodeName: identity.name, durationSeconds: options.leaseDurationSeconds }, { client, clock, log, nodeUid: () => this.#registration.node?.metadata.uid });
    this.#statics = new StaticPods({
      client, clock, log, pods: this.#pods, sources: staticSources(options, { clock, log }),
      node: () => ({ name: identity.name, uid: this.#registration.node?.metadata.uid }),
      begin: (pod) => this.table.beginStatic(pod),
      end: (uid) => this.table.endStatic(uid),
      onRestart: () => metrics.restartedPods.inc({ static: 'true' }),
      onMirror: (mirror, uid) => {
        const worker = this.table.get(uid);
        if (worker) this.#statuses.set(mirror, worker.status);
      },
    });
    const platform = inspectPlatform();
    const surroundings = {
      ...deps, hostIPs: identity.addresses, node: this.#node, placement: this.#placement, executor: this.#executor, statuses: this.#statuses, statics: this.#statics, tokens: this.#tokens, pods: this.#pods, probeMetrics: this.probeMetrics,
      maxRestartWaitMs: options.maxRestartWaitMs,
      table: () => this.table,
      onFirstNetworkPod: (seconds: number) => {
        if (!this.#hadNetworkPod) metrics.firstPodStartSliSeconds.set(seconds);
        this.#hadNetworkPod = true;
      },
    };
    this.table = new PodTable({
      client, clock, log, nodeName: identity.name, pods: this.#pods,
      makeWorker: (pod, view) => makeWorker(pod, view, surroundings),
      observe: (uid) => observePod(runtime, uid),
      runtimePods: () => this.#watcher.pods,
      statics: this.#statics,
      onOrphan: () => metrics.orphanedRuntimePods.inc(),
      onWorker: (waitedMs) => metrics.podWorkerStartSeconds.observe(waitedMs / 1000),
      refreshNode: () => this.#registration.refresh(),
      admit: admissionOf([
        () => (this.#node.shuttingDown ? { reason: 'NodeShutdown', message: 'Pod was rejected as the node is shutting down.' } : undefined),
        (pod) => admitPlatform(pod, platform, this.#runtimeState.features),
        (pod) => this.#evictor.admit(pod),
        (pod) => admitSysctls(pod, options.allowedUnsafeSysctls),
        roomForPod({
          events, metrics, worker: (uid) => this.table.get(uid),
          allocatable: () => ({ ...this.#node.allocatable, ...this.#devices.amounts.allocatable }),
          otherReasons: admissionOf([(pod) => admitNode(pod, this.#registration.admitting), admitPorts]),
        }),
        (pod) => this.#placement.admit(pod),
      ]),
    });
    metrics.resizes.follow(() => {
      const resizes = this.table.workers.map((worker) => worker.resize);
      return { pending: resizes.flatMap(({ pending }) => pending ?? []), inProgress: resizes.filter(({ inProgress }) => inProgress).length };
    });
    const imageGc = new ImageGc({ highPercent: options.imageGcHighPercent, lowPercent: options.imageGcLowPercent, minAgeMs: options.imageMinAgeMs, maxAgeMs: options.imageMaxAgeMs }, { runtime, clock, log, metrics, records: this.#pulls });
    this.#evictor = new Evictor(options.eviction, {
      clock, log, events, directories: this.directories,
      levels: deps.levels ?? (async () => readLevels(options.rootDir, (await runtime.imageFsInfo()).imageFilesystems[0]?.fsId?.mountpoint, await this.#allocatable.memoryLevel())),
      stats: () => runtime.listContainerStats(),
      pods: () => this.table.workers.filter((worker) => !worker.ending && !worker.stopped).map((worker) => ({
        pod: worker.pod,
        evict: (message, graceSeconds) => {
          events.pod(worker.pod, 'Warning', 'Evicted', message);
          worker.disrupt('Evicted', message, message, graceSeconds);
        },
      })),
      reclaimDisk: async () => {
        await this.#housekeeping.collectContainers();
        await imageGc.removeUnused();
      },
      onConditions: () => this.#registration.changed(),
      onEvicted: (signal, ageMs) => {
        metrics.evictions.inc({ eviction_signal: signal });
        metrics.evictionStatsAgeSeconds.observe({ eviction_signal: signal }, ageMs / 1000);
      },
    });
    this.#housekeeping = new Housekeeping(options, {
      ...deps, imageGc, table: this.table, directories: this.directories, volumes: this.#volumes, cgroups: this.#cgroups, devices: this.#devices, claims: this.#claims, placement: this.#placement, watcher: this.#watcher, evictor: this.#evictor,
    });
  }

  get nodeName(): string {
    return this.options.identity.name;
  }

  /** What the node is made of; undefined before it was looked at. */
  get machine(): Machine | undefined {
    return this.#node.machine;
  }

  /** Volumes of a pod that take room which can be measured. */
  volumesOf(podUid: string): MeasurableVolume[] {
    return this.#volumes.measurable(podUid);
  }

  /** What a container's control group tells. */
  containerGroup(pod: corev1.Pod, containerId: string): Promise<CgroupUsage> {
    return this.#cgroups.containerUsage(pod, containerId);
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
    if (this.options.shutdownGraces.length > 0 && this.#ready && !this.#node.shuttingDown) await this.#shutDown();
    this.#stop.abort(new Error('kubelet is stopping'));
    await this.#starting;
    this.#ready = false;
    this.#runtimeState.stop();
    await this.#housekeeping.stop();
    await Promise.all([this.#statics.stop(), this.#plugins.stop()]);
    this.#csiDrivers.close();
    await this.#devices.stop();
    await this.#slices.stop();
    this.#draDrivers.close();
    await this.#claims.stop();
    await this.#podResources.stop();
    await this.#placement.stop();
    this.table.stop();
    this.#statuses.stop();
    await Promise.all([this.#watcher.stop(), this.#lease.stop(), this.#registration.stop(), this.#allocatable.stop()]);
  }

  async #begin(): Promise<void> {
    const { rootDir } = this.options;
    const { signal } = this.#stop;
    const { clock, metrics } = this.deps;
    metrics.nodeStart.started(clock.now());
    await mkdir(rootDir, { recursive: true, mode: 0o750 });
    await this.#volumes.start();
    await this.#users.start();
    await this.#cgroups.start();
    const machine = await this.#node.inspect();
    metrics.nodeStart.bootedMs = clock.now() - machine.uptimeMs;
    if (this.options.failSwapOn && machine.swap.bytes > 0) throw new Error('running with swap on is not supported, please disable swap or set --fail-swap-on flag to false');
    await this.#allocatable.start(machine);
    await this.#placement.start(machine);
    await this.#untilItWorks('runtime version', () => this.#node.meetRuntime());
    await this.#untilItWorks('runtime images', () => this.#pulls.start(() => this.deps.runtime.listImages()));
    await this.#runtimeState.start();
    this.#registration.start();
    this.#lease.start();
    await this.#devices.start();
    await this.#claims.start();
    this.#slices.start();
    await this.#podResources.start();
    await this.#plugins.start();
    this.deps.events.node('Normal', 'Starting', 'Starting kubelet.');
    await this.#untilItWorks('runtime list', () => this.#watcher.start((uid) => this.table.get(uid)?.refresh()));
    // They may be what the API itself is made of.
    await this.#statics.start();
    // No other pod is judged, begun or ended before all of them are known.
    await Promise.all([this.#pods.waitForSync(signal), this.#services.waitForSync(signal)]);
    this.table.start();
    this.#ready = true;
    this.#housekeeping.start();
    await this.#housekeeping.beat();
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

  /** Tells that the node is going, ends its pods by their priorities, and waits until the API knows. */
  async #shutDown(): Promise<void> {
    const { clock, log, events, metrics } = this.deps;
    this.#node.shuttingDown = true;
    metrics.shutdownStart.set(clock.now() / 1000);
    events.node('Normal', 'Shutdown', 'Shutdown manager detected shutdown event');
    this.#registration.changed();
    await shutDownPods(this.options.shutdownGraces, { clock, log, workers: () => this.table.workers });
    await Promise.all(this.table.workers.map(({ pod }) => this.#statuses.flush(uidOf(pod))));
    metrics.shutdownEnd.set(clock.now() / 1000);
  }
}
