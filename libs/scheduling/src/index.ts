/** The scheduler's decisions: pure functions over the cluster's state. `cycle/schedule-pod.ts` is the whole cycle; each plug-in is one file. */
export * from './framework';
export { countReasons, fitMessage, noNodes, type Diagnosis, type NodeRefusal } from './cycle/diagnosis';
export { extensionPoints, pluginsOf, profileOf, type ExtensionPoint, type Profile, type WeightedPlugin } from './cycle/profile';
export { type CycleObserver, type MeasuredPoint, type PointStatus } from './cycle/cycle-observer';
export { rankNodes, type PluginScores, type Ranking } from './cycle/rank-nodes';
export { place, rankFeasible, schedulePod, type Placement } from './cycle/schedule-pod';
export { deleteClaim } from './devices/extended-claim';
export { deviceTolerationCovers } from './devices/device-taints';
export { askNode, feasibleNodesToFind, searchNodes, type Search } from './cycle/search-nodes';
export { defaultPlugins, defaultProfile, makePlugin, pluginRegistry } from './plugin-registry';
export { matchesNodeSelection, nodeSelectorMatches, termMatches } from './plugins/node-selector-terms';
export { tolerates, tolerationCovers } from './plugins/tolerations';
export { noObjects, type ClusterObjects, type Lookup } from './state/cluster-objects';
export { ClusterState } from './state/cluster-state';
export { NodeInfo } from './state/node-info';
export { isTerminal, podInfo, type PodInfo } from './state/pod-info';
export { podRequests } from './state/pod-requests';
export { readResources, type Resources } from './state/resources';
