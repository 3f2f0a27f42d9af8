import { type corev1 } from '@navarch/api';
import { cpuPeriodUs, cpuQuotaUs, cpuShares, milliCpuOf } from '../containers/container-resources';
import { hugePagesOf, kernelPageSize } from '../containers/huge-page-sizes';
import { isLimited, podTotal } from '../pods/pod-resources';
import { qosClass } from '../pods/qos-class';
import { uidOf } from '../pods/pod-spec';
import { milliValue, wholeValue } from '../quantities';
import { SharedReads } from '../shared-reads';
import { type CgroupLimits, type CgroupTree } from './cgroup-tree';
import { type CgroupUsage } from './cgroup-usage';

export interface PodCgroupOptions {
  /** Upstream's --pod-max-pids; -1, the default, for no limit. */
  readonly maxPids?: number;
  /** Whom no quota holds back, whatever their limits. */
  readonly withoutQuota?: (pod: corev1.Pod) => boolean;
  /** What the node has of everything, the sizes of its huge pages among it. */
  readonly allocatable?: () => Readonly<Record<string, string>>;
}

/** A control group for each pod, under one for each quality of service, under the node's own root. */
export class PodCgroups {
  readonly #root: string;
  /** Millicores that burstable pods ask for, by uid: their class weighs as much as they do together. */
  readonly #burstable = new Map<string, number>();
  readonly #weighings = new SharedReads<void>();

  /** `cgroupRoot`: upstream's --cgroup-root. Without a tree nothing is done and the runtime uses its default. */
  constructor(cgroupRoot: string, private readonly tree: CgroupTree | undefined, private readonly options: PodCgroupOptions = {}) {
    this.#root = kubepods(cgroupRoot);
  }

  async start(): Promise<void> {
    await this.tree?.ensure(this.#root, {});
    await this.#recallBurstable();
    await this.#weighBurstable();
    await this.tree?.ensure(`${this.#root}/besteffort`, { cpuShares: cpuShares(0) });
  }

  /** Makes a pod's group, with room for what else the pod still has; resolves with its path for the runtime, empty when there are none. */
  async ensurePod(pod: corev1.Pod, held: corev1.Pod = pod): Promise<string> {
    if (!this.tree) return '';
    const path = this.#path(pod);
    await this.#noteBurstable(pod);
    await this.tree.ensure(path, held === pod ? this.#limits(pod) : widest(this.#limits(pod), this.#limits(held)));
    return path;
  }

  /** Makes a pod's group wide enough for both of two sizes, on the way from one to the other. */
  async widenPod(pod: corev1.Pod, other: corev1.Pod): Promise<void> {
    await this.tree?.ensure(this.#path(pod), widest(this.#limits(pod), this.#limits(other)));
  }

  /** Bytes that a pod has in use, what is cached for it too; undefined where it has no group. */
  async memoryUsage(pod: corev1.Pod): Promise<number | undefined> {
    const path = this.#path(pod);
    return this.tree && await this.tree.exists(path) ? (await this.tree.memory(path)).usageBytes : undefined;
  }

  /** What a container's own group tells; nothing where the runtime puts it elsewhere. */
  async containerUsage(pod: corev1.Pod, containerId: string): Promise<CgroupUsage> {
    return await this.tree?.usage(`${this.#path(pod)}/${containerId}`) ?? {};
  }

  async removePod(pod: corev1.Pod): Promise<void> {
    await this.tree?.remove(this.#path(pod));
    await this.#forgetBurstable(uidOf(pod));
  }

  /** Removes the groups of pods that are not wanted. */
  async removeOrphans(wanted: (uid: string) => boolean): Promise<void> {
    if (!this.tree) return;
    for (const parent of [this.#root, `${this.#root}/burstable`, `${this.#root}/besteffort`]) {
      for (const name of await this.tree.children(parent)) {
        if (!name.startsWith('pod') || wanted(name.slice(3))) continue;
        await this.tree.remove(`${parent}/${name}`);
        await this.#forgetBurstable(name.slice(3));
      }
    }
  }

  async #noteBurstable(pod: corev1.Pod): Promise<void> {
    const milliCpu = podTotal(pod, 'requests', 'cpu', milliValue);
    if (qosClass(pod) !== 'Burstable' || this.#burstable.get(uidOf(pod)) === milliCpu) return;
    this.#burstable.set(uidOf(pod), milliCpu);
    await this.#weighBurstable();
  }

  async #forgetBurstable(uid: string): Promise<void> {
    if (this.#burstable.delete(uid)) await this.#weighBurstable();
  }

  /** What runs from before this kubelet weighs what its groups say, until the API has told of it: it is not to starve meanwhile. */
  async #recallBurstable(): Promise<void> {
    const parent = `${this.#root}/burstable`;
    for (const name of await this.tree?.children(parent) ?? []) {
      const { shares } = name.startsWith('pod') ? await this.tree?.usage(`${parent}/${name}`) ?? {} : {};
      if (shares !== undefined) this.#burstable.set(name.slice(3), milliCpuOf(shares));
    }
  }

  /** Never twice at once, or the older of two sums could be written last and stay; pods that begin meanwhile share the next. */
  #weighBurstable(): Promise<void> {
    return this.#weighings.read('burstable', async () => {
      const milliCpu = [...this.#burstable.values()].reduce((sum, value) => sum + value, 0);
      await this.tree?.ensure(`${this.#root}/burstable`, { cpuShares: cpuShares(milliCpu) });
    });
  }

  #limits(pod: corev1.Pod): CgroupLimits {
    const { maxPids = -1, withoutQuota, allocatable } = this.options;
    return {
      ...podLimits(pod), ...podHugePages(pod, allocatable?.() ?? {}),
      ...(maxPids > 0 ? { pids: maxPids } : {}), ...(withoutQuota?.(pod) === true ? { cpuQuotaUs: -1 } : {}),
    };
  }

  #path(pod: corev1.Pod): string {
    const qos = qosClass(pod);
    return `${this.#root}${qos === 'Guaranteed' ? '' : `/${qos.toLowerCase()}`}/pod${uidOf(pod)}`;
  }
}

/** The group of all pods. */
export function kubepods(cgroupRoot: string): string {
  return `${cgroupRoot.replace(/\/$/, '')}/kubepods`;
}

/** Limits of the pod as a whole: only of what all its containers limit. */
export function podLimits(pod: corev1.Pod): CgroupLimits {
  return {
    cpuShares: cpuShares(podTotal(pod, 'requests', 'cpu', milliValue)),
    ...(isLimited(pod, 'cpu') ? { cpuQuotaUs: cpuQuotaUs(podTotal(pod, 'limits', 'cpu', milliValue)), cpuPeriodUs } : {}),
    ...(isLimited(pod, 'memory') ? { memoryBytes: podTotal(pod, 'limits', 'memory', wholeValue) } : {}),
  };
}

/** Huge pages of each size that the node has: none of those that the pod does not ask for. */
function podHugePages(pod: corev1.Pod, allocatable: Readonly<Record<string, string>>): Pick<CgroupLimits, 'hugepages'> {
  const sizes = hugePagesOf(allocatable);
  return sizes.length === 0 ? {} : { hugepages: Object.fromEntries(sizes.map((name) => [kernelPageSize(name), podTotal(pod, 'limits', name, wholeValue)])) };
}

/** No limit is the widest. */
function widest(a: CgroupLimits, b: CgroupLimits): CgroupLimits {
  const wider = (one: number | undefined, two: number | undefined, none: number): number => (one === undefined || two === undefined || one <= 0 || two <= 0 ? none : Math.max(one, two));
  return { ...a, cpuShares: Math.max(a.cpuShares ?? 0, b.cpuShares ?? 0), cpuQuotaUs: wider(a.cpuQuotaUs, b.cpuQuotaUs, -1), memoryBytes: wider(a.memoryBytes, b.memoryBytes, -1) };
}
