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

/** How long it is remembered beyond its period what was wrong with a pod's volumes: one that nobody asks about any more has ended. */
const rememberedMs = 600_000;

interface Measured {
  readonly atMs: number;
  readonly stats: Promise<readonly VolumeStats[]>;
  /** The volumes of which it is logged what is wrong, and still is. */
  readonly troubled: Set<string>;
}

/** Measures the volumes of pods, each pod's at most once in a period. */
export class VolumeMeasures {
  readonly #known = new Map<string, Measured>();

  /** `periodMs`: less than 0 measures nothing. */
  constructor(private readonly deps: { readonly periodMs?: number; readonly clock: Clock; readonly log: Logger; readonly volumes: (podUid: string) => readonly MeasurableVolume[]; readonly onMeasured?: (source: MeasureSource, seconds: number) => void }) {}

  of(podUid: string): Promise<readonly VolumeStats[]> {
    const { periodMs = usualPeriodMs } = this.deps;
    if (periodMs < 0) return Promise.resolve([]);
    const nowMs = this.deps.clock.now();
    for (const [uid, { atMs }] of this.#known) if (nowMs - atMs >= periodMs + rememberedMs) this.#known.delete(uid);
    const known = this.#known.get(podUid);
    if (known && nowMs - known.atMs < periodMs) return known.stats;
    const troubled = known?.troubled ?? new Set<string>();
    const stats = this.#measure(this.deps.volumes(podUid), new Date(nowMs).toISOString(), troubled);
    this.#known.set(podUid, { atMs: nowMs, stats, troubled });
    return stats;
  }

  /** One that cannot be measured, such as one whose server is away, is left out: others are told of all the same. */
  async #measure(volumes: readonly MeasurableVolume[], time: string, troubled: Set<string>): Promise<VolumeStats[]> {
    const all = await Promise.all(volumes.map(async (volume): Promise<VolumeStats[]> => {
      const { name, path, claim } = volume;
      const failures: unknown[] = [];
      const measured = await this.#told(volume, failures) ?? await this.#timed(() => (volume.block ? deviceOf(path) : fileSystemOf(path))).catch((error: unknown) => {
        // Its pod may have ended meanwhile.
        if (!isCode(error, 'ENOENT')) failures.push(error);
        return undefined;
      });
      if (failures.length === 0) troubled.delete(name);
      else if (!troubled.has(name)) {
        troubled.add(name);
        for (const error of failures) {
          this.deps.log.warn(
            { err: error, path },
            measured ? "a volume's driver does not tell of its use: the node tells what it sees of it" : 'a volume could not be measured',
          );
        }
      }
      return measured ? [{ time, ...measured.stats, name, ...(claim ? { pvcRef: claim } : {}) }] : [];
    }));
    return all.flat();
  }

  /** What somebody tells of a volume; who cannot be reached tells nothing. */
  async #told({ ask }: MeasurableVolume, failures: unknown[]): Promise<ToldUsage | undefined> {
    try {
      return ask && await this.#timed(ask);
    } catch (error) {
      failures.push(error);
      return undefined;
    }
  }

  async #timed<T extends ToldUsage | undefined>(measure: () => Promise<T>): Promise<T> {
    const beganMs = this.deps.clock.now();
    const usage = await measure();
    if (usage) this.deps.onMeasured?.(usage.source, (this.deps.clock.now() - beganMs) / 1000);
    return usage;
  }
}

/** A file system of its own tells what is used of it; of a directory in another's, that is counted. */
async function fileSystemOf(path: string): Promise<ToldUsage> {
  const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(path);
  const isOwn = (await stat(path)).dev !== (await stat(dirname(path))).dev;
  const used = isOwn ? { bytes: bsize * (blocks - bfree), inodes: files - ffree } : await diskUse(path);
  return {
    source: isOwn ? 'statfs' : 'du',
    stats: { availableBytes: bsize * bavail, capacityBytes: bsize * blocks, usedBytes: used.bytes, inodesFree: ffree, inodes: files, inodesUsed: used.inodes },
  };
}

const sectorBytes = 512;

/** A device tells how large it is. */
async function deviceOf(path: string): Promise<ToldUsage> {
  const device = await stat(path);
  if (!device.isBlockDevice()) throw new Error(`${path} is not a block device`);
  const [major, minor] = [(device.rdev >>> 8) & 0xfff, (device.rdev & 0xff) | ((device.rdev >>> 12) & 0xfff00)];
  return { source: 'block', stats: { capacityBytes: Number(await readFile(`/sys/dev/block/${major}:${minor}/size`, 'utf8')) * sectorBytes } };
}
