/** At least and at most. Beyond 2^53 a bound is no longer exact, and need not be: nothing may cost as much. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Of what nothing is known. */
export const UNKNOWN: Range = { min: 0, max: 2 ** 64 };
export const exactly = (value: number): Range => ({ min: value, max: value });
export const add = (...ranges: readonly Range[]): Range => ranges.reduce((sum, range) => ({ min: sum.min + range.min, max: sum.max + range.max }), exactly(0));
export const multiply = (a: Range, b: Range): Range => ({ min: a.min * b.min, max: a.max * b.max });
export const either = (a: Range, b: Range): Range => ({ min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) });
/** Rounded up, as cel-go does. */
export const byFactor = ({ min, max }: Range, factor: number): Range => ({ min: Math.ceil(min * factor), max: Math.ceil(max * factor) });
