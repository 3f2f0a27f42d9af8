import type { KubeObject } from '@navarch/api';
import type { WriteOp } from '@navarch/storage';
import type { Cached } from './resource-store';

/** Further keys that are written with an object in one child (rules 6.1): all of it happens or nothing. */
export interface CompanionWrite {
  readonly ops: readonly WriteOp[];
  /** The write is over, well or badly: give up what was held in process. Idempotent. */
  release(): void;
  /** The claims were lost to another writer: take back what was chosen, so that the next attempt chooses again. */
  undo(): void;
}

/** For kinds with claims in other keys: Services and their addresses and node ports. */
export interface Companions {
  /** Fills in what the server chooses, and claims it. @throws invalid when what the user asked for is taken */
  onCreate(object: KubeObject): Promise<CompanionWrite>;
  onUpdate(object: KubeObject, old: Cached): Promise<CompanionWrite>;
  /** What a delete frees. */
  onDelete(old: Cached): Promise<CompanionWrite>;
}
