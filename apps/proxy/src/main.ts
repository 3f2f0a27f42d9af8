import { runProcess } from '@navarch/component-base';
import { compose } from './compose';
import { proxyFlags } from './config';
import { loadConfigFile } from './config-file';
import { healthServing } from './health-serving';

void runProcess({
  name: 'proxy',
  component: 'kube-proxy',
  flags: proxyFlags,
  settings: ({ config }) => loadConfigFile(config),
  health: healthServing,
  main: compose,
});
