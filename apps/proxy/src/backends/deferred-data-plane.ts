import type { proxyv1 } from '@navarch/proto';
import type { DataPlane } from './data-plane';

/** A data plane that can be made only when the cluster is known: with the first sync, which fails until then and is tried again. */
export class DeferredDataPlane implements DataPlane {
  #made: DataPlane | undefined;

  constructor(readonly name: string, private readonly make: () => DataPlane) {}

  async sync(request: proxyv1.SyncRequest): Promise<void> {
    this.#made ??= this.make();
    await this.#made.sync(request);
  }

  isThere(): Promise<boolean> {
    return this.#made?.isThere?.() ?? Promise.resolve(true);
  }

  async close(): Promise<void> {
    await this.#made?.close?.();
  }
}
