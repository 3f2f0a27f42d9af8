import type { CustomResourceDefinition } from '@navarch/custom-resources';
import type { Registry } from '../registry/registry';

/**
 * Whether what is defined can be reached: in a group of built-in kinds, upstream's router for those answers for all paths of the
 * group, also of versions that it does not know (the director of `pkg/server/handler.go`).
 */
export const isReachable = ({ spec }: CustomResourceDefinition, registry: Pick<Registry, 'hasBuiltIns'>): boolean => !registry.hasBuiltIns(spec.group);
