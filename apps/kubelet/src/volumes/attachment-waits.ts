import { type Clock } from '@navarch/clock';
import { VolumeError } from './volume-error';

/** A volume is not attached to the node yet. */
export class NotAttachedError extends Error {
  override readonly name = 'NotAttachedError';

  /** @param volume as the pod calls it */
  constructor(readonly volume: string, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** Upstream's podAttachAndMountTimeout. */
const tellAfterMs = 123_000;

/** How long pods have waited for their volumes to be attached. That is nothing to be told of at first: who attaches them tells what goes wrong. */
export class AttachmentWaits {
  readonly #since = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  /** What is to be said of a pod whose volumes are not up. */
  judge(uid: string, error: unknown): unknown {
    if (!(error instanceof VolumeError && error.cause instanceof NotAttachedError)) return error;
    const { cause, message } = error;
    const nowMs = this.clock.now();
    const since = this.#since.get(uid) ?? nowMs;
    const isLong = nowMs - since >= tellAfterMs;
    this.#since.set(uid, isLong ? nowMs : since);
    if (!isLong) return new VolumeError(message, undefined, { cause });
    return new VolumeError(`Unable to attach or mount volumes: unmounted volumes=[${cause.volume}], unattached volumes=[${cause.volume}], failed to process volumes=[]: context deadline exceeded`, 'FailedMount', { cause });
  }

  /** A pod waits no more. */
  forget(uid: string): void {
    this.#since.delete(uid);
  }
}
