import { type corev1 } from '@navarch/api';
import { type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { type CsiVolumes } from '../csi/csi-volumes';
import { errorText } from '../error-text';
import { type EventSink } from '../events/event-sink';
import { apiTime } from '../pods/api-time';
import { type ResolvedVolume } from './resolved-volume';
import { expandedClaim, failedClaim, grownElsewhere, pendingExpansion } from './volume-expansion';
import { type VolumeObjects } from './volume-objects';

export interface VolumeGrowthDeps {
  readonly csi: Pick<CsiVolumes, 'expand'>;
  readonly objects: Pick<VolumeObjects, 'updateClaimStatus'>;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Lets volumes' file systems follow their claims. A failure is said and tried again later: the pod has its volume all the same. Of a volume that several
 * nodes have, the first to grow it writes its claim; the others know by what size they had. Mirrors upstream's NodeExpander.
 */
export class VolumeGrowth {
  /** The sizes that volumes have on this node, by name. */
  readonly #sizes = new Map<string, string>();

  constructor(private readonly deps: VolumeGrowthDeps) {}

  /** To be called once a volume is up, and again with what the API says of it since. */
  async follow(pod: corev1.Pod, volume: ResolvedVolume): Promise<void> {
    const { persistentVolume, claim, readOnly, specName } = volume;
    if (!persistentVolume || !claim || readOnly) return;
    const { events, objects, clock, log } = this.deps;
    const pending = pendingExpansion(persistentVolume, claim);
    const here = this.#sizes.get(specName) ?? claim.status?.capacity?.['storage'];
    if (here !== undefined) this.#sizes.set(specName, here);
    const capacity = pending ?? grownElsewhere(persistentVolume, claim, here);
    if (capacity === undefined) return;
    const failed = async (message: string, final: boolean): Promise<void> => {
      events.pod(pod, 'Warning', 'VolumeResizeFailed', `NodeExpandVolume.NodeExpandVolume failed for volume "${specName}" : ${message}`);
      if (pending !== undefined) await objects.updateClaimStatus(failedClaim(claim, message, final, apiTime(clock.now())));
    };
    try {
      const failure = await this.deps.csi.expand(pod, volume, capacity).catch(async (error: unknown) => {
        await failed(errorText(error), false);
        throw error;
      });
      if (failure !== undefined) {
        await failed(failure, true);
        return;
      }
      if (pending !== undefined) await objects.updateClaimStatus(expandedClaim(claim, capacity));
      this.#sizes.set(specName, capacity);
      events.pod(pod, 'Normal', 'FileSystemResizeSuccessful', `MountVolume.NodeExpandVolume succeeded for volume "${specName}" ${pod.spec?.nodeName ?? ''}`);
    } catch (error) {
      log.warn({ err: error, pod, volume: specName }, 'a volume could not be grown');
    }
  }

  /** Other volumes are not on this node any more. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#sizes.keys()) if (!names.has(name)) this.#sizes.delete(name);
  }
}
