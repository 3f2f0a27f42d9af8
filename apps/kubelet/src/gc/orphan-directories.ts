import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Logger } from '@navarch/component-base';
import { type PodDirectories } from '../volumes/pod-directories';
import { type PodVolumes } from '../volumes/pod-volumes';
import { removeTree } from '../volumes/remove-tree';

/** Removes volumes and logs of pods that have nothing to do with this node any more. Resolves with how many pods' volumes were removed, and how many could not be. */
export async function removeOrphanDirectories(
  directories: PodDirectories,
  volumes: PodVolumes,
  isWanted: (uid: string) => boolean,
  log: Logger,
): Promise<{ readonly removed: number; readonly failed: number }> {
  let [removed, failed] = [0, 0];
  const uids = new Set([...(await readdir(directories.pods)), ...(await readdir(directories.memory))]);
  for (const uid of uids) {
    if (isWanted(uid)) continue;
    log.info({ uid }, 'removing volumes of a pod that is gone');
    try {
      await volumes.remove(uid);
      removed++;
    } catch (error) {
      failed++;
      log.warn({ err: error, uid }, 'volumes of a pod that is gone could not be removed');
    }
  }
  for (const name of await readdir(directories.logs)) {
    const uid = name.split('_')[2];
    if (uid !== undefined && !isWanted(uid)) await removeTree(join(directories.logs, name));
  }
  return { removed, failed };
}
