import type { KubeObject, ResourceFacts } from '@navarch/api';
import { exactJsonText, parseJsonBytes } from '@navarch/apimachinery';
import { builtInTraits, type KindTraits } from './kind-traits';
import type { Cached, ResourceStore } from './resource-store';
import type { FieldSource } from './selectable-fields';
import { VersionFields } from './version-fields';

/** How objects of one served version relate to the stored ones. */
export interface VersionConversion {
  /** Both take an object that is the caller's own, and may answer it changed. */
  toStorage(object: KubeObject): KubeObject | Promise<KubeObject>;
  fromStorage(object: KubeObject): KubeObject;
  /** For conversions that take their time: many objects at once, before any of them is shown. */
  prepare?(objects: readonly Cached[]): Promise<readonly KubeObject[]>;
  /** With `prepare`: whether the bytes of the cache are those of this version as they are. */
  isDirect?(object: Cached): boolean;
}

/** A conversion that is done at once. */
export interface DirectConversion extends VersionConversion {
  toStorage(object: KubeObject): KubeObject;
}

/** A resource in one version, as clients see it. */
export class ServedResource {
  readonly apiVersion: string;
  /** What its field selectors read. */
  readonly fields: FieldSource;
  /** Undefined where the served version is the stored one. */
  private readonly representation: string | undefined;
  private readonly prepared = new WeakSet<Cached>();

  constructor(
    readonly facts: ResourceFacts,
    readonly store: ResourceStore,
    private readonly conversion: VersionConversion | undefined,
    readonly traits: KindTraits = builtInTraits(facts),
  ) {
    this.apiVersion = facts.group === '' ? facts.version : `${facts.group}/${facts.version}`;
    this.fields = traits.fields ? new VersionFields(traits.fields, this) : store.fields;
    this.representation = this.apiVersion === store.apiVersion && !conversion?.prepare ? undefined : `version:${this.apiVersion}`;
  }

  /** Whether objects have to be prepared before they are shown. */
  get isPrepared(): boolean {
    return this.conversion?.prepare !== undefined;
  }

  /** Makes objects ready to be shown: to be awaited before `bytes` and `object`, where conversion takes its time. @throws ApiError */
  prepare(objects: readonly Cached[]): Promise<void> | undefined {
    if (this.representation === undefined || !this.conversion?.prepare) return undefined;
    const missing = objects.filter((object) => !this.prepared.has(object) && this.conversion?.isDirect?.(object) !== true);
    return missing.length === 0 ? undefined : this.convert(missing, this.representation, this.conversion.prepare.bind(this.conversion));
  }

  private async convert(objects: readonly Cached[], representation: string, convert: NonNullable<VersionConversion['prepare']>): Promise<void> {
    const converted = await convert(objects);
    objects.forEach((object, i) => {
      object.represent(representation, () => Buffer.from(exactJsonText({ ...converted[i], apiVersion: this.apiVersion, kind: this.facts.kind })));
      this.prepared.add(object);
    });
  }

  /** JSON ready to serve in this version: for the stored version the very bytes of the cache (rules 5). */
  bytes(object: Cached): Buffer {
    if (this.representation === undefined || this.conversion?.isDirect?.(object) === true) return object.bytes;
    return object.represent(this.representation, () => Buffer.from(exactJsonText(this.object(object))));
  }

  /** Parsed anew, for the caller to change. */
  object(object: Cached): KubeObject {
    if (this.representation !== undefined && this.prepared.has(object)) return parseJsonBytes(this.bytes(object)) as unknown as KubeObject;
    const parsed = object.parse();
    if (this.representation === undefined || this.conversion?.isDirect?.(object) === true) return parsed;
    const converted = this.conversion?.fromStorage(parsed) ?? parsed;
    return { ...converted, apiVersion: this.apiVersion, kind: this.facts.kind };
  }

  /** The storage version of an object of this version, which is given away. */
  toStorage(object: KubeObject): KubeObject | Promise<KubeObject> {
    if (this.apiVersion === this.store.apiVersion || this.conversion === undefined) return object;
    return this.conversion.toStorage(object);
  }

  /** An object of the storage version, which is given away, in this one. */
  fromStorage(object: KubeObject): KubeObject {
    return this.conversion?.fromStorage(object) ?? object;
  }

  /** For frames of watches: undefined says that the bytes of the cache serve. */
  get versionKey(): string | undefined {
    return this.representation;
  }
}
