import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { authentication, authorization } from '@navarch/api';
import { clusterConnection, type ApiClient, type ClusterConnection } from '@navarch/client';
import { type Clock } from '@navarch/clock';
import { type Component, hostPort, listenAddress, type Logger, type ProcessContext } from '@navarch/component-base';
import { nodev1, readDescriptors } from '@navarch/proto';
import { EventRecorder } from '@navarch/reconcile';
import { RpcServer } from '@navarch/rpc';
import { type Registry } from 'prom-client';
import { CertificateMetrics } from './certificates/certificate-metrics';
import { CertificateRotation } from './certificates/certificate-rotation';
import { CertificateStore } from './certificates/certificate-store';
import { joinCluster, nodeSubject } from './certificates/join-cluster';
import { clientRequests } from './certificates/request-certificate';
import { WhenThere } from './certificates/when-there';
import { openCgroupTree } from './cgroups/cgroup-tree';
import { kubepods } from './cgroups/pod-cgroups';
import { type kubeletFlags, type KubeletConfig } from './config';
import { ApiEventSink } from './events/api-event-sink';
import { pacedApi, type PaceOptions } from './events/paced-api';
import { CredentialMetrics } from './images/credential-metrics';
import { credentialProviderFiles, readCredentialProviders } from './images/credential-provider-config';
import { CredentialProviders } from './images/credential-providers';
import { Kubelet } from './kubelet';
import { kubeletConfiguration } from './kubelet-configuration';
import { createKubeletMetrics } from './kubelet-metrics';
import { KernelMessages } from './node/kernel-messages';
import { applyOomScore } from './node/oom-score';
import { SystemOomWatch } from './node/system-oom-watch';
import { NodeService, onlyApiserver } from './node-service/node-service';
import { StatsReader } from './node-service/stats-summary';
import { VolumeMeasures } from './node-service/volume-stats';
import { RuntimeStreaming } from './node-service/streaming';
import { type KubeletOptions } from './kubelet-options';
import { kubeletOptions } from './options-from-config';
import { ContainerdEvents } from './runtime/events/containerd-events';
import { connectRuntime } from './runtime/connect-runtime';
import { Authentication } from './server/authentication';
import { Authorization } from './server/authorization';
import { HttpMetrics } from './server/http-metrics';
import { KubeletServer } from './server/kubelet-server';
import { machineRow } from './server/cadvisor-metrics';
import { MetricsPages } from './server/metrics-pages';
import { KubeletRoutes } from './server/routes';
import { tlsSettings } from './server/tls-settings';
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
    ...(config.imageCredentialProviderConfig === undefined
      ? {}
      : {
          credentialProviders: await credentialProviders(config.imageCredentialProviderConfig, config.imageCredentialProviderBinDir ?? '', {
            clock,
            log,
            registry,
          }),
        }),
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
  const server = new KubeletServer({ host: listenAddress(config.address), port: config.port, tls: { certFile: files.certFile, keyFile: files.keyFile, caFile: files.caFile }, speaks: tlsSettings(config.tlsMinVersion, config.tlsCipherSuites) }, {
    log, metrics: new HttpMetrics(registry),
    authentication: new Authentication({ anonymous: config.anonymousAuth, tokens: config.authenticationTokenWebhook, tokenCacheMs: config.authenticationTokenWebhookCacheTtl }, { clock, reviewToken: (review) => cluster.client.create(authentication.tokenreviews, review) }),
    authorization: authorizationOf(config, options.identity.name, { clock, client: cluster.client }),
    routes: new KubeletRoutes({
      table, runtime, stats, clock, streamIdleMs: config.streamingConnectionIdleTimeout, checkpoints: join(options.rootDir, 'checkpoints'), nodeLogs: '/var/log', serves: () => ({ debugging: config.enableDebuggingHandlers, logs: config.enableSystemLogHandler }), ...(config.enableSystemLogQuery ? { journalctl: 'journalctl' } : {}),
      metrics: new MetricsPages({ registry, probes: kubelet.probeMetrics, slis: health.slis, stats, volumes, runtime, table, machine: () => machineRow(kubelet.machine), containerGroup: (pod, id) => kubelet.containerGroup(pod, id), clock }),
      check: () => kubelet.checkRuntime(),
      configuration: () => kubeletConfiguration(config), zpages,
    }),
  });
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

function authorizationOf(config: KubeletConfig, nodeName: string, { clock, client }: { readonly clock: Clock; readonly client: ApiClient }): Pick<Authorization, 'allows'> {
  switch (config.authorizationMode) {
    case 'AlwaysAllow': return { allows: () => Promise.resolve(true) };
    case 'Webhook': return new Authorization({ allowedMs: config.authorizationWebhookCacheAuthorizedTtl, deniedMs: config.authorizationWebhookCacheUnauthorizedTtl }, { nodeName, clock, review: (review) => client.create(authorization.subjectaccessreviews, review) });
    default: throw new Error(`--authorization-mode: ${config.authorizationMode} is neither Webhook nor AlwaysAllow`);
  }
}

async function credentialProviders(
  path: string,
  directory: string,
  { clock, log, registry }: { readonly clock: Clock; readonly log: Logger; readonly registry: Registry },
): Promise<CredentialProviders> {
  const providers = await readCredentialProviders(path);
  const config = await Promise.all((await credentialProviderFiles(path)).map((file) => readFile(file)));
  return new CredentialProviders(providers, directory, { clock, log, metrics: new CredentialMetrics(Buffer.concat(config), registry) });
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

function certificateDirectory({ certDir, rootDir }: KubeletConfig): string {
  return certDir ?? join(rootDir, 'pki');
}

function clientStore(config: KubeletConfig): CertificateStore {
  const directory = certificateDirectory(config);
  return new CertificateStore(config.clientCertificate ?? join(directory, 'kubelet-client.crt'), config.clientKey ?? join(directory, 'kubelet-client.key'));
}

function servingStore(config: KubeletConfig): CertificateStore {
  const directory = certificateDirectory(config);
  return new CertificateStore(join(directory, 'kubelet-server.crt'), join(directory, 'kubelet-server.key'));
}

function certificateRotations(config: KubeletConfig, { identity }: KubeletOptions, clientCertificate: CertificateStore, { cluster, clock, log, registry }: { readonly cluster: ClusterConnection; readonly registry: Registry; readonly clock: Clock; readonly log: Logger }): CertificateRotation[] {
  const deps = { api: clientRequests(cluster.client), clock, log, random: Math.random };
  const subject = nodeSubject(identity.name);
  const serving = servingStore(config);
  return [
    ...(config.rotateCertificates ? [new CertificateRotation({ name: 'client-certificate', signer: 'kubernetes.io/kube-apiserver-client-kubelet', store: clientCertificate, subject }, { ...deps, metrics: new CertificateMetrics('client', clientCertificate, clock, registry) })] : []),
    ...(config.rotateServerCertificates ? [new CertificateRotation({ name: 'serving-certificate', signer: 'kubernetes.io/kubelet-serving', store: serving, subject: { ...subject, hosts: [identity.hostname, ...identity.addresses] } }, { ...deps, metrics: new CertificateMetrics('server', serving, clock, registry) })] : []),
  ];
}
