// Where Docker's engine of one run keeps its images, containers and volumes.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';

const gibibyte = 2 ** 30;
/** All images, a few containers' files and three etcds; and what the clusters' processes need besides. */
const [keptBytes, processesBytes] = [12 * gibibyte, 6 * gibibyte];
const kept = () => process.env.NAVARCH_DOCKER_DATA;

/**
 * A directory of the user's, which stays, or else one that `discard` removes: in memory where there is plenty. To a disk, what the
 * images' files and etcd's records cost the kernel is a fifth of the work of all, and while kernel threads wait behind containers,
 * etcd waits for seconds.
 */
export function dataDirectory() {
  if (kept() !== undefined) return kept();
  const dir = mkdtempSync(join(tmpdir(), 'navarch-docker-'));
  if (freemem() > keptBytes + processesBytes) {
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `mode=700,size=${keptBytes}`, 'navarch-docker', dir], { encoding: 'utf8' });
    if (status !== 0) console.log(`${dir} is on a disk, as no memory could be mounted there: ${stderr}`);
  }
  return dir;
}

export function discard(dir) {
  if (kept() !== undefined) return;
  spawnSync('umount', ['-l', dir], { stdio: 'ignore' });
  rmSync(dir, { recursive: true, force: true });
}
