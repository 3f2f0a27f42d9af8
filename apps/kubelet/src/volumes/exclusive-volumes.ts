import { readdir } from 'node:fs/promises';
import { exists } from './atomic-writer';
import { type ResolvedVolume } from './resolved-volume';

export interface ExclusiveVolumesDeps {
  /** The directory of all pods, each by its uid. */
  readonly pods: string;
  readonly path: (uid: string, volume: ResolvedVolume) => string;
}

/**
 * Sees to it that a volume for one pod (ReadWriteOncePod, and nothing else) has one pod on this node: not every pod comes through a scheduler.
 * Mirrors what upstream's operation_generator asks before it mounts.
 */
export class ExclusiveVolumes {
  /** Uids of pods, by the volumes that they have. */
  readonly #holders = new Map<string, string>();

  constructor(private readonly deps: ExclusiveVolumesDeps) {}

  /** Puts a volume up for a pod. One that cannot be put up is nobody's. */
  async use<T>(uid: string, volume: ResolvedVolume, putUp: () => Promise<T>): Promise<T> {
    const { accessModes, specName } = volume;
    if (accessModes.length !== 1 || accessModes[0] !== 'ReadWriteOncePod') return putUp();
    const holder = this.#holders.get(specName);
    if (holder === uid) return putUp();
    if (holder !== undefined) throw inUse();
    this.#holders.set(specName, uid);
    try {
      if (await this.#isUpElsewhere(uid, volume)) throw inUse();
      return await putUp();
    } catch (error) {
      this.#holders.delete(specName);
      throw error;
    }
  }

  /** A pod has no volumes any more. */
  release(uid: string): void {
    for (const [volume, holder] of this.#holders) if (holder === uid) this.#holders.delete(volume);
  }

  /** By what is there: a kubelet that has just begun knows of no pods yet. */
  async #isUpElsewhere(uid: string, volume: ResolvedVolume): Promise<boolean> {
    const { pods, path } = this.deps;
    const own = path(uid, volume);
    const others = (await readdir(pods)).filter((other) => other !== uid).map((other) => path(other, volume));
    // A directory of the node's own has the same path for all.
    for (const other of others) if (other !== own && await exists(other)) return true;
    return false;
  }
}

const inUse = (): Error => new Error('volume uses the ReadWriteOncePod access mode and is already in use by another pod');
