import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ClusterPki, kubeconfig, natsServerConfig } from '@navarch/pki';
import { giveTree, writeBundle, type BundleName } from '../pki/identity-bundles';

export interface Bundle {
  readonly name: BundleName;
  readonly directory: string;
  /** User id that reads it. */
  readonly owner: number;
}

/** A directory, and the user id that it shall belong to. */
export interface Owner {
  readonly directory: string;
  readonly owner: number;
}

export interface PkiOptions {
  readonly directory: string;
  /** Names and addresses under which services are reached. */
  readonly hosts: readonly string[];
  /** Nodes to make certificates for. */
  readonly nodes: readonly string[];
  /** What to give to whom. */
  readonly bundles: readonly Bundle[];
  /** Directories that somebody will write to. */
  readonly owners: readonly Owner[];
  /** Where whoever gets a bundle finds it: NATS' configuration names files. */
  readonly mountedAt: string;
  /** URL of the API, for the nodes that join. */
  readonly server: string;
  /** Several NATS servers form a cluster of this name. */
  readonly natsCluster?: string;
}

const natsPort = 4222;
const natsClusterPort = 6222;
const natsMonitorPort = 8222;

/** `navarch pki`: what the launcher does for a local cluster, for any other: all keys and certificates, once. */
export async function pki(options: PkiOptions): Promise<void> {
  const cluster = new ClusterPki({ directory: options.directory, hosts: options.hosts });
  await cluster.ensure();
  for (const node of options.nodes) await cluster.ensureNode(node, options.hosts);
  const { nats, natsConfig } = cluster.files;
  const mounted = (path: string): string => join(options.mountedAt, basename(path));
  writeFileSync(natsConfig, natsServerConfig({
    host: '0.0.0.0',
    port: natsPort,
    monitorPort: natsMonitorPort,
    tls: { certFile: mounted(nats.cert), keyFile: mounted(nats.key), caFile: mounted(nats.ca) },
    ...(options.natsCluster === undefined ? {} : { cluster: { name: options.natsCluster, port: natsClusterPort } }),
    operator: await cluster.readBusOperator(),
  }), { mode: 0o600 });
  const [ca, token] = [cluster.files.ca.cert, cluster.files.bootstrapToken].map((file) => readFileSync(file, 'utf8').trim()) as [string, string];
  writeFileSync(cluster.files.bootstrapKubeconfig, kubeconfig({ cluster: 'navarch', user: 'bootstrap', server: options.server, ca: `${ca}\n`, client: { token } }), { mode: 0o600 });
  for (const { name, directory, owner } of options.bundles) writeBundle(cluster.files, name, directory, owner);
  for (const { directory, owner } of options.owners) giveTree(directory, owner);
  process.stdout.write(cluster.written.length === 0 ? 'all keys and certificates are there\n' : `${cluster.written.length} files written to ${options.directory}\n`);
}

/** `navarch kubeconfig`: prints the administrator's kubeconfig. */
export function printKubeconfig(directory: string, server: string): void {
  const { files } = new ClusterPki({ directory });
  const [ca, cert, key] = [files.admin.ca, files.admin.cert, files.admin.key].map((file) => readFileSync(file, 'utf8')) as [string, string, string];
  process.stdout.write(kubeconfig({ cluster: 'navarch', user: 'kubernetes-admin', server, ca, client: { cert, key } }));
}
