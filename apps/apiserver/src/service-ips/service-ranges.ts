import { networking, type networkingv1 } from '@navarch/api';
import type { ObjectReader } from '../pipeline';
import { contains, readServiceRange, type ServiceRange } from './ip-range';

/** Where Services may have addresses from: the ranges of the flag, and those of ServiceCIDRs. */
export interface ServiceRanges {
  /** The flag's, one a family; the first is the default. */
  readonly configured: readonly ServiceRange[];
  /** Of which new addresses are taken, the flag's first, unless its ServiceCIDR is being given up. */
  usable(): readonly ServiceRange[];
  /** Whether any range has the address, one that takes nobody any more included. */
  has(address: string): boolean;
}

/** As upstream's MetaAllocator: a ServiceCIDR is ready unless its condition, or its deletion, says otherwise. */
function isReady({ metadata, status }: networkingv1.ServiceCIDR): boolean {
  return metadata.deletionTimestamp === undefined && (status?.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'True') === 'True';
}

export function serviceRanges(configured: readonly ServiceRange[], reader: ObjectReader): ServiceRanges {
  const known = new Set(configured.map(({ cidr }) => cidr));
  const cidrsOf = (choose: (object: networkingv1.ServiceCIDR) => boolean): Set<string> => new Set(reader.list(networking.servicecidrs).filter(choose).flatMap(({ spec }) => spec?.cidrs ?? []));
  // One that is too large or too small has no addresses to give.
  const others = (cidrs: ReadonlySet<string>): ServiceRange[] => [...cidrs].filter((cidr) => !known.has(cidr)).flatMap((cidr) => readServiceRange(cidr) ?? []);
  const usable = (): ServiceRange[] => {
    const ready = cidrsOf(isReady);
    const givenUp = cidrsOf((object) => !isReady(object));
    // The flag's give addresses also before there is an object for them.
    return [...configured.filter(({ cidr }) => ready.has(cidr) || !givenUp.has(cidr)), ...others(ready)];
  };
  const all = (): ServiceRange[] => [...configured, ...others(cidrsOf(() => true))];
  return { configured, usable, has: (address) => all().some((range) => contains(range, address)) };
}
