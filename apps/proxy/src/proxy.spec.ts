import { core, discovery, type corev1 } from '@navarch/api';
import { SimulatedCluster } from '@navarch/client/testing';
import { silentLogger } from '@navarch/component-base';
import type { proxyv1 } from '@navarch/proto';
import { Registry } from 'prom-client';
import { ObservedDataPlane } from './backends/observed-data-plane';
import { HealthCheckPorts } from './health/health-check-ports';
import { ProxyHealth } from './health/proxy-health';
import { OwnNode } from './own-node';
import { Proxy } from './proxy';
import { ProxyMetrics } from './proxy-metrics';
import { byService, serviceOf } from './service-tracker';

/** A proxy whose kernel is a map of ports, and refuses when told to. */
class World {
  readonly cluster = new SimulatedCluster();
  readonly ports = new Map<string, proxyv1.ServicePort>();
  readonly registry = new Registry();
  readonly health: ProxyHealth;
  readonly proxy: Proxy;
  refuse = false;
  /** Somebody has thrown away what the kernel held. */
  flushed = false;

  constructor() {
    const { informers, clock } = this.cluster;
    const nodes = informers.informer(core.nodes);
    const ownNode = new OwnNode('node-1', nodes);
    const metrics = new ProxyMetrics(this.registry, 'nftables', () => this.proxy.figures);
    this.health = new ProxyHealth({ clock, nodeEligible: () => !ownNode.leaving, onAnswer: (path, code) => metrics.answered(path, code) });
    const kernel = {
      name: 'kernel',
      sync: ({ reset, upsert, remove }: proxyv1.SyncRequest): Promise<void> => {
        if (this.refuse) return Promise.reject(new Error('refused'));
        if (reset) this.ports.clear();
        for (const id of remove) this.ports.delete(id);
        for (const port of upsert) this.ports.set(port.id, port);
        this.flushed = false;
        return Promise.resolve();
      },
      isThere: () => Promise.resolve(!this.flushed),
    };
    this.proxy = new Proxy({
      services: informers.informer(core.services), slices: informers.informer(discovery.endpointslices, { indexes: { [byService]: serviceOf } }), nodes, ownNode, clock, log: silentLogger, metrics, health: this.health,
      dataPlane: new ObservedDataPlane(kernel, 'IPv4', metrics), healthChecks: new HealthCheckPorts({ hosts: () => ['127.0.0.1'] }, { proxyHealthy: () => this.health.healthy, log: silentLogger }),
    });
  }

  async start(): Promise<void> {
    await this.cluster.start();
    await this.proxy.start();
  }

  async stop(): Promise<void> {
    await this.proxy.stop();
    await this.cluster.stop();
  }

  async metric(name: string): Promise<unknown[]> {
    const found = (await this.registry.getMetricsAsJSON()).find((metric) => metric.name === name);
    return (found?.values ?? []).filter(({ labels }) => !('le' in labels)).map(({ value, labels, ...rest }) => [(rest as { metricName?: string }).metricName ?? name, labels, value]);
  }
}

const service = (spec: Partial<corev1.ServiceSpec> = {}): corev1.Service => ({ metadata: { namespace: 'default', name: 'web' }, spec: { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'], ports: [{ port: 80, protocol: 'TCP' }], ...spec } });

describe('the proxy', () => {
  let world: World;
  beforeEach(async () => {
    world = new World();
    await world.start();
  });
  afterEach(() => world.stop());

  it('brings a change into force and tells how long that took, from its cause on', async () => {
    const { client, clock } = world.cluster;
    await client.create(core.services, service({ internalTrafficPolicy: 'Local' }));
    await world.cluster.settle();
    const caused = new Date(clock.now()).toISOString();
    await clock.advance(2_000);
    await client.create(discovery.endpointslices, {
      metadata: { namespace: 'default', name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' }, annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': caused } },
      addressType: 'IPv4', ports: [{ port: 8080, protocol: 'TCP' }], endpoints: [{ addresses: ['10.244.1.2'], nodeName: 'node-2' }],
    });
    await world.cluster.settle();
    expect(world.ports.get('default/web:')?.endpoints).toEqual([{ address: '10.244.1.2', port: 8080 }]);
    const family = { ip_family: 'IPv4' };
    expect(await world.metric('kubeproxy_network_programming_duration_seconds')).toEqual([['kubeproxy_network_programming_duration_seconds_sum', family, 2], ['kubeproxy_network_programming_duration_seconds_count', family, 1]]);
    expect(await world.metric('kubeproxy_sync_proxy_rules_service_changes_total')).toEqual([[expect.anything(), {}, 1]]);
    expect(await world.metric('kubeproxy_sync_proxy_rules_endpoint_changes_total')).toEqual([[expect.anything(), {}, 1]]);
    expect(await world.metric('kubeproxy_sync_proxy_rules_endpoint_changes_pending')).toEqual([[expect.anything(), {}, 0]]);
    expect(await world.metric('kubeproxy_sync_proxy_rules_no_local_endpoints_total')).toContainEqual([expect.anything(), { ...family, traffic_policy: 'internal' }, 1]);
    expect(await world.metric('kubeproxy_sync_full_proxy_rules_duration_seconds')).toContainEqual(['kubeproxy_sync_full_proxy_rules_duration_seconds_count', family, 1]);
    expect(await world.metric('kubeproxy_sync_partial_proxy_rules_duration_seconds')).toContainEqual(['kubeproxy_sync_partial_proxy_rules_duration_seconds_count', family, 2]);
  });

  it('puts back what somebody has flushed, though nothing has changed', async () => {
    await world.cluster.client.create(core.services, service());
    await world.cluster.settle();
    world.ports.clear();
    world.flushed = true;
    await world.cluster.clock.advance(30_000);
    await world.cluster.settle();
    expect([[...world.ports.keys()], world.health.healthy]).toEqual([['default/web:'], true]);
  });

  it('is unhealthy when the kernel has refused a change for a minute, and well again when it takes it', async () => {
    await world.cluster.client.create(core.services, service());
    await world.cluster.settle();
    world.refuse = true;
    await world.cluster.client.create(core.services, { ...service({ clusterIP: '10.96.0.8', clusterIPs: ['10.96.0.8'] }), metadata: { namespace: 'default', name: 'other' } });
    await world.cluster.settle();
    expect([world.health.healthy, world.proxy.failure]).toEqual([true, 'refused']);
    for (let second = 0; second < 70; second++) {
      await world.cluster.clock.advance(1_000);
      await world.cluster.settle();
    }
    expect(world.health.healthy).toBe(false);
    expect(await world.metric('kubeproxy_sync_proxy_rules_nftables_sync_failures_total')).toEqual([[expect.anything(), { ip_family: 'IPv4' }, expect.any(Number)]]);
    world.refuse = false;
    await world.cluster.clock.advance(60_000);
    await world.cluster.settle();
    expect([world.health.healthy, world.proxy.failure, [...world.ports.keys()].sort()]).toEqual([true, undefined, ['default/other:', 'default/web:']]);
  });
});
