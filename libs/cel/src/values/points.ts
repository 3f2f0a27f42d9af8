import { LruTexts } from './lru-texts';

/** The code points of a text, as characters: what sizes and positions of strings count. */
export const points = (text: string): string[] => Array.from(text);

const SURROGATE = /[\ud800-\udfff]/;
/** How many code points lie between two marks of a text. */
const STRIDE = 64;

/**
 * Where code points of a text begin, in UTF-16 units. Texts of the basic plane need no more than their length; others keep a mark every
 * few code points, so that asking for one position (which CEL charges as one step, however long the text) doesn't walk through all of it.
 */
export interface PointIndex {
  readonly length: number;
  /** Where code point number `at` begins; `at` may be the length. */
  unitOf(at: number): number;
  /** The number of the code point that begins at a unit. */
  pointOf(unit: number): number;
}

class PlainIndex implements PointIndex {
  constructor(readonly length: number) {}

  unitOf(at: number): number {
    return at;
  }

  pointOf(unit: number): number {
    return unit;
  }
}

const widthAt = (text: string, unit: number): number => ((text.codePointAt(unit) ?? 0) > 0xffff ? 2 : 1);

class MarkedIndex implements PointIndex {
  readonly length: number;
  private readonly marks: Uint32Array;

  constructor(private readonly text: string) {
    const marks = new Uint32Array(Math.floor(text.length / STRIDE) + 1);
    let at = 0;
    for (let unit = 0; unit < text.length; unit += widthAt(text, unit), at++) if (at % STRIDE === 0) marks[at / STRIDE] = unit;
    this.length = at;
    this.marks = marks.subarray(0, Math.floor(Math.max(0, at - 1) / STRIDE) + 1);
  }

  unitOf(at: number): number {
    const mark = Math.min(Math.floor(at / STRIDE), this.marks.length - 1);
    let unit = this.marks[mark] ?? 0;
    for (let left = at - mark * STRIDE; left > 0; left--) unit += widthAt(this.text, unit);
    return unit;
  }

  pointOf(unit: number): number {
    let low = 0;
    for (let high = this.marks.length - 1; low < high;) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.marks[middle] ?? 0) <= unit) low = middle;
      else high = middle - 1;
    }
    let at = low * STRIDE;
    for (let walked = this.marks[low] ?? 0; walked < unit; walked += widthAt(this.text, walked)) at++;
    return at;
  }
}

/** Shorter texts are indexed again each time. */
const WORTH_KEEPING = 256;
/** As many characters as two whole objects may hold: a rule that goes through all texts of one object finds each again. */
const indexes = new LruTexts<PointIndex>(4_000_000);

/** @see PointIndex */
export function pointIndex(text: string): PointIndex {
  const make = (): PointIndex => (SURROGATE.test(text) ? new MarkedIndex(text) : new PlainIndex(text.length));
  return text.length < WORTH_KEEPING ? make() : indexes.get(text, make);
}
