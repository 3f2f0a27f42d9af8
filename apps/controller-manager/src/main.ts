import { runProcess, secureServing } from '@navarch/component-base';
import { compose } from './compose';
import { flags } from './config';

void runProcess({ name: 'controller-manager', component: 'kube-controller-manager', flags, health: secureServing, main: compose });
