import { chownSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterPki, kubeconfig, natsServerConfig } from '@navarch/pki';

export interface PkiOptions {
  readonly directory: string;
  /** Names and addresses under which services are reached. */
  readonly hosts: readonly string[];
  /** Nodes to make certificates for. */
  readonly nodes: readonly string[];
  /** Where to write NATS' configuration; it listens on all addresses. */
  readonly natsConfig?: string;
  /** User id that the services run as. */
  readonly owner?: number;
}

/** `navarch pki`: what the launcher does for a local cluster, for any other: all keys and certificates, once. */
export async function pki(options: PkiOptions): Promise<void> {
  const cluster = new ClusterPki({ directory: options.directory, hosts: options.hosts });
  await cluster.ensure();
  for (const node of options.nodes) await cluster.ensureNode(node, options.hosts);
  if (options.natsConfig !== undefined) {
    const { nats } = cluster.files;
    const config = natsServerConfig({ host: '0.0.0.0', port: 4222, tls: { certFile: nats.cert, keyFile: nats.key, caFile: nats.ca }, operator: await cluster.readBusOperator() });
    writeFileSync(options.natsConfig, config, { mode: 0o600 });
  }
  if (options.owner !== undefined) giveTo(options.directory, options.owner);
  process.stdout.write(cluster.written.length === 0 ? 'all keys and certificates are there\n' : `${cluster.written.length} files written to ${options.directory}\n`);
}

function giveTo(directory: string, owner: number): void {
  chownSync(directory, owner, owner);
  for (const entry of readdirSync(directory, { recursive: true, encoding: 'utf8' })) chownSync(join(directory, entry), owner, owner);
}

/** `navarch kubeconfig`: prints the administrator's kubeconfig. */
export function printKubeconfig(directory: string, server: string): void {
  const { files } = new ClusterPki({ directory });
  const [ca, cert, key] = [files.admin.ca, files.admin.cert, files.admin.key].map((file) => readFileSync(file, 'utf8')) as [string, string, string];
  process.stdout.write(kubeconfig({ cluster: 'navarch', user: 'kubernetes-admin', server, ca, client: { cert, key } }));
}
