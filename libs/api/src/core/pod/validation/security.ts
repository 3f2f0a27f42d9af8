import { fieldErrors, type FieldPath, rangeMessage } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { type Findings, oneOf, present, refuse, sorted, supported } from '../../../validation/rules';
import { descendingPath } from './paths';
import { validateWindowsOptions } from './windows';

const fsGroupChangePolicies = sorted(['OnRootMismatch', 'Always']);
const supplementalGroupsPolicies = sorted(['Merge', 'Strict']);
const seLinuxChangePolicies = sorted(['MountOption', 'Recursive']);

const maxId = 2147483647;

function userOrGroup(id: number | undefined, path: FieldPath, found: Findings): void {
  if (id !== undefined && (id < 0 || id > maxId)) refuse([rangeMessage(0, maxId)], id, path, found);
}

const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined'];

function validateSeccomp(profile: Loose<corev1.SeccompProfile> | undefined, path: FieldPath, found: Findings): void {
  if (!profile) return;
  const { type, localhostProfile } = profile;
  const at = path.child('localhostProfile');
  if (present(type, path.child('type'), found, 'type is required when seccompProfile is set')) supported(type, profileTypes, path.child('type'), found);
  if (type === 'Localhost') {
    if (localhostProfile === undefined) found.push(fieldErrors.required(at, 'must be set when seccomp type is Localhost'));
    else descendingPath(localhostProfile, at, found);
  } else if (localhostProfile !== undefined) found.push(fieldErrors.invalid(at, profile, 'can only be set when seccomp type is Localhost'));
}

/** A profile's name is no path: the node has it loaded. */
const maxProfileName = 4095;

export function validateAppArmor(profile: Loose<corev1.AppArmorProfile> | undefined, path: FieldPath, found: Findings): void {
  if (!profile) return;
  const { type, localhostProfile } = profile;
  const at = path.child('localhostProfile');
  if (!present(type, path.child('type'), found, 'type is required when appArmorProfile is set')) return;
  supported(type, profileTypes, path.child('type'), found);
  if (type === 'Localhost') {
    if (localhostProfile === undefined || localhostProfile === '') found.push(fieldErrors.required(at, 'must be set when AppArmor type is Localhost'));
    else if (localhostProfile.trim() !== localhostProfile) found.push(fieldErrors.invalid(at, localhostProfile, 'must not be padded with whitespace'));
    if (Buffer.byteLength(localhostProfile ?? '') > maxProfileName) found.push(fieldErrors.tooLong(at, maxProfileName));
  } else if (localhostProfile !== undefined && profileTypes.includes(type)) found.push(fieldErrors.invalid(at, localhostProfile, 'can only be set when AppArmor type is Localhost'));
}

const mayNotEscalate = (what: string): string => `cannot set \`allowPrivilegeEscalation\` to false and ${what}`;

/** What a container may do beyond the ordinary. `hostUsers` says whether its users are the host's. */
export function validateSecurityContext(context: Loose<corev1.SecurityContext> | undefined, hostUsers: boolean, path: FieldPath, found: Findings): void {
  if (!context) return;
  userOrGroup(context.runAsUser, path.child('runAsUser'), found);
  userOrGroup(context.runAsGroup, path.child('runAsGroup'), found);
  supported(context.procMount, ['Default', 'Unmasked'], path.child('procMount'), found);
  if (hostUsers && context.procMount === 'Unmasked') found.push(fieldErrors.invalid(path.child('procMount'), context.procMount, '`hostUsers` must be false to use `Unmasked`'));
  validateSeccomp(context.seccompProfile, path.child('seccompProfile'), found);
  validateWindowsOptions(context.windowsOptions, path.child('windowsOptions'), found);
  validateAppArmor(context.appArmorProfile, path.child('appArmorProfile'), found);
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

/** On the host's network a port is the host's. A template may leave that open: its pods get it when they are made. */
function validateHostPorts(containers: readonly Loose<corev1.Container>[] | undefined, isPod: boolean, path: FieldPath, found: Findings): void {
  list(containers).forEach(({ ports }, c) => {
    list(ports).forEach(({ hostPort = 0, containerPort = 0 }, p) => {
      if ((isPod || hostPort !== 0) && hostPort !== containerPort)
        found.push(fieldErrors.invalid(path.index(c).child('ports').index(p).child('hostPort'), hostPort, 'must match `containerPort` when `hostNetwork` is true'));
    });
  });
}

/** What the whole pod may do, and whose network and processes it shares. */
export function validatePodSecurity(spec: Loose<corev1.PodSpec>, isPod: boolean, path: FieldPath, found: Findings): void {
  if (spec.hostNetwork) validateHostPorts(spec.containers, isPod, path.child('containers'), found);
  // Upstream's own form of a pod has both in the security context.
  if (spec.shareProcessNamespace && spec.hostPID)
    found.push(fieldErrors.invalid(path.child('securityContext', 'shareProcessNamespace'), true, 'ShareProcessNamespace and HostPID cannot both be enabled'));
  if (spec.hostUsers === false)
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC'] as const)
      // Upstream names two of them as its own code does.
      if (spec[field]) found.push(fieldErrors.forbidden(path.child(field === 'hostNetwork' ? field : field.replace('h', 'H')), 'when `hostUsers` is false'));
  const context = spec.securityContext;
  if (!context) return;
  const at = path.child('securityContext');
  userOrGroup(context.fsGroup, at.child('fsGroup'), found);
  userOrGroup(context.runAsUser, at.child('runAsUser'), found);
  userOrGroup(context.runAsGroup, at.child('runAsGroup'), found);
  list(context.supplementalGroups).forEach((group, i) => userOrGroup(group, at.child('supplementalGroups').index(i), found));
  validateSysctls(spec, at.child('sysctls'), found);
  if (context.fsGroupChangePolicy !== undefined) oneOf(context.fsGroupChangePolicy, fsGroupChangePolicies, at.child('fsGroupChangePolicy'), found);
  supported(context.supplementalGroupsPolicy, supplementalGroupsPolicies, at.child('supplementalGroupsPolicy'), found);
  supported(context.seLinuxChangePolicy, seLinuxChangePolicies, at.child('seLinuxChangePolicy'), found);
  validateSeccomp(context.seccompProfile, at.child('seccompProfile'), found);
  validateWindowsOptions(context.windowsOptions, at.child('windowsOptions'), found);
  validateAppArmor(context.appArmorProfile, at.child('appArmorProfile'), found);
}
