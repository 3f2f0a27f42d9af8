import { core, type authenticationv1, type corev1 } from '@navarch/api';
import { type Informer } from '@navarch/client';
import { AllocatableEnforcement } from './cgroups/allocatable-enforcement';
import { ObservedCgroupTree } from './cgroups/observed-cgroup-tree';
import { PodCgroups } from './cgroups/pod-cgroups';
import { UserNamespaces } from './containers/user-namespaces';
import { type Evictor } from './eviction/evictor';
import { makeEvictor } from './eviction/make-evictor';
import { Housekeeping } from './housekeeping';
import { makeImages, type ImageParts } from './images/make-images';
import { type KubeletDeps } from './kubelet-deps';
import { type KubeletOptions } from './kubelet-options';
import { makeNode, type NodeParts } from './node/make-node';
import { makePlugins, type PluginParts } from './plugins/make-plugins';
import { certificateApi } from './pod-certificates/certificate-api';
import { PodCertificates } from './pod-certificates/pod-certificates';
import { PodResourcesServer } from './pod-resources/pod-resources-server';
import { ApiReferences } from './pods/api-references';
import { makeAdmission } from './pods/make-admission';
import { makeExecutor } from './pods/make-executor';
import { makePods, type PodParts } from './pods/make-pods';
import { uidOf } from './pods/pod-spec';
import { ProbeMetrics } from './probes/probe-metrics';
import { seenState } from './runtime/listed-state';
import { makeRuntimeWatcher } from './runtime/make-runtime-watcher';
import { type RuntimeWatcher } from './runtime/runtime-watcher';
import { PodPlacement } from './topology/pod-placement';
import { makeVolumes } from './volumes/make-volumes';
import { PodDirectories } from './volumes/pod-directories';
import { type PodVolumes } from './volumes/pod-volumes';
import { TokenCache } from './volumes/token-cache';

/** All that a kubelet consists of. */
export interface KubeletParts {
  readonly informers: { readonly pods: Informer<corev1.Pod>; readonly services: Informer<corev1.Service> };
  readonly directories: PodDirectories;
  readonly users: UserNamespaces;
  readonly cgroups: PodCgroups;
  readonly allocatable: AllocatableEnforcement;
  readonly plugins: PluginParts;
  readonly placement: PodPlacement;
  readonly podResources: PodResourcesServer;
  readonly images: ImageParts;
  readonly volumes: PodVolumes;
  readonly node: NodeParts;
  readonly watcher: RuntimeWatcher;
  readonly pods: PodParts;
  readonly evictor: Evictor;
  readonly housekeeping: Housekeeping;
  readonly probeMetrics: ProbeMetrics;
}

/** Puts the parts together. Some know each other: who is named before it is made is asked no earlier than at the start. `signal`: the kubelet is stopping. */
export function makeParts(options: KubeletOptions, deps: KubeletDeps, signal: AbortSignal): KubeletParts {
  const { client, runtime, events, clock, log, metrics } = deps;
  const { identity, rootDir, cgroupRoot } = options;
  const informers = { pods: deps.informers.informer(core.pods, { node: identity.name }), services: deps.informers.informer(core.services) };
  const directories = new PodDirectories(rootDir, options.podLogsDir);
  const users = new UserNamespaces(directories);
  const references = new ApiReferences(client);
  const tokens = new TokenCache({
    clock,
    request: (namespace, name, request) => client.createSubresource<authenticationv1.TokenRequest>(core.serviceaccounts, { namespace, name }, 'token', request),
  });
  const probeMetrics = new ProbeMetrics();

  const tree = deps.cgroups && new ObservedCgroupTree(deps.cgroups, clock, (operation, seconds) => metrics.cgroupSeconds.observe({ operation_type: operation }, seconds));
  const cgroups = new PodCgroups(cgroupRoot, tree, {
    maxPids: options.podMaxPids, withoutQuota: (pod) => !options.cpuQuota || placement.hasOwnCpus(pod), allocatable: () => node.node.allocatable,
  });
  const allocatable = new AllocatableEnforcement(cgroupRoot, options.allocatable, options.reservations, { tree, events, clock, log });

  // Statuses of pods tell how what they have is.
  const tellHealth = (): void => pods.table.workers.forEach((worker) => worker.wake());
  const plugins = makePlugins(options, deps, {
    directories, nodeObject: () => node.registration.node, numaNodes: () => placement.numaNodes, onDevices: () => {
      node.registration.changed();
      tellHealth();
    },
    onHealth: () => tellHealth(),
  });
  const placement: PodPlacement = new PodPlacement(options.placement, { rootDir, runtime, log, devices: plugins.devices, metrics: metrics.placement });
  const podResources = new PodResourcesServer({
    directory: directories.podResources, log, devices: plugins.devices, placement, claims: plugins.claims, metrics: metrics.podResources,
    pods: () => pods.table.workers.filter((worker) => worker.holdsRoom).map((worker) => worker.pod),
  });

  const node: NodeParts = makeNode(options, deps, {
    extended: () => plugins.devices.amounts, volumesInUse: () => volumes.inUse, pressure: () => evictor.conditions,
    // Pods that waited for the network need not wait for their next turn.
    onNetwork: () => pods.table.workers.forEach((worker) => worker.retryNow()),
  });
  const images = makeImages(options, deps, references, tokens);
  const certificates = new PodCertificates({
    nodeName: identity.name, nodeUid: () => node.registration.node?.metadata.uid, api: certificateApi(client), events, clock, log, signal, random: Math.random,
    onAnswer: (uid) => {
      const worker = pods.table.get(uid);
      worker?.retryNow();
      worker?.refreshVolumes();
    },
  });
  metrics.podCertificates.follow(() => certificates.states);
  const volumes: PodVolumes = makeVolumes({ ...deps, identity, references, images: images.puller, node: node.node, registration: node.registration, directories, csiDrivers: plugins.csiDrivers, volumeLimits: plugins.volumeLimits, tokens, certificates, signal });
  metrics.storage.follow(() => volumes.totals);

  const evictor: Evictor = makeEvictor(options, deps, {
    directories,
    workers: () => pods.table.workers,
    containerGroup: (pod, id) => cgroups.containerUsage(pod, id),
    memoryLevel: () => allocatable.memoryLevel(),
    reclaimDisk: async (what) => {
      const done = await Promise.allSettled([what.layers ? housekeeping.collectContainers() : undefined, what.images ? images.gc.removeUnused() : undefined]);
      const failed = done.find((one) => one.status === 'rejected');
      if (failed) throw failed.reason;
    },
    onConditions: () => node.registration.changed(),
  });
  const executor = makeExecutor(deps, {
    volumes, directories, cgroups, users, placement, images: images.puller, data: references, devices: plugins.devices, claims: plugins.claims, thisNode: node.node, allServices: informers.services,
  });
  const pods: PodParts = makePods(options, deps, {
    node: node.node, registration: node.registration, placement, resourceHealth: (pod, container) => [...plugins.devices.healthOf(uidOf(pod), container.name), ...plugins.claims.healthOf(pod, container)], executor, tokens, certificates, probeMetrics, pods: informers.pods,
    watcher: () => watcher,
    admit: makeAdmission(options, deps, { ...node, evictor, devices: plugins.devices, placement, worker: (uid) => pods.table.get(uid) }),
  });
  const watcher = makeRuntimeWatcher(options, deps, {
    known: (id) => pods.table.container(id),
    seen: (uid) => {
      const worker = pods.table.get(uid);
      return worker && seenState(worker.view);
    },
  });
  const housekeeping: Housekeeping = new Housekeeping(options, {
    ...deps, imageGc: images.gc, table: pods.table, directories, volumes, cgroups, devices: plugins.devices, claims: plugins.claims, placement, watcher, evictor,
  });
  return { informers, directories, users, cgroups, allocatable, plugins, placement, podResources, images, volumes, node, watcher, pods, evictor, housekeeping, probeMetrics };
}
