import { type corev1 } from '@navarch/api';
import { runtimev1 } from '@navarch/proto';
import { qosClass } from '../pods/qos-class';
import { milliValue, wholeValue } from '../quantities';

/** The period of the CPU quota, in microseconds. */
export const cpuPeriodUs = 100_000;
const minShares = 2;
const maxShares = 262_144;
const minQuotaUs = 1_000;

/** Relative CPU weight of a request. */
export function cpuShares(milliCpu: number): number {
  if (milliCpu === 0) return minShares;
  return Math.min(maxShares, Math.max(minShares, Math.floor((milliCpu * 1024) / 1000)));
}

/** Microseconds of CPU in each period; 0 for no limit. */
export function cpuQuotaUs(milliCpu: number): number {
  return milliCpu === 0 ? 0 : Math.max(minQuotaUs, Math.floor((milliCpu * cpuPeriodUs) / 1000));
}

/** A container's cgroup settings from its requests and limits. */
export function containerResources(pod: corev1.Pod, container: corev1.Container, { memoryCapacity, cpuQuota }: { readonly memoryCapacity: number; readonly cpuQuota: boolean }): runtimev1.LinuxContainerResources {
  const { requests, limits } = container.resources ?? {};
  const cpuRequest = requests?.['cpu'] ?? limits?.['cpu'];
  return runtimev1.LinuxContainerResources.fromPartial({
    ...(cpuQuota ? { cpuPeriod: BigInt(cpuPeriodUs), cpuQuota: BigInt(cpuQuotaUs(milliValue(limits?.['cpu']))) } : {}),
    cpuShares: BigInt(cpuShares(milliValue(cpuRequest))),
    memoryLimitInBytes: BigInt(wholeValue(limits?.['memory'])),
    hugepageLimits: hugepageLimits(limits),
    oomScoreAdj: BigInt(oomScoreAdj(pod, container, memoryCapacity)),
  });
}

/** Upstream limits every page size that the container names; the runtime's own names have a B: `2MB`. */
function hugepageLimits(limits: Readonly<Record<string, string>> | undefined): runtimev1.HugepageLimit[] {
  return Object.entries(limits ?? {}).filter(([name]) => name.startsWith('hugepages-'))
    .map(([name, quantity]) => ({ pageSize: `${name.slice('hugepages-'.length).replace('i', '')}B`, limit: BigInt(wholeValue(quantity)) }));
}

/** Upstream's value: the more a container asks of the node's memory, the later it is killed. */
export function oomScoreAdj(pod: corev1.Pod, container: corev1.Container, memoryCapacity: number): number {
  if ((pod.spec?.priority ?? 0) >= 2_000_001_000) return -997;
  switch (qosClass(pod)) {
    case 'Guaranteed': return -997;
    case 'BestEffort': return 1000;
    case 'Burstable': {
      const request = wholeValue(container.resources?.requests?.['memory']);
      const score = 1000 - Math.floor((1000 * request) / Math.max(1, memoryCapacity));
      return Math.min(999, Math.max(3, score));
    }
  }
}
