import { fieldErrors, FieldPath, type FieldError } from '@navarch/apimachinery';
import { compareLevels, latest, type Level, type LevelVersion, parseLevel, parseVersion } from './level-version';

/** What a namespace wants of its pods. */
export interface Policy {
  readonly enforce: LevelVersion;
  readonly audit: LevelVersion;
  readonly warn: LevelVersion;
}

export interface ReadPolicy {
  readonly policy: Policy;
  /** Labels that say nothing sensible. */
  readonly errors: readonly FieldError[];
}

const prefix = 'pod-security.kubernetes.io/';
const privileged: LevelVersion = { level: 'privileged', minor: latest };

const open: Policy = { enforce: privileged, audit: privileged, warn: privileged };

/** Reads the labels of a namespace; what they leave open is as in `defaults`. A wrong level is enforced as the strictest, and neither audited nor warned about. */
export function readPolicy(labels: Readonly<Record<string, string>> | undefined, defaults: Policy = open): ReadPolicy {
  const errors: FieldError[] = [];
  const read = <T>(name: string, parse: (text: string) => T | undefined, otherwise: T, why: string): T | undefined => {
    const text = labels?.[`${prefix}${name}`];
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value === undefined) errors.push(fieldErrors.invalid(FieldPath.of('metadata', 'labels').key(`${prefix}${name}`), text, why));
    return value ?? otherwise;
  };
  const mode = (name: string, otherwise: Level): { level: Level | undefined; minor: number | undefined } => ({
    level: read(name, parseLevel, otherwise, 'must be one of privileged, baseline, restricted'),
    minor: read(`${name}-version`, parseVersion, latest, 'must be "latest" or "v1.x"'),
  });
  const enforced = mode('enforce', 'restricted');
  const levelIsWrong = errors.some(({ field }) => field.includes(`[${prefix}enforce]`));
  const audited = mode('audit', 'privileged');
  const warned = mode('warn', 'privileged');
  const either = ({ level, minor }: { level: Level | undefined; minor: number | undefined }, otherwise: LevelVersion): LevelVersion => ({
    level: level ?? otherwise.level,
    minor: minor ?? otherwise.minor,
  });
  const enforce = either(enforced, defaults.enforce);
  let warn = either(warned, defaults.warn);
  // Who is held to a level hears of it for workloads too, which are only warned about.
  if (warned.level === undefined && enforced.level !== undefined && !levelIsWrong && compareLevels(enforce.level, warn.level) > 0)
    warn = { level: enforce.level, minor: warned.minor ?? enforce.minor };
  return { policy: { enforce, audit: either(audited, defaults.audit), warn }, errors };
}
