import type { corev1, policyv1, resourcev1, resourcev1beta2, schedulingv1alpha2, storagev1 } from '@navarch/api';

/** Objects that decisions look up; an informer is one. */
export interface Lookup<T> {
  get(key: { readonly namespace: string; readonly name: string }): T | undefined;
  list(namespace?: string): readonly T[];
}

/** What plug-ins read besides pods and nodes. */
export interface ClusterObjects {
  readonly services: Lookup<corev1.Service>;
  readonly budgets: Lookup<policyv1.PodDisruptionBudget>;
  readonly claims: Lookup<corev1.PersistentVolumeClaim>;
  readonly volumes: Lookup<corev1.PersistentVolume>;
  readonly storageClasses: Lookup<storagev1.StorageClass>;
  readonly csiNodes: Lookup<storagev1.CSINode>;
  readonly csiDrivers: Lookup<storagev1.CSIDriver>;
  readonly storageCapacities: Lookup<storagev1.CSIStorageCapacity>;
  readonly volumeAttachments: Lookup<storagev1.VolumeAttachment>;
  readonly resourceClaims: Lookup<resourcev1.ResourceClaim>;
  readonly deviceClasses: Lookup<resourcev1.DeviceClass>;
  readonly resourceSlices: Lookup<resourcev1.ResourceSlice>;
  readonly deviceTaintRules: Lookup<resourcev1beta2.DeviceTaintRule>;
  readonly podGroups: Lookup<schedulingv1alpha2.PodGroup>;
}

const nothing: Lookup<never> = { get: () => undefined, list: () => [] };

/** For a cluster that has none of them. */
export const noObjects: ClusterObjects = {
  services: nothing, budgets: nothing, claims: nothing, volumes: nothing, storageClasses: nothing, csiNodes: nothing, csiDrivers: nothing,
  storageCapacities: nothing, volumeAttachments: nothing, resourceClaims: nothing, deviceClasses: nothing, resourceSlices: nothing, deviceTaintRules: nothing, podGroups: nothing,
};
