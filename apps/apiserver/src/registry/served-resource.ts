import type { KubeObject, ResourceFacts } from '@navarch/api';
import { deprecationOf } from './deprecations';
import type { Cached, ResourceStore } from './resource-store';

/** How objects of one served version relate to the stored ones. */
export interface VersionConversion {
  /** Both take an object that is the caller's own, and may answer it changed. */
  toStorage(object: KubeObject): KubeObject;
  fromStorage(object: KubeObject): KubeObject;
}

/** A resource in one version, as clients see it. */
export class ServedResource {
  readonly apiVersion: string;
  /** The text of a `Warning` for whoever uses it. */
  readonly deprecation: string | undefined;
  /** Undefined where the served version is the stored one. */
  private readonly representation: string | undefined;

  constructor(
    readonly facts: ResourceFacts,
    readonly store: ResourceStore,
    private readonly conversion: VersionConversion | undefined,
  ) {
    this.apiVersion = facts.group === '' ? facts.version : `${facts.group}/${facts.version}`;
    this.deprecation = deprecationOf(facts);
    this.representation = this.apiVersion === store.apiVersion ? undefined : `version:${this.apiVersion}`;
  }

  /** JSON ready to serve in this version: for the stored version the very bytes of the cache (rules 5). */
  bytes(object: Cached): Buffer {
    if (this.representation === undefined) return object.bytes;
    return object.represent(this.representation, () => Buffer.from(JSON.stringify(this.object(object))));
  }

  /** Parsed anew, for the caller to change. */
  object(object: Cached): KubeObject {
    const parsed = object.parse();
    if (this.representation === undefined) return parsed;
    const converted = this.conversion?.fromStorage(parsed) ?? parsed;
    return { ...converted, apiVersion: this.apiVersion, kind: this.facts.kind };
  }

  /** The storage version of an object of this version, which is given away. */
  toStorage(object: KubeObject): KubeObject {
    if (this.representation === undefined || this.conversion === undefined) return object;
    return this.conversion.toStorage(object);
  }

  /** For frames of watches: undefined says that the bytes of the cache serve. */
  get versionKey(): string | undefined {
    return this.representation;
  }
}
