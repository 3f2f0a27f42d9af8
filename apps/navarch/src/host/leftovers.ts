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

/** Removes the empty cgroups of a path; those still in use stay. */
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

/** Processes whose command line names this text (a socket or directory of ours). */
export function processesNaming(text: string): number[] {
  return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)).map(Number).filter((pid) => {
    if (pid === process.pid) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').some((argument) => argument.includes(text));
    } catch {
      return false; // ended meanwhile
    }
  });
}

/** Unmounts everything below a directory, deepest first. */
export function unmountBelow(directory: string): void {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
    .map((line) => line.split(' ')[4]?.replace(/\\040/g, ' '))
    .filter((path): path is string => path?.startsWith(`${directory}/`) === true)
    .sort((a, b) => b.length - a.length);
  for (const path of mounts) run('umount', ['-l', path]);
}
