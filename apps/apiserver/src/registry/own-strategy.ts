import type { Strategy } from '@navarch/api';
import type { ResourceStore } from './resource-store';
import type { WriteContext } from './write-context';

/** The rules by which an object is written: those of the group that the client names it by, where several serve the same objects. */
export function ownStrategy({ definition }: ResourceStore, { requested }: WriteContext): Strategy {
  return (requested && definition.strategiesElsewhere?.[requested.group]) ?? definition.strategy;
}
