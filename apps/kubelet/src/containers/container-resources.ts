import { type corev1 } from '@navarch/api';
import { runtimev1 } from '@navarch/proto';
import { milliValue, wholeValue } from '../quantities';
import { oomScoreAdj } from './container-oom-score';
import { hugePagesOf, kernelPageSize } from './huge-page-sizes';

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

/** The request that such a weight stands for; the least weight stands for none. */
export function milliCpuOf(shares: number): number {
  return shares <= minShares ? 0 : Math.ceil((shares * 1000) / 1024);
}

/** Microseconds of CPU in each period; 0 for no limit. */
export function cpuQuotaUs(milliCpu: number): number {
  return milliCpu === 0 ? 0 : Math.max(minQuotaUs, Math.floor((milliCpu * cpuPeriodUs) / 1000));
}

/** What a container's settings depend on beside its pod. */
export interface ContainerSurroundings {
  readonly memoryCapacity: number;
  readonly cpuQuota: boolean;
  readonly killsGroups: boolean;
  readonly allocatable?: Readonly<Record<string, string>>;
}

/** A container's cgroup settings from its requests and limits; what it has no limit of, it may have as much of as its pod. */
export function containerResources(
  pod: corev1.Pod,
  container: corev1.Container,
  { memoryCapacity, cpuQuota, killsGroups, allocatable = {} }: ContainerSurroundings,
): runtimev1.LinuxContainerResources {
  const { requests } = container.resources ?? {};
  const limits = { ...pod.spec?.resources?.limits, ...container.resources?.limits };
  return runtimev1.LinuxContainerResources.fromPartial({
    ...linuxResources(
      { requestMilliCpu: milliValue(requests?.['cpu'] ?? limits['cpu']), limitMilliCpu: milliValue(limits['cpu']), memoryBytes: wholeValue(limits['memory']) },
      { cpuQuota, killsGroups },
    ),
    hugepageLimits: hugepageLimits(limits, allocatable),
    oomScoreAdj: BigInt(oomScoreAdj(pod, container, memoryCapacity)),
  });
}

/** Millicores and bytes; 0 for no limit. */
export interface Amounts {
  readonly requestMilliCpu: number;
  readonly limitMilliCpu: number;
  readonly memoryBytes: number;
}

/** Settings of a control group, of a container or of a pod as a whole: upstream's calculateLinuxResources. */
export function linuxResources(
  { requestMilliCpu, limitMilliCpu, memoryBytes }: Amounts,
  { cpuQuota, killsGroups }: { readonly cpuQuota: boolean; readonly killsGroups: boolean },
): runtimev1.LinuxContainerResources {
  return runtimev1.LinuxContainerResources.fromPartial({
    ...(cpuQuota ? { cpuPeriod: BigInt(cpuPeriodUs), cpuQuota: BigInt(cpuQuotaUs(limitMilliCpu)) } : {}),
    cpuShares: BigInt(cpuShares(requestMilliCpu)),
    memoryLimitInBytes: BigInt(memoryBytes),
    // A container of which one process is gone is rarely of use; upstream decides so too (kuberuntime_container_linux.go).
    ...(killsGroups ? { unified: { 'memory.oom.group': '1' } } : {}),
  });
}

/** Of each size that the node has, none where the container does not ask for it: they are somebody else's. */
function hugepageLimits(limits: Readonly<Record<string, string>>, allocatable: Readonly<Record<string, string>>): runtimev1.HugepageLimit[] {
  const sizes = new Set(hugePagesOf({ ...allocatable, ...limits }));
  return [...sizes].map((name) => ({ pageSize: kernelPageSize(name), limit: BigInt(wholeValue(limits[name])) }));
}
