import { EvalError } from '../values/eval-error';
import type { OpaqueValue } from '../values/value';
import { overload, type Overload, stringCost } from './overload';

const STRICT = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+[0-9a-zA-Z-.]+)?$/;

class SemverValue implements OpaqueValue {
  readonly opaque = 'kubernetes.Semver';

  constructor(
    readonly numbers: readonly bigint[],
    readonly pre: readonly string[],
  ) {}

  equals(other: OpaqueValue): boolean {
    return other instanceof SemverValue && compare(this, other) === 0;
  }
}

/** `v1.2` → `1.2.0`; leading zeros go too. */
function normalised(text: string): string {
  const [, core = '', rest = ''] = /^v?([\d.]+)(.*)$/s.exec(text) ?? [];
  const parts = core.split('.').map((part) => part.replace(/^0+(?=\d)/, ''));
  return parts.length > 3 ? text : `${[...parts, '0', '0'].slice(0, 3).join('.')}${rest}`;
}

function parse(text: string, normalise: boolean): SemverValue | undefined {
  const match = STRICT.exec(normalise ? normalised(text) : text);
  return match ? new SemverValue(match.slice(1, 4).map(BigInt), match[4] === undefined ? [] : match[4].split('.')) : undefined;
}

function semver(text: string, normalise = false): SemverValue {
  const parsed = parse(text, normalise);
  if (!parsed) throw new EvalError('No Major.Minor.Patch elements found');
  return parsed;
}

const order = <T>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

function comparePre(a: string, b: string): number {
  const [left, right] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (left && right) return order(BigInt(a), BigInt(b));
  return left === right ? order(a, b) : left ? -1 : 1;
}

function compare(a: SemverValue, b: SemverValue): number {
  for (let i = 0; i < 3; i++) {
    const found = order(a.numbers[i] ?? 0n, b.numbers[i] ?? 0n);
    if (found !== 0) return found;
  }
  // A pre-release comes before its release.
  if (a.pre.length === 0 || b.pre.length === 0) return order(b.pre.length, a.pre.length);
  for (let i = 0; i < Math.min(a.pre.length, b.pre.length); i++) {
    const found = comparePre(a.pre[i] ?? '', b.pre[i] ?? '');
    if (found !== 0) return found;
  }
  return order(a.pre.length, b.pre.length);
}

const parsing = { cost: (size: number): number => Math.max(1, stringCost(size)) };

export const semvers: readonly Overload[] = [
  overload('semver(string): kubernetes.Semver', (text: string) => semver(text), parsing),
  overload('semver(string, bool): kubernetes.Semver', semver, parsing),
  overload('isSemver(string): bool', (text: string) => parse(text, false) !== undefined, parsing),
  overload('isSemver(string, bool): bool', (text: string, normalise: boolean) => parse(text, normalise) !== undefined, parsing),
  overload('kubernetes.Semver -> isGreaterThan(kubernetes.Semver): bool', (a: SemverValue, b: SemverValue) => compare(a, b) > 0),
  overload('kubernetes.Semver -> isLessThan(kubernetes.Semver): bool', (a: SemverValue, b: SemverValue) => compare(a, b) < 0),
  overload('kubernetes.Semver -> compareTo(kubernetes.Semver): int', (a: SemverValue, b: SemverValue) => BigInt(compare(a, b))),
  ...['major', 'minor', 'patch'].map((name, i) => overload(`kubernetes.Semver -> ${name}(): int`, ({ numbers }: SemverValue) => numbers[i] ?? 0n)),
];
