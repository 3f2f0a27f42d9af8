import type { KubeObject } from '@navarch/api';
import type { DirectConversion } from '../served-resource';

/** Names of the same field in events.k8s.io/v1 and in core/v1, where Events are stored. */
const RENAMED: readonly (readonly [served: string, stored: string])[] = [
  ['note', 'message'],
  ['regarding', 'involvedObject'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedCount', 'count'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedSource', 'source'],
];

function renamed(object: KubeObject, pairs: readonly (readonly [from: string, to: string])[]): KubeObject {
  const fields = object as KubeObject & Record<string, unknown>;
  for (const [from, to] of pairs) {
    if (fields[from] === undefined) continue;
    fields[to] = fields[from];
    delete fields[from];
  }
  return fields;
}

/** events.k8s.io/v1 and core/v1 Events are one object under two sets of names. */
export const eventConversion: DirectConversion = {
  toStorage(object) {
    const event = renamed(object, RENAMED) as KubeObject & Record<string, unknown>;
    // Core requires these, events.k8s.io does not.
    event['involvedObject'] ??= {};
    return event;
  },
  fromStorage: (object) => renamed(object, RENAMED.map(([served, stored]) => [stored, served] as const)),
};
