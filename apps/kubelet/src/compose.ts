import { clusterConnection } from '@navarch/client';
import { type Component, type ProcessContext } from '@navarch/component-base';
import { nodev1 } from '@navarch/proto';
import { EventRecorder } from '@navarch/reconcile';
import { RpcServer } from '@navarch/rpc';
import { openCgroupTree } from './cgroups/cgroup-tree';
import { type kubeletFlags } from './config';
import { ApiEventSink } from './events/api-event-sink';
import { Kubelet } from './kubelet';
import { createKubeletMetrics } from './kubelet-metrics';
import { NodeService, onlyApiserver } from './node-service/node-service';
import { StatsReader } from './node-service/stats-summary';
import { RuntimeStreaming } from './node-service/streaming';
import { kubeletOptions } from './options-from-config';
import { ContainerdEvents } from './runtime/events/containerd-events';
import { RemoteRuntime } from './runtime/remote-runtime';
import { UsagePublisher } from './usage/usage-publisher';
import { HostMounter, NoMounter } from './volumes/mounter';

/** Puts a kubelet together: the one place that knows every part. */
export async function compose(context: ProcessContext<typeof kubeletFlags>): Promise<Component[]> {
  const { config, clock, log, registry, health, fail } = context;
  const options = kubeletOptions(config);
  const cluster = clusterConnection(config, context);
  const runtime = new RemoteRuntime({ endpoint: config.containerRuntimeEndpoint, requestTimeoutMs: config.runtimeRequestTimeout });
  const isRoot = process.getuid?.() === 0;
  const recorder = new EventRecorder({ component: 'kubelet', host: options.identity.name }, { api: cluster.client, clock, log });
  const kubelet = new Kubelet(options, {
    runtime, clock, log,
    runtimeEvents: [new ContainerdEvents(config.containerRuntimeEndpoint, clock)],
    client: cluster.client,
    informers: cluster.informers,
    events: new ApiEventSink(options.identity.name, recorder),
    mounter: isRoot ? new HostMounter() : new NoMounter(),
    cgroups: options.cgroupRoot === '' ? undefined : await openCgroupTree(),
    metrics: createKubeletMetrics(registry),
    heartbeat: (node, nowMs) => cluster.bus?.publishHeartbeat({ node, sentUnixMs: BigInt(nowMs) }),
    onCrash: fail,
  });
  const { table } = kubelet;
  const server = new RpcServer(
    {
      address: `${config.address}:${config.port}`,
      tls: { caFile: config.clientCaFile ?? config.certificateAuthority, certFile: config.tlsCertFile ?? config.clientCertificate, keyFile: config.tlsPrivateKeyFile ?? config.clientKey },
    },
    { log, registry },
  );
  server.add(nodev1.NodeServiceService, new NodeService({
    table, authorize: onlyApiserver, stats: new StatsReader(options.identity.name, { runtime, table, clock }), streaming: new RuntimeStreaming({ runtime, table }),
  }));
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
  const usage = new StatsReader(options.identity.name, { runtime, table, clock });
  const usagePublisher = new UsagePublisher(options.identity.name, { read: () => usage.read(), publish: (sample) => cluster.bus?.publishUsage(sample), clock, log });
  return [runtimeConnection, cluster, server, kubelet, usagePublisher];
}
