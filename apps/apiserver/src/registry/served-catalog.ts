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

/** A group and version that another API server serves. */
export interface RemoteVersion {
  readonly group: string;
  readonly version: string;
  /** What it said when it last answered. */
  readonly facts: readonly ResourceFacts[];
  /** It does not answer now. */
  readonly isStale: boolean;
  readonly priorities: Priorities;
}

/** Where an APIService wants its group among all groups, and its version among those of the group: the higher, the earlier. */
export interface Priorities {
  readonly group: number;
  readonly version: number;
}

/** What is served at a moment, for discovery and OpenAPI: documents are made anew when `edition` has moved. */
export class ServedCatalog {
  private readonly custom = new Map<string, CustomEntry>();
  private readonly remote = new Map<string, RemoteVersion>();
  private readonly documents = new Map<string, RemoteOpenApi>();
  private count = 0;

  constructor(private readonly builtIn: readonly ResourceFacts[]) {}

  get edition(): number {
    return this.count;
  }

  get facts(): readonly ResourceFacts[] {
    return [...this.builtIn, ...[...this.custom.values()].flatMap(({ facts }) => facts)];
  }

  /** Whether a group is of built-in kinds: upstream's router answers for all below it, whatever the version. */
  isBuiltIn(group: string): boolean {
    return this.builtIn.some((facts) => facts.group === group);
  }

  /** What this server serves of what discovery tells of. */
  get discoverable(): readonly ResourceFacts[] {
    return this.facts.filter(({ group, version }) => !this.remote.has(`${group}/${version}`));
  }

  /** The rest of it: what other API servers serve. */
  get remoteVersions(): readonly RemoteVersion[] {
    return [...this.remote.values()];
  }

  get schemas(): Readonly<Record<string, JsonObject>> {
    return Object.fromEntries([...this.custom.values()].flatMap(({ schemas }) => Object.entries(schemas)));
  }

  /** What another API server serves of `<group>/<version>`. */
  setRemote(key: string, facts: readonly ResourceFacts[], priorities: Priorities): void {
    this.changeRemote(key, { facts, isStale: false, priorities });
  }

  /** It does not say any more: clients are told that what they read of it may be old. */
  setStale(key: string, priorities: Priorities): void {
    this.documents.delete(key);
    this.changeRemote(key, { isStale: true, priorities });
  }

  private changeRemote(key: string, change: Partial<RemoteVersion> & Pick<RemoteVersion, 'priorities'>): void {
    const [group = '', version = ''] = key.split('/');
    const before = this.remote.get(key);
    const next: RemoteVersion = { group, version, facts: [], isStale: true, ...before, ...change };
    if (isDeepStrictEqual(before, next)) return;
    this.remote.set(key, next);
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
