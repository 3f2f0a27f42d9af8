import { type Clock } from '@navarch/clock';
import { type VolumeOperation } from './storage-metrics';

export interface VolumeOperationsDeps {
  readonly clock: Clock;
  /** Something was done with a volume of this plug-in. */
  readonly onOperation?: ((plugin: string, operation: VolumeOperation, seconds: number, failed: boolean) => void) | undefined;
}

/** Tells of what is done with volumes, and of how long it took. */
export class VolumeOperations {
  constructor(private readonly deps: VolumeOperationsDeps) {}

  /** Of something that is done with volumes of these plug-ins, all at once. */
  async observed(plugins: readonly string[], operation: VolumeOperation, act: () => Promise<unknown>): Promise<void> {
    const { clock, onOperation } = this.deps;
    const beganMs = clock.now();
    let failed = true;
    try {
      await act();
      failed = false;
    } finally {
      for (const plugin of plugins) onOperation?.(plugin, operation, (clock.now() - beganMs) / 1000, failed);
    }
  }
}
