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
  if (!/^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/.test(text)) return undefined;
  const ms = Date.parse(text.replace(',', '.'));
  if (Number.isNaN(ms)) return undefined;
  // JavaScript rolls 30 February over; Go refuses it.
  if (Number(text.slice(8, 10)) <= shortestMonth) return ms;
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number);
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate() ? ms : undefined;
}
