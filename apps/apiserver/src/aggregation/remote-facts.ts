import type { metav1, ResourceFacts } from '@navarch/api';

/** What another API server's discovery document says it serves. */
export function factsOf(group: string, version: string, { resources }: Partial<metav1.APIResourceList>): ResourceFacts[] {
  const all = resources ?? [];
  return all
    .filter(({ name }) => !name.includes('/'))
    .map((one) => ({
      group,
      version,
      resource: one.name,
      singularName: one.singularName,
      kind: one.kind,
      namespaced: one.namespaced,
      verbs: one.verbs,
      shortNames: one.shortNames ?? [],
      categories: one.categories ?? [],
      servedByDefault: true,
      subresources: all
        .filter(({ name }) => name.startsWith(`${one.name}/`))
        .map((sub) => ({
          name: sub.name.slice(one.name.length + 1),
          group: sub.group ?? group,
          version: sub.version ?? version,
          kind: sub.kind,
          verbs: sub.verbs,
          servedByDefault: true,
        })),
    }));
}

/** What a client takes that wants all groups at once: upstream's AcceptV2 and AcceptV2Beta1, whose documents are alike. */
export const aggregatedForms = ['v2', 'v2beta1'].map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`).join(',');

/** Whether a server has answered so. */
export function isAggregated(contentType: string): boolean {
  const said = new Set(contentType.split(';').map((part) => part.trim()));
  return said.has('as=APIGroupDiscoveryList') && said.has('g=apidiscovery.k8s.io') && (said.has('v=v2') || said.has('v=v2beta1'));
}

interface Kind { readonly group?: string; readonly version?: string; readonly kind?: string }
interface AggregatedList {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly {
      readonly version: string;
      readonly resources?: readonly {
        readonly resource: string; readonly responseKind?: Kind; readonly scope?: string; readonly singularResource?: string; readonly verbs?: string[]; readonly shortNames?: string[]; readonly categories?: string[];
        readonly subresources?: readonly { readonly subresource: string; readonly responseKind?: Kind; readonly verbs?: string[] }[];
      }[];
    }[];
  }[];
}

/** What such a document says of one version of a group; a version that it does not name has nothing. */
export function aggregatedFactsOf(group: string, version: string, { items = [] }: AggregatedList): ResourceFacts[] {
  const { resources = [] } = items.find(({ metadata }) => (metadata?.name ?? '') === group)?.versions?.find((one) => one.version === version) ?? {};
  const or = (given: string | undefined, other: string): string => (given ? given : other);
  return resources.map(({ resource, responseKind, scope, singularResource = '', verbs = [], shortNames = [], categories = [], subresources = [] }) => ({
    group, version, resource, singularName: singularResource, kind: responseKind?.kind ?? '', namespaced: scope === 'Namespaced', verbs, shortNames, categories, servedByDefault: true,
    subresources: subresources.map((sub) => ({
      name: sub.subresource, group: or(sub.responseKind?.group, group), version: or(sub.responseKind?.version, version), kind: sub.responseKind?.kind ?? '', verbs: sub.verbs ?? [], servedByDefault: true,
    })),
  }));
}
