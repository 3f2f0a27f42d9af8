import { rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Logger } from '@navarch/component-base';
import { isCode } from '../error-text';
import { type CsiDrivers } from './csi-drivers';
import { type CsiPaths } from './csi-paths';
import { isUsedByOthers, readRecord, removeRecord, writeRecord, type VolumeRecord } from './volume-record';

export interface StagedVolumesDeps {
  readonly drivers: CsiDrivers;
  readonly paths: CsiPaths;
  readonly log: Pick<Logger, 'warn'>;
}

/** One volume of a driver, whatever pods use it. */
export const volumeKey = ({ driverName, volumeHandle }: Pick<VolumeRecord, 'driverName' | 'volumeHandle'>): string => `${driverName}/${volumeHandle}`;

/**
 * Volumes that are staged on the node, each with a record of its own: pods come and go without them, and a driver that cannot
 * unstage one now keeps no pod from going.
 */
export class StagedVolumes {
  /** Those that no pod uses any more. */
  readonly #left = new Map<string, VolumeRecord>();
  /** Those that this process knows to be staged: of others it is not certain. */
  readonly #done = new Set<string>();
  /** Those that pods have begun to use since they were last let go, by whether they may have been staged already then. */
  readonly #wasThere = new Map<string, boolean>();

  constructor(private readonly deps: StagedVolumesDeps) {}

  get left(): readonly VolumeRecord[] {
    return [...this.#left.values()];
  }

  isDone(record: VolumeRecord): boolean {
    return this.#done.has(volumeKey(record));
  }

  done(record: VolumeRecord): void {
    this.#done.add(volumeKey(record));
  }

  /** Finds what an earlier kubelet has left. */
  async recover(): Promise<void> {
    const { paths, log } = this.deps;
    for (const directory of await paths.stagedDirectories()) {
      try {
        const record = await readRecord(directory);
        if (record && !await isUsedByOthers(paths, record, '')) this.#left.set(volumeKey(record), record);
      } catch (error) {
        log.warn({ err: error, directory }, 'what is staged here cannot be read: it stays');
      }
    }
  }

  /** A pod is about to use it: written before it is staged, so that it can be unstaged whatever happens. */
  async use(record: VolumeRecord): Promise<void> {
    const key = volumeKey(record);
    if (!this.#wasThere.has(key)) this.#wasThere.set(key, this.#left.has(key) || await this.#isRecorded(record));
    await writeRecord(this.#directory(record), record);
    this.#left.delete(key);
  }

  /** A driver says for certain that it did not stage it, and no pod has it: unless it was there before, it is not there now. */
  async failed(record: VolumeRecord): Promise<void> {
    if (this.#wasThere.get(volumeKey(record)) === true) {
      this.#leave(record);
      return;
    }
    try {
      await this.#forget(record);
    } catch (error) {
      this.deps.log.warn({ err: error, driver: record.driverName, volume: record.volumeHandle }, 'volume that was not staged left something behind; it is unstaged');
      this.#leave(record);
    }
  }

  /** A pod uses it no more. Never rejects for its driver's sake: it is tried again. */
  async release(record: VolumeRecord): Promise<void> {
    if (await isUsedByOthers(this.deps.paths, record, '')) return;
    // Of one that was staged by a kubelet which kept no such records, too.
    await writeRecord(this.#directory(record), record);
    this.#leave(record);
    await this.unstage(record);
  }

  /** Unstages one that is left, if it still is. */
  async unstage(record: VolumeRecord): Promise<void> {
    if (!this.#left.has(volumeKey(record))) return;
    const { driverName, volumeHandle } = record;
    this.#done.delete(volumeKey(record));
    try {
      await this.deps.drivers.get(driverName).node.nodeUnstageVolume({ volumeId: volumeHandle, stagingTargetPath: this.#staging(record) });
      await this.#forget(record);
    } catch (error) {
      this.deps.log.warn({ err: error, driver: driverName, volume: volumeHandle }, 'volume could not be unstaged; it is tried again');
    }
  }

  /** It is not staged. Rejects where something is left in its directory: whatever a driver left there may be the volume itself. */
  async #forget(record: VolumeRecord): Promise<void> {
    const [staging, directory] = [this.#staging(record), this.#directory(record)];
    await removeEmpty(staging);
    await removeRecord(directory);
    await removeEmpty(record.block ? directory : dirname(staging));
    if (record.block) await removeIfEmpty(dirname(directory));
    this.#left.delete(volumeKey(record));
    this.#wasThere.delete(volumeKey(record));
  }

  #leave(record: VolumeRecord): void {
    this.#left.set(volumeKey(record), record);
    this.#wasThere.delete(volumeKey(record));
  }

  /** A record that cannot be read is one, too. */
  #isRecorded(record: VolumeRecord): Promise<boolean> {
    return readRecord(this.#directory(record)).then((known) => known !== undefined, () => true);
  }

  #staging({ driverName, volumeHandle, specVolID, block }: VolumeRecord): string {
    return this.deps.paths.staging(driverName, volumeHandle, specVolID, block);
  }

  #directory({ driverName, volumeHandle, specVolID, block }: VolumeRecord): string {
    return this.deps.paths.staged(driverName, volumeHandle, specVolID, block);
  }
}

/** What of others is in it stays, and it with that. */
export async function removeIfEmpty(directory: string): Promise<void> {
  await removeEmpty(directory).catch((error: unknown) => {
    if (!isCode(error, 'ENOTEMPTY')) throw error;
  });
}

/** Drivers may have removed it themselves. Rejects where something is in it, or is mounted on it. */
async function removeEmpty(directory: string): Promise<void> {
  await rmdir(directory).catch((error: unknown) => {
    if (!isCode(error, 'ENOENT')) throw error;
  });
}
