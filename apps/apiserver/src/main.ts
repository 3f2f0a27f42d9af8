import { runProcess } from '@navarch/component-base';
import { compose } from './compose';
import { apiserverFlags } from './config';

void runProcess({
  name: 'kube-apiserver',
  component: 'apiserver',
  flags: apiserverFlags,
  shutdownDelayMs: (config) => config.shutdownDelayDuration,
  main: async ({ config, log, registry, health, clock, fail, zpages }) => (await compose(config, { log, metrics: registry, health, zpages, clock, fail })).components,
});
