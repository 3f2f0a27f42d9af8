import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { IpFamily } from './families';

export type RuntimeKind = 'containerd' | 'simulated';

/** The ports of one cluster, chosen at its first `up` and kept. */
export interface Ports {
  readonly apiserver: number;
  readonly apiserverGrpc: number;
  readonly etcdClient: number;
  readonly etcdPeer: number;
  readonly nats: number;
  readonly natsMonitor: number;
  readonly controllerManager: number;
  readonly scheduler: number;
  readonly dns: number;
  readonly dnsHealth: number;
  readonly networkAgent: number;
  readonly metricsServer: number;
  readonly metricsServerHealth: number;
  readonly localPath: number;
  /** First of the ports of simulated nodes, which share the host's loopback: `portsOfNode` each. */
  readonly simulatedNodes: number;
}

export const portsOfNode = 4;

/** What a cluster was made with: stays the same over `down` and `up`. */
export interface ClusterSettings {
  readonly name: string;
  readonly runtime: RuntimeKind;
  readonly nodes: number;
  /** Third octet of 172.30.x.0/24, the network that nodes and host share (real nodes only). */
  readonly subnet: number;
  /** Pod addresses; each cluster of a host has its own, because the host has routes to them. */
  readonly podCidr: string;
  /** Absent: IPv4 only. */
  readonly ipFamily?: IpFamily;
  readonly ports: Ports;
  /** Extra flags by process name, from `--flag apiserver:--v=2`. */
  readonly extraFlags: Readonly<Record<string, readonly string[]>>;
}

export function loadSettings(file: string): ClusterSettings | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ClusterSettings;
  } catch (error) {
    throw new Error(`${file} cannot be read as cluster settings; mend or remove it`, { cause: error });
  }
}

/** Writes through a temporary file, so that a crash never leaves half of it. */
export function saveSettings(file: string, settings: ClusterSettings): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(settings, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}
