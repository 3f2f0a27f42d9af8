import type { QueuedPod } from './queued-pod';

export interface ParkedPod {
  readonly pod: QueuedPod;
  readonly refusedBy: readonly string[];
  /** By `Clock.monotonic`. */
  readonly parkedAt: number;
}

/** How many pods of a profile a plug-in refuses. */
export interface RefusedPods {
  readonly plugin: string;
  readonly profile: string;
  readonly pods: number;
}

/** Pods that no node took, by uid, until something happens that can help. */
export class UnschedulablePods extends Map<string, ParkedPod> {
  /** By profile and plug-in: one that several plug-ins refused counts for each. */
  get byPlugin(): RefusedPods[] {
    const counts = new Map<string, { plugin: string; profile: string; pods: number }>();
    for (const { pod, refusedBy } of this.values()) {
      const profile = pod.info.spec.schedulerName ?? 'default-scheduler';
      for (const plugin of refusedBy) {
        const count = counts.get(`${profile}/${plugin}`) ?? { plugin, profile, pods: 0 };
        count.pods++;
        counts.set(`${profile}/${plugin}`, count);
      }
    }
    return [...counts.values()];
  }

  /** Takes those out that were parked at that time or before. */
  takeOld(parkedUntil: number): QueuedPod[] {
    const old: QueuedPod[] = [];
    for (const [uid, { pod, parkedAt }] of this) {
      if (parkedAt > parkedUntil) continue;
      this.delete(uid);
      old.push(pod);
    }
    return old;
  }
}
