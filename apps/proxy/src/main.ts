import { availableParallelism } from 'node:os';
import { core, discovery, networking } from '@navarch/api';
import { clusterConnection } from '@navarch/client';
import { runProcess, type Component, type Config, type ProcessContext } from '@navarch/component-base';
import { EventRecorder } from '@navarch/reconcile';
import { connect } from '@navarch/rpc';
import { cleanUpOthers, createBackend, ExclusiveDataPlane, type ProxyMode } from './backends/backends';
import type { DataPlane } from './backends/data-plane';
import { DeferredDataPlane } from './backends/deferred-data-plane';
import type { IpvsOptions } from './backends/ipvs/ipvs-options';
import { kernelFamilies } from './backends/kernel-families';
import { withNftSession } from './backends/nftables/nft-session';
import { ObservedDataPlane } from './backends/observed-data-plane';
import { RemoteDataPlane } from './backends/remote/remote-data-plane';
import { runCommand } from './backends/run-command';
import { proxyFlags } from './config';
import { loadConfigFile } from './config-file';
import { applyConntrackSettings } from './conntrack/apply-conntrack-settings';
import { ConntrackDataPlane } from './conntrack/conntrack-data-plane';
import { conntrackSettings, type ConntrackOptions } from './conntrack/conntrack-settings';
import { healthServing } from './health-serving';
import { HealthCheckPorts } from './health/health-check-ports';
import { nodeAddressesIn } from './health/node-addresses';
import { nodePortRanges } from './node-port-ranges';
import { ProxyHealth } from './health/proxy-health';
import { OwnNode } from './own-node';
import { Proxy } from './proxy';
import { ProxyMetrics } from './proxy-metrics';
import { ServiceRanges } from './service-ranges';
import { byService, serviceOf } from './service-tracker';

interface KernelRanges {
  readonly nodePortAddresses: () => readonly string[] | undefined;
  readonly serviceRanges: () => readonly string[];
}

function dataPlaneOf(config: Config<typeof proxyFlags>, { clock, log }: Pick<ProcessContext<typeof proxyFlags>, 'clock' | 'log'>, metrics: ProxyMetrics, { nodePortAddresses, serviceRanges }: KernelRanges): DataPlane {
  const kernel = kernelFamilies();
  const alone = (plane: DataPlane): DataPlane => new ExclusiveDataPlane(plane, () => cleanUpOthers(config.proxyMode as ProxyMode | 'grpc', runCommand, kernel, log));
  if (config.proxyMode === 'grpc') {
    if (config.dataPlane === undefined) throw new Error('--data-plane is required with --proxy-mode=grpc');
    const tls = { caFile: config.certificateAuthority, certFile: config.clientCertificate, keyFile: config.clientKey };
    // It carries both families, and is measured as one.
    return alone(new ObservedDataPlane(new RemoteDataPlane(connect({ address: config.dataPlane, ...(config.dataPlane.startsWith('unix:') ? {} : { tls }) })), 'IPv4', metrics));
  }
  const mode = config.proxyMode as ProxyMode;
  const known = (): readonly string[] => {
    const ranges = nodePortAddresses();
    if (ranges === undefined) throw new Error('the node does not tell its addresses yet, which node ports are to be served at');
    return ranges;
  };
  const plane = new DeferredDataPlane(mode, () => createBackend(mode, {
    clusterCidrs: config.clusterCidr, nodePortAddresses: known(), tcpBeLiberal: config.conntrackTcpBeLiberal, localhostNodePorts: config.iptablesLocalhostNodeports, serviceRanges, run: withNftSession(runCommand, log).run, clock, ipvs: ipvsOptions(config),
  }, kernel, log, metrics));
  // A process that carries the datagrams itself has no flows that outlive their endpoint.
  return alone(mode === 'userspace' ? plane : new ConntrackDataPlane(plane, runCommand, log, metrics));
}

function conntrackOptions(config: Config<typeof proxyFlags>): ConntrackOptions {
  return {
    maxPerCore: config.conntrackMaxPerCore, min: config.conntrackMin, tcpEstablishedMs: config.conntrackTcpTimeoutEstablished, tcpCloseWaitMs: config.conntrackTcpTimeoutCloseWait,
    tcpBeLiberal: config.conntrackTcpBeLiberal, udpMs: config.conntrackUdpTimeout, udpStreamMs: config.conntrackUdpTimeoutStream,
  };
}

const ipvsOptions = (config: Config<typeof proxyFlags>): IpvsOptions => ({
  scheduler: config.ipvsScheduler, strictArp: config.ipvsStrictArp, tcpTimeoutMs: config.ipvsTcpTimeout, tcpFinTimeoutMs: config.ipvsTcpfinTimeout, udpTimeoutMs: config.ipvsUdpTimeout,
});

void runProcess({
  name: 'proxy',
  component: 'kube-proxy',
  flags: proxyFlags,
  settings: ({ config }) => loadConfigFile(config),
  health: healthServing,
  main: (context) => {
    const { config, clock, log, registry, health, handle } = context;
    const connection = clusterConnection(config, context);
    const services = connection.informers.informer(core.services);
    const slices = connection.informers.informer(discovery.endpointslices, { indexes: { [byService]: serviceOf } });
    const nodes = connection.informers.informer(core.nodes);
    const ownNode = new OwnNode(config.hostnameOverride, nodes);
    const metrics = new ProxyMetrics(registry, config.proxyMode, () => proxy.figures);
    const proxyHealth = new ProxyHealth({ clock, nodeEligible: () => !ownNode.leaving, onAnswer: (path, code) => metrics.answered(path, code) });
    const events = new EventRecorder({ component: 'kube-proxy', host: config.hostnameOverride }, { api: connection.client, clock, log });
    const nodePortAddresses = nodePortRanges(config.nodeportAddresses, () => ownNode.addresses);
    const healthHosts = (): readonly string[] | undefined => {
      const ranges = nodePortAddresses();
      return ranges === undefined ? [] : nodeAddressesIn(ranges);
    };
    const healthChecks = new HealthCheckPorts({ hosts: healthHosts }, {
      proxyHealthy: () => proxyHealth.healthy, log,
      // Upstream's proxy does not know its Service's uid and uses the name.
      onFailure: ({ namespace, name, port }, error) => events.record({ kind: 'Service', namespace, name, uid: `${namespace}/${name}` }, 'Warning', 'FailedToStartServiceHealthcheck', `node ${config.hostnameOverride} failed to start healthcheck "${namespace}/${name}" on port ${port}: ${error.message}`),
    });
    // No other back end makes anything of them.
    const serviceRanges = config.proxyMode === 'nftables' ? new ServiceRanges(connection.informers.informer(networking.servicecidrs), () => proxy.renew()) : undefined;
    const proxy: Proxy = new Proxy({ services, slices, nodes, ownNode, healthChecks, health: proxyHealth, clock, log, metrics, dataPlane: dataPlaneOf(config, context, metrics, { nodePortAddresses, serviceRanges: () => serviceRanges?.list ?? [] }) });
    handle('/healthz', (_request, response) => proxyHealth.healthz(response));
    handle('/livez', (_request, response) => proxyHealth.livez(response));
    handle('/proxyMode', (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }).end(config.proxyMode);
    });
    health.addReady('rules', () => {
      if (proxy.failure !== undefined) throw new Error(proxy.failure);
    });
    const tracking: Component = { name: 'connection-tracking', start: () => applyConntrackSettings(conntrackSettings(conntrackOptions(config), availableParallelism()), log), stop: () => Promise.resolve() };
    return [tracking, connection, healthChecks, ...(serviceRanges === undefined ? [] : [serviceRanges]), proxy];
  },
});
