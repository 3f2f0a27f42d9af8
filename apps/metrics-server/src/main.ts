import { healthzServing, runProcess } from '@navarch/component-base';
import { compose } from './compose';
import { flags } from './config';

void runProcess({
  name: 'metrics-server',
  flags,
  health: healthzServing,
  main: compose,
});
