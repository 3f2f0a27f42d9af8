import { goQuote } from './go-quote';

/** The parts of an RFC 3339 text, by Go's names for them. */
const parts: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['2006', /^\d{4}/], ['-', /^-/], ['01', /^(?:0[1-9]|1[0-2])/], ['-', /^-/], ['02', /^\d\d/], ['T', /^T/], ['15', /^\d\d/], [':', /^:/],
  ['04', /^\d\d/], [':', /^:/], ['05', /^\d\d(?:[.,]\d+)?/], ['Z07:00', /^(?:Z|[+-]\d\d:\d\d)/],
];

/** What Go's time.Parse says of a text that is no time in this layout. */
export function explainTimeError(text: string, layout: string): string {
  const head = `parsing time ${goQuote(text)}`;
  let rest = text;
  for (const [name, pattern] of parts) {
    const match = pattern.exec(rest);
    if (!match) return `${head} as ${goQuote(layout)}: cannot parse ${goQuote(rest)} as ${goQuote(name)}`;
    rest = rest.slice(match[0].length);
  }
  if (rest !== '') return `${head}: extra text: ${goQuote(rest)}`;
  const [, day, hour] = /^\d{4}-\d\d-(\d\d)T(\d\d)/.exec(text) ?? [];
  if (Number(hour) > 23) return `${head}: hour out of range`;
  return Number(day) < 1 || !isDay(text) ? `${head}: day out of range` : `${head}: minute out of range`;
}

function isDay(text: string): boolean {
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number);
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}
