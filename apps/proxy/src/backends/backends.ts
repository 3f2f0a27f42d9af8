import { familyOf, type IpFamily } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import type { Logger } from '@navarch/component-base';
import type { proxyv1 } from '@navarch/proto';
import type { Backend, DataPlane } from './data-plane';
import { DualStackDataPlane, type FamilyPlane } from './dual-stack';
import { families } from './family-words';
import { iptables } from './iptables/iptables-data-plane';
import { ipvs } from './ipvs/ipvs-data-plane';
import type { IpvsOptions } from './ipvs/ipvs-options';
import { nftables } from './nftables/nftables-data-plane';
import { ObservedDataPlane, type SyncObserver } from './observed-data-plane';
import type { RunCommand } from './run-command';
import { userspace } from './userspace/userspace-data-plane';

export type ProxyMode = 'nftables' | 'iptables' | 'ipvs' | 'userspace';

/** The built-in back ends by `--proxy-mode`. */
export const backends: Readonly<Record<ProxyMode, Backend>> = { nftables, iptables, ipvs, userspace };

export interface BackendOptions {
  /** Pod addresses, of either family. */
  readonly clusterCidrs: readonly string[];
  /** Ranges of either family; a family without ranges here has no node ports, unless there are none at all. */
  readonly nodePortAddresses: readonly string[];
  readonly tcpBeLiberal?: boolean;
  readonly localhostNodePorts?: boolean;
  /** Of either family. */
  readonly serviceRanges?: () => readonly string[];
  readonly run: RunCommand;
  readonly clock?: Clock;
  readonly ipvs?: IpvsOptions;
}

/** A back end for all families that the kernel has. */
export function createBackend(mode: ProxyMode, { clusterCidrs, nodePortAddresses, tcpBeLiberal = false, localhostNodePorts = false, serviceRanges = () => [], run, clock, ipvs: ipvsOptions }: BackendOptions, kernel: readonly IpFamily[], log: Pick<Logger, 'warn'>, observer?: SyncObserver): DataPlane {
  const planes = new Map<IpFamily, FamilyPlane>(kernel.map((family) => {
    const ofFamily = (ranges: readonly string[]): string[] => ranges.filter((range) => familyOf(range) === family);
    const plane = backends[mode].create({
      family,
      clusterCidrs: ofFamily(clusterCidrs),
      nodePortAddresses: nodePortAddresses.length === 0 ? undefined : ofFamily(nodePortAddresses),
      tcpBeLiberal,
      localhostNodePorts,
      serviceRanges: () => ofFamily(serviceRanges()),
      run,
      clock,
      log,
      ipvs: ipvsOptions,
      ...(observer && { onRules: (table: string, total: number, written: number) => observer.rules(family, table, total, written) }),
    });
    return [family, {
      plane: observer === undefined ? plane : new ObservedDataPlane(plane, family, observer),
      cleanUp: () => backends[mode].cleanUp(run, family),
    }];
  }));
  return new DualStackDataPlane(mode, planes, (id, family) => log.warn({ port: id, family }, 'this kernel does not have the address family of a service port: it is not served here'));
}

/** Takes away what built-in back ends other than `mode` left; with `grpc`, whose rules have names of their own, that is all of them. One that cannot be asked, because its programs are missing, left nothing. */
export async function cleanUpOthers(mode: ProxyMode | 'grpc', run: RunCommand, kernel: readonly IpFamily[], log: Pick<Logger, 'debug'>): Promise<void> {
  for (const [name, backend] of Object.entries(backends)) {
    if (name === mode) continue;
    for (const family of families) {
      if (!kernel.includes(family)) continue;
      await backend.cleanUp(run, family).catch((error: unknown) => log.debug({ backend: name, family, err: error }, 'nothing of this back end to clean up'));
    }
  }
}

/** Rules of two back ends would both see the same packets: the others' go before the first of this one come. */
export class ExclusiveDataPlane implements DataPlane {
  readonly name: string;
  #alone = false;

  constructor(private readonly inner: DataPlane, private readonly cleanUp: () => Promise<void>) {
    this.name = inner.name;
  }

  async sync(request: proxyv1.SyncRequest): Promise<void> {
    if (!this.#alone) await this.cleanUp();
    this.#alone = true;
    await this.inner.sync(request);
  }

  isThere(): Promise<boolean> {
    return this.inner.isThere?.() ?? Promise.resolve(true);
  }

  async close(): Promise<void> {
    await this.inner.close?.();
  }
}
