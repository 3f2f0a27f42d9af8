import type { Clock } from '@navarch/clock';
import type { HealthCheck, HealthChecks } from '@navarch/component-base';
import type { Store } from '@navarch/storage';
import type { ApiserverConfig } from './config';
import type { Registry } from './registry/registry';
import { StartupChecks } from './startup-checks';

export interface ChecksDeps {
  readonly health: HealthChecks;
  readonly clock: Clock;
  readonly store: Store;
  readonly registry: Registry;
  readonly more: readonly { readonly name: string; readonly check: HealthCheck }[];
}

/** The checks behind /healthz, /livez and /readyz, by upstream's names where they are about the same; what is returned adds those of the start. */
export function composeChecks({ livezGracePeriod }: ApiserverConfig, { health, clock, store, registry, more }: ChecksDeps): StartupChecks {
  const etcd = async (): Promise<void> => {
    await store.currentRevision();
  };
  health.add('etcd', etcd);
  // Lines are written before anything else goes on: a server that answers can write them.
  health.add('log', () => undefined);
  health.addReady('etcd-readiness', etcd);
  for (const { name, check } of more) health.add(name, check, ['healthz', 'readyz']);
  // Resources that definitions make come later, and nobody waits for them.
  const builtIn = [...registry.allStores()];
  health.addReady('informer-sync', () => {
    const lacking = builtIn.filter(({ objects }) => !objects.isReady).length;
    if (lacking > 0) throw new Error(`${lacking} informers not started yet`);
  });
  return new StartupChecks(livezGracePeriod, { clock, health });
}
