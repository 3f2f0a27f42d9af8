import { type corev1 } from '@navarch/api';
import { maySwap, type NodeSwap } from '../containers/container-swap';
import { sameQuantity } from '../quantities';
import { findContainer } from './pod-spec';
import { allocationOf, type PendingResize } from './resize';

/** What a container may swap is told to it once: one that may cannot have other memory while it runs. As upstream. */
export function refuseSwapping(wanted: corev1.Pod, held: corev1.Pod, node: { readonly memoryCapacity: number; readonly swap: NodeSwap }): PendingResize | undefined {
  const refused = Object.entries(allocationOf(wanted).containers).some(([name, resources]) => {
    const [after, before] = [findContainer(wanted, name), findContainer(held, name)];
    if (!after || !before || sameQuantity(resources.requests?.['memory'] ?? '0', before.resources?.requests?.['memory'] ?? '0')) return false;
    const restarts = before.resizePolicy?.some(({ resourceName, restartPolicy }) => resourceName === 'memory' && restartPolicy === 'RestartContainer') === true;
    return !restarts && (maySwap(wanted, after, node) || maySwap(held, before, node));
  });
  return refused ? { reason: 'Infeasible', message: 'In-place resize of containers with swap is not supported.', detail: 'swap_limitation' } : undefined;
}
