import { readFileSync } from 'node:fs';
import { allResources, type KubeObject, type ResourceType } from '@navarch/api';
import { ClusterConnection } from '@navarch/client';
import { systemClock } from '@navarch/clock';
import { PkiFiles, type CertificateFiles } from '@navarch/pki';
import { objectv1, type changev1 } from '@navarch/proto';
import { adminFiles } from '../cluster/certificates';
import { Layout } from '../cluster/layout';
import { npmRun } from '../cluster/npm-run';
import { loadSettings } from '../cluster/settings';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** A cluster of this launcher, by its name; or any, by the gRPC address of its apiserver and a directory with the administrator's certificate, as `pki` gives it. */
export type Tapped = { readonly name: string } | { readonly apiserver: string; readonly pki: string };

function target(cluster: Tapped): { readonly address: string; readonly files: CertificateFiles } {
  if ('apiserver' in cluster) return { address: cluster.apiserver, files: new PkiFiles(cluster.pki).admin };
  const layout = new Layout(cluster.name);
  const settings = loadSettings(layout.settings);
  if (settings === undefined) throw new Error(`there is no cluster "${cluster.name}": start it with ${npmRun('up', cluster.name)}`);
  return { address: `127.0.0.1:${settings.ports.apiserverGrpc}`, files: adminFiles(layout) };
}

function connect(cluster: Tapped): ClusterConnection {
  const { address, files: { ca, cert, key } } = target(cluster);
  return new ClusterConnection({ name: 'tap', busCa: readFileSync(ca, 'utf8'), apiserver: { address, tls: { caFile: ca, certFile: cert, keyFile: key } } }, { clock: systemClock, log: silent });
}

const watchable = (): ResourceType<KubeObject>[] => [...allResources()].filter((facts) => facts.verbs.includes('watch') && facts.servedByDefault);

/** Names what is tapped: all resources, or one by its plural name. */
function chosen(resource: string | undefined): ResourceType<KubeObject>[] {
  const found = watchable().filter((type) => resource === undefined || type.resource === resource);
  if (found.length === 0) throw new Error(`"${resource ?? ''}" is not a resource that can be followed`);
  return found;
}

/** `tap changes [resource]`: what the apiserver publishes on NATS, decoded, until it is interrupted. */
export async function tapChanges(cluster: Tapped, resource: string | undefined, bookmarks: boolean): Promise<void> {
  const connection = connect(cluster);
  const show = (change: changev1.Change): void => {
    const { key, rv, prev, type, completeness, body } = change;
    const name = [key?.namespace, key?.name].filter((part) => part !== undefined && part !== '').join('/');
    process.stdout.write(`${new Date().toISOString()} ${objectv1.EventType[type].padEnd(8)} ${key?.resource?.resource ?? ''} ${name} rv=${rv} prev=${prev} ${body.length} bytes (completeness ${completeness})\n`);
  };
  for (const { group, resource: name } of chosen(resource)) {
    connection.bus?.subscribeChanges({ group, resource: name }, {
      onChange: show,
      onBookmark: ({ rv, prev }) => {
        if (bookmarks) process.stdout.write(`${new Date().toISOString()} BOOKMARK ${name} rv=${rv} prev=${prev}\n`);
      },
      onOverflow: () => process.stderr.write(`too many changes of ${name}: some are not shown\n`),
    });
  }
  // `tap changes | head` ends when head has seen enough.
  const unread = new Promise<void>((resolve) => process.stdout.once('error', () => resolve()));
  await connection.start();
  await Promise.race([unread, new Promise<void>((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve))]);
  await connection.stop();
}

/** `tap snapshot <resource>`: what a component gets when it starts to follow a resource. */
export async function tapSnapshot(cluster: Tapped, resource: string): Promise<void> {
  const connection = connect(cluster);
  try {
    for (const type of chosen(resource)) {
      const { items, resourceVersion } = await connection.client.list(type);
      process.stdout.write(`${type.group === '' ? '' : `${type.group}/`}${type.resource}: ${items.length} objects, true at ${resourceVersion}\n`);
      for (const { metadata } of items) process.stdout.write(`  ${[metadata.namespace, metadata.name].filter((part) => part !== undefined).join('/')} rv=${metadata.resourceVersion ?? ''}\n`);
    }
  } finally {
    await connection.stop();
  }
}
