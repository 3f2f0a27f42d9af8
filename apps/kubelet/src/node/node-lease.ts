import { coordination, type coordinationv1 } from '@navarch/api';
import { isConflict, isNotFound } from '@navarch/apimachinery';
import { type ApiClient } from '@navarch/client';
import { rest, within, type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { apiMicroTime } from '../pods/api-time';

export interface NodeLeaseOptions {
  readonly nodeName: string;
  /** Upstream's 40 s; renewed after a quarter of it. */
  readonly durationSeconds: number;
}

export interface NodeLeaseDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** The node's uid, once it is registered. */
  readonly nodeUid: () => string | undefined;
  /** Told of each renewal. */
  readonly onRenewed?: () => void;
}

const leaseNamespace = 'kube-node-lease';
const retryMs = { first: 200, last: 7_000 };

/** The sign of life that counts: a Lease in etcd, renewed for as long as this process works. */
export class NodeLease {
  readonly #stop = new AbortController();
  #lease: coordinationv1.Lease | undefined;
  #running: Promise<void> | undefined;

  constructor(private readonly options: NodeLeaseOptions, private readonly deps: NodeLeaseDeps) {}

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('node lease is stopping'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, log, onRenewed } = this.deps;
    const { signal } = this.#stop;
    const stopped = (): boolean => signal.aborted;
    const periodMs = (this.options.durationSeconds * 1000) / 4;
    for (let retry = retryMs.first; !stopped();) {
      const startedMs = clock.now();
      let waitMs = periodMs;
      try {
        await within(clock, { timeoutMs: periodMs, signal, reason: () => new Error('the lease was not renewed in time') }, (either) => this.#renew(either));
        retry = retryMs.first;
        onRenewed?.();
        waitMs = Math.max(0, periodMs - (clock.now() - startedMs));
      } catch (error) {
        if (stopped()) return;
        log.warn({ err: error }, 'node lease not renewed');
        waitMs = retry;
        retry = Math.min(retry * 2, retryMs.last);
      }
      await rest(clock, waitMs, signal);
    }
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const { client } = this.deps;
    const name = this.options.nodeName;
    const key = { namespace: leaseNamespace, name };
    this.#lease ??= await client.get(coordination.leases, key, { signal }).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    const wanted = this.#wanted(this.#lease);
    try {
      this.#lease = this.#lease ? await client.update(coordination.leases, wanted, { signal }) : await client.create(coordination.leases, wanted, { signal });
    } catch (error) {
      const known = this.#lease;
      this.#lease = undefined;
      // Changed or removed by someone else: look again at once.
      if (!known || !(isConflict(error) || isNotFound(error))) throw error;
      await this.#renew(signal);
    }
  }

  #wanted(known: coordinationv1.Lease | undefined): coordinationv1.Lease {
    const { nodeName: name, durationSeconds } = this.options;
    const uid = this.deps.nodeUid();
    const owners = known?.metadata.ownerReferences ?? (uid === undefined ? undefined : [{ apiVersion: 'v1', kind: 'Node', name, uid }]);
    return {
      apiVersion: 'coordination.k8s.io/v1', kind: 'Lease',
      metadata: { ...known?.metadata, name, namespace: leaseNamespace, ...(owners ? { ownerReferences: owners } : {}) },
      spec: { ...known?.spec, holderIdentity: name, leaseDurationSeconds: durationSeconds, renewTime: apiMicroTime(this.deps.clock.now()) },
    };
  }
}
