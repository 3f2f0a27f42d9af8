import { endpointChange } from './endpoint-change';
import { fullNode } from './full-node';
import type { NodeScenario } from './node-scenario';
import { podStart } from './pod-start';

/** In the order in which they run: a kubelet's memory is told of one that has done nothing else yet. */
export const nodeScenarios: readonly NodeScenario[] = [fullNode, podStart, endpointChange];
