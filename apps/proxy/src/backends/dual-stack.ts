import { familyOf, type IpFamily } from '@navarch/apimachinery';
import type { proxyv1 } from '@navarch/proto';
import type { DataPlane } from './data-plane';
import { families } from './family-words';

export interface FamilyPlane {
  readonly plane: DataPlane;
  /** Takes away what an earlier run left for this family. */
  readonly cleanUp: () => Promise<void>;
}

/**
 * One data plane a family behind one. A family without ports has no rules at all: a cluster of one family costs nothing for the
 * other. Ports of a family that this kernel does not have are left out, and told of.
 */
export class DualStackDataPlane implements DataPlane {
  readonly name: string;
  readonly #families = new Map<string, IpFamily>();
  /** Families whose plane is in use. */
  readonly #begun = new Set<IpFamily>();

  constructor(name: string, private readonly planes: ReadonlyMap<IpFamily, FamilyPlane>, private readonly onUnserved: (id: string, family: IpFamily) => void) {
    this.name = name;
  }

  async sync({ sequence, reset, upsert, remove }: proxyv1.SyncRequest): Promise<void> {
    if (reset) {
      this.#begun.clear();
      this.#families.clear();
    }
    for (const family of families) {
      const request = {
        sequence,
        reset: reset || !this.#begun.has(family),
        upsert: upsert.filter((port) => familyOfPort(port) === family),
        remove: remove.filter((id) => this.#families.get(id) === family),
      };
      await this.#syncFamily(family, request, reset);
    }
    for (const id of remove) this.#families.delete(id);
    for (const port of upsert) this.#families.set(port.id, familyOfPort(port));
  }

  async isThere(): Promise<boolean> {
    for (const family of this.#begun) if (await this.planes.get(family)?.plane.isThere?.() === false) return false;
    return true;
  }

  async close(): Promise<void> {
    for (const { plane } of this.planes.values()) await plane.close?.();
  }

  async #syncFamily(family: IpFamily, request: proxyv1.SyncRequest, full: boolean): Promise<void> {
    const known = this.planes.get(family);
    if (known === undefined) {
      for (const { id } of request.upsert) this.onUnserved(id, family);
      return;
    }
    if (request.upsert.length === 0 && request.remove.length === 0) {
      if (!full) return;
      // What an earlier run served before this one was told of anything.
      await known.plane.close?.();
      await known.cleanUp();
      return;
    }
    await known.plane.sync(request);
    this.#begun.add(family);
  }
}

/** All addresses of a port are of one family; a port without any has nothing to serve. */
export const familyOfPort = ({ addresses }: proxyv1.ServicePort): IpFamily => familyOf(addresses[0] ?? '');
