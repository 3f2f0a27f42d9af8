import { core } from '@navarch/api';
import type { UsageFeed } from '@navarch/bus';
import type { InformerFactory } from '@navarch/client';
import type { Clock } from '@navarch/clock';
import type { Component } from '@navarch/component-base';
import { MetricsApi } from './metrics-api';
import { UsageStore } from './usage-store';

export interface UsageFollowingDeps {
  readonly informers: InformerFactory;
  readonly bus: Pick<UsageFeed, 'subscribeUsage'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface UsageFollowing {
  readonly store: UsageStore;
  readonly api: MetricsApi;
  readonly components: readonly Component[];
}

/** All that this server follows: samples by one subscription, and which nodes there are by one informer of their metadata. Pods it does not follow. */
export function followUsage(maxAgeMs: number, { informers, bus, clock, signal }: UsageFollowingDeps): UsageFollowing {
  const store = new UsageStore(() => clock.now(), maxAgeMs);
  const nodes = informers.informer(core.nodes, { metadataOnly: true });
  const following = taking(() => bus.subscribeUsage((usage) => store.put(usage)), () => nodes.addHandler({ onDelete: ({ metadata }) => store.forgetNode(metadata.name ?? '') }));
  // "Not found" before the cluster is known would be wrong.
  const known: Component = { name: 'nodes', start: () => nodes.waitForSync(signal), stop: () => Promise.resolve() };
  return { store, api: new MetricsApi({ store, nodes, now: () => clock.now() }), components: [following, known] };
}

/** Takes samples in, and forgets nodes that are gone. */
function taking(subscribe: () => { unsubscribe(): void }, forget: () => () => void): Component {
  let end: (() => void) | undefined;
  return {
    name: 'usage',
    start: () => {
      const subscription = subscribe();
      const stopForgetting = forget();
      end = () => {
        subscription.unsubscribe();
        stopForgetting();
      };
      return Promise.resolve();
    },
    stop: () => {
      end?.();
      return Promise.resolve();
    },
  };
}
