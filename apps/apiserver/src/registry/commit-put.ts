import type { KubeObject } from '@navarch/api';
import type { PutOp, WriteOutcome } from '@navarch/storage';
import type { CompanionWrite } from './companions';
import type { Cached, ResourceStore } from './resource-store';
import type { WriteContext } from './write-context';
import { applied, written } from './write-outcome';

/** What became of a put. */
export type PutOutcome = { readonly ok: true; readonly object: Cached } | Extract<WriteOutcome, { readonly ok: false }>;

/** Commits the put of an object, and what goes with it, and waits until this server's own reads show it. `onStored` is told before they do. */
export async function commitPut(resource: ResourceStore, put: PutOp, object: KubeObject, companions: CompanionWrite | undefined, context: WriteContext, onStored?: () => void): Promise<PutOutcome> {
  const over = resource.objects.expect(put.key, put.json, object);
  try {
    const outcome = await resource.deps.store.commit({ ops: companions ? [put, ...companions.ops] : [put] }, context.abandonment);
    if (!outcome.ok) return outcome;
    onStored?.();
    const version = outcome.resourceVersions[0] ?? 0;
    await applied(resource, version);
    return { ok: true, object: written(resource, put, version) };
  } finally {
    over();
  }
}
