import { allResources, type KubeObject, type ResourceType } from '@navarch/api';
import { ClusterConnection } from '@navarch/client';
import { systemClock } from '@navarch/clock';
import { objectv1, type changev1 } from '@navarch/proto';
import { apiserverOf, type AnyCluster } from '../cluster/any-cluster';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

function connect(cluster: AnyCluster): ClusterConnection {
  const { address, files: { ca, cert, key } } = apiserverOf(cluster);
  return new ClusterConnection({ name: 'tap', busCaFile: ca, apiserver: { address, tls: { caFile: ca, certFile: cert, keyFile: key } } }, { clock: systemClock, log: silent });
}

const watchable = (): ResourceType<KubeObject>[] => [...allResources()].filter((facts) => facts.verbs.includes('watch') && facts.servedByDefault);

/** Names what is tapped: all resources, or one by its plural name. */
function chosen(resource: string | undefined): ResourceType<KubeObject>[] {
  const found = watchable().filter((type) => resource === undefined || type.resource === resource);
  if (found.length === 0) throw new Error(`"${resource ?? ''}" is not a resource that can be followed`);
  return found;
}

/** `tap changes [resource]`: what the apiserver publishes on NATS, decoded, until it is interrupted. */
export async function tapChanges(cluster: AnyCluster, resource: string | undefined, bookmarks: boolean): Promise<void> {
  const connection = connect(cluster);
  const show = (change: changev1.Change): void => {
    const { key, rv, prev, type, completeness, body } = change;
    const name = [key?.namespace, key?.name].filter((part) => part !== undefined && part !== '').join('/');
    process.stdout.write(
      `${new Date().toISOString()} ${objectv1.EventType[type].padEnd(8)} ${key?.resource?.resource ?? ''} ${name} rv=${rv} prev=${prev} ${body.length} bytes (completeness ${completeness})\n`,
    );
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
export async function tapSnapshot(cluster: AnyCluster, resource: string): Promise<void> {
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
