import type { IpFamily } from '@navarch/apimachinery';
import type { proxyv1 } from '@navarch/proto';
import type { DataPlane } from './data-plane';

/** Is told how long syncs take, and that they fail. */
export interface SyncObserver {
  synced(family: IpFamily, seconds: number, full: boolean): void;
  failed(family: IpFamily): void;
  /** How many rules there are of ours in a table, and how many were written. */
  rules(family: IpFamily, table: string, total: number, written: number): void;
}

/** A data plane of one family that is watched. */
export class ObservedDataPlane implements DataPlane {
  readonly name: string;

  constructor(private readonly inner: DataPlane, private readonly family: IpFamily, private readonly observer: SyncObserver) {
    this.name = inner.name;
  }

  async sync(request: proxyv1.SyncRequest): Promise<void> {
    const started = performance.now();
    try {
      await this.inner.sync(request);
    } catch (error) {
      this.observer.failed(this.family);
      throw error;
    }
    this.observer.synced(this.family, (performance.now() - started) / 1000, request.reset);
  }

  isThere(): Promise<boolean> {
    return this.inner.isThere?.() ?? Promise.resolve(true);
  }

  async close(): Promise<void> {
    await this.inner.close?.();
  }
}
