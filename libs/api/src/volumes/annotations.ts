/** By which the binder, the scheduler and provisioners tell each other where a claim stands. */
export const volumeAnnotations = {
  /** On a claim: bound, and both sides were written. */
  bindCompleted: 'pv.kubernetes.io/bind-completed',
  /** On a claim or a volume: the binder chose the other side, not a user. */
  boundByController: 'pv.kubernetes.io/bound-by-controller',
  /** On a volume: who made it, and deletes it. */
  provisionedBy: 'pv.kubernetes.io/provisioned-by',
  /** On a claim: who is to make a volume for it. */
  storageProvisioner: 'volume.kubernetes.io/storage-provisioner',
  betaStorageProvisioner: 'volume.beta.kubernetes.io/storage-provisioner',
  /** On a claim that waits for its first consumer: the node that the scheduler chose for that. */
  selectedNode: 'volume.kubernetes.io/selected-node',
  /** On a class: for claims that name none. */
  defaultClass: 'storageclass.kubernetes.io/is-default-class',
} as const;
