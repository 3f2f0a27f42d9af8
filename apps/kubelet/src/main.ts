import { healthzServing, runProcess } from '@navarch/component-base';
import { compose } from './compose';
import { kubeletFlags } from './config';

void runProcess({ name: 'kubelet', flags: kubeletFlags, health: healthzServing, main: compose });
