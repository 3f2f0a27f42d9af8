import type { ResourceStore } from '../registry/resource-store';
import type { WatchScope } from './watch-group';

interface Counts {
  /** Of all namespaces. */
  everywhere: number;
  /** By namespace, or `<namespace>/<name>` where one object is watched. */
  readonly places: Map<string, number>;
  /** Of one node's pods each. */
  nodes: number;
}

const placeOf = (namespace: string, name: string | undefined): string => (name === undefined ? namespace : `${namespace}/${name}`);

/** How many watches a change of an object may concern: what its event costs. Mirrors upstream's watch tracker. */
export class WatchCounts {
  private readonly counts = new WeakMap<ResourceStore, Counts>();

  /** Counts a watch until what is answered is called. */
  add({ resource, namespace, selection }: WatchScope): () => void {
    const counts = this.counts.get(resource) ?? { everywhere: 0, places: new Map<string, number>(), nodes: 0 };
    this.counts.set(resource, counts);
    const change = (by: number): void => {
      if (resource.objects.resource.hasNodes === true && selection.node) counts.nodes += by;
      else if (namespace === '' && selection.name === undefined) counts.everywhere += by;
      else {
        const place = placeOf(namespace, selection.name);
        const count = (counts.places.get(place) ?? 0) + by;
        if (count === 0) counts.places.delete(place);
        else counts.places.set(place, count);
      }
    };
    change(1);
    return () => change(-1);
  }

  /** Of watches of one node's pods each, a pod concerns one. */
  interested(resource: ResourceStore, namespace: string, name: string): number {
    const counts = this.counts.get(resource);
    if (!counts) return 0;
    const at = (place: string): number => counts.places.get(place) ?? 0;
    const named = name === '' ? 0 : at(placeOf(namespace, name)) + (namespace === '' ? 0 : at(placeOf('', name)));
    return counts.everywhere + (namespace === '' ? 0 : at(namespace)) + named + Math.min(counts.nodes, 1);
  }
}
