import type { CpuProfile } from '../cluster/profiler';

export interface HotSpot {
  readonly where: string;
  /** Of the samples in which the process was not idle. */
  readonly share: number;
}

const idle = new Set(['(idle)', '(root)']);

/** The functions that took most time themselves, summed over whoever called them. */
export function hotSpots(profile: CpuProfile, most: number): HotSpot[] {
  const names = new Map(profile.nodes.map((node) => [node.id, nameOf(node)]));
  const times = new Map<string, number>();
  let total = 0;
  profile.samples?.forEach((id, index) => {
    const name = names.get(id) ?? '?';
    if (idle.has(name)) return;
    const time = profile.timeDeltas?.[index] ?? 0;
    total += time;
    times.set(name, (times.get(name) ?? 0) + time);
  });
  return [...times].sort((a, b) => b[1] - a[1]).slice(0, most).map(([where, time]) => ({ where, share: time / total }));
}

function nameOf({ callFrame }: CpuProfile['nodes'][number]): string {
  const { functionName, url, lineNumber } = callFrame;
  // As people name it: in the workspace, or in a package.
  const file = url.replace(/^file:\/\//, '').replace(/^.*\/node_modules\//, '').replace(/^.*\/((?:apps|libs)\/[^/]+)\/dist\//, '$1/');
  return file === '' ? functionName : `${functionName === '' ? '(anonymous)' : functionName} ${file}:${lineNumber + 1}`;
}
