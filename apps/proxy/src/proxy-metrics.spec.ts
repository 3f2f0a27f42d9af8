import { Registry } from 'prom-client';
import { proxyv1 } from '@navarch/proto';
import { createBackend } from './backends/backends';
import type { RunCommand } from './backends/run-command';
import { ConntrackDataPlane } from './conntrack/conntrack-data-plane';
import { ProxyMetrics } from './proxy-metrics';

const log = { warn: () => undefined };
const figures = () => ({ pending: { services: 0, endpoints: 0 }, noLocalEndpoints: [] });
const dns = (address: string): proxyv1.ServicePort => proxyv1.ServicePort.fromPartial({ id: 'kube-system/dns:', protocol: proxyv1.Protocol.UDP, addresses: ['10.96.0.10'], port: 53, endpoints: [{ address, port: 8053 }] });
const flow = 'udp 17 29 src=10.244.1.2 dst=10.96.0.10 sport=40000 dport=53 src=10.244.0.2 dst=10.244.1.2 sport=8053 dport=40000 mark=0 use=1\n';

describe('the proxy\'s metrics', () => {
  const registry = new Registry();
  const metrics = new ProxyMetrics(registry, 'iptables', figures);
  const restored: string[] = [];
  const run: RunCommand = (command, args, input = '') => {
    if (command === 'iptables-restore') restored.push(input);
    return Promise.resolve(command === 'conntrack' && args.includes('-L') ? flow : '');
  };
  const plane = new ConntrackDataPlane(createBackend('iptables', { clusterCidrs: ['10.244.0.0/16'], nodePortAddresses: [], run }, ['IPv4'], log, metrics), run, log, metrics);
  const value = async (line: string): Promise<number> => Number(new RegExp(`^${line.replace(/[{}"]/g, '\\$&')} (\\S+)$`, 'm').exec(await registry.metrics())?.[1]);
  const rulesIn = (script: string): number => script.split('*nat')[1]?.match(/^-A /gm)?.length ?? 0;

  it('tell how many rules there are, and how many the last sync wrote', async () => {
    await plane.sync({ sequence: 1n, reset: true, upsert: [dns('10.244.0.2')], remove: [] });
    const all = await value('kubeproxy_sync_proxy_rules_iptables_total{ip_family="IPv4",table="nat"}');
    expect([all, await value('kubeproxy_sync_proxy_rules_iptables_last{ip_family="IPv4",table="nat"}')]).toEqual([rulesIn(restored[0] ?? ''), rulesIn(restored[0] ?? '')]);
    expect(all).toBeGreaterThan(5);
    await plane.sync({ sequence: 2n, reset: false, upsert: [dns('10.244.0.3')], remove: [] });
    expect(await value('kubeproxy_sync_proxy_rules_iptables_total{ip_family="IPv4",table="nat"}')).toBe(all);
    expect(await value('kubeproxy_sync_proxy_rules_iptables_last{ip_family="IPv4",table="nat"}')).toBe(rulesIn(restored[1] ?? ''));
    expect(rulesIn(restored[1] ?? '')).toBeLessThan(all);
  });

  it('count looks at flows, and flows that were ended', async () => {
    expect(await value('kubeproxy_conntrack_reconciler_sync_duration_seconds_count{ip_family="IPv4"}')).toBe(2);
    expect(await value('kubeproxy_conntrack_reconciler_deleted_entries_total{ip_family="IPv4"}')).toBe(1);
  });
});
