/** The second that was written last: whoever writes much writes it many times. */
let lastSecond = NaN;
let lastText = '';

/** `metav1.Time`: whole seconds. */
export function formatTime(epochMs: number): string {
  const second = Math.floor(epochMs / 1000);
  if (second !== lastSecond) {
    lastText = `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
    lastSecond = second;
  }
  return lastText;
}

/** `metav1.MicroTime`: always six digits; the clock gives milliseconds. */
export function formatMicroTime(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 23)}000Z`;
}

const shortestMonth = 28;

/** RFC 3339 as Go reads it: the zone is needed, fractions may have any length. Undefined when it is none. */
export function parseTime(text: string): number | undefined {
  const ms = isTime(text) ? Date.parse(text.replace(',', '.')) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** Whether a text is a time of that form. */
export function isTime(text: string): boolean {
  if (!/^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/.test(text)) return false;
  // JavaScript rolls 30 February over; Go refuses it.
  const day = Number(text.slice(8, 10));
  return day <= shortestMonth || day <= daysOf(Number(text.slice(0, 4)), Number(text.slice(5, 7)));
}

function daysOf(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
