import { volumeAnnotations, type corev1 } from '@navarch/api';
import { omit } from '../omit';
import { withoutFinalizer } from '../protection-finalizer';

/** The CSI drivers that do the work of what was built in before; those of upstream's csi-translation-lib. */
const driverOf: ReadonlyMap<string, string> = new Map([
  ['kubernetes.io/aws-ebs', 'ebs.csi.aws.com'],
  ['kubernetes.io/azure-disk', 'disk.csi.azure.com'],
  ['kubernetes.io/azure-file', 'file.csi.azure.com'],
  ['kubernetes.io/cinder', 'cinder.csi.openstack.org'],
  ['kubernetes.io/gce-pd', 'pd.csi.storage.gke.io'],
  ['kubernetes.io/portworx-volume', 'pxd.portworx.com'],
  ['kubernetes.io/vsphere-volume', 'csi.vsphere.vmware.com'],
]);

/** By which plug-in, once built in, volumes of a kind were served. */
const pluginOf = {
  awsElasticBlockStore: 'kubernetes.io/aws-ebs', azureDisk: 'kubernetes.io/azure-disk', azureFile: 'kubernetes.io/azure-file', cinder: 'kubernetes.io/cinder',
  gcePersistentDisk: 'kubernetes.io/gce-pd', portworxVolume: 'kubernetes.io/portworx-volume', vsphereVolume: 'kubernetes.io/vsphere-volume',
} as const;

/** The plug-in that once served a volume, and the driver that does now; undefined for a kind that was never built in, or is still. */
export function migrationOf({ spec = {} }: corev1.PersistentVolume): { readonly plugin: string; readonly driver: string } | undefined {
  const kind = (Object.keys(pluginOf) as (keyof typeof pluginOf)[]).find((name) => spec[name] !== undefined);
  return kind === undefined ? undefined : { plugin: pluginOf[kind], driver: driverOf.get(pluginOf[kind]) ?? '' };
}

/** Who provisions in the place of a provisioner: itself, unless it was once built in and a driver took its work over. */
export function provisionerInPlaceOf(provisioner: string): string {
  return driverOf.get(provisioner) ?? provisioner;
}

/** The object with `migrated-to` as it must be, or undefined if it is so already. Mirrors updateMigrationAnnotations of upstream's pv_controller.go. */
function migrated<T extends corev1.PersistentVolume | corev1.PersistentVolumeClaim>(object: T, provisionerIn: readonly string[]): T | undefined {
  const { migratedTo } = volumeAnnotations;
  const { annotations = {} } = object.metadata;
  const provisioner = provisionerIn.map((name) => annotations[name]).find((name) => name !== undefined);
  if (provisioner === undefined) return undefined;
  const driver = driverOf.get(provisioner);
  if ((annotations[migratedTo] ?? '') === (driver ?? '')) return undefined;
  return { ...object, metadata: { ...object.metadata, annotations: driver === undefined ? omit(annotations, migratedTo) : { ...annotations, [migratedTo]: driver } } };
}

export const migratedClaim = (claim: corev1.PersistentVolumeClaim): corev1.PersistentVolumeClaim | undefined =>
  migrated(claim, [volumeAnnotations.storageProvisioner, volumeAnnotations.betaStorageProvisioner]);

/** By it what was built in kept a volume until its data was deleted: nobody would take it off any more. */
const IN_TREE_FINALIZER = 'kubernetes.io/pv-controller';

export function migratedVolume(volume: corev1.PersistentVolume): corev1.PersistentVolume | undefined {
  const marked = migrated(volume, [volumeAnnotations.provisionedBy]);
  const { annotations = {}, finalizers = [] } = volume.metadata;
  const isHeld = driverOf.has(annotations[volumeAnnotations.provisionedBy] ?? '') && finalizers.includes(IN_TREE_FINALIZER);
  return isHeld ? withoutFinalizer(marked ?? volume, IN_TREE_FINALIZER) : marked;
}
