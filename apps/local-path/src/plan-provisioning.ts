import { basename, join } from 'node:path';
import { volumeAnnotations, type corev1, type storagev1 } from '@navarch/api';

/** On a volume: the node whose disk it is on. */
export const NODE_ANNOTATION = 'navarch.io/local-path-node';
/** On a volume: its data has yet to be deleted. */
export const FINALIZER = 'external-provisioner.volume.kubernetes.io/finalizer';

export interface ObservedClaim {
  readonly claim: corev1.PersistentVolumeClaim;
  readonly storageClass: storagev1.StorageClass | undefined;
  readonly node: corev1.Node | undefined;
  /** Of a node by its name. */
  readonly directory: (nodeName: string) => string;
  readonly provisioner: string;
}

export type ProvisioningPlan =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'refuse'; readonly message: string }
  | { readonly kind: 'provision'; readonly volume: corev1.PersistentVolume; readonly path: string };

const nothing: ProvisioningPlan = { kind: 'nothing' };

/** The node that the scheduler chose for a claim of ours that has no volume yet; empty if it chose none. Undefined: not for us. */
export function nodeForClaim({ metadata, spec }: corev1.PersistentVolumeClaim, provisioner: string): string | undefined {
  const { annotations = {}, deletionTimestamp } = metadata;
  if (annotations[volumeAnnotations.storageProvisioner] !== provisioner || (spec?.volumeName ?? '') !== '' || deletionTimestamp !== undefined) return undefined;
  return annotations[volumeAnnotations.selectedNode] ?? '';
}

/** Decides what volume a claim gets, if it can have one here. */
export function planProvisioning({ claim, storageClass, node, directory, provisioner }: ObservedClaim): ProvisioningPlan {
  const nodeName = nodeForClaim(claim, provisioner);
  if (nodeName === undefined || storageClass?.provisioner !== provisioner) return nothing;
  const { metadata: { name = '', namespace = '', uid = '', resourceVersion = '' }, spec } = claim;
  const refusal = refusalOf(claim, storageClass, nodeName);
  if (refusal !== undefined) return { kind: 'refuse', message: `failed to provision volume with StorageClass ${JSON.stringify(storageClass.metadata.name)}: ${refusal}` };
  if (node === undefined) return nothing;
  const volumeName = `pvc-${uid}`;
  const path = join(directory(nodeName), `${volumeName}_${namespace}_${name}`);
  const { reclaimPolicy = 'Delete', mountOptions } = storageClass;
  const storage = spec?.resources?.requests?.['storage'] ?? '';
  return {
    kind: 'provision',
    path,
    volume: {
      metadata: { name: volumeName, annotations: { [volumeAnnotations.provisionedBy]: provisioner, [NODE_ANNOTATION]: nodeName }, finalizers: [FINALIZER] },
      spec: {
        accessModes: spec?.accessModes ?? [],
        capacity: { storage },
        claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid, resourceVersion },
        hostPath: { path, type: 'DirectoryOrCreate' },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node.metadata.labels?.['kubernetes.io/hostname'] ?? nodeName] }] },
            ],
          },
        },
        persistentVolumeReclaimPolicy: reclaimPolicy,
        storageClassName: storageClass.metadata.name ?? '',
        volumeMode: 'Filesystem',
        ...(mountOptions === undefined ? {} : { mountOptions }),
      },
    },
  };
}

function refusalOf({ spec }: corev1.PersistentVolumeClaim, storageClass: storagev1.StorageClass, nodeName: string): string | undefined {
  if (nodeName === '') return storageClass.volumeBindingMode === 'WaitForFirstConsumer' ? undefined : 'no node was chosen: the class must have volumeBindingMode WaitForFirstConsumer';
  if (spec?.accessModes?.some((mode) => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany') === true) return 'a directory of one node can only be ReadWriteOnce or ReadWriteOncePod';
  if (spec?.volumeMode === 'Block') return 'a directory cannot be a block device';
  if (spec?.selector !== undefined) return 'claim.spec.selector is not supported';
  return spec?.dataSource === undefined && spec?.dataSourceRef === undefined ? undefined : 'data sources are not supported';
}

/** Whether a path is that of this very volume, and inside of the directory: only such is ever deleted. */
export function isOwnPath(path: string, volumeName: string, directory: string): boolean {
  return volumeName !== '' && basename(path).startsWith(`${volumeName}_`) && path === join(directory, basename(path));
}
