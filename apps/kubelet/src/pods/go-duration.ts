/** Whole seconds and more as Go prints a time.Duration: `10s`, `1m20s`, `5m0s`. */
export function goSeconds(ms: number): string {
  return goDuration(Math.round(ms / 1000) * 1000);
}

/** A measured duration as Go prints it, to the millisecond: `308ms`, `1.204s`, `1m2.5s`. */
export function goMilliseconds(ms: number): string {
  if (ms < 1000) return `${Math.max(1, Math.round(ms))}ms`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = Number(((ms % 60_000) / 1000).toFixed(3));
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}

/** A duration as Go's time.Duration writes itself, to the millisecond: `0s`, `250ms`, `1h30m0s`. */
export function goDuration(ms: number): string {
  if (ms === 0) return '0s';
  if (ms < 1000) return `${ms}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${(ms % 60_000) / 1000}s`;
}
