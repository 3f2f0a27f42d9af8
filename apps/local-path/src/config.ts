import { clusterFlags } from '@navarch/client';
import { defineFlags, healthzFlags } from '@navarch/component-base';

/** The flags of `local-path`. */
export const flags = defineFlags({
  ...clusterFlags,
  ...healthzFlags('10264'),
  'provisioner-name': { type: 'string', default: 'navarch.io/local-path', help: 'By which StorageClasses name this provisioner.' },
  'node-name': { type: 'string', default: '', help: 'Only volumes of this node; without it those of all nodes, which must then share a disk with this process.' },
  directory: { type: 'string', required: true, help: 'Where volumes are; {node} in it stands for the node of a volume.' },
  'storage-class': { type: 'string', default: 'standard', help: 'StorageClass that is made at the start if it is not there; empty makes none.' },
});
