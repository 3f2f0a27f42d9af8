import { type corev1 } from '@navarch/api';
import { type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { type CsiVolumes } from '../csi/csi-volumes';
import { errorText } from '../error-text';
import { type EventSink } from '../events/event-sink';
import { apiTime } from '../pods/api-time';
import { type ResolvedVolume } from './resolved-volume';
import { expandedClaim, failedClaim, pendingExpansion } from './volume-expansion';
import { type VolumeObjects } from './volume-objects';

export interface VolumeGrowthDeps {
  readonly csi: Pick<CsiVolumes, 'expand'>;
  readonly objects: Pick<VolumeObjects, 'updateClaimStatus'>;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Lets a volume's file system follow its claim. A failure is said and tried again later: the pod has its volume all the same. */
export async function growVolume(pod: corev1.Pod, volume: ResolvedVolume, { csi, events, objects, clock, log }: VolumeGrowthDeps): Promise<void> {
  const { persistentVolume, claim, readOnly, specName } = volume;
  const capacity = persistentVolume && claim && !readOnly ? pendingExpansion(persistentVolume, claim) : undefined;
  if (!claim || capacity === undefined) return;
  const failed = async (message: string, final: boolean): Promise<void> => {
    events.pod(pod, 'Warning', 'VolumeResizeFailed', `NodeExpandVolume.NodeExpandVolume failed for volume "${specName}" : ${message}`);
    await objects.updateClaimStatus(failedClaim(claim, message, final, apiTime(clock.now())));
  };
  try {
    const failure = await csi.expand(pod, volume, capacity).catch(async (error: unknown) => {
      await failed(errorText(error), false);
      throw error;
    });
    if (failure !== undefined) {
      await failed(failure, true);
      return;
    }
    await objects.updateClaimStatus(expandedClaim(claim, capacity));
    events.pod(pod, 'Normal', 'FileSystemResizeSuccessful', `MountVolume.NodeExpandVolume succeeded for volume "${specName}" ${pod.spec?.nodeName ?? ''}`);
  } catch (error) {
    log.warn({ err: error, pod, volume: specName }, 'a volume could not be grown');
  }
}
