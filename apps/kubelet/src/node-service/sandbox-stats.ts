import { type runtimev1 } from '@navarch/proto';
import { type PodTable } from '../pods/pod-table';
import { type ContainerRuntime } from '../runtime';

/**
 * What pods as a whole use, such as their networks. containerd 1.6 fails the whole list when the group of one that has
 * ended is gone: then each that is up is asked for.
 */
export async function sandboxStats(runtime: ContainerRuntime, table: Pick<PodTable, 'workers'>): Promise<runtimev1.PodSandboxStats[]> {
  try {
    return await runtime.listPodSandboxStats() ?? [];
  } catch {
    const ids = table.workers.flatMap(({ view }) => view.sandboxes.filter(({ ready }) => ready).map(({ id }) => id));
    const each = await Promise.allSettled(ids.map((id) => runtime.podSandboxStats(id)));
    return each.flatMap((result) => (result.status === 'fulfilled' && result.value ? [result.value] : []));
  }
}
