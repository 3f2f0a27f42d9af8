import { availableParallelism } from 'node:os';
import { core, discovery } from '@navarch/api';
import { clusterConnection, clusterFlags } from '@navarch/client';
import { defineFlags, healthzFlags, healthzServing, runProcess, type Component, type Config, type ProcessContext } from '@navarch/component-base';
import { EventRecorder } from '@navarch/reconcile';
import { connect } from '@navarch/rpc';
import { backends, cleanUpOthers, createBackend, ExclusiveDataPlane, type ProxyMode } from './backends/backends';
import type { DataPlane } from './backends/data-plane';
import { kernelFamilies } from './backends/kernel-families';
import { ObservedDataPlane } from './backends/observed-data-plane';
import { RemoteDataPlane } from './backends/remote/remote-data-plane';
import { runCommand } from './backends/run-command';
import { applyConntrackSettings } from './conntrack/apply-conntrack-settings';
import { ConntrackDataPlane } from './conntrack/conntrack-data-plane';
import { conntrackSettings, type ConntrackOptions } from './conntrack/conntrack-settings';
import { HealthCheckPorts } from './health/health-check-ports';
import { ProxyHealth } from './health/proxy-health';
import { OwnNode } from './own-node';
import { Proxy } from './proxy';
import { ProxyMetrics } from './proxy-metrics';
import { byService, serviceOf } from './service-tracker';

const modes = Object.keys(backends);

const flags = defineFlags({
  ...clusterFlags,
  ...healthzFlags('10256'),
  'hostname-override': { type: 'string', required: true, help: 'Name of the node: its own endpoints are known by it.' },
  'cluster-cidr': { type: 'list', default: '10.244.0.0/16', help: 'Pod addresses, a range a family; traffic to services from elsewhere is masqueraded.' },
  'proxy-mode': { type: 'string', default: 'nftables', choices: [...modes, 'grpc'], help: 'How traffic is carried: by the kernel\'s nftables, iptables or ipvs, by this process, or by a data plane in another process.' },
  'nodeport-addresses': { type: 'list', help: 'Node ports are served on the node\'s addresses in these ranges; none: on all.' },
  'conntrack-max-per-core': { type: 'number', default: '32768', help: 'Connections that the kernel tracks, for each processor; 0 leaves its limit as it is.' },
  'conntrack-min': { type: 'number', default: '131072', help: 'As many at least, whatever --conntrack-max-per-core says.' },
  'conntrack-tcp-timeout-established': { type: 'duration', default: '24h', help: 'How long idle TCP connections are tracked; 0 leaves it as it is.' },
  'conntrack-tcp-timeout-close-wait': { type: 'duration', default: '1h', help: 'How long TCP connections in CLOSE_WAIT are tracked; 0 leaves it as it is.' },
  'conntrack-tcp-be-liberal': { type: 'boolean', help: 'Packets of TCP out of their window are no reason to call them invalid.' },
  'conntrack-udp-timeout': { type: 'duration', default: '0s', help: 'How long UDP that was not answered is tracked; 0 leaves it as it is.' },
  'conntrack-udp-timeout-stream': { type: 'duration', default: '0s', help: 'How long UDP that was answered is tracked; 0 leaves it as it is.' },
  'data-plane': { type: 'string', help: 'Address of the data plane with --proxy-mode=grpc: host:port, or unix:///path.' },
});

function dataPlaneOf(config: Config<typeof flags>, log: ProcessContext<typeof flags>['log'], metrics: ProxyMetrics): DataPlane {
  const kernel = kernelFamilies();
  const alone = (plane: DataPlane): DataPlane => new ExclusiveDataPlane(plane, () => cleanUpOthers(config.proxyMode as ProxyMode | 'grpc', runCommand, kernel, log));
  if (config.proxyMode === 'grpc') {
    if (config.dataPlane === undefined) throw new Error('--data-plane is required with --proxy-mode=grpc');
    const tls = { caFile: config.certificateAuthority, certFile: config.clientCertificate, keyFile: config.clientKey };
    // It carries both families, and is measured as one.
    return alone(new ObservedDataPlane(new RemoteDataPlane(connect({ address: config.dataPlane, ...(config.dataPlane.startsWith('unix:') ? {} : { tls }) })), 'IPv4', metrics));
  }
  const mode = config.proxyMode as ProxyMode;
  const plane = createBackend(mode, { clusterCidrs: config.clusterCidr, nodePortAddresses: config.nodeportAddresses, run: runCommand }, kernel, log, metrics);
  // A process that carries the datagrams itself has no flows that outlive their endpoint.
  return alone(mode === 'userspace' ? plane : new ConntrackDataPlane(plane, runCommand, log, metrics));
}

function conntrackOptions(config: Config<typeof flags>): ConntrackOptions {
  return {
    maxPerCore: config.conntrackMaxPerCore, min: config.conntrackMin, tcpEstablishedMs: config.conntrackTcpTimeoutEstablished, tcpCloseWaitMs: config.conntrackTcpTimeoutCloseWait,
    tcpBeLiberal: config.conntrackTcpBeLiberal, udpMs: config.conntrackUdpTimeout, udpStreamMs: config.conntrackUdpTimeoutStream,
  };
}

void runProcess({
  name: 'proxy',
  component: 'kube-proxy',
  flags,
  health: healthzServing,
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
    const healthChecks = new HealthCheckPorts({}, {
      proxyHealthy: () => proxyHealth.healthy, log,
      // Upstream's proxy does not know its Service's uid and uses the name.
      onFailure: ({ namespace, name, port }, error) => events.record({ kind: 'Service', namespace, name, uid: `${namespace}/${name}` }, 'Warning', 'FailedToStartServiceHealthcheck', `node ${config.hostnameOverride} failed to start healthcheck "${namespace}/${name}" on port ${port}: ${error.message}`),
    });
    const proxy: Proxy = new Proxy({ services, slices, nodes, ownNode, healthChecks, health: proxyHealth, clock, log, metrics, dataPlane: dataPlaneOf(config, log, metrics) });
    handle('/healthz', (_request, response) => proxyHealth.healthz(response));
    handle('/livez', (_request, response) => proxyHealth.livez(response));
    health.addReady('rules', () => {
      if (proxy.failure !== undefined) throw new Error(proxy.failure);
    });
    const tracking: Component = { name: 'connection-tracking', start: () => applyConntrackSettings(conntrackSettings(conntrackOptions(config), availableParallelism()), log), stop: () => Promise.resolve() };
    return [tracking, connection, healthChecks, proxy];
  },
});
