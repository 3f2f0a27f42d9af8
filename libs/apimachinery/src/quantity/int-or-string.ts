/** A count, or a share of one such as `25%`. */
export type IntOrString = number | string;

/** The count itself, or the share of `total`, rounded up or down: maxSurge rounds up, maxUnavailable down. */
export function scaledIntOrPercent(value: IntOrString, total: number, roundUp: boolean): number {
  if (typeof value === 'number') return value;
  const percent = percentOf(value);
  if (percent === undefined) throw new Error('invalid value for IntOrString: invalid type: string is not a percentage');
  const scaled = (percent * total) / 100;
  return roundUp ? Math.ceil(scaled) : Math.floor(scaled);
}

/** 25 of `25%`; undefined when it is no percentage. */
export function percentOf(value: string): number | undefined {
  return /^[-+]?[0-9]+%$/.test(value) ? Number(value.slice(0, -1)) : undefined;
}
