import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes that a volume has been made and is the pod's since: what is done only once to a new one is not done again. */
export async function writeReady(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o750 });
  await writeFile(path, '');
}
