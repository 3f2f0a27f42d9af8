import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isCode } from '../error-text';
import { type CsiPaths } from './csi-paths';

/** What is needed to take a volume down, also by a kubelet that did not put it up: upstream's vol_data.json. */
export interface VolumeRecord {
  readonly specVolID: string;
  readonly volumeHandle: string;
  readonly driverName: string;
  readonly nodeName: string;
  readonly volumeLifecycleMode: 'Persistent' | 'Ephemeral';
  readonly block: boolean;
  readonly staged: boolean;
}

const fileName = 'vol_data.json';

export async function writeRecord(directory: string, record: VolumeRecord): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o750 });
  // By a rename: half a record would be worse than none.
  await writeFile(join(directory, `${fileName}.tmp`), JSON.stringify(record));
  await rename(join(directory, `${fileName}.tmp`), join(directory, fileName));
}

export async function readRecord(directory: string): Promise<VolumeRecord | undefined> {
  try {
    return JSON.parse(await readFile(join(directory, fileName), 'utf8')) as VolumeRecord;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

export async function removeRecord(directory: string): Promise<void> {
  await rm(join(directory, fileName), { force: true });
}

/** All records of a pod. */
export async function recordsOf(paths: CsiPaths, uid: string): Promise<VolumeRecord[]> {
  const names = await listDirectory(paths.volumes(uid));
  const records = await Promise.all(names.map((name) => readRecord(paths.volume(uid, name))));
  return records.filter((record) => record !== undefined);
}

/** Whether some pod other than one still uses a volume on this node. */
export async function isUsedByOthers(paths: CsiPaths, record: VolumeRecord, uid: string): Promise<boolean> {
  for (const other of await listDirectory(paths.pods)) {
    if (other === uid) continue;
    const records = await recordsOf(paths, other);
    if (records.some(({ driverName, volumeHandle }) => driverName === record.driverName && volumeHandle === record.volumeHandle)) return true;
  }
  return false;
}

/** The names in a directory; none where there is no such directory. */
export async function listDirectory(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return [];
    throw error;
  }
}
