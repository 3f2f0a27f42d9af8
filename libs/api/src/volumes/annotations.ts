/** By which the binder, the scheduler and provisioners tell each other where a claim stands. */
export const volumeAnnotations = {
  /** On a claim: bound, and both sides were written. */
  bindCompleted: 'pv.kubernetes.io/bind-completed',
  /** On a claim or a volume: the binder chose the other side, not a user. */
  boundByController: 'pv.kubernetes.io/bound-by-controller',
  /** On a volume: who made it, and deletes it. */
  provisionedBy: 'pv.kubernetes.io/provisioned-by',
  /** On a claim or a volume of a kind that was once built in: the CSI driver that does its work now. */
  migratedTo: 'pv.kubernetes.io/migrated-to',
  /** On a claim: who is to make a volume for it. */
  storageProvisioner: 'volume.kubernetes.io/storage-provisioner',
  betaStorageProvisioner: 'volume.beta.kubernetes.io/storage-provisioner',
  /** On a claim that waits for its first consumer: the node that the scheduler chose for that. */
  selectedNode: 'volume.kubernetes.io/selected-node',
  /** On a claim of a kind that was once built in: who is to let its volume grow. */
  storageResizer: 'volume.kubernetes.io/storage-resizer',
  /** On a volume that has grown while its file system has not yet: what size it had. */
  preResizeCapacity: 'volume.alpha.kubernetes.io/pre-resize-capacity',
  /** On a class: for claims that name none. */
  defaultClass: 'storageclass.kubernetes.io/is-default-class',
} as const;
