import { type corev1 } from '@navarch/api';
import { type runtimev1 } from '@navarch/proto';
import { isCritical } from '../pods/critical-pod';
import { qosClass } from '../pods/qos-class';
import { wholeValue } from '../quantities';

export const swapBehaviors = ['NoSwap', 'LimitedSwap'] as const;
/** Upstream's memorySwap.swapBehavior. */
export type SwapBehavior = (typeof swapBehaviors)[number];

/** What a node has to swap to, in bytes, and how containers can be held to their share; undefined: its kernel cannot. */
export interface NodeSwap {
  readonly behavior: SwapBehavior;
  readonly capacity: number;
  readonly control: 'cgroup v1' | 'cgroup v2' | undefined;
}

type Resources = runtimev1.LinuxContainerResources;

/**
 * Resources with how much a container may swap: nothing, or with LimitedSwap, for burstable containers that ask for
 * less memory than they may have, their request's share of the node's swap (upstream's KEP-2400).
 */
export function withSwap(resources: Resources, pod: corev1.Pod, container: corev1.Container, { memoryCapacity, swap }: { readonly memoryCapacity: number; readonly swap: NodeSwap }): Resources {
  switch (swap.control) {
    case undefined: return resources;
    // Memory and swap together: no more than memory alone. Without a limit it has none of either.
    case 'cgroup v1': return { ...resources, memorySwapLimitInBytes: resources.memoryLimitInBytes };
    case 'cgroup v2': return { ...resources, unified: { ...resources.unified, 'memory.swap.max': String(swapBytes(pod, container, memoryCapacity, swap)) } };
  }
}

/** Whether a container may swap, so that how much it may depends on what memory it asks for. */
export function maySwap(pod: corev1.Pod, container: corev1.Container, { memoryCapacity, swap }: { readonly memoryCapacity: number; readonly swap: NodeSwap }): boolean {
  return swap.control === 'cgroup v2' && swapBytes(pod, container, memoryCapacity, swap) > 0;
}

function swapBytes(pod: corev1.Pod, { resources }: corev1.Container, memoryCapacity: number, { behavior, capacity }: NodeSwap): number {
  const request = wholeValue(resources?.requests?.['memory'] ?? resources?.limits?.['memory']);
  const limit = wholeValue(resources?.limits?.['memory']);
  const mayNot = behavior === 'NoSwap' || qosClass(pod) !== 'Burstable' || isCritical(pod) || request === 0 || request === limit || request > memoryCapacity;
  return mayNot ? 0 : Math.floor((request / memoryCapacity) * capacity);
}
