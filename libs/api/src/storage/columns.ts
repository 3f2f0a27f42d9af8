import { unset } from '../columns/format';
import { ageColumn, column, countColumn, nameColumn, type Printer, printer } from '../columns/printer';
import type { storagev1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';

type Annotated = Loose<{ metadata: { name?: string; annotations?: Record<string, string> } }>;

const markedDefault = (...annotations: string[]) => ({ metadata }: Annotated): string => {
  const isDefault = annotations.some((annotation) => metadata?.annotations?.[annotation] === 'true');
  return `${metadata?.name ?? ''}${isDefault ? ' (default)' : ''}`;
};

/** By `<group>/<resource>`. */
export const storageColumns: Readonly<Record<string, Printer>> = {
  'storage.k8s.io/csidrivers': printer<Loose<storagev1.CSIDriver>>([
    nameColumn(),
    column('AttachRequired', ({ spec }) => spec?.attachRequired ?? true, { type: 'boolean' }),
    column('PodInfoOnMount', ({ spec }) => spec?.podInfoOnMount ?? false, { type: 'boolean' }),
    column('StorageCapacity', ({ spec }) => spec?.storageCapacity ?? false, { type: 'boolean' }),
    column('TokenRequests', ({ spec }) => list(spec?.tokenRequests).map(({ audience = '' }) => audience).join(',') || unset),
    column('RequiresRepublish', ({ spec }) => spec?.requiresRepublish ?? false, { type: 'boolean' }),
    column('Modes', ({ spec }) => list(spec?.volumeLifecycleModes).join(',') || '<none>'),
    ageColumn(),
  ]),
  'storage.k8s.io/csinodes': printer<Loose<storagev1.CSINode>>([nameColumn(), countColumn('Drivers', ({ spec }) => list(spec?.drivers).length), ageColumn()]),
  'storage.k8s.io/storageclasses': printer<Loose<storagev1.StorageClass>>([
    nameColumn(markedDefault('storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class')),
    column('Provisioner', ({ provisioner }) => provisioner ?? ''),
    column('ReclaimPolicy', ({ reclaimPolicy }) => reclaimPolicy ?? 'Delete'),
    column('VolumeBindingMode', ({ volumeBindingMode }) => volumeBindingMode ?? 'Immediate'),
    column('AllowVolumeExpansion', ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false),
    ageColumn(),
  ]),
  'storage.k8s.io/volumeattachments': printer<Loose<storagev1.VolumeAttachment>>([
    nameColumn(),
    column('Attacher', ({ spec }) => spec?.attacher ?? '', { format: 'name' }),
    column('PV', ({ spec }) => spec?.source?.persistentVolumeName ?? ''),
    column('Node', ({ spec }) => spec?.nodeName ?? ''),
    column('Attached', ({ status }) => status?.attached ?? false, { type: 'boolean' }),
    ageColumn(),
  ]),
  'storage.k8s.io/volumeattributesclasses': printer<Loose<storagev1.VolumeAttributesClass>>([
    nameColumn(markedDefault('volumeattributesclass.alpha.kubernetes.io/is-default-class')),
    column('DriverName', ({ driverName }) => driverName ?? ''),
    ageColumn(),
  ]),
};
