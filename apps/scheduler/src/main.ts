import { runProcess, secureServing } from '@navarch/component-base';
import { compose } from './compose';
import { flags } from './config';

void runProcess({
  name: 'scheduler',
  component: 'kube-scheduler',
  flags,
  health: secureServing,
  main: compose,
});
