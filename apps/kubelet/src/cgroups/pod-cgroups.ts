import { type corev1 } from '@navarch/api';
import { cpuPeriodUs, cpuQuotaUs, cpuShares } from '../containers/container-resources';
import { isLimited, podTotal } from '../pods/pod-resources';
import { qosClass } from '../pods/qos-class';
import { uidOf } from '../pods/pod-spec';
import { milliValue, wholeValue } from '../quantities';
import { type CgroupLimits, type CgroupTree } from './cgroup-tree';

/** A control group for each pod, under one for each quality of service, under the node's own root. */
export class PodCgroups {
  readonly #root: string;

  /** `cgroupRoot`: upstream's --cgroup-root. Without a tree nothing is done and the runtime uses its default. */
  constructor(cgroupRoot: string, private readonly tree: CgroupTree | undefined) {
    this.#root = `${cgroupRoot === '/' ? '' : cgroupRoot.replace(/\/$/, '')}/kubepods`;
  }

  async start(): Promise<void> {
    await this.tree?.ensure(this.#root, {});
    await this.tree?.ensure(`${this.#root}/burstable`, {});
    await this.tree?.ensure(`${this.#root}/besteffort`, { cpuShares: cpuShares(0) });
  }

  /** Makes a pod's group; resolves with its path for the runtime, empty when there are none. */
  async ensurePod(pod: corev1.Pod): Promise<string> {
    if (!this.tree) return '';
    const path = this.#path(pod);
    await this.tree.ensure(path, podLimits(pod));
    return path;
  }

  /** Makes a pod's group wide enough for both of two sizes, on the way from one to the other. */
  async widenPod(pod: corev1.Pod, other: corev1.Pod): Promise<void> {
    await this.tree?.ensure(this.#path(pod), widest(podLimits(pod), podLimits(other)));
  }

  async removePod(pod: corev1.Pod): Promise<void> {
    await this.tree?.remove(this.#path(pod));
  }

  /** Removes the groups of pods that are not wanted. */
  async removeOrphans(wanted: (uid: string) => boolean): Promise<void> {
    if (!this.tree) return;
    for (const parent of [this.#root, `${this.#root}/burstable`, `${this.#root}/besteffort`]) {
      for (const name of await this.tree.children(parent)) {
        if (name.startsWith('pod') && !wanted(name.slice(3))) await this.tree.remove(`${parent}/${name}`);
      }
    }
  }

  #path(pod: corev1.Pod): string {
    const qos = qosClass(pod);
    return `${this.#root}${qos === 'Guaranteed' ? '' : `/${qos.toLowerCase()}`}/pod${uidOf(pod)}`;
  }
}

/** Limits of the pod as a whole: only of what all its containers limit. */
export function podLimits(pod: corev1.Pod): CgroupLimits {
  return {
    cpuShares: cpuShares(podTotal(pod, 'requests', 'cpu', milliValue)),
    ...(isLimited(pod, 'cpu') ? { cpuQuotaUs: cpuQuotaUs(podTotal(pod, 'limits', 'cpu', milliValue)), cpuPeriodUs } : {}),
    ...(isLimited(pod, 'memory') ? { memoryBytes: podTotal(pod, 'limits', 'memory', wholeValue) } : {}),
  };
}

/** No limit is the widest. */
function widest(a: CgroupLimits, b: CgroupLimits): CgroupLimits {
  const wider = (one: number | undefined, two: number | undefined, none: number): number => (one === undefined || two === undefined || one <= 0 || two <= 0 ? none : Math.max(one, two));
  return { cpuShares: Math.max(a.cpuShares ?? 0, b.cpuShares ?? 0), cpuQuotaUs: wider(a.cpuQuotaUs, b.cpuQuotaUs, -1), memoryBytes: wider(a.memoryBytes, b.memoryBytes, -1) };
}
