import { resolve } from 'node:path';
import { clusterConnection, clusterFlags } from '@navarch/client';
import { createWorkQueueMetrics, defineFlags, healthzFlags, healthzServing, runProcess, type Component } from '@navarch/component-base';
import { ensureStorageClass } from './default-class';
import { hostDirectories } from './directories';
import { LocalPathProvisioner } from './local-path-provisioner';

const flags = defineFlags({
  ...clusterFlags,
  ...healthzFlags('10263'),
  'provisioner-name': { type: 'string', default: 'navarch.io/local-path', help: 'By which StorageClasses name this provisioner.' },
  'node-name': { type: 'string', default: '', help: 'Only volumes of this node; without it those of all nodes, which must then share a disk with this process.' },
  directory: { type: 'string', required: true, help: 'Where volumes are; {node} in it stands for the node of a volume.' },
  'storage-class': { type: 'string', default: 'standard', help: 'StorageClass that is made at the start if it is not there; empty makes none.' },
});

void runProcess({
  name: 'local-path',
  flags,
  health: healthzServing,
  main: (context) => {
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
  },
});
