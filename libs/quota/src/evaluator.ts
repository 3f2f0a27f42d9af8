import type { KubeObject, resourcev1 } from '@navarch/api';
import { type Amounts, counted } from './amounts';
import { claimUsage, concernsClaims, concernsDeviceClaims, concernsServices, deviceClaimUsage, serviceUsage } from './other-usage';
import { concernsPods, podUsage, unstated } from './pod-usage';

/** How objects of one resource count against quotas. */
export interface Evaluator {
  /** Whether a quota's `hard` may limit this resource name by them. */
  concerns(name: string): boolean;
  usage(object: KubeObject, nowMs: number): Amounts;
  /** What the object should state and does not, when these names are limited; empty if nothing. */
  unstated(object: KubeObject, limited: readonly string[]): string;
  /** Whether a change of an object, or of this subresource, can use more. */
  countsUpdates(subresource: string): boolean;
}

export interface Countable {
  readonly group: string;
  readonly resource: string;
}

/** Kinds whose plain plural a quota may use for their number. */
const plainlyCounted = ['configmaps', 'replicationcontrollers', 'resourcequotas', 'secrets'];

const never = (): boolean => false;
const nothing = (): string => '';

const special: Readonly<Record<string, Evaluator>> = {
  '/pods': { concerns: concernsPods, usage: (pod, nowMs) => podUsage(pod, nowMs), unstated: (pod, limited) => unstated(pod, limited), countsUpdates: (subresource) => subresource === 'resize' },
  '/services': { concerns: concernsServices, usage: (service) => serviceUsage(service), unstated: nothing, countsUpdates: (subresource) => subresource === '' },
  '/persistentvolumeclaims': { concerns: concernsClaims, usage: (claim) => claimUsage(claim), unstated: nothing, countsUpdates: (subresource) => subresource === '' },
  'resource.k8s.io/resourceclaims': { concerns: concernsDeviceClaims, usage: (claim) => deviceClaimUsage(claim as resourcev1.ResourceClaim), unstated: nothing, countsUpdates: never },
};

/** The name under which any resource can be counted: `count/deployments.apps`. */
export const countName = ({ group, resource }: Countable): string => (group === '' ? `count/${resource}` : `count/${resource}.${group}`);

/** Every namespaced resource can be counted; some are measured in other ways too. */
export function evaluatorFor(of: Countable): Evaluator {
  const known = special[`${of.group}/${of.resource}`];
  if (known) return known;
  const names = of.group === '' && plainlyCounted.includes(of.resource) ? [countName(of), of.resource] : [countName(of)];
  const one: Amounts = new Map(names.map((name) => counted(name, 1)));
  return { concerns: (name) => names.includes(name), usage: () => one, unstated: nothing, countsUpdates: never };
}

/** The resource whose objects a name of a quota's `hard` counts; undefined for a name that this version does not know. */
export function countedBy(name: string): Countable | undefined {
  if (concernsPods(name)) return { group: '', resource: 'pods' };
  if (concernsServices(name)) return { group: '', resource: 'services' };
  if (concernsClaims(name)) return { group: '', resource: 'persistentvolumeclaims' };
  if (concernsDeviceClaims(name)) return { group: 'resource.k8s.io', resource: 'resourceclaims' };
  if (plainlyCounted.includes(name)) return { group: '', resource: name };
  if (!name.startsWith('count/')) return undefined;
  const [resource = '', ...group] = name.slice('count/'.length).split('.');
  return { group: group.join('.'), resource };
}
