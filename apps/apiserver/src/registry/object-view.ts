import type { KubeObject } from '@navarch/api';
import type { KindCodec } from '../codec/kind-codec';
import type { Cached } from './resource-store';
import type { ServedResource } from './served-resource';

/**
 * What GET, PUT and PATCH at one path see of a stored object: the object itself in the served version, or something made of it
 * (Scale). PUT and PATCH of `status` and the like see the whole object; the strategy keeps the rest of it.
 */
export interface ObjectView {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly codec: KindCodec;
  /** Empty for the object itself. */
  readonly subresource: string;
  /** Ready to answer. */
  bytes(object: Cached): Buffer;
  /** A copy, for a patch to change. */
  read(object: Cached): KubeObject;
  /** What is to be stored, in the storage version, given what the client wants to see here. Takes `object` over. */
  write(object: KubeObject, current: Cached | undefined): KubeObject | Promise<KubeObject>;
}

/** The object itself, at its own path or at that of a subresource which shows all of it. */
export function wholeObject(served: ServedResource, subresource = ''): ObjectView {
  const { group, version, kind } = served.facts;
  return {
    group,
    version,
    kind,
    codec: served.traits.codec,
    subresource,
    bytes: (object) => served.bytes(object),
    read: (object) => served.object(object),
    write: (object) => served.toStorage(object),
  };
}
