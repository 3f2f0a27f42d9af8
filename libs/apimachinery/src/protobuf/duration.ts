import { DecodeError } from '../json/decode-error';

const unitNanos: Readonly<Record<string, number>> = { ns: 1, us: 1e3, 'µs': 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** As Go prints a time.Duration: `1h0m0s`, `1.5s`, `100ms`. */
export function formatDuration(nanos: bigint | number): string {
  const total = BigInt(nanos);
  const size = total < 0n ? -total : total;
  const sign = total < 0n ? '-' : '';
  if (size === 0n) return '0s';
  for (const [unit, scale] of [['ns', 1n], ['µs', 1000n], ['ms', 1_000_000n]] as const) {
    if (size < scale * 1000n) return sign + withFraction(size, scale) + unit;
  }
  const hours = size / 3_600_000_000_000n;
  const minutes = (size / 60_000_000_000n) % 60n;
  const seconds = `${withFraction(size % 60_000_000_000n, 1_000_000_000n)}s`;
  return sign + (hours > 0n ? `${hours}h${minutes}m${seconds}` : minutes > 0n ? `${minutes}m${seconds}` : seconds);
}

function withFraction(size: bigint, scale: bigint): string {
  const fraction = scale === 1n ? '' : (size % scale).toString().padStart(scale.toString().length - 1, '0').replace(/0+$/, '');
  return fraction === '' ? `${size / scale}` : `${size / scale}.${fraction}`;
}

/**
 * Reads a Go duration as nanoseconds.
 * @throws DecodeError
 */
export function parseDuration(text: string): number {
  const match = /^([-+]?)((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.exec(text);
  if (text === '0') return 0;
  if (!match) throw new DecodeError(`time: invalid duration ${JSON.stringify(text)}`);
  let nanos = 0;
  for (const [, amount, unit = ''] of text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g)) nanos += Number(amount) * (unitNanos[unit] ?? 0);
  return match[1] === '-' ? -Math.round(nanos) : Math.round(nanos);
}
