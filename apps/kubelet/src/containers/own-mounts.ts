import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type corev1 } from '@navarch/api';
import { runtimev1 } from '@navarch/proto';
import { uidOf } from '../pods/pod-spec';
import { type PodDirectories } from '../volumes/pod-directories';
import { hostNetworkHostsFile, podHostname, podHostsFile } from './hosts-file';

export interface OwnMountsInput {
  readonly pod: corev1.Pod;
  readonly container: corev1.Container;
  readonly attempt: number;
  readonly podIPs: readonly string[];
  readonly clusterDomain: string;
  readonly directories: Pick<PodDirectories, 'hostsFile' | 'terminationLog'>;
  /** What the container mounts anyway. */
  readonly mounts: readonly runtimev1.Mount[];
}

/** The hosts file and the termination message file, which are written here, unless the container mounts its own there. */
export async function ownMounts({ pod, container, attempt, podIPs, clusterDomain, directories, mounts }: OwnMountsInput): Promise<runtimev1.Mount[]> {
  const own: { containerPath: string; hostPath: string }[] = [];
  if (!mounts.some(({ containerPath }) => containerPath === '/etc/hosts')) {
    const path = directories.hostsFile(uidOf(pod));
    await mkdir(dirname(path), { recursive: true, mode: 0o750 });
    await writeFile(path, await hostsFile(pod, podIPs, clusterDomain), { mode: 0o644 });
    own.push({ containerPath: '/etc/hosts', hostPath: path });
  }
  const messagePath = container.terminationMessagePath ?? '/dev/termination-log';
  if (messagePath !== '') {
    const path = directories.terminationLog(uidOf(pod), container.name, attempt);
    await mkdir(dirname(path), { recursive: true, mode: 0o750 });
    // Any user of the container may write it, whatever the umask here.
    await writeFile(path, '');
    await chmod(path, 0o666);
    own.push({ containerPath: messagePath, hostPath: path });
  }
  return own.map((mount) => runtimev1.Mount.fromPartial(mount));
}

async function hostsFile(pod: corev1.Pod, podIPs: readonly string[], clusterDomain: string): Promise<string> {
  const aliases = pod.spec?.hostAliases;
  if (pod.spec?.hostNetwork === true) return hostNetworkHostsFile(await readFile('/etc/hosts', 'utf8'), aliases);
  const { hostname, domain } = podHostname(pod, clusterDomain);
  return podHostsFile(podIPs, hostname, domain, aliases);
}
