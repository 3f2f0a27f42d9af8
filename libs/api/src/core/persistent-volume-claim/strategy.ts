import type { corev1 } from '../../gen';
import { kindRules } from '../../strategy/kind-rules';
import { type Loose } from '../../support/loose';

type Claim = Loose<corev1.PersistentVolumeClaim>;

const SNAPSHOTS = 'snapshot.storage.k8s.io';

/** The older field always took two kinds of sources and dropped any other without a word; it still does, where the newer one is not used. */
function dropForeignSource({ spec }: Claim, old?: Claim): void {
  const { dataSource, dataSourceRef } = spec ?? {};
  if (!spec || !dataSource || dataSourceRef || old?.spec?.dataSource) return;
  const { apiGroup = '', kind } = dataSource;
  if (!((kind === 'PersistentVolumeClaim' && apiGroup === '') || (kind === 'VolumeSnapshot' && apiGroup === SNAPSHOTS))) delete spec.dataSource;
}

/** The older field and its successor say the same when the source is in the claim's own namespace. */
function normaliseDataSources({ spec }: Claim): void {
  if (!spec) return;
  const { dataSource, dataSourceRef } = spec;
  if (dataSource && !dataSourceRef) spec.dataSourceRef = { ...dataSource };
  else if (dataSourceRef && !dataSource && !dataSourceRef.namespace) {
    const { apiGroup, kind, name } = dataSourceRef;
    spec.dataSource = { kind, name, ...(apiGroup === undefined ? {} : { apiGroup }) };
  }
}

export const persistentVolumeClaimRules = kindRules<Claim>({
  initialStatus: () => ({ phase: 'Pending' }),
  onCreate(claim) {
    dropForeignSource(claim);
    normaliseDataSources(claim);
  },
  onUpdate(claim, old) {
    dropForeignSource(claim, old);
    normaliseDataSources(claim);
  },
  returnsDeleted: true,
});
