import { Counter, exponentialBuckets, Gauge, Histogram, type Registry } from 'prom-client';
import type { CidrPool } from './cidr-pool';

type ByRange = ReadonlyMap<string, CidrPool>;

/** Metrics of the pools, by upstream's names (pkg/controller/nodeipam/ipam/cidrset). Answers what is to be told how many parts were tried for one. */
export function cidrMetrics(registry: Registry, pools: ByRange): (clusterCIDR: string, tries: number) => void {
  const common = { labelNames: ['clusterCIDR'] as const, registers: [registry] };
  const told = (kind: typeof Counter | typeof Gauge, name: string, help: string, of: (pool: CidrPool) => number): void => {
    new kind({ ...common, name: `node_ipam_controller_${name}`, help, collect() {
      this.reset();
      for (const [clusterCIDR, pool] of pools) this.inc({ clusterCIDR }, of(pool));
    } });
  };
  told(Counter, 'cidrset_cidrs_allocations_total', 'Counter measuring total number of CIDR allocations.', ({ allocations }) => allocations);
  told(Counter, 'cidrset_cidrs_releases_total', 'Counter measuring total number of CIDR releases.', ({ releases }) => releases);
  told(Gauge, 'cidrset_usage_cidrs', 'Gauge measuring percentage of allocated CIDRs.', ({ used, count }) => used / count);
  // Upstream's name has its letters in this order.
  told(Gauge, 'cirdset_max_cidrs', 'Maximum number of CIDRs that can be allocated.', ({ count }) => count);
  const tries = new Histogram({
    ...common,
    name: 'node_ipam_controller_cidrset_allocation_tries_per_request',
    help: 'Number of parts that were looked at for one allocation',
    buckets: exponentialBuckets(1, 5, 5),
  });
  return (clusterCIDR, count) => tries.observe({ clusterCIDR }, count);
}
