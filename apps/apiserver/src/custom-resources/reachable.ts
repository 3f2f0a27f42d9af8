import type { CustomResourceDefinition } from '@navarch/custom-resources';
import type { Registry } from '../registry/registry';

/** What is defined among the built-in kinds of a group and version is never reached, as upstream's own kinds stand before it. Undefined when that is all. */
export function reachableOf(definition: CustomResourceDefinition, registry: Pick<Registry, 'hasBuiltIns' | 'isBuiltIn'>): CustomResourceDefinition | undefined {
  const { spec, status } = definition;
  if (registry.isBuiltIn(spec.group, (status?.acceptedNames ?? spec.names).plural)) return undefined;
  const isHidden = ({ served, name }: { readonly served: boolean; readonly name: string }): boolean => served && registry.hasBuiltIns(spec.group, name);
  const versions = spec.versions.map((version) => (isHidden(version) ? { ...version, served: false } : version));
  return spec.versions.some(isHidden) && !versions.some(({ served }) => served) ? undefined : { ...definition, spec: { ...spec, versions } };
}
