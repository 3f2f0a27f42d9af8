import { type KubeletDeps } from '../kubelet-deps';
import { type KubeletOptions } from '../kubelet-options';
import { CriEvents } from './events/cri-events';
import { RuntimeWatcher, type RuntimeWatcherDeps } from './runtime-watcher';

/** Lists of the runtime are rare while it tells of changes itself. */
const rareFactor = 10;

export function makeRuntimeWatcher(
  { relistMs }: KubeletOptions,
  { runtime, clock, log, metrics, runtimeEvents = [] }: KubeletDeps,
  { known, seen }: Pick<Required<RuntimeWatcherDeps>, 'known' | 'seen'>,
): RuntimeWatcher {
  const criEvents = new CriEvents(runtime, {
    onConnected: () => metrics.eventsConnected.inc(),
    onError: () => metrics.eventsErrors.inc(),
    onEvent: (createdAtMs) => metrics.eventsLatencySeconds.observe(Math.max(0, clock.now() - createdAtMs) / 1000),
  });
  return new RuntimeWatcher(
    { relistMs, relistWithEventsMs: relistMs * rareFactor },
    {
      runtime,
      clock,
      log,
      known,
      seen,
      sources: [criEvents, ...runtimeEvents],
      onRelist: (ms, sinceMs) => {
        metrics.relistSeconds.observe(ms / 1000);
        if (sinceMs !== undefined) metrics.relistIntervalSeconds.observe(sinceMs / 1000);
        metrics.relistedAtSeconds.set(clock.now() / 1000);
      },
    },
  );
}
