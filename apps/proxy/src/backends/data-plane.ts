import type { proxyv1 } from '@navarch/proto';

/** Carries traffic to endpoints: the in-process form of navarch.proxy.v1.DataPlaneService. */
export interface DataPlane {
  readonly name: string;
  /** Puts a full state (`reset`) or a change in force; resolves when it is, rejects when it is not: then a reset follows. */
  sync(request: proxyv1.SyncRequest): Promise<void>;
}
