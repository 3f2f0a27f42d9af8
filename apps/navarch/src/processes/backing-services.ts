import { availableParallelism } from 'node:os';
import type { ClusterContext } from './cluster-context';
import { controlPlaneAddress, extraFlags } from './cluster-context';
import type { ProcessSpec } from './process-spec';
import { pkiFiles } from '../cluster/certificates';

const quotaBytes = 8 * 1024 ** 3;
const maxRequestBytes = 8 * 1024 ** 2;

/**
 * etcd and NATS share the machine with all who ask them. With as many threads as there are cores, a group of writes cost etcd a third more CPU
 * on two cores: the threads woke one another for work that one of them could do. The user's own GOMAXPROCS counts.
 */
const onHalfTheCores = (): Record<string, string> => ({ GOMAXPROCS: process.env['GOMAXPROCS'] ?? String(Math.max(1, Math.floor(availableParallelism() / 2))) });

/** etcd, on loopback: only the apiserver talks to it. */
export function etcdSpec(context: ClusterContext): ProcessSpec {
  const { ports } = context.settings;
  const { etcd } = pkiFiles(context.layout);
  const client = `https://127.0.0.1:${ports.etcdClient}`;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  return {
    name: 'etcd',
    command: 'etcd',
    args: [
      '--name=etcd-1', `--data-dir=${context.layout.etcdData}`,
      `--listen-client-urls=${client}`, `--advertise-client-urls=${client}`,
      // One member has no peers; the address is only the member's identity.
      `--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`, `--initial-cluster=etcd-1=${peer}`,
      `--quota-backend-bytes=${quotaBytes}`, `--max-request-bytes=${maxRequestBytes}`,
      `--cert-file=${etcd.cert}`, `--key-file=${etcd.key}`, `--trusted-ca-file=${etcd.ca}`, '--client-cert-auth',
      '--logger=zap', '--log-level=warn',
      ...extraFlags(context, 'etcd'),
    ],
    env: onHalfTheCores(),
    ports: [ports.etcdClient, ports.etcdPeer],
    health: { kind: 'https', url: `${client}/health`, identity: pkiFiles(context.layout).apiserverEtcdClient },
  };
}

/** NATS: facts, never an authority. Its data need not outlive it. */
export function natsSpec(context: ClusterContext): ProcessSpec {
  const { layout, settings } = context;
  return {
    name: 'nats',
    command: 'nats-server',
    args: ['--config', layout.natsConfig, ...extraFlags(context, 'nats')],
    env: onHalfTheCores(),
    ports: [settings.ports.nats, settings.ports.natsMonitor],
    health: { kind: 'http', url: `http://127.0.0.1:${settings.ports.natsMonitor}/healthz` },
  };
}

export const natsUrl = (context: ClusterContext): string => `tls://${controlPlaneAddress(context)}:${context.settings.ports.nats}`;
/** By name: TLS has no server names for addresses. */
export const etcdUrl = ({ settings }: ClusterContext): string => `https://localhost:${settings.ports.etcdClient}`;
