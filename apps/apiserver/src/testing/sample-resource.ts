import { allResources, type ResourceFacts } from '@navarch/api';
import { sampleNames, sampleObjects } from './sample-objects';

/** An object of a built-in resource that is as small as it may be. */
export interface SampleObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/** Built-in resources that are served unasked and that can be replaced: those with objects of their own. */
export const storedResources: readonly ResourceFacts[] = [...allResources()].filter(({ servedByDefault, verbs }) => servedByDefault && verbs.includes('update'));

/** Those whose objects the server itself writes to, as soon as they are there. */
export const isServersOwn = ({ group }: ResourceFacts): boolean => group === 'apiextensions.k8s.io' || group === 'apiregistration.k8s.io';

export const keyOf = ({ group, version, resource }: ResourceFacts): string => `${group}/${version}/${resource}`;
const prefixOf = ({ group, version }: ResourceFacts): string => (group === '' ? `/api/${version}` : `/apis/${group}/${version}`);
/** Of all its objects. */
export const everywherePathOf = (facts: ResourceFacts): string => `${prefixOf(facts)}/${facts.resource}`;
/** Of its objects in the namespace default, where it has namespaces. */
export const pathOf = (facts: ResourceFacts): string => `${prefixOf(facts)}/${facts.namespaced ? 'namespaces/default/' : ''}${facts.resource}`;

/** Their names are labels of the DNS. */
const LABELS = new Set(['services', 'namespaces', 'statefulsets']);

/** The name of the nth sample. */
function nameOf(facts: ResourceFacts, nth: number): string {
  const fixed = sampleNames[keyOf(facts)]?.(nth);
  return fixed ?? (LABELS.has(facts.resource) ? `sample-${nth}` : `sample-${nth}.example.com`);
}

/** The nth sample of a resource: other names are other objects. */
export function sampleOf(facts: ResourceFacts, nth: number): SampleObject {
  const sample = sampleObjects[keyOf(facts)];
  if (sample === undefined) throw new Error(`no sample of ${keyOf(facts)}`);
  const { group, version, kind } = facts;
  const rest = typeof sample === 'function' ? sample(nth) : sample;
  return { apiVersion: group === '' ? version : `${group}/${version}`, kind, metadata: { name: nameOf(facts, nth) }, ...rest };
}
