/** What a pod uses of what can run low: bytes, inodes, processes. */
export interface PodUsage extends SpaceUsage {
  readonly pids: number;
}

/** Of memory and disk. */
export interface SpaceUsage {
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly inodes: number;
  /** Of these, what its containers wrote in their own layers. */
  readonly layerBytes: number;
  readonly layerInodes: number;
  /** By container. */
  readonly containers: ReadonlyMap<string, ContainerUsage>;
  /** Bytes by volume, of emptyDirs on disk or in memory. */
  readonly emptyDirs: ReadonlyMap<string, number>;
}

export interface ContainerUsage {
  readonly memoryBytes: number;
  /** Its writable layer and its log. */
  readonly diskBytes: number;
}

export const noUsage: PodUsage = { memoryBytes: 0, diskBytes: 0, inodes: 0, layerBytes: 0, layerInodes: 0, pids: 0, containers: new Map(), emptyDirs: new Map() };
