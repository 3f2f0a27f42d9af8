import type { KubeObject } from '@navarch/api';
import { formatTime, parseTime } from '@navarch/apimachinery';

/** How a kind waits before its objects go; see `ResourceSemantics`. */
export type GraceOf = (object: KubeObject, asked: number | undefined) => number | undefined;

/** Upstream reads negative seconds as one. */
const seconds = (asked: number | undefined): number | undefined => (asked !== undefined && asked < 0 ? 1 : asked);

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
    metadata.deletionTimestamp = formatTime(nowMs + grace * 1000);
    metadata.deletionGracePeriodSeconds = grace;
    if ((metadata.generation ?? 0) > 0) metadata.generation = (metadata.generation ?? 0) + 1;
    return;
  }
  if (before === undefined || grace >= before) {
    metadata.deletionGracePeriodSeconds = Math.min(before ?? grace, grace);
    return;
  }
  // Counted from when the deletion began.
  const start = (parseTime(metadata.deletionTimestamp) ?? nowMs) - before * 1000;
  const isOver = start + grace * 1000 < nowMs;
  metadata.deletionTimestamp = formatTime(isOver ? nowMs : start + grace * 1000);
  // Who asks for some time gets some, so that whoever has to end the object still does.
  metadata.deletionGracePeriodSeconds = isOver && grace > 0 ? 1 : grace;
}
