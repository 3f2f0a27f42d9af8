import type { corev1 } from '@navarch/api';
import { containersNamed, containersThat, exceptUserNamespaces, type PodCheck, plural, quoted, setters, sorted, type Control } from '../check';

const defaultProcMount: PodCheck = ({ spec }) => {
  const types = new Set<string>();
  const names = containersThat(spec, ({ securityContext }) => {
    const type = securityContext?.procMount ?? 'Default';
    if (type !== 'Default') types.add(type);
    return type !== 'Default';
  });
  return names.length === 0 ? undefined : { reason: 'procMount', detail: `${containersNamed(names)} must not set securityContext.procMount to ${quoted(sorted(types))}` };
};

export const procMount: Control = {
  id: 'procMount', level: 'baseline',
  versions: [{ since: 0, check: defaultProcMount }, { since: 35, check: exceptUserNamespaces(defaultProcMount) }],
};

export const procMountRestricted: Control = {
  id: 'procMount_restricted', level: 'restricted', replaces: 'procMount',
  versions: [{ since: 35, check: defaultProcMount }],
};

/** Sysctls that only change what the pod itself sees, by the version that first allowed them. */
const safeSysctls: Readonly<Record<string, number>> = {
  'kernel.shm_rmid_forced': 0, 'net.ipv4.ip_local_port_range': 0, 'net.ipv4.tcp_syncookies': 0, 'net.ipv4.ping_group_range': 0, 'net.ipv4.ip_unprivileged_port_start': 0,
  'net.ipv4.ip_local_reserved_ports': 27,
  'net.ipv4.tcp_keepalive_time': 29, 'net.ipv4.tcp_fin_timeout': 29, 'net.ipv4.tcp_keepalive_intvl': 29, 'net.ipv4.tcp_keepalive_probes': 29,
  'net.ipv4.tcp_rmem': 32, 'net.ipv4.tcp_wmem': 32,
};

const sysctlsAsOf = (minor: number): PodCheck => ({ spec }) => {
  const unsafe = (spec.securityContext?.sysctls ?? []).map(({ name }) => name).filter((name) => (safeSysctls[name] ?? Number.POSITIVE_INFINITY) > minor);
  return unsafe.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: unsafe.join(', ') };
};

export const sysctls: Control = {
  id: 'sysctls', level: 'baseline',
  versions: [0, 27, 29, 32].map((since) => ({ since, check: sysctlsAsOf(since) })),
};

const seLinuxTypes = ['', 'container_t', 'container_init_t', 'container_kvm_t'];

const seLinuxWith = (types: readonly string[]): PodCheck => ({ spec }) => {
  const badTypes = new Set<string>();
  const set = { user: false, role: false };
  const isBad = (options: corev1.SELinuxOptions | undefined): boolean => {
    if (options === undefined) return false;
    const type = options.type ?? '';
    const [badType, badUser, badRole] = [!types.includes(type), (options.user ?? '') !== '', (options.role ?? '') !== ''];
    if (badType) badTypes.add(type);
    set.user ||= badUser;
    set.role ||= badRole;
    return badType || badUser || badRole;
  };
  const who = setters(isBad(spec.securityContext?.seLinuxOptions), containersThat(spec, ({ securityContext }) => isBad(securityContext?.seLinuxOptions)));
  if (who === '') return undefined;
  const what = [
    ...(badTypes.size > 0 ? [`${plural(badTypes.size, 'type', 'types')} ${quoted(sorted(badTypes))}`] : []),
    ...(set.user ? ['user may not be set'] : []),
    ...(set.role ? ['role may not be set'] : []),
  ];
  return { reason: 'seLinuxOptions', detail: `${who} set forbidden securityContext.seLinuxOptions: ${what.join('; ')}` };
};

export const seLinuxOptions: Control = {
  id: 'seLinuxOptions', level: 'baseline',
  versions: [{ since: 0, check: seLinuxWith(seLinuxTypes) }, { since: 31, check: seLinuxWith([...seLinuxTypes, 'container_engine_t']) }],
};
