import type { KubeObject, ResourceType } from '@navarch/api';
import type { Informer } from '@navarch/client';
import type { ClusterEvent, OtherEventName } from '@navarch/scheduling';

export interface OtherResourcesDeps {
  readonly informerOf: (type: ResourceType<KubeObject>) => Pick<Informer<KubeObject>, 'addHandler'>;
  readonly onEvent: (event: ClusterEvent) => void;
}

/** `foos.v1.example.comAdd`: the plural, the version and the group of a resource, and what was done to it. */
const pattern = /^(?<resource>[^.]+)\.(?<version>[^.]+)\.(?<group>.+)(?<action>Add|Update|Delete)$/;

/** Follows resources that only plug-ins in other processes know, from when they first say that events of them can help (upstream's dynamic informers). */
export class OtherResources {
  readonly #wanted = new Set<string>();
  readonly #followed = new Set<string>();
  readonly #endings: (() => void)[] = [];

  constructor(private readonly deps: OtherResourcesDeps) {}

  /** Events by other names are of resources that are followed anyway. */
  follow(names: readonly string[]): void {
    for (const name of names) {
      const { resource = '', version = '', group = '' } = pattern.exec(name)?.groups ?? {};
      if (resource === '') continue;
      this.#wanted.add(name);
      this.#begin(`${resource}.${version}.${group}`, { group, version, resource, kind: resource, namespaced: true });
    }
  }

  stop(): void {
    for (const end of this.#endings) end();
  }

  #begin(prefix: string, type: ResourceType<KubeObject>): void {
    if (this.#followed.has(prefix)) return;
    this.#followed.add(prefix);
    const tell = (action: string, objects: Pick<ClusterEvent, 'before' | 'after'>): void => {
      const name = `${prefix}${action}`;
      if (this.#wanted.has(name)) this.deps.onEvent({ name: name as OtherEventName, ...objects });
    };
    this.#endings.push(this.deps.informerOf(type).addHandler({
      onAdd: (after) => tell('Add', { after }),
      onUpdate: (before, after) => tell('Update', { before, after }),
      onDelete: (before) => tell('Delete', { before }),
    }));
  }
}
