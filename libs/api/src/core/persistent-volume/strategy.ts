import { formatTime } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { kindRules } from '../../strategy/kind-rules';
import { type Loose } from '../../support/loose';

export const persistentVolumeRules = kindRules<Loose<corev1.PersistentVolume>>({
  initialStatus: (_volume, { nowMs }) => ({ phase: 'Pending', lastPhaseTransitionTime: formatTime(nowMs) }),
  onStatusUpdate(volume, old, { nowMs }) {
    const { status } = volume;
    if (!status) return;
    const [given, before] = [status.lastPhaseTransitionTime, old.status?.lastPhaseTransitionTime];
    if (status.phase !== old.status?.phase) {
      if (given === undefined || given === before) status.lastPhaseTransitionTime = formatTime(nowMs);
    } else if (given === undefined && before !== undefined) status.lastPhaseTransitionTime = before;
  },
  returnsDeleted: true,
});
