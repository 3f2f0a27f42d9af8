import { healthzServing, runProcess } from '@navarch/component-base';
import { compose } from './compose';
import { flags } from './config';

void runProcess({
  name: 'fake-runtime',
  flags,
  health: healthzServing,
  main: compose,
});
