import { parseTime } from '@navarch/apimachinery';
import { humanDuration } from './human-duration';

/** A time that is shown as how long ago it was; absent is unknown. */
export interface AgeCell {
  readonly age: string | undefined;
}

/** Text with ages in it, such as `3 (5m ago)`. */
export interface TextCell {
  readonly text: readonly (AgeCell | string)[];
}

/** A cell that keeps: what depends on the time of day is filled in by `renderCell`. Null: the object has no such value. */
export type Cell = AgeCell | TextCell | boolean | number | string | null;

function ageText({ age }: AgeCell, nowMs: number): string {
  const time = age === undefined || age === '' ? undefined : parseTime(age);
  return time === undefined ? '<unknown>' : humanDuration(nowMs - time);
}

/** The cell as it is at a moment. */
export function renderCell(cell: Cell, nowMs: number): boolean | number | string | null {
  if (typeof cell !== 'object' || cell === null) return cell;
  if ('age' in cell) return ageText(cell, nowMs);
  return cell.text.map((part) => (typeof part === 'string' ? part : ageText(part, nowMs))).join('');
}
