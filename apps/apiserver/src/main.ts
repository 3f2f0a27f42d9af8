import { runProcess } from '@navarch/component-base';
import { compose } from './compose';
import { apiserverFlags, apiserverGates } from './config';

void runProcess({
  name: 'kube-apiserver',
  component: 'apiserver',
  flags: apiserverFlags,
  heeds: apiserverGates,
  shutdownDelayMs: (config) => config.shutdownDelayDuration,
  // Requests under way may take their time, where new ones are told to come again; then watches theirs.
  shutdownTimeoutMs: (config) => 30_000 + (config.shutdownSendRetryAfter ? config.requestTimeout : 0) + config.shutdownWatchTerminationGracePeriod,
  main: async ({ config, log, registry, health, clock, fail, zpages, features }) => (await compose(config, { log, metrics: registry, health, zpages, features, clock, fail })).components,
});
