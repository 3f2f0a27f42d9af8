/** The scheduler's decisions: pure functions over the cluster's state. `schedule-pod.ts` is the whole cycle; each plug-in is one file. */
export { ClusterState } from './cluster-state';
export { type Diagnosis } from './diagnosis';
export { maxNodeScore, refusal, type ClusterEvent, type NodeFilter, type NodeScorer, type Refusal, type SchedulerPlugin } from './framework';
export { NodeInfo } from './node-info';
export { defaultPlugins, type WeightedPlugin } from './plugin-table';
export { isTerminal, podInfo, type PodInfo } from './pod-info';
export { podRequests, readResources, type Resources } from './resources';
export { feasibleNodesToFind, schedulePod, type Placement } from './schedule-pod';
export { matchesNodeSelection } from './plugins/node-selector-terms';
export { tolerates, tolerationCovers } from './plugins/tolerations';
