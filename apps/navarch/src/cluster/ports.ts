import { createServer } from 'node:net';
import { portOwner } from '../host/port-owner';
import { portsOfNode, type ClusterSettings, type Ports } from './settings';

const wellKnown: Ports = {
  apiserver: 6443, apiserverGrpc: 6444, etcdClient: 12379, etcdPeer: 12380, nats: 14222, natsMonitor: 18222,
  controllerManager: 10257, scheduler: 10259, dns: 10053, dnsHealth: 10054, networkAgent: 10258, metricsServer: 10261, metricsServerHealth: 10262, localPath: 10263, simulatedNodes: 20_000,
};
/** From a port that is taken to the next that is tried; the well-known ones never meet each other that way. */
const step = 20;
/** From here up the kernel gives ports to outgoing connections. */
const ephemeral = 32_768;

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)));
  });
}

export interface PortWishes {
  readonly apiPort?: number;
  /** The API's port is a promise to the user: when it is taken, say by whom instead of taking another. */
  readonly mustHaveApiPort: boolean;
  readonly simulatedNodes: number;
  /** Ports of clusters that are down now. */
  readonly reserved: ReadonlySet<number>;
}

/** All TCP ports of a cluster on the host, with what each is for. */
export function portsOf({ ports, runtime, nodes }: Pick<ClusterSettings, 'ports' | 'runtime' | 'nodes'>): Map<number, string> {
  const { simulatedNodes, ...named } = ports;
  const all = new Map(Object.entries(named).map(([name, port]) => [port, name]));
  if (runtime === 'simulated') for (let index = 0; index < nodes * portsOfNode; index++) all.set(simulatedNodes + index, `node-${Math.floor(index / portsOfNode) + 1}`);
  return all;
}

/** Chooses a new cluster's ports: the well-known ones where they are free, else the next free ones above. */
export async function choosePorts({ apiPort, mustHaveApiPort, simulatedNodes, reserved }: PortWishes): Promise<Ports> {
  const chosen: Record<string, number> = {};
  const taken = new Set(reserved);
  const choose = async (first: number, count: number): Promise<number> => {
    for (let port = first; port + count <= ephemeral; port += count > 1 ? 1_000 : step) {
      const block = Array.from({ length: count }, (_, index) => port + index);
      if (block.some((each) => taken.has(each))) continue;
      if ((await Promise.all(block.map(isFree))).every(Boolean)) {
        for (const each of block) taken.add(each);
        return port;
      }
    }
    throw new Error(`no ${count === 1 ? 'port' : `${count} ports`} free from ${first} to ${ephemeral}`);
  };
  const api = apiPort ?? wellKnown.apiserver;
  if (mustHaveApiPort && !(await isFree(api))) throw new Error(`port ${api} is in use by ${portOwner(api)}; stop it, or choose another with --api-port`);
  if (mustHaveApiPort) taken.delete(api);
  for (const [name, wanted] of Object.entries(wellKnown) as [keyof Ports, number][]) {
    if (name === 'simulatedNodes') chosen[name] = await choose(wanted, Math.max(1, simulatedNodes * portsOfNode));
    else if (name === 'apiserver') chosen[name] = await choose(api, 1);
    else if (name === 'apiserverGrpc') chosen[name] = await choose(api + 1, 1);
    else chosen[name] = await choose(wanted, 1);
  }
  return chosen as unknown as Ports;
}

/** Before a start: every port must be free now; names the owners of those that are not. */
export async function assertPortsFree(settings: Pick<ClusterSettings, 'ports' | 'runtime' | 'nodes'>): Promise<void> {
  const taken: string[] = [];
  for (const [port, name] of portsOf(settings)) {
    if (!(await isFree(port))) taken.push(`port ${port} (${name}) is in use by ${portOwner(port)}`);
  }
  if (taken.length > 0) throw new Error(`${taken.join('\n')}\nstop what uses them, or make another cluster with --name`);
}
