import { readFile, statfs } from 'node:fs/promises';
import { type RuntimeMounts } from './disk-layout';
import { type Level, type Levels } from './pressure';

/** Looks at what is left of the node. `mounts`: those of the runtime; what it does not name is with the node's own files. `podMemory`: where pods together are held to a share. */
export async function readLevels(rootDir: string, { images, containers }: RuntimeMounts, podMemory: Level | undefined): Promise<Levels> {
  const [meminfo, pidMax, loadavg, nodefs, imagefs, containerfs] = await Promise.all([
    readFile('/proc/meminfo', 'utf8'), readFile('/proc/sys/kernel/pid_max', 'utf8'), readFile('/proc/loadavg', 'utf8'), fileSystem(rootDir),
    fileSystem(images ?? rootDir), fileSystem(containers ?? rootDir),
  ]);
  return {
    ...(podMemory ? { 'allocatableMemory.available': podMemory } : {}),
    'memory.available': memoryLevel(meminfo), 'pid.available': pidLevel(pidMax, loadavg), 'nodefs.available': nodefs.bytes, 'nodefs.inodesFree': nodefs.inodes,
    'imagefs.available': imagefs.bytes, 'imagefs.inodesFree': imagefs.inodes, 'containerfs.available': containerfs.bytes, 'containerfs.inodesFree': containerfs.inodes,
  };
}

/** All memory but the working set: what is used, without the file pages that nobody has touched of late. */
export function memoryLevel(meminfo: string): Level {
  const bytes = (name: string): number => Number(new RegExp(`^${name.replace(/[()]/g, '\\$&')}:\\s+(\\d+) kB$`, 'm').exec(meminfo)?.[1] ?? 0) * 1024;
  return { capacity: bytes('MemTotal'), available: bytes('MemFree') + bytes('Inactive(file)') };
}

/** The fourth field of loadavg is `running/all`. */
export function pidLevel(pidMax: string, loadavg: string): Level {
  const capacity = Number(pidMax.trim());
  return { capacity, available: capacity - Number(loadavg.split(' ')[3]?.split('/')[1] ?? 0) };
}

async function fileSystem(path: string): Promise<{ bytes: Level; inodes: Level }> {
  const { bsize, blocks, bavail, files, ffree } = await statfs(path);
  // Some file systems count no inodes: they never run out.
  return { bytes: { available: bsize * bavail, capacity: bsize * blocks }, inodes: files === 0 ? { available: 1, capacity: 1 } : { available: ffree, capacity: files } };
}
