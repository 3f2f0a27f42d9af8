import type { Logger } from '@navarch/component-base';
import type { proxyv1 } from '@navarch/proto';
import type { Backend, DataPlane } from './data-plane';
import { iptables } from './iptables/iptables-data-plane';
import { ipvs } from './ipvs/ipvs-data-plane';
import { nftables } from './nftables/nftables-data-plane';
import type { RunCommand } from './run-command';
import { userspace } from './userspace/userspace-data-plane';

export type ProxyMode = 'nftables' | 'iptables' | 'ipvs' | 'userspace';

/** The built-in back ends by `--proxy-mode`. */
export const backends: Readonly<Record<ProxyMode, Backend>> = { nftables, iptables, ipvs, userspace };

/** Takes away what back ends other than `mode` left. One that cannot be asked, because its programs are missing, left nothing. */
export async function cleanUpOthers(mode: ProxyMode, run: RunCommand, log: Pick<Logger, 'debug'>): Promise<void> {
  for (const [name, backend] of Object.entries(backends)) {
    if (name === mode) continue;
    await backend.cleanUp(run).catch((error: unknown) => log.debug({ backend: name, err: error }, 'nothing of this back end to clean up'));
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

  async close(): Promise<void> {
    await this.inner.close?.();
  }
}
