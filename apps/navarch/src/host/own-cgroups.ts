import { readFileSync } from 'node:fs';
import { run } from './command';

const mountPoint = '/sys/fs/cgroup';

/**
 * Whether the cgroup2 that is mounted at a place begins above this process's cgroup namespace, as `mountinfo` shows it (cgroup_namespaces(7)): what is
 * outside of it cannot be entered, so that no container could be started there.
 */
export function beginsOutside(mountinfo: string, place = mountPoint): boolean {
  const mounts = mountinfo.split('\n').map((line) => line.split(' '));
  const last = mounts.findLast(([, , , , point]) => point === place);
  const type = last?.[last.indexOf('-') + 1];
  return type === 'cgroup2' && last?.[3]?.startsWith('/..') === true;
}

/** Mounts the cgroup2 of this process's own namespace, where what is mounted is the host's: as in a privileged container of an engine with cgroups v2. */
export function mountOwnCgroups(): void {
  if (!beginsOutside(readFileSync('/proc/self/mountinfo', 'utf8'))) return;
  // The same file system is not mounted twice at one place.
  run('umount', ['--lazy', mountPoint]);
  run('mount', ['-t', 'cgroup2', 'cgroup2', mountPoint]);
}
