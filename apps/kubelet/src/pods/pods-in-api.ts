import { core, type corev1 } from '@navarch/api';
import { isForbidden, isNotFound } from '@navarch/apimachinery';
import { type ApiClient } from '@navarch/client';
import { rest, type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { uidOf } from './pod-spec';

export interface PodsInApiDeps {
  readonly nodeName: string;
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly log: Logger;
}

const retryMs = 1_000;

/** Asks the API which pods there are, by consistent reads, until it answers: what was told of changes may be late. */
export class PodsInApi {
  constructor(private readonly deps: PodsInApiDeps, private readonly signal: AbortSignal) {}

  /** Is there no pod of this uid any more? False too when the kubelet stops before the answer. */
  async isGone(pod: corev1.Pod): Promise<boolean> {
    const { client, clock, log } = this.deps;
    const { signal } = this;
    const { namespace = '', name = '' } = pod.metadata;
    while (!signal.aborted) {
      try {
        const found = await client.get(core.pods, { namespace, name }, { signal });
        return found.metadata.uid !== uidOf(pod);
      } catch (error) {
        if (isNotFound(error)) return true;
        // A node may not ask for a pod that is not its own: then its own pods tell.
        if (isForbidden(error)) return (await this.onNode())?.has(uidOf(pod)) === false;
        log.warn({ err: error, pod }, 'not known whether a pod is gone: leaving it alone');
        await rest(clock, retryMs, signal);
      }
    }
    return false;
  }

  /** Uids of all pods of this node; undefined when the kubelet stops before the answer. */
  async onNode(): Promise<ReadonlySet<string> | undefined> {
    const { client, clock, log, nodeName } = this.deps;
    const { signal } = this;
    while (!signal.aborted) {
      try {
        const { items } = await client.list(core.pods, { fieldSelector: `spec.nodeName=${nodeName}`, signal });
        return new Set(items.map(uidOf));
      } catch (error) {
        log.warn({ err: error }, 'pods of this node could not be listed');
        await rest(clock, retryMs, signal);
      }
    }
    return undefined;
  }
}
