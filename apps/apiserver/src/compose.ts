import { coordination } from '@navarch/api';
import type { Clock } from '@navarch/clock';
import { type Component, type FeatureGates, type HealthChecks, listenAddress, type LoadedTls, type Logger, TlsFiles, type ZPages } from '@navarch/component-base';
import type { RpcServer } from '@navarch/rpc';
import { Compactor, EtcdStore, StoreWatchCache } from '@navarch/storage';
import { hostname } from 'node:os';
import type { Registry as MetricsRegistry } from 'prom-client';
import { encodeProtobuf } from './codec/protobuf-body';
import { ExtensionAuthentication } from './cluster-objects/extension-authentication';
import { IdentityLease } from './cluster-objects/identity-lease';
import { KubernetesService } from './cluster-objects/kubernetes-service';
import { systemNamespaces } from './cluster-objects/system-namespaces';
import { apiserverId } from './config-file/server-id';
import { policyRules } from './admission/policies/policy-rules';
import { AggregationProxy } from './aggregation/aggregation-proxy';
import { Aggregator } from './aggregation/aggregator';
import { advertiseAddress, externalAddress } from './advertise-address';
import { componentStatuses } from './component-status/component-statuses';
import { CertificateRequestMetrics } from './certificates/request-metrics';
import { podCertificateRules } from './certificates/pod-certificate-rule';
import { certificateRules } from './certificates/request-rule';
import { composeAudit } from './compose-audit';
import { composeChecks } from './compose-checks';
import { etcdFileNames, etcdTlsOf, frontProxyFacts, kubeletFiles, proxyCertificate } from './compose-files';
import { composeEncryption } from './compose-encryption';
import { composePipeline } from './compose-pipeline';
import { composeRpc } from './compose-rpc';
import type { ApiserverConfig } from './config';
import { FlowControl } from './flow-control/flow-control';
import { FlowControlUpkeep } from './flow-control/flow-control-upkeep';
import { workSources } from './flow-control/work-sources';
import { DiscoveryRoutes } from './discovery/discovery-routes';
import { registerVersion } from './discovery/version-routes';
import type { View } from './http/accept';
import { Answers } from './http/answer';
import { ApiHandler } from './http/api-handler';
import { ConnectRoutes } from './http/connect-routes';
import { WatchRoute } from './http/handle-watch';
import { registerFlowControlDumps } from './http/flow-control-routes';
import { HealthRoutes } from './http/health-routes';
import { DoorHeaders } from './http/door-headers';
import { HttpsServer } from './http/https-server';
import { OidcRoutes } from './http/oidc-routes';
import { registerZPages } from './http/zpage-routes';
import { PathRoutes } from './http/path-routes';
import { RequestMetrics } from './http/request-metrics';
import { ResourceHandler } from './http/resource-handler';
import { servingTls } from './http/serving-tls';
import { SniCertificates } from './http/sni-certificates';
import { LastRequests } from './http/last-requests';
import { SubresourceRoutes } from './http/subresource-routes';
import { Trust } from './http/trust';
import { connectHandlers } from './node/connect-handlers';
import { KubeletClient } from './node/kubelet-client';
import { NodeConnections } from './node/node-connections';
import { OpenApiRoutes } from './openapi/openapi-routes';
import { PluginChain } from './pipeline/admission-chain';
import { AccessMetrics } from './pipeline/access-metrics';
import { AdmissionMetrics } from './pipeline/admission-metrics';
import { AuthenticatorChain } from './pipeline/authenticate';
import { AuthorizerChain } from './pipeline/authorize';
import { InFlightLimit } from './pipeline/in-flight-limit';
import { PostStartHooks } from './post-start-hooks';
import { CelMetrics } from './custom-resources/cel-metrics';
import { CustomResources } from './custom-resources/custom-resources';
import { DefinitionController } from './custom-resources/definition-controller';
import { definitionRule } from './custom-resources/definition-rule';
import { selectorRules } from './devices/selector-rules';
import { defaultPool, startThread, WorkPool } from './offload/work-pool';
import { WorkMetrics } from './offload/work-metrics';
import { unprivilegedRules } from './registry/unprivileged-rules';
import { defineResources } from './registry/define-resources';
import type { RegistryDeps } from './registry/resource-store';
import { Posts } from './registry/post';
import { RegistryReader } from './registry/object-reader';
import { RegistryWriter } from './registry/object-writer';
import type { Registry } from './registry/registry';
import { RuntimeConfig } from './registry/runtime-config';
import { ServedCatalog } from './registry/served-catalog';
import { parsePortRange } from './service-ips/choose';
import { AddressRepair } from './service-ips/address-repair';
import { DefaultServiceCidr } from './service-ips/default-service-cidr';
import { addressIn, parseServiceRanges } from './service-ips/ip-range';
import { EtcdRequestMetrics } from './registry/etcd-request-metrics';
import { StoreMetrics } from './registry/store-metrics';
import { OwnDoor } from './services/own-door';
import { ServiceResolver } from './services/service-resolver';
import { ServiceCompanions } from './service-ips/service-companions';
import { serviceRanges } from './service-ips/service-ranges';
import { WatchHub } from './watch/watch-hub';
import { WatchMetrics } from './watch/watch-metrics';

export interface ComposeDeps {
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  readonly health: HealthChecks;
  readonly zpages: ZPages;
  readonly features: FeatureGates;
  readonly clock: Clock;
  /** The process cannot go on. */
  readonly fail: (error: unknown) => void;
  /** Node's arguments for threads, where the process runs by other means. */
  readonly threadArgv?: readonly string[];
}

/** The apiserver, composed and not yet started. */
export interface ComposedApiserver {
  /** In the order to start them. */
  readonly components: readonly Component[];
  readonly https: HttpsServer;
  readonly rpc: RpcServer;
  readonly registry: Registry;
}

/** The only file that says `new` for services. */
export async function compose(config: ApiserverConfig, deps: ComposeDeps): Promise<ComposedApiserver> {
  const { log, metrics, health, clock } = deps;
  const etcdRequests = new EtcdRequestMetrics(metrics);
  const etcdFiles = new TlsFiles(etcdFileNames(config), log);
  const etcdTls = etcdTlsOf(await etcdFiles.load());
  const etcd: EtcdStore = new EtcdStore(
    { endpoints: [...config.etcdServers], transactions: config.etcdTransactions === 'single' ? 'single' : 'grouped', ...(etcdTls ? { tls: etcdTls } : {}) },
    { log, clock, onAbandoned: (write) => storeMetrics.abandoned(write), onRequest: (...told) => etcdRequests.request(...told) },
  );
  const storeMetrics = new StoreMetrics({ metrics, log, clock, sizeBytes: () => etcd.sizeBytes() });
  const encryption = await composeEncryption(config, { store: etcd, clock, log, metrics });
  const { store } = encryption;
  const cache = new StoreWatchCache({ historyBytes: config.watchCacheHistoryBytes }, { store, log, clock, onFatal: deps.fail });
  const admission = new PluginChain();
  const workers = new WorkPool(defaultPool, { clock, log, metrics: new WorkMetrics(metrics), startThread: () => startThread(deps.threadArgv) });
  const resources: RegistryDeps = { store, cache, clock, log, admission, offload: workers, isOpen: (gate) => deps.features.enabled(gate) };
  const table = defineResources(
    {
      runtimeConfig: new RuntimeConfig(config.runtimeConfig),
      eventTtlSeconds: Math.round(config.eventTtl / 1000),
      furtherRules: { 'apiextensions.k8s.io/customresourcedefinitions': definitionRule(workers), ...policyRules, ...selectorRules, ...certificateRules, ...podCertificateRules(clock), ...(config.allowPrivileged ? {} : unprivilegedRules) },
    },
    resources,
  );
  const { registry } = table;
  storeMetrics.follow(cache, registry);
  const [requests, requestMetrics] = [registry.store('certificates.k8s.io', 'certificatesigningrequests'), new CertificateRequestMetrics(metrics, log)];
  if (requests) requests.updated = (object, old, subresource) => (subresource === 'status' ? requestMetrics.statusWritten(object, old) : undefined);
  const catalog = new ServedCatalog(table.facts);
  const trust = await Trust.load({ certFile: config.tlsCertFile, keyFile: config.tlsPrivateKeyFile, clientCaFile: config.clientCaFile, proxyCaFile: config.requestheaderClientCaFile }, { clock, log });
  const own = new OwnDoor(config.bindAddress, () => trust.certificate);
  const { extensions, tokens, caller, anonymous, components: reloaded } = await composePipeline(config, { registry, clock, log, metrics, trust, own, features: deps.features });
  admission.install(extensions.admission, new AdmissionMetrics(metrics));

  const address = advertiseAddress(config.advertiseAddress, config.bindAddress);
  const ranges = parseServiceRanges(config.serviceClusterIpRange);
  const [range] = ranges;
  if (range === undefined) throw new Error('--service-cluster-ip-range is empty');
  const [services, ipAddresses] = [registry.store('', 'services'), registry.store('networking.k8s.io', 'ipaddresses')];
  const reader = new RegistryReader(registry);
  const addresses = serviceRanges(ranges, reader);
  const components = registry.store('', 'componentstatuses');
  const leader = (name: string) => reader.get(coordination.leases, 'kube-system', name);
  if (components) {
    components.lookedUp = async () => {
      const leases = { 'controller-manager': leader('kube-controller-manager'), scheduler: leader('kube-scheduler') };
      return componentStatuses({ leases, memberFailures: await etcd.memberFailures() }, clock.now());
    };
  }
  if (services && ipAddresses) services.companions = new ServiceCompanions({ addresses, nodePorts: parsePortRange(config.serviceNodePortRange) }, { ipAddresses, cache, clock });
  const writer = new RegistryWriter(registry);
  const kubernetesService = new KubernetesService(
    { clusterIP: addressIn(range, 1), advertiseAddress: address, port: () => https.port, keepsEndpoints: config.endpointReconcilerType === 'lease' },
    { store, cache, writer, clock, log },
  );

  const hub = new WatchHub({ clock, metrics: new WatchMetrics(metrics) }, config.shutdownWatchTerminationGracePeriod);
  const answersOf = (...views: View[]): Answers => new Answers(views, { protobuf: encodeProtobuf }, () => clock.now());
  const answers = answersOf('object', 'table', 'metadata');
  const kubeletTls = kubeletFiles(config);
  const nodes = new NodeConnections({ reader, clock, tls: kubeletTls });
  const kubelets = new KubeletClient(nodes, { caFile: kubeletTls?.caFile ?? config.kubeletCertificateAuthority, client: kubeletTls }, config.kubeletPreferredAddressTypes);
  // Files that are not there are to be told of now.
  await kubelets.credentials();
  const access = new AccessMetrics(metrics);
  const authorization = new AuthorizerChain(extensions.authorizers, access);
  const creations = deps.features.enabled('AuthorizePodWebsocketUpgradeCreatePermission') ? authorization : undefined;
  const connect = new ConnectRoutes(connectHandlers({ reader, nodes, kubelets, clock }), admission, creations);
  const posts = new Posts({ registry, admission, virtualResources: extensions.virtualResources, virtualFacts: table.virtualFacts });
  const subresources = new SubresourceRoutes({ answers, postAnswers: answersOf('object'), connect, posts, offload: workers });
  const paths = new PathRoutes();
  const inFlight = new InFlightLimit(config.enablePriorityAndFairness ? { readOnly: 0, mutating: 0 } : { readOnly: config.maxRequestsInflight, mutating: config.maxMutatingRequestsInflight });
  const lastRequests = new LastRequests(config.shutdownSendRetryAfter, inFlight);
  const seats = config.maxRequestsInflight + config.maxMutatingRequestsInflight;
  const flowControl = config.enablePriorityAndFairness && seats > 0 ? new FlowControl(seats, { reader, clock, metrics, sources: workSources(registry, hub.counts) }) : undefined;
  const authentication = new AuthenticatorChain(extensions.authenticators, anonymous, access);
  const rpc = await composeRpc(config, { authentication, authorization, registry, posts, hub, cache, store, clock, log, metrics });
  const resolver = new ServiceResolver(reader);
  const certificate = proxyCertificate(config);
  await certificate();
  const startup = composeChecks(config, { health, clock, store, registry, more: encryption.checks });
  const aggregator = new Aggregator({ reader, writer, catalog, services: resolver, certificate, clock, log, metrics, registered: startup.add('autoregister-completion') });
  const aggregation = new AggregationProxy({ aggregator, services: resolver, certificate });
  const audit = await composeAudit(config, { clock, log, metrics });
  const handler = new ApiHandler({
    door: new DoorHeaders(config, Math.random),
    authentication,
    authorization,
    inFlight,
    lastRequests,
    flowControl,
    auditor: audit.auditor,
    resources: new ResourceHandler({ registry, catalog, answers, watch: new WatchRoute(hub, answers, config.minRequestTimeout), subresources, ...(deps.features.enabled('AllowUnsafeMalformedObjectDeletion') ? { unsafeDeletes: authorization } : {}) }),
    paths,
    elsewhere: (exchange) => aggregation.handle(exchange),
    metrics: new RequestMetrics(metrics, inFlight, () => registry.allStores()),
    clock,
    log,
    requestTimeoutMs: config.requestTimeout,
  });
  const sni = config.tlsSniCertKey.length === 0 ? undefined : await SniCertificates.load(config.tlsSniCertKey, log);
  const https = new HttpsServer({ host: listenAddress(config.bindAddress), port: config.securePort, tls: trust.tls, serving: servingTls(config), ...(sni ? { sni } : {}), maxStreams: config.http2MaxStreamsPerConnection || 250, http1Only: config.disableHttp2Serving }, { target: handler, log, metrics });
  own.behind(https);
  const advertised = (): string => externalAddress(config.externalHostname ?? address, https.port);

  registerVersion(paths, catalog);
  new DiscoveryRoutes(catalog, advertised).register(paths);
  new OpenApiRoutes(catalog).register(paths);
  new HealthRoutes({ checks: health, metrics, log }).register(paths);
  registerZPages(paths, deps.zpages);
  if (flowControl) registerFlowControlDumps(paths, flowControl);
  new OidcRoutes(tokens, advertised, config.serviceAccountJwksUri).register(paths);

  const authenticationInfo = new ExtensionAuthentication({ writer, facts: () => frontProxyFacts(config, trust), clock, log });
  trust.onChange(() => {
    https.setTls(trust.tls);
    authenticationInfo.changed();
  });
  const customResources = new CustomResources({ reader, registry, catalog, resources, caller, observer: new CelMetrics(metrics) });
  return {
    https,
    rpc: rpc.server,
    registry,
    components: [
      { name: 'store', start: () => Promise.resolve(), stop: () => store.close() },
      ...(etcdTls ? [reloading('etcd-certificates', etcdFiles, (loaded) => etcd.renewTls(etcdTlsOf(loaded) ?? etcdTls))] : []),
      workers,
      ...encryption.components,
      startup.hook(CACHE_HOOKS, { name: 'watch-cache', start: () => cache.start(), stop: () => cache.stop() }),
      ...(config.etcdCompactionInterval > 0 ? [asComponent('compactor', new Compactor({ intervalMs: config.etcdCompactionInterval }, { store, log, clock }))] : []),
      ...audit.components,
      nodes,
      https,
      ...reloaded,
      trust,
      ...(sni ? [sni] : []),
      rpc.server,
      hub,
      startup.hook(['start-apiextensions-informers', 'crd-informer-synced'], customResources),
      startup.hook('start-apiextensions-controllers', new DefinitionController({ reader, writer, registry, storeOf: (definition) => customResources.storeOf(definition), clock, log })),
      ...(rpc.publisher ? [rpc.publisher] : []),
      new PostStartHooks([systemNamespaces(writer), authenticationInfo.hook, ...extensions.postStartHooks], { clock, log, checks: startup }),
      authenticationInfo,
      ...(flowControl ? [new FlowControlUpkeep({ reader, writer, clock, log })] : []),
      startup.hook(AGGREGATOR_HOOKS, aggregator),
      ...(deps.features.enabled('APIServerIdentity') ? [startup.hook('start-kube-apiserver-identity-lease-controller', new IdentityLease({ id: apiserverId(), hostname: hostname() }, { reader, writer, clock, log }))] : []),
      startup.hook('bootstrap-controller', kubernetesService),
      startup.hook('start-kubernetes-service-cidr-controller', new DefaultServiceCidr(ranges.map(({ cidr }) => cidr), { writer, clock, log })),
      startup.hook('start-service-ip-repair-controllers', new AddressRepair({ reader, writer, isInRange: (given) => addresses.has(given), clock, log })),
      lastRequests,
    ],
  };
}

/** One cache of all that is stored serves every reader in the server: upstream has a set of informers for each. */
const CACHE_HOOKS = ['storage-readiness', 'generic-apiserver-start-informers', 'start-kube-aggregator-informers', 'start-apiserver-admission-initializer'];
/** What upstream's aggregator has a controller for each. */
const AGGREGATOR_HOOKS = ['apiservice-registration-controller', 'apiservice-discovery-controller', 'apiservice-openapi-controller', 'apiservice-status-local-available-controller', 'apiservice-status-remote-available-controller', 'kube-apiserver-autoregistration'];

/** Hands renewed certificates on, for new connections. */
function reloading(name: string, certificates: TlsFiles, use: (loaded: LoadedTls) => void): Component {
  return {
    name,
    start: () => {
      certificates.watch(use);
      return Promise.resolve();
    },
    stop: () => {
      certificates.stop();
      return Promise.resolve();
    },
  };
}

function asComponent(name: string, part: { start(): Promise<void>; stop(): Promise<void> }): Component {
  return { name, start: () => part.start(), stop: () => part.stop() };
}
