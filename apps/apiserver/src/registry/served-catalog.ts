import type { ResourceFacts } from '@navarch/api';
import type { JsonObject } from '@navarch/apimachinery';

/** What one definition of custom resources adds. */
export interface CustomEntry {
  readonly facts: readonly ResourceFacts[];
  /** Schemas for OpenAPI, by definition id. */
  readonly schemas: Readonly<Record<string, JsonObject>>;
}

/** What is served at a moment, for discovery and OpenAPI: documents are made anew when `edition` has moved. */
export class ServedCatalog {
  private readonly custom = new Map<string, CustomEntry>();
  private count = 0;

  constructor(private readonly builtIn: readonly ResourceFacts[]) {}

  get edition(): number {
    return this.count;
  }

  get facts(): readonly ResourceFacts[] {
    return [...this.builtIn, ...[...this.custom.values()].flatMap(({ facts }) => facts)];
  }

  get schemas(): Readonly<Record<string, JsonObject>> {
    return Object.fromEntries([...this.custom.values()].flatMap(({ schemas }) => Object.entries(schemas)));
  }

  set(name: string, entry: CustomEntry): void {
    this.custom.set(name, entry);
    this.count++;
  }

  delete(name: string): void {
    if (this.custom.delete(name)) this.count++;
  }
}
