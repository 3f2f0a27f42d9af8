import { unset } from '../../columns/format';
import { ageColumn, column, nameColumn, printer, wideColumn } from '../../columns/printer';
import type { corev1 } from '../../gen';
import { type Loose } from '../../support/loose';
import { formatAccessModes } from './access-modes';

type Volume = Loose<corev1.PersistentVolume>;
type Claim = Loose<corev1.PersistentVolumeClaim>;

const phase = ({ metadata, status }: Claim | Volume): string => (metadata?.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''));
const storage = (amounts: Loose<Record<string, string>> | undefined): string => amounts?.['storage'] ?? '';
const legacyClass = 'volume.beta.kubernetes.io/storage-class';
const storageClass = ({ metadata, spec }: Claim | Volume): string => metadata?.annotations?.[legacyClass] ?? spec?.storageClassName ?? '';
const volumeMode = ({ spec }: Claim | Volume): string => spec?.volumeMode ?? unset;
const attributesClass = ({ spec }: Claim | Volume): string => spec?.volumeAttributesClassName ?? unset;

export const persistentVolumePrinter = printer<Volume>([
  nameColumn(),
  column('Capacity', ({ spec }) => storage(spec?.capacity)),
  column('Access Modes', ({ spec }) => formatAccessModes(spec?.accessModes)),
  column('Reclaim Policy', ({ spec }) => spec?.persistentVolumeReclaimPolicy ?? ''),
  column('Status', phase),
  column('Claim', ({ spec }) => (spec?.claimRef ? `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}` : '')),
  column('StorageClass', storageClass),
  column('VolumeAttributesClass', attributesClass),
  column('Reason', ({ status }) => status?.reason ?? ''),
  ageColumn(),
  wideColumn('VolumeMode', volumeMode),
]);

/** Capacity and modes are those of the volume, once there is one. */
export const persistentVolumeClaimPrinter = printer<Claim>([
  nameColumn(),
  column('Status', phase),
  column('Volume', ({ spec }) => spec?.volumeName ?? ''),
  column('Capacity', ({ spec, status }) => (spec?.volumeName ? storage(status?.capacity) : '')),
  column('Access Modes', ({ spec, status }) => (spec?.volumeName ? formatAccessModes(status?.accessModes) : '')),
  column('StorageClass', storageClass),
  column('VolumeAttributesClass', attributesClass),
  ageColumn(),
  wideColumn('VolumeMode', volumeMode),
]);
