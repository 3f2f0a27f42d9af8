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
