import type { corev1 } from '@navarch/api';
import { canonicalJson } from '@navarch/reconcile';

type Subset = corev1.EndpointSubset;
type Address = corev1.EndpointAddress;

/** What offers a port, by address and pod, and whether it is ready. */
interface Offer {
  readonly ports: corev1.EndpointPort[];
  readonly ready: Map<string, boolean>;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byAddress = (a: Address, b: Address): number => compare(a.ip, b.ip) || compare(a.targetRef?.uid ?? '', b.targetRef?.uid ?? '');
/** Two pods can share an address: that of their node. */
const addressKey = ({ ip, targetRef }: Address): string => `${ip}/${targetRef?.uid ?? ''}`;

/**
 * The canonical form of Endpoints, by upstream's RepackSubsets: ports that the same addresses offer share a subset. An address that is
 * both is not ready. What has no ports stays.
 */
export function repackSubsets(subsets: readonly Subset[]): Subset[] {
  const addresses = new Map<string, Address>();
  const byPort = new Map<string, Offer>();
  for (const subset of subsets) {
    const ports = subset.ports ?? [];
    for (const port of ports.length === 0 ? [undefined] : ports) {
      const key = port === undefined ? '' : canonicalJson(port);
      const offer = byPort.get(key) ?? { ports: port === undefined ? [] : [port], ready: new Map<string, boolean>() };
      byPort.set(key, offer);
      for (const [isReady, all] of [[true, subset.addresses], [false, subset.notReadyAddresses]] as const) {
        for (const address of all ?? []) {
          const of = addressKey(address);
          if (!addresses.has(of)) addresses.set(of, address);
          if (offer.ready.get(of) !== false) offer.ready.set(of, isReady);
        }
      }
    }
  }
  const byAddresses = new Map<string, Offer>();
  for (const [, { ports, ready }] of [...byPort].sort(([a], [b]) => compare(a, b))) {
    const key = canonicalJson([ports.length === 0, [...ready].sort(([a], [b]) => compare(a, b))]);
    const same = byAddresses.get(key);
    if (same === undefined) byAddresses.set(key, { ports: [...ports], ready });
    else same.ports.push(...ports);
  }
  return [...byAddresses.values()].map(({ ports, ready }) => {
    const listed = (wanted: boolean): Address[] => [...ready].flatMap(([key, isReady]) => (isReady === wanted ? (addresses.get(key) ?? []) : [])).sort(byAddress);
    const [readyOnes, others] = [listed(true), listed(false)];
    return {
      ...(readyOnes.length === 0 ? {} : { addresses: readyOnes }),
      ...(others.length === 0 ? {} : { notReadyAddresses: others }),
      ...(ports.length === 0 ? {} : { ports }),
    };
  });
}
