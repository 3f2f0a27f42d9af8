import type { KubeObject, Printer } from '@navarch/api';
import type { KindCodec } from '../codec/kind-codec';
import type { Cached } from './resource-store';
import type { ServedResource } from './served-resource';
import type { AdmitShown, ShownKind } from './update';

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
  /** For a view of another kind than the object's: how `kubectl get` shows it. */
  readonly printer?: Printer;
  /** The same: what admission sees. */
  readonly shownAs?: ShownKind;
  /** For a Scale: where the object has its replicas, so that who owns the one owns the other. */
  readonly replicas?: readonly string[];
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

/** What is to be stored of what a client sends; admission sees it first where it is of another kind. Takes `object` over. */
export function writeThrough(view: ObjectView, object: KubeObject, current: Cached | undefined, admit: AdmitShown): KubeObject | Promise<KubeObject> {
  return view.shownAs ? admit(object).then(() => view.write(object, current)) : view.write(object, current);
}
