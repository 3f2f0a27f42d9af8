import { createServer } from 'node:net';
import { portOwner } from '../host/port-owner';
import type { Ports } from './settings';

const wellKnown: Ports = {
  apiserver: 6443, apiserverGrpc: 6444, etcdClient: 12379, etcdPeer: 12380, nats: 14222, natsMonitor: 18222,
  controllerManager: 10257, scheduler: 10259, dns: 10053, dnsHealth: 10054, networkAgent: 10258,
};

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)));
  });
}

function anyFree(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '0.0.0.0', () => {
      const address = server.address();
      server.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))));
    });
  });
}

/**
 * Chooses a new cluster's ports: the well-known one where it is free, else any. Only the API's port is a promise to
 * users, so for it (when it is the default cluster's, or was asked for) a port in use is an error that names its owner.
 */
export async function choosePorts(options: { apiPort?: number; mustHaveApiPort: boolean }): Promise<Ports> {
  const chosen: Record<string, number> = {};
  for (const [name, wanted] of Object.entries(wellKnown) as [keyof Ports, number][]) {
    const port = name === 'apiserver' ? (options.apiPort ?? wanted) : name === 'apiserverGrpc' && options.apiPort !== undefined ? options.apiPort + 1 : wanted;
    if (await isFree(port)) chosen[name] = port;
    else if (name === 'apiserver' && options.mustHaveApiPort) {
      throw new Error(`port ${port} is in use by ${portOwner(port)}; stop it, or choose another with --api-port`);
    } else chosen[name] = await anyFree();
  }
  return chosen as unknown as Ports;
}

/** Before a start: every port must be free now; names the owners of those that are not. */
export async function assertPortsFree(ports: Ports): Promise<void> {
  const taken: string[] = [];
  for (const [name, port] of Object.entries(ports) as [string, number][]) {
    if (!(await isFree(port))) taken.push(`port ${port} (${name}) is in use by ${portOwner(port)}`);
  }
  if (taken.length > 0) throw new Error(taken.join('\n'));
}
