import { configMapKeyMessages, fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { coordinationv1beta1 } from '../gen';
import { type Loose } from '../support/loose';
import { contentRules } from '../validation/kind-validation';
import { type Findings, immutable, present } from '../validation/rules';
import { oldestEmulationVersion, validateLeaseStrategy } from './lease-strategy';

type Candidate = Loose<coordinationv1beta1.LeaseCandidate>;

const specPath = FieldPath.of('spec');
const number = '(0|[1-9]\\d*)';
const versionPattern = new RegExp(`^${number}\\.${number}\\.${number}(-[0-9A-Za-z-]+(\\.[0-9A-Za-z-]+)*)?(\\+[0-9A-Za-z-]+(\\.[0-9A-Za-z-]+)*)?$`);

interface Version {
  /** Major, minor and patch. */
  readonly numbers: readonly number[];
  readonly prerelease: readonly string[];
}

function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch, prerelease = ''] = versionPattern.exec(text) ?? [];
  if (patch === undefined) return undefined;
  return { numbers: [major, minor, patch].map(Number), prerelease: prerelease === '' ? [] : prerelease.slice(1).split('.') };
}

/** By the rules of semver.org: numbers by value and before words, and what leads to a release before it. */
function comparePart(a: string, b: string): number {
  const [x, y] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (x && y) return Number(a) - Number(b);
  if (x !== y) return x ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

function isBefore(a: Version, b: Version): boolean {
  for (const [i, part] of a.numbers.entries()) if (part !== b.numbers[i]) return part < (b.numbers[i] ?? 0);
  if (a.prerelease.length === 0 || b.prerelease.length === 0) return a.prerelease.length > 0 && b.prerelease.length === 0;
  for (const [i, part] of a.prerelease.entries()) {
    const other = b.prerelease[i];
    if (other === undefined) return false;
    const order = comparePart(part, other);
    if (order !== 0) return order < 0;
  }
  return a.prerelease.length < b.prerelease.length;
}

const noVersion: Version = { numbers: [0, 0, 0], prerelease: [] };

function readVersion(text: string, field: 'binaryVersion' | 'emulationVersion', found: Findings): Version {
  if (text === '') return noVersion;
  const version = parseVersion(text);
  if (version === undefined) found.push(fieldErrors.invalid(specPath.child(field), text, 'must be a valid semantic version'));
  return version ?? noVersion;
}

/** Mirrors ValidateLeaseCandidateSpec of pkg/apis/coordination/validation. */
export const candidateValidation = contentRules<Candidate>({
  name: (name) => configMapKeyMessages(name),
  content({ spec = {} }) {
    const found: Findings = [];
    const { leaseName, binaryVersion = '', emulationVersion = '', strategy = '' } = spec;
    present(leaseName, specPath.child('leaseName'), found);
    // What is no version counts as the least of all.
    const emulation = readVersion(emulationVersion, 'emulationVersion', found);
    present(binaryVersion, specPath.child('binaryVersion'), found);
    const binary = readVersion(binaryVersion, 'binaryVersion', found);
    if (binaryVersion !== '' && isBefore(binary, emulation)) found.push(fieldErrors.invalid(specPath.child('binaryVersion'), binaryVersion, 'must be greater than or equal to `emulationVersion`'));
    if (!present(strategy, specPath.child('strategy'), found)) return found;
    if (strategy === oldestEmulationVersion && !isBefore(noVersion, emulation))
      found.push(fieldErrors.required(specPath.child('emulationVersion'), "must be specified when `strategy` is 'OldestEmulationVersion'"));
    validateLeaseStrategy(strategy, specPath.child('strategy'), found);
    return found;
  },
  change({ spec }, { spec: old }) {
    const found: Findings = [];
    immutable(spec?.leaseName, old?.leaseName, specPath.child('leaseName'), found);
    return found;
  },
});
