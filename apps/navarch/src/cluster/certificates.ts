import { ClusterPki, PkiFiles, natsServerConfig, type CertificateFiles } from '@navarch/pki';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { bridgeAddress, clusterDomain, nodeNames } from './addresses';
import { nodeAddresses } from './families';
import type { Layout } from './layout';
import type { ClusterSettings } from './settings';

export const pkiFiles = (layout: Layout): PkiFiles => new PkiFiles(layout.pki);
export const adminFiles = (layout: Layout): CertificateFiles => pkiFiles(layout).admin;

/** Makes what is missing of the cluster's keys and certificates, the kubeconfig and NATS' configuration. */
export async function makeCertificates(layout: Layout, settings: ClusterSettings): Promise<void> {
  const real = settings.runtime === 'containerd';
  const address = real ? bridgeAddress(settings.subnet) : '127.0.0.1';
  const pki = new ClusterPki({ directory: layout.pki, clusterDomain, hosts: real ? [address] : [] });
  await pki.ensure();
  for (const [index, name] of nodeNames(settings.nodes).entries()) await pki.ensureNode(name, ['127.0.0.1', 'localhost', ...(real ? nodeAddresses(settings, index) : [])]);
  const files = pki.files;
  mkdirSync(dirname(layout.natsConfig), { recursive: true });
  writeFileSync(layout.natsConfig, natsServerConfig({
    host: address,
    port: settings.ports.nats,
    monitorPort: settings.ports.natsMonitor,
    serverName: `navarch-${settings.name}`,
    tls: { certFile: files.nats.cert, keyFile: files.nats.key, caFile: files.nats.ca },
    operator: await pki.readBusOperator(),
  }), { mode: 0o600 });
  await pki.writeKubeconfig(layout.kubeconfig, { cluster: settings.name, server: `https://127.0.0.1:${settings.ports.apiserver}` });
}
