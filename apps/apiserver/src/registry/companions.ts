import type { KubeObject } from '@navarch/api';
import type { WriteOp } from '@navarch/storage';
import type { Cached } from './resource-store';

/** Further keys that are written with an object in one child (rules 6.1): all of it happens or nothing. */
export interface CompanionWrite {
  readonly ops: readonly WriteOp[];
  /** The write is over, well or badly: give up what was held in process. Idempotent. */
  release(): void;
}

/** For kinds with claims in other keys: Services and their addresses and node ports. */
export interface Companions {
  /** Fills in what the server chooses, and claims it. @throws invalid when what the user asked for is taken */
  onCreate(object: KubeObject, dryRun: boolean): Promise<CompanionWrite | undefined>;
  onUpdate(object: KubeObject, old: Cached, dryRun: boolean): Promise<CompanionWrite | undefined>;
  /** What a delete frees. */
  onDelete(old: Cached): Promise<CompanionWrite | undefined>;
}
