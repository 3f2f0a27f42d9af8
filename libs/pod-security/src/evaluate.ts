import { compareStrings } from '@navarch/apimachinery';
import type { CheckedPod, Control, PodCheck, Violation } from './check';
import { hostNamespaces, hostPathVolumes, hostPorts, hostProbes, windowsHostProcess } from './checks/host-access';
import { procMount, procMountRestricted, seLinuxOptions, sysctls } from './checks/kernel';
import { allowPrivilegeEscalation, capabilitiesBaseline, capabilitiesRestricted, privileged, runAsNonRoot, runAsUser } from './checks/privileges';
import { appArmorProfile, seccompBaseline, seccompRestricted } from './checks/profiles';
import { restrictedVolumes } from './checks/restricted-volumes';
import type { LevelVersion } from './level-version';

const byId = (a: Control, b: Control): number => compareStrings(a.id, b.id);

const baseline = [
  appArmorProfile,
  capabilitiesBaseline,
  hostNamespaces,
  hostPathVolumes,
  hostPorts,
  hostProbes,
  privileged,
  procMount,
  seccompBaseline,
  seLinuxOptions,
  sysctls,
  windowsHostProcess,
].sort(byId);
const restricted = [allowPrivilegeEscalation, capabilitiesRestricted, procMountRestricted, restrictedVolumes, runAsNonRoot, runAsUser, seccompRestricted].sort(byId);

const checkOf = ({ versions }: Control, minor: number): PodCheck | undefined => versions.findLast(({ since }) => since <= minor)?.check;

function controlsOf({ level, minor }: LevelVersion): readonly Control[] {
  if (level === 'privileged') return [];
  if (level === 'baseline') return baseline;
  const replaced = new Set(restricted.filter((control) => checkOf(control, minor)).map(({ replaces }) => replaces));
  return [...baseline.filter(({ id }) => !replaced.has(id)), ...restricted];
}

/** What a pod does that a level does not allow: baseline controls first, each by name. */
export function violationsOf(pod: CheckedPod, level: LevelVersion): Violation[] {
  const violations: Violation[] = [];
  for (const control of controlsOf(level)) {
    const violation = checkOf(control, level.minor)?.(pod);
    if (violation) violations.push(violation);
  }
  return violations;
}

/** All of them in one text: `host namespaces (hostNetwork=true), privileged (…)`. */
export const describeViolations = (violations: readonly Violation[]): string => violations.map(({ reason, detail }) => `${reason} (${detail})`).join(', ');

/** In a few words. */
export const summarizeViolations = (violations: readonly Violation[]): string => violations.map(({ reason }) => reason).join(', ');
