import { availableParallelism } from 'node:os';
import { core, discovery, networking } from '@navarch/api';
import { clusterConnection } from '@navarch/client';
import type { Component, Config, ProcessContext } from '@navarch/component-base';
import { EventRecorder } from '@navarch/reconcile';
import { dataPlaneOf } from './compose-data-plane';
import type { proxyFlags } from './config';
import { applyConntrackSettings } from './conntrack/apply-conntrack-settings';
import { conntrackSettings, type ConntrackOptions } from './conntrack/conntrack-settings';
import { HealthCheckPorts } from './health/health-check-ports';
import { nodeAddressesIn } from './health/node-addresses';
import { ProxyHealth } from './health/proxy-health';
import { nodePortRanges } from './node-port-ranges';
import { OwnNode } from './own-node';
import { Proxy } from './proxy';
import { ProxyMetrics } from './proxy-metrics';
import { ServiceRanges } from './service-ranges';
import { byService, serviceOf } from './service-tracker';

/** How the kernel is to track connections. */
function conntrackOptions(config: Config<typeof proxyFlags>): ConntrackOptions {
  return {
    maxPerCore: config.conntrackMaxPerCore,
    min: config.conntrackMin,
    tcpEstablishedMs: config.conntrackTcpTimeoutEstablished,
    tcpCloseWaitMs: config.conntrackTcpTimeoutCloseWait,
    tcpBeLiberal: config.conntrackTcpBeLiberal,
    udpMs: config.conntrackUdpTimeout,
    udpStreamMs: config.conntrackUdpTimeoutStream,
  };
}

/** Builds the process's components, in the order in which they start. */
export function compose(context: ProcessContext<typeof proxyFlags>): Component[] {
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
    onFailure: ({ namespace, name, port }, error) => {
      const message = `node ${config.hostnameOverride} failed to start healthcheck "${namespace}/${name}" on port ${port}: ${error.message}`;
      events.record({ kind: 'Service', namespace, name, uid: `${namespace}/${name}` }, 'Warning', 'FailedToStartServiceHealthcheck', message);
    },
  });
  // No other back end makes anything of them.
  const serviceRanges = config.proxyMode === 'nftables'
    ? new ServiceRanges(connection.informers.informer(networking.servicecidrs), () => proxy.renew())
    : undefined;
  const dataPlane = dataPlaneOf(config, { clock, log, metrics, nodePortAddresses, serviceRanges: () => serviceRanges?.list ?? [] });
  const proxy: Proxy = new Proxy({ services, slices, nodes, ownNode, healthChecks, health: proxyHealth, clock, log, metrics, dataPlane });
  handle('/healthz', (_request, response) => proxyHealth.healthz(response));
  handle('/livez', (_request, response) => proxyHealth.livez(response));
  handle('/proxyMode', (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }).end(config.proxyMode);
  });
  health.addReady('rules', () => {
    if (proxy.failure !== undefined) throw new Error(proxy.failure);
  });
  const tracking: Component = {
    name: 'connection-tracking',
    start: () => applyConntrackSettings(conntrackSettings(conntrackOptions(config), availableParallelism()), log),
    stop: () => Promise.resolve(),
  };
  return [tracking, connection, healthChecks, ...(serviceRanges === undefined ? [] : [serviceRanges]), proxy];
}
