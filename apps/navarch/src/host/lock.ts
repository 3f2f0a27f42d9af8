import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemClock } from '@navarch/clock';
import { isAlive } from './leftovers';

const pollMs = 50;
const patienceMs = 60_000;

/** Runs a task while holding a file; waits for a living holder, takes over from one that died. */
export async function withLock<T>(file: string, task: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  const deadline = systemClock.now() + patienceMs;
  while (!tryToHold(file)) {
    if (systemClock.now() > deadline) throw new Error(`another start of a cluster is under way (pid ${holder(file) ?? 0}, ${file})`);
    await systemClock.sleep(pollMs);
  }
  try {
    return await task();
  } finally {
    rmSync(file, { force: true });
  }
}

function tryToHold(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const pid = holder(file);
  if (pid !== undefined && pid !== 0 && !isAlive(pid)) rmSync(file, { force: true });
  return false;
}

function holder(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return undefined; // given back meanwhile
  }
}
