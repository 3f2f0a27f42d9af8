/**
 * - `timeout`: the outcome of a write is unknown, or a read took too long (504).
 * - `unavailable`: nothing was sent, or a read found no member (503).
 * - `compacted`: the revision asked for is gone (410 Expired).
 * - `expired`: a watch asked for events that the cache no longer has (410 Expired).
 * - `futureVersion`: a version the cache did not reach in time (504 ResourceVersionTooLarge); see `current`.
 * - `foreignHistory`: the store holds another history than before (rules 2.2): exit and start clean.
 * - `unreadable`: a stored value cannot be opened: its key is not configured any more, or it was tampered with (500).
 * - `abandoned`: the caller's signal aborted before the write was sent: nothing was applied (504, to nobody).
 * - `noSpace`: puts are refused; only the one that used up the space may have been applied all the same.
 * - `tooLarge`, `leaseNotFound`, `invalid`: the write was refused; nothing was applied.
 */
export type StoreErrorCode =
  | 'timeout' | 'unavailable' | 'compacted' | 'expired' | 'futureVersion' | 'foreignHistory'
  | 'abandoned' | 'noSpace' | 'tooLarge' | 'leaseNotFound' | 'invalid' | 'unreadable';

/** What storage throws. Match on `code` by `isStoreError`; messages are for logs. */
export class StoreError extends Error {
  override readonly name = 'StoreError';

  constructor(
    readonly code: StoreErrorCode,
    message: string,
    options?: ErrorOptions & {
      /** For `futureVersion`: the version the cache is at. */
      readonly current?: number;
    },
  ) {
    super(message, options);
    this.current = options?.current;
  }

  readonly current: number | undefined;
}

/** Whether an error is a StoreError, with one of the codes if any are given. */
export function isStoreError(error: unknown, ...codes: StoreErrorCode[]): error is StoreError {
  if (!(error instanceof Error) || error.name !== 'StoreError' || !('code' in error)) return false;
  return codes.length === 0 || (codes as unknown[]).includes(error.code);
}
