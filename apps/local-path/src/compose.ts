import { resolve } from 'node:path';
import { clusterConnection } from '@navarch/client';
import { createWorkQueueMetrics, type Component, type ProcessContext } from '@navarch/component-base';
import type { flags } from './config';
import { ensureStorageClass } from './default-class';
import { hostDirectories } from './directories';
import { LocalPathProvisioner } from './local-path-provisioner';

/** Builds the process's components, in the order in which they start. */
export function compose(context: ProcessContext<typeof flags>): Component[] {
  const { config, clock, log, registry, signal } = context;
  const { provisionerName: provisioner, nodeName, storageClass } = config;
  const connection = clusterConnection(config, context);
  const worker = new LocalPathProvisioner(
    { provisioner, ...(nodeName === '' ? {} : { nodeName }), directory: (node) => resolve(config.directory.replaceAll('{node}', node)) },
    { api: connection.client, sources: connection.informers, directories: hostDirectories, clock, log, queueMetrics: createWorkQueueMetrics(registry) },
  );
  const defaultClass: Component = {
    name: 'storage-class',
    start: () => (storageClass === '' ? Promise.resolve() : ensureStorageClass(storageClass, provisioner, connection.client, signal)),
    stop: () => Promise.resolve(),
  };
  return [connection, defaultClass, worker];
}
