import type { KubeObject } from '@navarch/api';
import type { JsonObject, StructType } from '@navarch/apimachinery';
import { builtInCodec, type KindCodec } from '../codec/kind-codec';
import type { AdmissionAttributes, VersionedKind } from '../pipeline';
import type { Registry } from '../registry/registry';
import type { ServedResource } from '../registry/served-resource';

/** One of the versions in which the object of a request can be shown. */
export interface RequestVersion {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** Of the object: the resource's own, unless a subresource shows another. */
  readonly kind: VersionedKind;
}

/** A write as others may see it: admission holds objects of the stored version only. */
export interface RequestVersions {
  /** The one that the client used first. */
  of(attributes: AdmissionAttributes): RequestVersion[];
  /** A copy of an object of the stored version in another. */
  show(object: KubeObject, version: RequestVersion): KubeObject;
  /** The other way: conformed and defaulted anew, since a stranger has changed it. */
  accept(object: KubeObject, version: RequestVersion): KubeObject | Promise<KubeObject>;
  /** The type of what is shown. */
  typeOf(version: RequestVersion): StructType;
  /** An object of that version as its kind has it, defaulted, in place. @returns what it says that the kind does not know @throws DecodeError */
  complete(object: KubeObject, version: RequestVersion): string[];
}

const apiVersionOf = ({ group, version }: VersionedKind): string => (group === '' ? version : `${group}/${version}`);

/** Versions of the registry's resources. */
export class RegistryVersions implements RequestVersions {
  constructor(private readonly registry: Registry) {}

  of({ group, version, resource, kind, objectKind, requested }: AdmissionAttributes): RequestVersion[] {
    const store = this.registry.store(group, resource);
    const first = requested ?? { group, version };
    if (!store) return [{ group, version, resource, kind: objectKind ?? { group, version, kind } }];
    const all = [...this.registry.all()].filter((served) => served.store === store)
      .map(({ facts }) => ({ group: facts.group, version: facts.version, resource: facts.resource, kind: objectKind ?? { group: facts.group, version: facts.version, kind: facts.kind } }));
    return all.sort((a, b) => Number(isSame(b, first)) - Number(isSame(a, first)));
  }

  show(object: KubeObject, version: RequestVersion): KubeObject {
    const copy = structuredClone(object);
    const shown = this.served(version)?.fromStorage(copy) ?? copy;
    return { ...shown, apiVersion: apiVersionOf(version.kind), kind: version.kind.kind };
  }

  accept(object: KubeObject, version: RequestVersion): KubeObject | Promise<KubeObject> {
    const codec = this.codec(version);
    codec.conform(object as unknown as JsonObject);
    codec.applyDefaults(object);
    return this.served(version)?.toStorage(object) ?? object;
  }

  typeOf(version: RequestVersion): StructType {
    return this.codec(version).type;
  }

  complete(object: KubeObject, version: RequestVersion): string[] {
    const codec = this.codec(version);
    const reports = codec.conform(object as unknown as JsonObject);
    codec.applyDefaults(object);
    return codec.isCustom ? [] : reports;
  }

  private codec(version: RequestVersion): KindCodec {
    return this.served(version)?.traits.codec ?? builtInCodec(version.kind);
  }

  /** Undefined where the subresource shows a kind of its own: that is the same in all versions of the resource. */
  private served({ group, version, resource, kind }: RequestVersion): ServedResource | undefined {
    const served = this.registry.served(group, version, resource);
    return served?.facts.kind === kind.kind && isSame(served.facts, kind) ? served : undefined;
  }
}

const isSame = (a: { readonly group: string; readonly version: string }, b: { readonly group: string; readonly version: string }): boolean => a.group === b.group && a.version === b.version;
