import type { KubeObject } from '@navarch/api';
import type { AdmissionAttributes } from '../pipeline';
import type { JsonObject } from '@navarch/apimachinery';
import type { Registry } from '../registry/registry';
import type { ServedResource } from '../registry/served-resource';

/** One of the versions in which the object of a request can be shown. */
export interface RequestVersion {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
}

/** A write as others may see it: admission holds objects of the stored version only. */
export interface RequestVersions {
  /** The one that the client used first. */
  of(attributes: AdmissionAttributes): RequestVersion[];
  /** A copy of an object of the stored version in another. */
  show(object: KubeObject, version: RequestVersion): KubeObject;
  /** The other way: conformed and defaulted anew, since a stranger has changed it. */
  accept(object: KubeObject, version: RequestVersion): KubeObject | Promise<KubeObject>;
}

const apiVersionOf = ({ group, version }: RequestVersion): string => (group === '' ? version : `${group}/${version}`);

/** Versions of the registry's resources. */
export class RegistryVersions implements RequestVersions {
  constructor(private readonly registry: Registry) {}

  of({ group, version, resource, kind, requested }: AdmissionAttributes): RequestVersion[] {
    const store = this.registry.store(group, resource);
    const stored: RequestVersion = { group, version, resource, kind };
    if (!store) return [stored];
    const all = [...this.registry.all()].filter((served) => served.store === store).map(({ facts }) => ({ group: facts.group, version: facts.version, resource: facts.resource, kind: facts.kind }));
    const first = requested ?? stored;
    return all.sort((a, b) => Number(isSame(b, first)) - Number(isSame(a, first)));
  }

  show(object: KubeObject, version: RequestVersion): KubeObject {
    const copy = structuredClone(object);
    const shown = this.served(version)?.fromStorage(copy) ?? copy;
    return { ...shown, apiVersion: apiVersionOf(version), kind: version.kind };
  }

  accept(object: KubeObject, version: RequestVersion): KubeObject | Promise<KubeObject> {
    const served = this.served(version);
    served?.traits.codec.conform(object as unknown as JsonObject);
    served?.traits.codec.applyDefaults(object);
    return served?.toStorage(object) ?? object;
  }

  private served({ group, version, resource }: RequestVersion): ServedResource | undefined {
    return this.registry.served(group, version, resource);
  }
}

const isSame = (a: { readonly group: string; readonly version: string }, b: { readonly group: string; readonly version: string }): boolean => a.group === b.group && a.version === b.version;
