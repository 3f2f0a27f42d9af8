const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `500ms`, `2s`, `1m30s`; a bare number counts in `unit`. Undefined for anything else. */
export function parseDurationMs(text: string, unit: 'ms' | 's' = 'ms'): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * (UNITS[unit] ?? 1);
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, name] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) total += Number(amount) * (UNITS[name ?? ''] ?? 0);
  return total;
}
