import { EvalError } from '../values/eval-error';
import { formatDuration, formatTimestamp } from '../values/time';
import { Duration, isList, isMap, type ListValue, Timestamp, TypeValue, Uint, type Value } from '../values/value';
import { spend } from '../values/work';

/** `'%s is %d'.format(['x', 1])`. @throws EvalError */
export function formatText(text: string, values: ListValue): string {
  let next = 0;
  return text.replace(/%(?:%|(?:\.(\d+))?([a-zA-Z])|.?)/gs, (clause, precision: string | undefined, verb: string | undefined) => {
    if (clause === '%%') return '%';
    if (verb === undefined) throw new EvalError('unrecognized formatting clause');
    if (next >= values.size) throw new EvalError(`index ${next} out of range`);
    return format(verb, values.at(next++), precision === undefined ? undefined : Number(precision));
  });
}

function format(verb: string, value: Value, precision: number | undefined): string {
  switch (verb) {
    case 's':
      return plain(value);
    case 'd':
      return typeof value === 'number' && !Number.isFinite(value) ? String(value) : integer(value).toString();
    case 'b':
      return typeof value === 'boolean' ? (value ? '1' : '0') : integer(value).toString(2);
    case 'o':
      return integer(value).toString(8);
    case 'x':
    case 'X':
      return hex(value, verb === 'X');
    case 'f':
      return fixed(double(value), precision ?? 6);
    case 'e':
      return scientific(double(value), precision ?? 6);
    default:
      throw new EvalError(`unrecognized formatting clause "${verb}"`);
  }
}

function integer(value: Value): bigint {
  if (typeof value === 'bigint') return value;
  if (value instanceof Uint) return value.value;
  throw new EvalError('error during formatting: decimal clause can only be used on integers');
}

function double(value: Value): number {
  if (typeof value === 'number') return value;
  return Number(integer(value));
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** As the formatter of Go for English writes it: `1.500000×10⁰³`. */
function scientific(value: number, precision: number): string {
  if (!Number.isFinite(value)) return fixed(value, precision);
  const [digits = '', exponent = ''] = value.toExponential(precision).split('e');
  const raised = Array.from(exponent.replace(/^[+-]/, '').padStart(2, '0'), (digit) => SUPERSCRIPTS[Number(digit)] ?? '');
  return `${digits}×10${exponent.startsWith('-') ? '⁻' : ''}${raised.join('')}`;
}

/** Rounds what is just between two to the even one, as Go does. A double's digits end, so that all of them tell whether it is. */
function fixed(value: number, precision: number): string {
  const rounded = value.toFixed(precision);
  const exact = Math.abs(value) < 2 ** 53 && precision < 50 ? value.toFixed(100) : rounded;
  const [, kept = '', rest = ''] = new RegExp(`^(-?\\d+\\.\\d{${precision}})(\\d*)$`).exec(exact) ?? [];
  if (!/^50*$/.test(rest) || !/[02468]\.?$/.test(kept)) return rounded;
  return kept.replace(/\.$/, '');
}

function hex(value: Value, upper: boolean): string {
  if (typeof value === 'string' || value instanceof Uint8Array) spend(value.length * 0.1);
  const text = typeof value === 'string' || value instanceof Uint8Array ? Buffer.from(value as string).toString('hex') : integer(value).toString(16);
  return upper ? text.toUpperCase() : text;
}

function plain(value: Value): string {
  spend(typeof value === 'string' ? 10 + value.length * 0.1 : 10);
  if (typeof value === 'string') return value;
  if (value === null || typeof value !== 'object') return String(value);
  if (value instanceof Uint) return value.value.toString();
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof Duration) return formatDuration(value);
  if (value instanceof TypeValue) return value.name;
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (isList(value)) return `[${[...value].map(plain).join(', ')}]`;
  if (isMap(value)) return `{${[...value.keys()].map((key) => `${plain(key)}: ${plain(value.get(key) ?? null)}`).sort().join(', ')}}`;
  throw new EvalError('error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps');
}
