import { type admissionregistrationv1, core, type KubeObject } from '@navarch/api';
import { compileLabelSelector, type Selector } from '@navarch/apimachinery';
import type { AdmissionAttributes, ObjectReader } from '../../pipeline';
import { objectMatches } from '../object-match';
import type { RequestVersion } from '../request-versions';
import { ruleMatches } from '../webhooks/rule-match';

export type MatchResources = admissionregistrationv1.MatchResources;
type NamedRule = admissionregistrationv1.NamedRuleWithOperations;

/** Which writes a policy or binding is about. */
export class ResourceMatch {
  private readonly namespaces: Selector;
  private readonly objects: Selector;

  constructor(private readonly resources: MatchResources) {
    this.namespaces = compileLabelSelector(resources.namespaceSelector ?? {});
    this.objects = compileLabelSelector(resources.objectSelector ?? {});
  }

  /** The version in which the write is looked at; undefined when it is none of this one's business. */
  version(attributes: AdmissionAttributes, namespace: KubeObject | undefined, versions: readonly RequestVersion[]): RequestVersion | undefined {
    const { resourceRules = [], excludeResourceRules = [], matchPolicy } = this.resources;
    if (!this.selects(attributes, namespace)) return undefined;
    const candidates = matchPolicy === 'Exact' ? versions.slice(0, 1) : versions;
    const among = (rules: readonly NamedRule[]): RequestVersion | undefined =>
      candidates.find((version) => rules.some((rule) => namesMatch(rule, attributes) && ruleMatches(rule, attributes, version)));
    if (among(excludeResourceRules)) return undefined;
    return resourceRules.length === 0 ? candidates[0] : among(resourceRules);
  }

  private selects(attributes: AdmissionAttributes, namespace: KubeObject | undefined): boolean {
    if (!this.namespaces.empty && namespace && !this.namespaces.matches(namespace.metadata.labels)) return false;
    return objectMatches(this.objects, attributes);
  }
}

function namesMatch({ resourceNames = [] }: NamedRule, { name }: AdmissionAttributes): boolean {
  return resourceNames.length === 0 || resourceNames.includes(name);
}

/** The namespace a write is in; a Namespace is in itself. Undefined for what is cluster-scoped. */
export function namespaceOf({ group, resource, namespace, object, oldObject }: AdmissionAttributes, reader: ObjectReader): KubeObject | undefined {
  if (group === '' && resource === 'namespaces') return object ?? oldObject;
  return namespace === '' ? undefined : reader.get(core.namespaces, '', namespace);
}
