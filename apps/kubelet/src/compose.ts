import { clusterConnection } from '@navarch/client';
import { type Component, hostPort, listenAddress, type ProcessContext } from '@navarch/component-base';
import { nodev1, readDescriptors } from '@navarch/proto';
import { EventRecorder } from '@navarch/reconcile';
import { RpcServer } from '@navarch/rpc';
import { joinCluster } from './certificates/join-cluster';
import { certificateRotations, clientStore, servingStore } from './certificates/make-rotations';
import { WhenThere } from './certificates/when-there';
import { openCgroupTree } from './cgroups/cgroup-tree';
import { kubepods } from './cgroups/pod-cgroups';
import type { kubeletFlags, KubeletConfig } from './config';
import { ApiEventSink } from './events/api-event-sink';
import { pacedApi, type PaceOptions } from './events/paced-api';
import { credentialProviders } from './images/make-credential-providers';
import { Kubelet } from './kubelet';
import { createKubeletMetrics } from './kubelet-metrics';
import { NodeService, onlyApiserver } from './node-service/node-service';
import { StatsReader } from './node-service/stats-summary';
import { RuntimeStreaming } from './node-service/streaming';
import { VolumeMeasures } from './node-service/volume-stats';
import { KernelMessages } from './node/kernel-messages';
import { applyOomScore } from './node/oom-score';
import { SystemOomWatch } from './node/system-oom-watch';
import { kubeletOptions } from './options-from-config';
import { connectRuntime } from './runtime/connect-runtime';
import { ContainerdEvents } from './runtime/events/containerd-events';
import { makeServer } from './server/make-server';
import { UsagePublisher } from './usage/usage-publisher';
import { HostMounter, NoMounter } from './volumes/mounter';

/** Puts a kubelet together: the one place that knows every part. */
export async function compose(context: ProcessContext<typeof kubeletFlags>): Promise<Component[]> {
  const { config, clock, log, registry, health, zpages, fail } = context;
  const options = kubeletOptions(config);
  await applyOomScore(oomScore(config.oomScoreAdj), log);
  const clientCertificate = clientStore(config);
  const { certFile: clientCertificateFile, keyFile: clientKeyFile } = clientCertificate;
  // Before anything else: the connection below is made with the certificate that this gets.
  if (config.bootstrapKubeconfig !== undefined) await joinCluster(config.bootstrapKubeconfig, clientCertificate, options.identity.name, { clock, log }, context.signal);
  const cluster = clusterConnection({ ...config, clientCertificate: clientCertificateFile, clientKey: clientKeyFile }, context);
  const rotations = certificateRotations(config, options, clientCertificate, { cluster, clock, log, registry });
  const metrics = createKubeletMetrics(registry);
  const runtime = connectRuntime(config, metrics);
  const isRoot = process.getuid?.() === 0;
  const recorder = new EventRecorder({ component: 'kubelet', host: options.identity.name }, { api: pacedApi(cluster.client, eventPace(config), clock), clock, log });
  const events = new ApiEventSink(options.identity.name, recorder);
  const cgroups = options.cgroupRoot === '' ? undefined : await openCgroupTree();
  const kubelet = new Kubelet(options, {
    runtime,
    clock,
    log,
    ...(await credentialProviders(config, { clock, log, registry })),
    runtimeEvents: [new ContainerdEvents(config.containerRuntimeEndpoint)],
    client: cluster.client,
    informers: cluster.informers,
    events,
    mounter: isRoot ? new HostMounter() : new NoMounter(),
    cgroups,
    metrics,
    heartbeat: (node, nowMs) => cluster.bus?.publishHeartbeat({ node, sentUnixMs: BigInt(nowMs) }),
    onCrash: fail,
  });
  const { table } = kubelet;
  const serving = config.rotateServerCertificates ? servingStore(config) : undefined;
  const files = {
    caFile: config.clientCaFile ?? config.certificateAuthority,
    certFile: serving?.certFile ?? config.tlsCertFile ?? clientCertificateFile,
    keyFile: serving?.keyFile ?? config.tlsPrivateKeyFile ?? clientKeyFile,
  };
  const volumes = new VolumeMeasures({
    periodMs: config.volumeStatsAggPeriod,
    clock,
    log,
    volumes: (uid) => kubelet.volumesOf(uid),
    onMeasured: (source, seconds) => metrics.storage.measured(source, seconds),
  });
  const statsDeps = { runtime, table, clock, rootDir: options.rootDir, volumes, ...(cgroups ? { podsGroup: { tree: cgroups, path: kubepods(options.cgroupRoot) } } : {}) };
  const stats = new StatsReader(options.identity.name, statsDeps);
  const nodeService = new RpcServer({ address: hostPort(listenAddress(config.address), config.nodeServicePort), descriptors: readDescriptors, tls: files }, { log, registry });
  nodeService.add(
    nodev1.NodeServiceService,
    new NodeService({
      table,
      authorize: onlyApiserver,
      stats,
      streaming: new RuntimeStreaming({ runtime, table, idleMs: config.streamingConnectionIdleTimeout }),
    }),
  );
  const server = makeServer(config, { cluster, kubelet, stats, volumes, runtime, files, options, clock, log, registry, health, zpages });
  const listening: Component[] = [nodeService, ...(config.enableServer ? [server] : [])];
  const servers: Component[] = serving ? [new WhenThere(serving, listening, { clock, log })] : listening;
  health.addReady('pods', () => kubelet.checkReady());
  health.add('runtime', () => kubelet.checkRuntime(), ['healthz', 'livez']);
  const runtimeConnection: Component = {
    name: 'runtime-connection',
    start: () => Promise.resolve(),
    stop: () => {
      runtime.close();
      return Promise.resolve();
    },
  };
  const usage = new StatsReader(options.identity.name, statsDeps);
  const usagePublisher = new UsagePublisher(options.identity.name, {
    read: () => usage.read(true),
    labelsOf: (uid) => table.get(uid)?.pod.metadata.labels ?? {},
    publish: (sample) => cluster.bus?.publishUsage(sample),
    clock,
    log,
  });
  // The kubelet registers its node before its servers need a certificate for it.
  return [runtimeConnection, cluster, ...rotations, kubelet, ...servers, usagePublisher, new SystemOomWatch({ messages: new KernelMessages(), events, clock, log })];
}

function eventPace({ eventQps, eventBurst }: KubeletConfig): PaceOptions {
  if (eventQps < 0) throw new Error(`invalid configuration: eventRecordQPS (--event-qps) ${eventQps} must not be a negative number`);
  if (eventBurst < 0) throw new Error(`invalid configuration: eventBurst (--event-burst) ${eventBurst} must not be a negative number`);
  return { perSecond: eventQps, burst: eventBurst };
}

function oomScore(score: number): number {
  if (!(score >= -1000 && score <= 1000)) throw new Error(`invalid configuration: oomScoreAdj (--oom-score-adj) ${score} must be between -1000 and 1000, inclusive`);
  return score;
}
