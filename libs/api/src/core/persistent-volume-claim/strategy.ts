import type { corev1 } from '../../gen';
import { kindRules } from '../../strategy/kind-rules';
import { type Loose } from '../../support/loose';

type Claim = Loose<corev1.PersistentVolumeClaim>;

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
  onCreate: normaliseDataSources,
  onUpdate: normaliseDataSources,
  returnsDeleted: true,
});
