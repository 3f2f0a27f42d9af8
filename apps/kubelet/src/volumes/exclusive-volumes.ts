import { readdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { exists } from './atomic-writer';
import { type PodDirectories } from './pod-directories';
import { writeReady } from './ready-file';
import { type ResolvedVolume } from './resolved-volume';

/** In the names of the files that say which pod has a volume: a kubelet that begins knows of no pods yet. */
const kind = 'exclusive';

/**
 * Sees to it that a volume for one pod (ReadWriteOncePod, and nothing else) has one pod on this node: not every pod comes through a scheduler.
 * Mirrors what upstream's operation_generator asks before it mounts.
 */
export class ExclusiveVolumes {
  /** Uids of pods, by the volumes that they have. */
  readonly #holders = new Map<string, string>();

  constructor(private readonly directories: PodDirectories) {}

  /** Puts a volume up for a pod. One that cannot be put up is nobody's. */
  async use<T>(uid: string, volume: ResolvedVolume, putUp: () => Promise<T>): Promise<T> {
    const { accessModes, specName } = volume;
    if (accessModes.length !== 1 || accessModes[0] !== 'ReadWriteOncePod') return putUp();
    const holder = this.#holders.get(specName);
    if (holder === uid) return putUp();
    if (holder !== undefined) throw inUse();
    this.#holders.set(specName, uid);
    const file = this.directories.ready(uid, kind, specName);
    // It may be mounted since before this kubelet began.
    const had = await exists(file);
    try {
      if (await this.#isElsewhere(uid, specName)) throw inUse();
      await writeReady(file);
      return await putUp();
    } catch (error) {
      if (!had) {
        await rm(file, { force: true });
        this.#holders.delete(specName);
      }
      throw error;
    }
  }

  /** A pod has no volumes any more. */
  async release(uid: string): Promise<void> {
    await rm(dirname(dirname(this.directories.ready(uid, kind, 'any'))), { recursive: true, force: true });
    for (const [volume, holder] of this.#holders) if (holder === uid) this.#holders.delete(volume);
  }

  async #isElsewhere(uid: string, specName: string): Promise<boolean> {
    for (const other of await readdir(this.directories.pods)) if (other !== uid && await exists(this.directories.ready(other, kind, specName))) return true;
    return false;
  }
}

const inUse = (): Error => new Error('volume uses the ReadWriteOncePod access mode and is already in use by another pod');
