export type Level = 'baseline' | 'privileged' | 'restricted';

const levels: readonly string[] = ['privileged', 'baseline', 'restricted'];

/** A level as a Kubernetes version understands it. */
export interface LevelVersion {
  readonly level: Level;
  /** The minor of `v1.<minor>`; infinite for `latest`. */
  readonly minor: number;
}

export const latest = Number.POSITIVE_INFINITY;

export const formatLevelVersion = ({ level, minor }: LevelVersion): string => `${level}:${minor === latest ? 'latest' : `v1.${minor}`}`;

/** Undefined for what is none. */
export function parseLevel(text: string): Level | undefined {
  return levels.includes(text) ? (text as Level) : undefined;
}

/** Undefined for what is none. */
export function parseVersion(text: string): number | undefined {
  if (text === 'latest') return latest;
  const match = /^v1\.([0-9]|[1-9][0-9]*)$/.exec(text);
  return match ? Number(match[1]) : undefined;
}

/** Negative, zero or positive, as `a` is less strict than `b`, as strict or stricter. */
export function compareLevels(a: Level, b: Level): number {
  return levels.indexOf(a) - levels.indexOf(b);
}
