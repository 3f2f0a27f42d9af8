import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isCode } from '../error-text';

/** Bytes of memory and of each size of huge pages that each memory bank has. */
export type NumaMemory = ReadonlyMap<number, Readonly<Record<string, number>>>;

/** Looks at the machine's memory banks; a kernel that knows of none has one of `memoryBytes`. */
export async function inspectNumaMemory(memoryBytes: number, directory = '/sys/devices/system/node'): Promise<NumaMemory> {
  const names = (await readdir(directory).catch(missing)).filter((name) => /^node\d+$/.test(name));
  if (names.length === 0) return new Map([[0, { memory: memoryBytes }]]);
  return new Map(await Promise.all(names.map(async (name): Promise<[number, Record<string, number>]> => {
    const folder = join(directory, name);
    const kilobytes = Number(/MemTotal:\s+(\d+) kB/.exec(await readFile(join(folder, 'meminfo'), 'utf8'))?.[1] ?? 0);
    const pages: Record<string, number> = {};
    for (const size of await readdir(join(folder, 'hugepages')).catch(missing)) {
      const kilobytesEach = Number(/^hugepages-(\d+)kB$/.exec(size)?.[1] ?? 0);
      pages[`hugepages-${kilobytesEach >= 1024 * 1024 ? `${kilobytesEach / 1024 / 1024}Gi` : `${kilobytesEach / 1024}Mi`}`] =
        kilobytesEach * 1024 * Number((await readFile(join(folder, 'hugepages', size, 'nr_hugepages'), 'utf8')).trim());
    }
    const huge = Object.values(pages).reduce((sum, bytes) => sum + bytes, 0);
    return [Number(name.slice('node'.length)), { ...pages, memory: kilobytes * 1024 - huge }];
  })));
}

function missing(error: unknown): string[] {
  if (isCode(error, 'ENOENT')) return [];
  throw error;
}
