import { readFile, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { diskUse } from '../eviction/read-usage';
import { isCode } from '../error-text';
import { type FsStats } from './stats-summary';

/** What somebody else tells of a volume's use. */
export interface ToldUsage {
  readonly source: string;
  readonly stats: Omit<FsStats, 'time'>;
}

/** A volume of a pod whose use can be measured: it is a directory, or somebody can be asked. */
export interface MeasurableVolume {
  /** As the pod calls it. */
  readonly name: string;
  readonly path: string;
  /** A device: nothing but its size is seen from here. */
  readonly block?: boolean;
  /** Resolves with undefined where nobody tells. */
  readonly ask?: () => Promise<ToldUsage | undefined>;
  readonly claim?: { readonly name: string; readonly namespace: string };
}

/** Upstream's VolumeStats. */
export interface VolumeStats extends FsStats {
  readonly name: string;
  readonly pvcRef?: { readonly name: string; readonly namespace: string };
}

/** How a volume is measured, in upstream's words: all files are counted (du), the file system is asked (statfs), or the device (block), or a driver of this name. */
export type MeasureSource = string;

/** Upstream's volumeStatsAggPeriod: to walk directories costs. */
const usualPeriodMs = 60_000;

/** Measures the volumes of pods, each pod's at most once in a period. */
export class VolumeMeasures {
  readonly #known = new Map<string, { readonly atMs: number; readonly stats: Promise<readonly VolumeStats[]> }>();

  /** `periodMs`: less than 0 measures nothing. */
  constructor(private readonly deps: { readonly periodMs?: number; readonly clock: Clock; readonly log: Logger; readonly volumes: (podUid: string) => readonly MeasurableVolume[]; readonly onMeasured?: (source: MeasureSource, seconds: number) => void }) {}

  of(podUid: string): Promise<readonly VolumeStats[]> {
    const { periodMs = usualPeriodMs } = this.deps;
    if (periodMs < 0) return Promise.resolve([]);
    const nowMs = this.deps.clock.now();
    for (const [uid, { atMs }] of this.#known) if (nowMs - atMs >= periodMs) this.#known.delete(uid);
    const known = this.#known.get(podUid) ?? { atMs: nowMs, stats: this.#measure(this.deps.volumes(podUid), new Date(nowMs).toISOString()) };
    this.#known.set(podUid, known);
    return known.stats;
  }

  /** One that cannot be measured, such as one whose server is away, is left out: others are told of all the same. */
  async #measure(volumes: readonly MeasurableVolume[], time: string): Promise<VolumeStats[]> {
    const all = await Promise.all(volumes.map(async ({ name, path, block, ask, claim }): Promise<VolumeStats[]> => {
      try {
        const beganMs = this.deps.clock.now();
        const told = await ask?.();
        const { source, stats } = told ?? await (block ? deviceOf(path) : fileSystemOf(path));
        this.deps.onMeasured?.(source, (this.deps.clock.now() - beganMs) / 1000);
        return [{ time, ...stats, name, ...(claim ? { pvcRef: claim } : {}) }];
      } catch (error) {
        // Its pod may have ended meanwhile.
        if (!isCode(error, 'ENOENT')) this.deps.log.warn({ err: error, path }, 'a volume could not be measured');
        return [];
      }
    }));
    return all.flat();
  }
}

/** A file system of its own tells what is used of it; of a directory in another's, that is counted. */
async function fileSystemOf(path: string): Promise<ToldUsage> {
  const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(path);
  const isOwn = (await stat(path)).dev !== (await stat(dirname(path))).dev;
  const used = isOwn ? { bytes: bsize * (blocks - bfree), inodes: files - ffree } : await diskUse(path);
  return { source: isOwn ? 'statfs' : 'du', stats: { availableBytes: bsize * bavail, capacityBytes: bsize * blocks, usedBytes: used.bytes, inodesFree: ffree, inodes: files, inodesUsed: used.inodes } };
}

const sectorBytes = 512;

/** A device tells how large it is. */
async function deviceOf(path: string): Promise<ToldUsage> {
  const device = await stat(path);
  if (!device.isBlockDevice()) throw new Error(`${path} is not a block device`);
  const [major, minor] = [(device.rdev >>> 8) & 0xfff, (device.rdev & 0xff) | ((device.rdev >>> 12) & 0xfff00)];
  return { source: 'block', stats: { capacityBytes: Number(await readFile(`/sys/dev/block/${major}:${minor}/size`, 'utf8')) * sectorBytes } };
}
