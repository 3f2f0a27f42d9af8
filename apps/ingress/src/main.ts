import { healthzServing, runProcess } from '@navarch/component-base';
import { compose } from './compose';
import { flags } from './config';

void runProcess({
  name: 'ingress',
  flags,
  health: healthzServing,
  main: compose,
});
