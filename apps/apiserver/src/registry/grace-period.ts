import type { KubeObject } from '@navarch/api';
import { formatTime, parseTime } from '@navarch/apimachinery';

/** How a kind waits before its objects go; see `ResourceSemantics`. */
export type GraceOf = (object: KubeObject, asked: number | undefined) => number | undefined;

/** Upstream reads negative seconds as one. Those of an object may be more than a double holds exactly. */
const seconds = (asked: bigint | number | undefined): number | undefined => (asked === undefined ? undefined : asked < 0 ? 1 : Number(asked));

/** So long that there is no such date, they are as long as Go's Duration of them, which has 64 bits of nanoseconds. */
const msOf = (grace: number): number => (grace < LONGEST ? grace * 1000 : Number(BigInt.asIntN(64, BigInt(grace) * 1_000_000_000n) / 1_000_000n));
const LONGEST = 9_000_000_000;

/** Seconds of a deletion that is under way; undefined before. */
const presentOf = ({ metadata }: KubeObject): number | undefined => (metadata.deletionTimestamp === undefined ? undefined : (seconds(metadata.deletionGracePeriodSeconds) ?? 0));

/**
 * Whether a deletion is under way that another one cannot change: it may only be shortened. Then upstream's `BeforeDelete` leaves all
 * as it is, finalizers too.
 */
export function isPending(object: KubeObject, asked: number | undefined, grace: GraceOf | undefined): boolean {
  const present = presentOf(object) ?? 0;
  const wanted = seconds(asked);
  return grace !== undefined && present > 0 && (wanted === undefined || wanted >= present);
}

/** The seconds to wait before the object may go, for kinds with graceful deletion; undefined: no waiting. */
export function graceFor(object: KubeObject, asked: number | undefined, grace: GraceOf | undefined): number | undefined {
  const present = presentOf(object);
  if (present === undefined) return grace?.(object, seconds(asked));
  return grace === undefined || present === 0 ? undefined : Math.min(seconds(asked) ?? present, present);
}

/** Marks the object as being deleted, or to be so sooner. Changes it. */
export function markDeleted({ metadata }: KubeObject, grace: number, nowMs: number): void {
  const before = seconds(metadata.deletionGracePeriodSeconds);
  if (metadata.deletionTimestamp === undefined) {
    metadata.deletionTimestamp = formatTime(nowMs + msOf(grace));
    metadata.deletionGracePeriodSeconds = grace;
    if ((metadata.generation ?? 0) > 0) metadata.generation = (metadata.generation ?? 0) + 1;
    return;
  }
  if (before === undefined || grace >= before) {
    metadata.deletionGracePeriodSeconds = Math.min(before ?? grace, grace);
    return;
  }
  // Counted from when the deletion began.
  const start = (parseTime(metadata.deletionTimestamp) ?? nowMs) - msOf(before);
  const isOver = start + msOf(grace) < nowMs;
  metadata.deletionTimestamp = formatTime(isOver ? nowMs : start + msOf(grace));
  // Who asks for some time gets some, so that whoever has to end the object still does.
  metadata.deletionGracePeriodSeconds = isOver && grace > 0 ? 1 : grace;
}
