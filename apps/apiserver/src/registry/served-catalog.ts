import type { ResourceFacts } from '@navarch/api';
import type { JsonObject } from '@navarch/apimachinery';
import { isDeepStrictEqual } from 'node:util';

/** What one definition of custom resources adds. */
export interface CustomEntry {
  readonly facts: readonly ResourceFacts[];
  /** Schemas for OpenAPI, by definition id. */
  readonly schemas: Readonly<Record<string, JsonObject>>;
}

/** What another API server says its group and version look like: OpenAPI, in the versions that it speaks. */
export interface RemoteOpenApi {
  /** As it is to be served. */
  readonly v3?: Buffer;
  readonly v2?: JsonObject;
}

/** What is served at a moment, for discovery and OpenAPI: documents are made anew when `edition` has moved. */
export class ServedCatalog {
  private readonly custom = new Map<string, CustomEntry>();
  private readonly remote = new Map<string, readonly ResourceFacts[]>();
  private readonly documents = new Map<string, RemoteOpenApi>();
  private count = 0;

  constructor(private readonly builtIn: readonly ResourceFacts[]) {}

  get edition(): number {
    return this.count;
  }

  get facts(): readonly ResourceFacts[] {
    return [...this.builtIn, ...[...this.custom.values()].flatMap(({ facts }) => facts)];
  }

  /** With what other API servers serve: for discovery only. */
  get discoverable(): readonly ResourceFacts[] {
    const own = this.facts.filter(({ group, version }) => !this.remote.has(`${group}/${version}`));
    return [...own, ...[...this.remote.values()].flat()];
  }

  get schemas(): Readonly<Record<string, JsonObject>> {
    return Object.fromEntries([...this.custom.values()].flatMap(({ schemas }) => Object.entries(schemas)));
  }

  /** What another API server serves of `<group>/<version>`. */
  setRemote(key: string, facts: readonly ResourceFacts[]): void {
    if (JSON.stringify(this.remote.get(key)) === JSON.stringify(facts)) return;
    this.remote.set(key, facts);
    this.count++;
  }

  deleteRemote(key: string): void {
    this.documents.delete(key);
    if (this.remote.delete(key)) this.count++;
  }

  /** OpenAPI documents of other API servers, by `<group>/<version>`. */
  get remoteOpenApi(): ReadonlyMap<string, RemoteOpenApi> {
    return this.documents;
  }

  setRemoteOpenApi(key: string, documents: RemoteOpenApi): void {
    if (isDeepStrictEqual(this.documents.get(key), documents)) return;
    this.documents.set(key, documents);
    this.count++;
  }

  set(name: string, entry: CustomEntry): void {
    this.custom.set(name, entry);
    this.count++;
  }

  delete(name: string): void {
    if (this.custom.delete(name)) this.count++;
  }
}
