import { healthzServing, runProcess } from '@navarch/component-base';
import { compose } from './compose';
import { kubeletFlags } from './config';
import { loadConfigFiles } from './config-file/load-config-file';
import { shutdownGraces } from './options-from-config';

void runProcess({
  name: 'kubelet',
  flags: kubeletFlags,
  health: healthzServing,
  main: compose,
  settings: ({ config, configDir }) => loadConfigFiles(config, configDir),
  // Pods have their graces before the usual time to end.
  shutdownTimeoutMs: (config) => 30_000 + shutdownGraces(config).reduce((sum, { graceMs }) => sum + graceMs, 0),
});
