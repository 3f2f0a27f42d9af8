import type { ExtensionPoint } from './cycle/profile';

const filters = ['preFilter', 'filter'] as const;
const scores = ['preScore', 'score'] as const;

/**
 * The points at which a configuration may name each plug-in: those of upstream's plug-in of that name. They are not the methods of ours: a preparation
 * and what it prepares are one method here, and preemption needs no PreEnqueue.
 */
const pointsOf: Readonly<Record<string, readonly ExtensionPoint[]>> = {
  SchedulingGates: ['preEnqueue'],
  PrioritySort: ['queueSort'],
  NodeUnschedulable: ['filter'],
  NodeName: ['filter'],
  TaintToleration: ['filter', ...scores],
  NodeAffinity: [...filters, ...scores],
  NodePorts: filters,
  NodeResourcesFit: [...filters, ...scores],
  VolumeRestrictions: filters,
  NodeVolumeLimits: filters,
  VolumeBinding: [...filters, ...scores, 'reserve', 'preBind'],
  VolumeZone: filters,
  PodTopologySpread: [...filters, ...scores],
  InterPodAffinity: [...filters, ...scores],
  DynamicResources: ['preEnqueue', ...filters, 'postFilter', 'score', 'reserve', 'preBind'],
  DefaultPreemption: ['preEnqueue', 'postFilter'],
  NodeResourcesBalancedAllocation: scores,
  ImageLocality: ['score'],
  NodeDeclaredFeatures: filters,
  DefaultBinder: ['bind'],
  GangScheduling: ['preEnqueue', 'permit'],
};

/** Whether the plug-in can be named at the point. */
export function extendsPoint(plugin: string, point: ExtensionPoint): boolean {
  return pointsOf[plugin]?.includes(point) === true;
}
