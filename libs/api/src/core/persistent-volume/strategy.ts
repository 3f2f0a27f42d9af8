import { formatTime } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { kindRules } from '../../strategy/kind-rules';
import { type Loose } from '../../support/loose';

export const persistentVolumeRules = kindRules<Loose<corev1.PersistentVolume>>({
  initialStatus: (_volume, { nowMs }) => ({ phase: 'Pending', lastPhaseTransitionTime: formatTime(nowMs) }),
  onStatusUpdate(volume, old, { nowMs }) {
    const { status } = volume;
    if (status && status.phase !== old.status?.phase && status.lastPhaseTransitionTime === old.status?.lastPhaseTransitionTime)
      status.lastPhaseTransitionTime = formatTime(nowMs);
  },
  returnsDeleted: true,
});
