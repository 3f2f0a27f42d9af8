import { hasIPv6, isRoot } from '../host/capabilities';
import { hostRoutes } from '../host/node-network';
import { maxRealNodes, nodeNetwork, podCidrs, subnets } from './addresses';
import type { IpFamily } from './families';
import { chooseNetwork, routedNetworks } from './free-network';
import { defaultCluster, type Layout } from './layout';
import { choosePorts, portsOf } from './ports';
import type { ClusterSettings, RuntimeKind } from './settings';
import { siblings } from './siblings';
import { npmRun } from './npm-run';

/** What a user asks of a cluster at `up`. */
export interface Wishes {
  readonly cluster: string;
  readonly nodes?: number;
  readonly runtime?: RuntimeKind;
  readonly apiPort?: number;
  readonly ipFamily?: IpFamily;
  /** `process:--flag=value` */
  readonly flags: readonly string[];
}

/** Chooses what a new cluster keeps for its life: its size, and ports and networks that nothing else uses. */
export async function newSettings(wishes: Wishes, runtime: RuntimeKind, layout: Layout): Promise<ClusterSettings> {
  const { cluster, nodes = 2, apiPort } = wishes;
  const real = runtime === 'containerd';
  // Simulated with no node at all: a control plane alone, as the bench wants it.
  if (!Number.isInteger(nodes) || nodes < (real ? 1 : 0)) throw new Error(`--nodes: "${nodes}" is not a number of nodes`);
  if (real && nodes > maxRealNodes) throw new Error(`--nodes: at most ${maxRealNodes} real nodes; simulated ones have no limit`);
  if (real && !isRoot()) throw new Error('real containers need root: run as root, or use npm run up -- --runtime simulated');
  if (wishes.ipFamily === 'dual' && !real) throw new Error('--ip-family: simulated nodes have addresses of IPv4 only');
  if (wishes.ipFamily === 'dual' && !hasIPv6()) throw new Error('--ip-family: this kernel has no IPv6');
  const others = siblings(layout);
  const ports = await choosePorts({
    mustHaveApiPort: cluster === defaultCluster || apiPort !== undefined,
    simulatedNodes: real ? 0 : nodes,
    reserved: new Set(others.flatMap((other) => [...portsOf(other).keys()])),
    ...(apiPort !== undefined ? { apiPort } : {}),
  });
  return {
    name: cluster,
    runtime,
    nodes,
    ports,
    extraFlags: parseFlags(wishes.flags),
    ...(wishes.ipFamily === 'dual' ? { ipFamily: wishes.ipFamily } : {}),
    ...(real ? freeNetworks(others) : { subnet: 0, podCidr: podCidrs[0] ?? '' }),
  };
}

/** The network of the nodes and that of the pods: hosts have routes to both. */
function freeNetworks(others: readonly ClusterSettings[]): { subnet: number; podCidr: string } {
  const routed = routedNetworks(hostRoutes());
  const real = others.filter(({ runtime }) => runtime === 'containerd');
  const network = chooseNetwork(subnets.map(nodeNetwork), routed, real.map((other) => nodeNetwork(other.subnet)));
  if (network === undefined) throw new Error('every network of 172.30.0.0/16 has a route on this host already');
  const podCidr = chooseNetwork(podCidrs, routed, real.map((other) => other.podCidr));
  if (podCidr === undefined) throw new Error(`every pod range from ${podCidrs[0] ?? ''} to ${podCidrs.at(-1) ?? ''} has a route on this host already`);
  return { subnet: subnets.find((subnet) => nodeNetwork(subnet) === network) ?? 0, podCidr };
}

/** What a cluster is cannot be changed by starting it again; flags can. */
export function keptSettings(known: ClusterSettings, { nodes, runtime, apiPort, ipFamily, flags }: Wishes): ClusterSettings {
  const made = (what: string): Error => new Error(`cluster "${known.name}" was made with ${what}; ${npmRun('down', known.name, '--purge')} first, or use another --name`);
  if (nodes !== undefined && nodes !== known.nodes) throw made(`${known.nodes} nodes`);
  if (runtime !== undefined && runtime !== known.runtime) throw made(`runtime ${known.runtime}`);
  if (apiPort !== undefined && apiPort !== known.ports.apiserver) throw made(`API port ${known.ports.apiserver}`);
  if (ipFamily !== undefined && ipFamily !== (known.ipFamily ?? 'ipv4')) throw made(`addresses of ${known.ipFamily ?? 'ipv4'}`);
  return flags.length > 0 ? { ...known, extraFlags: parseFlags(flags) } : known;
}

/** Flags by process, from `process:--flag=value`. */
export function parseFlags(flags: readonly string[]): Record<string, string[]> {
  const parsed: Record<string, string[]> = {};
  for (const entry of flags) {
    const at = entry.indexOf(':');
    if (at < 1 || !entry.startsWith('--', at + 1)) throw new Error(`--flag: "${entry}" is not process:--flag=value`);
    (parsed[entry.slice(0, at)] ??= []).push(entry.slice(at + 1));
  }
  return parsed;
}
