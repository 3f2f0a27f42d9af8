import { type corev1 } from '@navarch/api';
import { type Rejection } from './admit-pod';

/** Kernel parameters of a pod's own namespaces that no neighbour feels: upstream's safe list. */
const safe = new Set([
  'kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.tcp_syncookies', 'net.ipv4.ping_group_range', 'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ip_local_reserved_ports', 'net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem',
]);

const ipcNames = new Set(['kernel.sem']);
const ipcPrefixes = ['kernel.shm', 'kernel.msg', 'fs.mqueue.'];
const netPrefixes = ['net.'];

/** Refuses a pod that sets kernel parameters it may not, or those of a namespace it shares with the node. `allowed`: upstream's --allowed-unsafe-sysctls. */
export function admitSysctls(pod: corev1.Pod, allowed: readonly string[]): Rejection | undefined {
  for (const { name: given } of pod.spec?.securityContext?.sysctls ?? []) {
    const name = normalise(given);
    const isAllowed = safe.has(name) || allowed.some((pattern) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === normalise(pattern)));
    if (!isAllowed) return forbidden(`forbidden sysctl: "${given}" not allowlisted`);
    if (pod.spec?.hostNetwork === true && netPrefixes.some((prefix) => name.startsWith(prefix))) return forbidden(`forbidden sysctl: "${given}" not allowed with host net enabled`);
    if (pod.spec?.hostIPC === true && (ipcNames.has(name) || ipcPrefixes.some((prefix) => name.startsWith(prefix)))) return forbidden(`forbidden sysctl: "${given}" not allowed with host ipc enabled`);
  }
  return undefined;
}

function forbidden(message: string): Rejection {
  return { reason: 'SysctlForbidden', message: `Pod was rejected: ${message}` };
}

/** Slashes and dots may both separate; the first that comes says which does. */
export function normalise(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  return first === '/' ? name.replace(/[./]/g, (separator) => (separator === '/' ? '.' : '/')) : name;
}
