import type { Registry } from '../registry/registry';
import type { WatchCounts } from '../watch/watch-counts';
import type { WorkSources } from './flow-control';

/** What this server knows of its objects and of who watches them. */
export function workSources(registry: Registry, watches: WatchCounts): WorkSources {
  return {
    stats({ group, version, resource }) {
      const objects = registry.served(group, version, resource)?.store.objects;
      return objects?.isReady ? { count: objects.size, bytes: objects.bytes } : undefined;
    },
    watchers({ group, version, resource, namespace, name }) {
      const store = registry.served(group, version, resource)?.store;
      return store ? watches.interested(store, namespace, name) : 0;
    },
  };
}
