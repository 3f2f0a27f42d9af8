import { healthzServing, runProcess } from '@navarch/component-base';
import { compose } from './compose';
import { flags } from './config';

void runProcess({
  name: 'local-path',
  flags,
  health: healthzServing,
  main: compose,
});
