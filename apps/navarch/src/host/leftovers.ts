import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command';

const cgroupRoot = '/sys/fs/cgroup';

/** Every directory of a cgroup path, in all controllers (v1) or the one tree (v2), deepest first. */
function cgroupDirs(path: string): string[] {
  if (!existsSync(cgroupRoot)) return [];
  const roots = [cgroupRoot, ...readdirSync(cgroupRoot, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => join(cgroupRoot, entry.name))];
  const found: string[] = [];
  const walk = (dir: string): void => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) if (entry.isDirectory()) walk(join(dir, entry.name));
    found.push(dir);
  };
  for (const root of roots) if (existsSync(join(root, path))) walk(join(root, path));
  return found;
}

/** Processes that live in a cgroup path or below it. */
export function cgroupProcesses(path: string): number[] {
  const pids = new Set<number>();
  for (const dir of cgroupDirs(path)) {
    const file = join(dir, 'cgroup.procs');
    if (!existsSync(file)) continue;
    for (const line of readFileSync(file, 'utf8').split('\n')) if (line !== '') pids.add(Number(line));
  }
  return [...pids];
}

/** Removes the empty cgroups of a path; answers those that could not be removed. */
export function removeCgroups(path: string): string[] {
  const left: string[] = [];
  for (const dir of cgroupDirs(path)) {
    try {
      rmdirSync(dir);
    } catch {
      left.push(dir);
    }
  }
  return left;
}

/** Removes a directory that others may still use; says whether it is gone. */
export function removeIfEmpty(dir: string): boolean {
  try {
    rmdirSync(dir);
    return true;
  } catch {
    return !existsSync(dir); // in use by another cluster
  }
}

/** Removes the cgroup that all clusters of this host are below, when this was the last. */
export function removeCgroupParent(path: string): void {
  if (!existsSync(cgroupRoot)) return;
  for (const dir of [cgroupRoot, ...readdirSync(cgroupRoot).map((name) => join(cgroupRoot, name))]) removeIfEmpty(join(dir, path));
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Processes whose command line passes a test. */
export function processesWith(test: (commandLine: readonly string[]) => boolean): number[] {
  // Where there is no /proc, arguments with blanks cannot be told apart; the launcher's own have none.
  if (!existsSync('/proc/self')) {
    return run('ps', ['-axww', '-o', 'pid=,args=']).split('\n').map((line) => line.trim().split(/\s+/))
      .filter(([pid, ...words]) => Number(pid) !== process.pid && test(words)).map(([pid]) => Number(pid));
  }
  return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)).map(Number).filter((pid) => {
    if (pid === process.pid) return false;
    try {
      return test(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1));
    } catch {
      return false; // ended meanwhile
    }
  });
}

/** Unmounts everything below a directory, deepest first. */
export function unmountBelow(directory: string): void {
  if (!existsSync('/proc/self/mountinfo')) return;
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
    .map((line) => line.split(' ')[4]?.replace(/\\040/g, ' '))
    .filter((path): path is string => path?.startsWith(`${directory}/`) === true)
    .sort((a, b) => b.length - a.length);
  for (const path of mounts) run('umount', ['-l', path]);
}
