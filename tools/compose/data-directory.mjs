// Where Docker's engine of one run keeps its images, containers and volumes.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stopEngine } from './engine.mjs';

const gibibyte = 2 ** 30;
/** All images, a few containers' files and three etcds; and what the clusters' processes need besides. */
const [keptBytes, processesBytes] = [12 * gibibyte, 6 * gibibyte];
const prefix = 'navarch-docker-';
/** Commands that are given it run elsewhere. */
const kept = () => (process.env.NAVARCH_DOCKER_DATA ? resolve(process.env.NAVARCH_DOCKER_DATA) : undefined);
/** A container of this process may have less than its host. */
const availableBytes = () => Math.min(freemem(), process.availableMemory?.() ?? Infinity);

const read = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ESRCH'].includes(error.code)) return undefined;
    throw error;
  }
};

/** A process, told from a later one of the same id by when it began; undefined when there is none. */
function identity(pid) {
  const stat = read(`/proc/${pid}/stat`);
  return stat === undefined ? undefined : `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
}

const ownerFile = (dir) => join(dir, 'owner');

/** What was made by runs that are gone without a word. Of a directory without an owner nobody knows whether it is still in use. */
async function discardAbandoned() {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(prefix))) {
    const dir = join(tmpdir(), name);
    const owner = read(ownerFile(dir));
    if (owner === undefined || identity(owner.split(' ')[0]) === owner) continue;
    console.log(`${dir} was left by a run that did not end: it is removed`);
    await stopEngine(dir);
    remove(dir);
  }
}

/**
 * A directory of the user's, which stays, or else one that `discard` removes: in memory where there is plenty, so that neither the
 * images' files nor etcd's records wait for a disk.
 */
export async function dataDirectory() {
  if (kept() !== undefined) return kept();
  await discardAbandoned();
  const dir = mkdtempSync(join(tmpdir(), prefix));
  if (availableBytes() > keptBytes + processesBytes) {
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `mode=700,size=${keptBytes}`, 'navarch-docker', dir], { encoding: 'utf8' });
    if (status !== 0) console.log(`${dir} is on a disk, as no memory could be mounted there: ${stderr}`);
  }
  writeFileSync(ownerFile(dir), identity(process.pid));
  return dir;
}

export function discard(dir) {
  if (kept() === undefined) remove(dir);
}

function remove(dir) {
  spawnSync('umount', ['-l', dir], { stdio: 'ignore' });
  rmSync(dir, { recursive: true, force: true });
}
