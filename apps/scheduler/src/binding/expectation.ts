import { core, type corev1 } from '@navarch/api';
import { isConflict, isNotFound } from '@navarch/apimachinery';
import type { ApiClient } from '@navarch/client';
import type { Logger } from '@navarch/component-base';

export interface ExpectationDeps {
  readonly client: Pick<ApiClient, 'patch'>;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Where a pod is expected to be while something has to happen before it can be bound (KEP-5278, NominatedNodeNameForExpectation): others,
 * such as an autoscaler, leave the room alone, and a successor of this scheduler goes on with the same node.
 */
export class Expectation {
  #announced = false;

  constructor(private readonly pod: corev1.Pod, private readonly node: string, private readonly deps: ExpectationDeps) {}

  /** Whether the pod's status says so because of this. */
  get announced(): boolean {
    return this.#announced;
  }

  /** Writes the node to the pod's status, once, unless that names it. Never rejects: it is not worth a binding. */
  async announce(): Promise<void> {
    const { pod: { metadata, status }, node, deps: { client, log, signal } } = this;
    if (this.#announced || status?.nominatedNodeName === node || signal.aborted) return;
    // Said of a write whose answer is lost too: what is not there is taken back without harm.
    this.#announced = true;
    const key = { namespace: metadata.namespace ?? '', name: metadata.name ?? '' };
    try {
      await client.patch(core.pods, key, 'strategic', { metadata: { uid: metadata.uid }, status: { nominatedNodeName: node } }, { subresource: 'status', signal });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error) && !this.deps.signal.aborted) log.warn({ pod: key, node, err: error }, 'where a pod is expected could not be written to its status');
    }
  }
}

/** The pod as its status says that it is expected on a node. */
export function nominatedTo(pod: corev1.Pod, node: string): corev1.Pod {
  return { ...pod, status: { ...pod.status, nominatedNodeName: node } };
}
