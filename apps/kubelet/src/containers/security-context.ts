import { type corev1 } from '@navarch/api';
import { runtimev1 } from '@navarch/proto';
import { ContainerConfigError } from './config-error';
import { podText } from '../pods/pod-spec';

const { NamespaceMode, ProfileType } = runtimev1;

/** Paths of /proc and /sys hidden from, or read-only in, a container that is not privileged. */
const maskedPaths = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** The user an image runs as, of its configuration. */
export interface ImageUser {
  readonly uid?: number;
  readonly username?: string;
}

/** What a node says of seccomp. */
export interface SeccompSettings {
  /** Where its profiles are. */
  readonly root: string;
  /** Who names no profile gets the runtime's (upstream's --seccomp-default). */
  readonly byDefault: boolean;
}

/** What a container has from elsewhere than its spec and its image. */
export interface SharedSettings {
  /** The container whose processes it is to see. */
  readonly targetId?: string | undefined;
  readonly users?: runtimev1.UserNamespace | undefined;
  /** Those of its pod's volumes. */
  readonly groups?: readonly number[];
}

/** A container's settings merged with its pod's. Throws ContainerConfigError when runAsNonRoot forbids it. */
export function containerSecurityContext(
  pod: corev1.Pod,
  container: corev1.Container,
  image: ImageUser,
  seccomp: SeccompSettings,
  { targetId = '', users, groups = [] }: SharedSettings = {},
): runtimev1.LinuxContainerSecurityContext {
  const own = container.securityContext ?? {};
  const shared = pod.spec?.securityContext ?? {};
  const runAsUser = own.runAsUser ?? shared.runAsUser;
  const runAsGroup = own.runAsGroup ?? shared.runAsGroup;
  verifyRunAsNonRoot(pod, container, runAsUser, image);
  const privileged = own.privileged === true;
  const masked = !privileged && own.procMount !== 'Unmasked';
  const uid = runAsUser ?? image.uid;
  return runtimev1.LinuxContainerSecurityContext.fromPartial({
    privileged,
    readonlyRootfs: own.readOnlyRootFilesystem === true,
    noNewPrivs: own.allowPrivilegeEscalation === false,
    capabilities: { addCapabilities: own.capabilities?.add ?? [], dropCapabilities: own.capabilities?.drop ?? [] },
    namespaceOptions: namespaceOptions(pod, targetId, users),
    ...(uid === undefined ? { runAsUsername: image.username ?? '' } : { runAsUser: { value: BigInt(uid) } }),
    ...(runAsGroup === undefined ? {} : { runAsGroup: { value: BigInt(runAsGroup) } }),
    supplementalGroups: supplementalGroups(shared, groups),
    supplementalGroupsPolicy:
      shared.supplementalGroupsPolicy === 'Strict' ? runtimev1.SupplementalGroupsPolicy.Strict : runtimev1.SupplementalGroupsPolicy.Merge,
    seccomp: seccompProfile(
      own.seccompProfile ?? shared.seccompProfile ?? (seccomp.byDefault ? { type: 'RuntimeDefault' } : undefined),
      privileged,
      seccomp.root,
    ),
    ...apparmorProfile(own.appArmorProfile ?? shared.appArmorProfile, privileged),
    ...((own.seLinuxOptions ?? shared.seLinuxOptions)
      ? { selinuxOptions: { user: '', role: '', type: '', level: '', ...shared.seLinuxOptions, ...own.seLinuxOptions } }
      : {}),
    maskedPaths: masked ? maskedPaths : [],
    readonlyPaths: masked ? readonlyPaths : [],
  });
}

/** The same for the sandbox, which all containers of the pod share. */
export function sandboxSecurityContext(pod: corev1.Pod, seccompRoot: string, { users, groups = [] }: Pick<SharedSettings, 'users' | 'groups'> = {}): runtimev1.LinuxSandboxSecurityContext {
  const shared = pod.spec?.securityContext ?? {};
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const privileged = containers.some((container) => container.securityContext?.privileged === true);
  return runtimev1.LinuxSandboxSecurityContext.fromPartial({
    privileged,
    namespaceOptions: namespaceOptions(pod, '', users),
    ...(shared.runAsUser === undefined ? {} : { runAsUser: { value: BigInt(shared.runAsUser) } }),
    ...(shared.runAsUser === undefined || shared.runAsGroup === undefined ? {} : { runAsGroup: { value: BigInt(shared.runAsGroup) } }),
    supplementalGroups: supplementalGroups(shared, groups),
    // The pause process is always confined by the runtime's own profile.
    seccomp: seccompProfile({ type: 'RuntimeDefault' }, privileged, seccompRoot),
  });
}

function namespaceOptions(pod: corev1.Pod, targetId: string, users: runtimev1.UserNamespace | undefined): runtimev1.NamespaceOption {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace } = pod.spec ?? {};
  const pid = targetId !== '' ? NamespaceMode.TARGET : hostPID ? NamespaceMode.NODE : shareProcessNamespace ? NamespaceMode.POD : NamespaceMode.CONTAINER;
  return {
    network: hostNetwork ? NamespaceMode.NODE : NamespaceMode.POD,
    ipc: hostIPC ? NamespaceMode.NODE : NamespaceMode.POD,
    pid,
    targetId,
    usernsOptions: users,
  };
}

function supplementalGroups({ fsGroup, supplementalGroups: own = [] }: corev1.PodSecurityContext, ofVolumes: readonly number[]): bigint[] {
  return [...(fsGroup === undefined ? [] : [fsGroup]), ...own, ...new Set(ofVolumes.filter((group) => !own.includes(group)))].map(BigInt);
}

function seccompProfile(profile: corev1.SeccompProfile | undefined, privileged: boolean, seccompRoot: string): runtimev1.SecurityProfile {
  if (privileged || !profile || profile.type === 'Unconfined') return { profileType: ProfileType.Unconfined, localhostRef: '' };
  if (profile.type === 'Localhost') return { profileType: ProfileType.Localhost, localhostRef: `${seccompRoot}/${profile.localhostProfile ?? ''}` };
  return { profileType: ProfileType.RuntimeDefault, localhostRef: '' };
}

/** Unset, the runtime decides. */
function apparmorProfile(profile: corev1.AppArmorProfile | undefined, privileged: boolean): { apparmor?: runtimev1.SecurityProfile; apparmorProfile?: string } {
  if (privileged || !profile) return {};
  const localhostRef = profile.localhostProfile ?? '';
  switch (profile.type) {
    case 'Localhost': return { apparmor: { profileType: ProfileType.Localhost, localhostRef }, apparmorProfile: `localhost/${localhostRef}` };
    case 'Unconfined': return { apparmor: { profileType: ProfileType.Unconfined, localhostRef: '' }, apparmorProfile: 'unconfined' };
    default: return { apparmor: { profileType: ProfileType.RuntimeDefault, localhostRef: '' }, apparmorProfile: 'runtime/default' };
  }
}

function verifyRunAsNonRoot(pod: corev1.Pod, container: corev1.Container, runAsUser: number | undefined, image: ImageUser): void {
  const nonRoot = container.securityContext?.runAsNonRoot ?? pod.spec?.securityContext?.runAsNonRoot;
  if (nonRoot !== true) return;
  const where = `(pod: "${podText(pod)}", container: ${container.name})`;
  if (runAsUser !== undefined) {
    if (runAsUser === 0) throw new ContainerConfigError(`container's runAsUser breaks non-root policy ${where}`);
    return;
  }
  if (image.uid === 0 || (image.uid === undefined && !image.username)) throw new ContainerConfigError(`container has runAsNonRoot and image will run as root ${where}`);
  if (image.uid === undefined) throw new ContainerConfigError(`container has runAsNonRoot and image has non-numeric user (${image.username ?? ''}), cannot verify user is non-root ${where}`);
}
