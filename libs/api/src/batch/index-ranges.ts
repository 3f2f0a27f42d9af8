// Mirrors validateIndexesFormat, parseIndexInterval and validateFailedIndexesNotOverlapCompleted of pkg/apis/batch/validation.

type Interval = readonly [first: number, last: number];

/** What is wrong with a text of indexes. */
export class IndexesError extends Error {}

function whole(text: string, completions: number): number {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  // Beyond an int64 Go reads no number.
  if (!(Math.abs(value) < 2 ** 63)) throw new IndexesError(`cannot convert string to integer for index: ${JSON.stringify(text)}`);
  if (value >= completions) throw new IndexesError(`too large index: ${JSON.stringify(text)}`);
  return value;
}

function interval(text: string, completions: number): Interval {
  const parts = text.split('-');
  if (parts.length > 2) throw new IndexesError(`the fragment ${JSON.stringify(text)} violates the requirement that an index interval can have at most two parts separated by '-'`);
  const [from = '', to] = parts;
  const first = whole(from, completions);
  if (to === undefined) return [first, first];
  const last = whole(to, completions);
  if (last <= first) throw new IndexesError(`non-increasing order, previous: ${first}, current: ${last}`);
  return [first, last];
}

/**
 * How many indexes `1,3-5` names, each below `completions`.
 * @throws IndexesError
 */
export function countIndexes(text: string, completions: number): number {
  if (text === '') return 0;
  let total = 0;
  let previous: number | undefined;
  for (const fragment of text.split(',')) {
    const [first, last] = interval(fragment, completions);
    if (previous !== undefined && previous >= first) throw new IndexesError(`non-increasing order, previous: ${previous}, current: ${first}`);
    total += last - first + 1;
    previous = last;
  }
  return total;
}

/** Why a text of indexes is none; undefined if it is one. */
export function indexesFault(text: string, completions: number): string | undefined {
  try {
    countIndexes(text, completions);
    return undefined;
  } catch (error) {
    if (error instanceof IndexesError) return error.message;
    throw error;
  }
}

/** Those intervals of a text that are well formed; the others are reported where the format is checked. */
function wellFormed(text: string, completions: number): Interval[] {
  return (text === '' ? [] : text.split(',')).flatMap((fragment) => {
    try {
      return [interval(fragment, completions)];
    } catch (error) {
      if (error instanceof IndexesError) return [];
      throw error;
    }
  });
}

/** The first index named by both texts. */
export function commonIndex(completed: string, failed: string, completions: number): number | undefined {
  const [left, right] = [wellFormed(completed, completions), wellFormed(failed, completions)];
  let [l, r] = [0, 0];
  while (l < left.length && r < right.length) {
    const [a, b] = [left[l] as Interval, right[r] as Interval];
    if (a[0] <= b[1] && b[0] <= a[1]) return Math.max(a[0], b[0]);
    if (a[0] <= b[0]) l++;
    else r++;
  }
  return undefined;
}
