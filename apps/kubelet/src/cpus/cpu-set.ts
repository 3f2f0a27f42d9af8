/** Numbers of processors, ascending. */
export type CpuSet = readonly number[];

/** Reads the kernel's lists, such as `0-3,8`; throws an Error that names one that is none. */
export function parseCpuSet(text: string): CpuSet {
  if (text.trim() === '') return [];
  return cpuSet(text.trim().split(',').flatMap((part) => {
    const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    if (first === undefined || (last !== undefined && Number(last) < Number(first))) throw new Error(`${JSON.stringify(text)} is no list of processors`);
    return Array.from({ length: Number(last ?? first) - Number(first) + 1 }, (_, index) => Number(first) + index);
  }));
}

/** As the kernel writes them: `0-3,8`. */
export function formatCpuSet(cpus: CpuSet): string {
  const ranges: [number, number][] = [];
  for (const cpu of cpus) {
    const range = ranges.at(-1);
    if (range && range[1] === cpu - 1) range[1] = cpu;
    else ranges.push([cpu, cpu]);
  }
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(',');
}

export function cpuSet(cpus: Iterable<number>): CpuSet {
  return [...new Set(cpus)].sort((a, b) => a - b);
}

export function without(cpus: CpuSet, others: CpuSet): CpuSet {
  const gone = new Set(others);
  return cpus.filter((cpu) => !gone.has(cpu));
}

export function sameCpus(a: CpuSet, b: CpuSet): boolean {
  return a.length === b.length && a.every((cpu, index) => cpu === b[index]);
}
