import { healthzServing, runProcess } from '@navarch/component-base';
import { composeNodes } from './compose';
import { manyNodesFlags } from './config';

void runProcess({ name: 'kubelets', component: 'kubelet', flags: manyNodesFlags, health: healthzServing, main: composeNodes });
