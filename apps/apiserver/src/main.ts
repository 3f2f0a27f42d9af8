import { runProcess } from '@navarch/component-base';
import { compose } from './compose';
import { apiserverFlags } from './config';

void runProcess({
  name: 'kube-apiserver',
  flags: apiserverFlags,
  main: async ({ config, log, registry, health, clock, fail }) => (await compose(config, { log, metrics: registry, health, clock, fail })).components,
});
