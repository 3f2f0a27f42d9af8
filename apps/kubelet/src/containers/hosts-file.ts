import { type corev1 } from '@navarch/api';

/** The /etc/hosts that a pod with its own network sees. */
export function podHostsFile(podIPs: readonly string[], hostname: string, domain: string, aliases: readonly corev1.HostAlias[] = []): string {
  const names = domain === '' ? hostname : `${hostname}.${domain}\t${hostname}`;
  return [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
    ...podIPs.map((ip) => `${ip}\t${names}`),
    '',
  ].join('\n') + aliasLines(aliases);
}

/** The /etc/hosts that a pod in the host's network sees: the host's, marked as ours. */
export function hostNetworkHostsFile(hostFile: string, aliases: readonly corev1.HostAlias[] = []): string {
  return `# Kubernetes-managed hosts file (host network).\n${hostFile}${aliasLines(aliases)}`;
}

function aliasLines(aliases: readonly corev1.HostAlias[]): string {
  if (aliases.length === 0) return '';
  return `\n# Entries added by HostAliases.\n${aliases.map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join('\t')}\n`).join('')}`;
}

/** The host name that the kernel is told: with setHostnameAsFQDN the whole name. Throws when that is longer than the kernel takes. */
export function kernelHostname(pod: corev1.Pod, clusterDomain: string): string {
  const { hostname, domain } = podHostname(pod, clusterDomain);
  if (pod.spec?.setHostnameAsFQDN !== true || domain === '') return hostname;
  const full = `${hostname}.${domain}`;
  if (full.length > maxHostnameChars) {
    throw new Error(`Failed to construct FQDN from Pod hostname and cluster domain, FQDN ${full} is too long (${maxHostnameChars} characters is the max, ${full.length} characters requested)`);
  }
  return full;
}

const maxHostnameChars = 64;

/** A pod's host name and the domain it is known by: upstream's GeneratePodHostNameAndDomain. */
export function podHostname(pod: corev1.Pod, clusterDomain: string): { hostname: string; domain: string } {
  const { hostname = '', subdomain = '', hostnameOverride } = pod.spec ?? {};
  if (hostnameOverride) return { hostname: hostnameOverride, domain: '' };
  const name = hostname === '' ? pod.metadata.name ?? '' : hostname;
  // The kernel takes 64 characters; upstream cuts at 63 and drops what may not end a name.
  const short = name.slice(0, 63).replace(/[-.]+$/, '');
  return { hostname: short, domain: subdomain === '' ? '' : `${subdomain}.${pod.metadata.namespace ?? ''}.svc.${clusterDomain}` };
}
