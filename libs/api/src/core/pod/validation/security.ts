import { fieldErrors, type FieldPath, rangeMessage } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { choice, type Findings, present, refuse, sorted, supported } from '../../../validation/rules';
import { descendingPath } from './paths';

const maxId = 2147483647;

function userOrGroup(id: number | undefined, path: FieldPath, found: Findings): void {
  if (id !== undefined && (id < 0 || id > maxId)) refuse([rangeMessage(0, maxId)], id, path, found);
}

function validateProfile(profile: Loose<corev1.SeccompProfile> | undefined, word: string, path: FieldPath, found: Findings): void {
  if (!profile) return;
  choice(profile.type, ['Localhost', 'RuntimeDefault', 'Unconfined'], path.child('type'), found);
  const { type, localhostProfile } = profile;
  if (type === 'Localhost') {
    if (localhostProfile === undefined) found.push(fieldErrors.required(path.child('localhostProfile'), `must be set when ${word} type is Localhost`));
    else descendingPath(localhostProfile, path.child('localhostProfile'), found);
  } else if (localhostProfile !== undefined) found.push(fieldErrors.invalid(path.child('localhostProfile'), localhostProfile, `can only be set when ${word} type is Localhost`));
}

const mayNotEscalate = (what: string): string => `cannot set \`allowPrivilegeEscalation\` to false and ${what}`;

/** What a container may do beyond the ordinary. */
export function validateSecurityContext(context: Loose<corev1.SecurityContext> | undefined, path: FieldPath, found: Findings): void {
  if (!context) return;
  userOrGroup(context.runAsUser, path.child('runAsUser'), found);
  userOrGroup(context.runAsGroup, path.child('runAsGroup'), found);
  supported(context.procMount, ['Default', 'Unmasked'], path.child('procMount'), found);
  validateProfile(context.seccompProfile, 'seccomp', path.child('seccompProfile'), found);
  validateProfile(context.appArmorProfile, 'AppArmor', path.child('appArmorProfile'), found);
  if (context.allowPrivilegeEscalation !== false) return;
  if (context.privileged) found.push(fieldErrors.invalid(path, context, mayNotEscalate('`privileged` to true')));
  if (list(context.capabilities?.add).includes('CAP_SYS_ADMIN')) found.push(fieldErrors.invalid(path, context, mayNotEscalate('`capabilities.Add` CAP_SYS_ADMIN')));
}

const sysctlFormat = '([a-z0-9][-_a-z0-9]*)?[a-z0-9][\\./])*([a-z0-9][-_a-z0-9]*)?[a-z0-9]';
const sysctlPattern = /^[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?(?:[./][a-z0-9](?:[-_a-z0-9]*[a-z0-9])?)*$/;

/** Settings that each namespace of a kind has for itself: a pod in the host's must not change the host's. */
const namespacedSysctls = [
  { pattern: /^(kernel\.(shm|msg)|kernel\.sem$|fs\.mqueue\.)/, of: 'hostIPC' },
  { pattern: /^net\./, of: 'hostNetwork' },
] as const;

function validateSysctls({ hostIPC, hostNetwork, securityContext }: Loose<corev1.PodSpec>, path: FieldPath, found: Findings): void {
  const shared = { hostIPC, hostNetwork };
  const sysctls = securityContext?.sysctls;
  const names = new Set<string>();
  list(sysctls).forEach(({ name = '' }, i) => {
    const at = path.index(i).child('name');
    if (!present(name, at, found)) return;
    if (name.length > 253 || !sysctlPattern.test(name)) found.push(fieldErrors.invalid(at, name, `must have at most 253 characters and match regex ^(${sysctlFormat}$`));
    else if (names.has(name)) found.push(fieldErrors.duplicate(at, name));
    names.add(name);
    const own = namespacedSysctls.find(({ pattern, of }) => shared[of] && pattern.test(name.replaceAll('/', '.')));
    if (own) found.push(fieldErrors.invalid(at, name, `may not be specified when '${own.of}' is true`));
  });
}

function validateHostPorts(containers: readonly Loose<corev1.Container>[] | undefined, path: FieldPath, found: Findings): void {
  list(containers).forEach(({ ports }, c) => {
    list(ports).forEach(({ hostPort, containerPort = 0 }, p) => {
      if (hostPort !== containerPort)
        found.push(fieldErrors.invalid(path.index(c).child('ports').index(p).child('containerPort'), containerPort, 'must match `hostPort` when `hostNetwork` is true'));
    });
  });
}

/** What the whole pod may do, and whose network and processes it shares. */
export function validatePodSecurity(spec: Loose<corev1.PodSpec>, path: FieldPath, found: Findings): void {
  if (spec.hostNetwork) {
    validateHostPorts(spec.containers, path.child('containers'), found);
    validateHostPorts(spec.initContainers, path.child('initContainers'), found);
  }
  if (spec.shareProcessNamespace && spec.hostPID)
    found.push(fieldErrors.invalid(path.child('shareProcessNamespace'), true, 'ShareProcessNamespace and HostPID cannot both be enabled'));
  if (spec.hostUsers === false)
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC'] as const)
      if (spec[field]) found.push(fieldErrors.forbidden(path.child(field), 'when `hostUsers` is false'));
  const context = spec.securityContext;
  if (!context) return;
  const at = path.child('securityContext');
  userOrGroup(context.fsGroup, at.child('fsGroup'), found);
  userOrGroup(context.runAsUser, at.child('runAsUser'), found);
  userOrGroup(context.runAsGroup, at.child('runAsGroup'), found);
  list(context.supplementalGroups).forEach((group, i) => userOrGroup(group, at.child('supplementalGroups').index(i), found));
  validateSysctls(spec, at.child('sysctls'), found);
  supported(context.fsGroupChangePolicy, sorted(['OnRootMismatch', 'Always']), at.child('fsGroupChangePolicy'), found);
  supported(context.supplementalGroupsPolicy, sorted(['Merge', 'Strict']), at.child('supplementalGroupsPolicy'), found);
  supported(context.seLinuxChangePolicy, sorted(['MountOption', 'Recursive']), at.child('seLinuxChangePolicy'), found);
  validateProfile(context.seccompProfile, 'seccomp', at.child('seccompProfile'), found);
  validateProfile(context.appArmorProfile, 'AppArmor', at.child('appArmorProfile'), found);
}
