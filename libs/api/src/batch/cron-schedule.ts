/** A field of a schedule: its range and the names that stand for numbers. */
interface Field {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const fields: readonly Field[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: months },
  { min: 0, max: 6, names: days },
];
const descriptors = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']);
const durationPattern = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h)(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))*$/;

function numberIn(text: string, { min, names }: Field): number | string {
  const named = names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return named + (min === 1 ? 1 : 0);
  if (/^[+-]?\d+$/.test(text)) {
    const value = Number(text);
    return value < 0 ? `negative number (${value}) not allowed: ${text}` : value;
  }
  return `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
}

/** What is wrong with one term such as `1-5/2`, if anything. */
function termError(term: string, field: Field): string | undefined {
  const [range = '', step, ...moreSteps] = term.split('/');
  const [low = '', high, ...moreBounds] = range.split('-');
  let start: number | string;
  let end: number | string;
  if (low === '*' || low === '?') [start, end] = [field.min, field.max];
  else {
    start = numberIn(low, field);
    if (typeof start === 'string') return start;
    end = high === undefined ? start : numberIn(high, field);
    if (typeof end === 'string') return end;
    if (moreBounds.length > 0) return `too many hyphens: ${term}`;
  }
  let every = 1;
  if (step !== undefined) {
    if (moreSteps.length > 0) return `too many slashes: ${term}`;
    const parsed = numberIn(step, { min: 0, max: field.max });
    if (typeof parsed === 'string') return parsed;
    every = parsed;
    if (high === undefined) end = field.max;
  }
  if (start < field.min) return `beginning of range (${start}) below minimum (${field.min}): ${term}`;
  if (end > field.max) return `end of range (${end}) above maximum (${field.max}): ${term}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${term}`;
  return every === 0 ? `step of range should be a positive number: ${term}` : undefined;
}

function descriptorError(text: string): string | undefined {
  if (descriptors.has(text)) return undefined;
  if (!text.startsWith('@every ')) return `unrecognized descriptor: ${text}`;
  const duration = text.slice('@every '.length);
  return durationPattern.test(duration) ? undefined : `failed to parse duration ${text}: time: invalid duration ${JSON.stringify(duration)}`;
}

/** What is wrong with a cron schedule, in the words of the parser that upstream uses; undefined for a good one. */
export function cronScheduleError(schedule: string): string | undefined {
  if (schedule === '') return 'empty spec string';
  if (schedule.startsWith('@')) return descriptorError(schedule);
  const parts = schedule.split(/\s+/).filter((part) => part !== '');
  if (parts.length !== fields.length) return `expected exactly ${fields.length} fields, found ${parts.length}: [${parts.join(' ')}]`;
  for (const [i, part] of parts.entries()) {
    const field = fields[i];
    if (field === undefined) break;
    for (const term of part.split(',').filter((one) => one !== '')) {
      const error = termError(term, field);
      if (error !== undefined) return error;
    }
  }
  return undefined;
}
