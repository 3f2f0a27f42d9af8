import { healthzServing, runProcess } from '@navarch/component-base';
import { compose } from './compose';
import { flags } from './config';

void runProcess({
  name: 'network-agent',
  flags,
  health: healthzServing,
  main: compose,
});
