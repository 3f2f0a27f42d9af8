import { type corev1 } from '@navarch/api';
import { namespaceOf } from '../pods/pod-spec';

export interface DnsSettings {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

export interface DnsInput {
  /** Upstream's --cluster-dns. */
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  /** What the node itself uses. */
  readonly host: DnsSettings;
}

/** Limits of resolv.conf that upstream keeps to. */
const maxServers = 3;
const maxSearches = 32;
const maxSearchChars = 2048;
/** The longest domain name that there can be. */
const maxSearchPathChars = 255;

export interface PodDns {
  readonly settings: DnsSettings;
  /** It asked for the cluster's DNS, and there is none. */
  readonly fellBack: boolean;
  /** What was left out because a resolv.conf has no room for it, in upstream's words. */
  readonly omissions: readonly string[];
}

/** What a pod's resolv.conf says, by its dnsPolicy and dnsConfig. */
export function podDns(pod: corev1.Pod, { clusterDns, clusterDomain, host }: DnsInput): PodDns {
  const policy = pod.spec?.dnsPolicy ?? 'ClusterFirst';
  const wantsCluster = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && pod.spec?.hostNetwork !== true);
  let settings: DnsSettings = host;
  if (policy === 'None') settings = { servers: [], searches: [], options: [] };
  else if (wantsCluster && clusterDns.length > 0) {
    const searches = clusterDomain === '' ? [] : [`${namespaceOf(pod)}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain];
    settings = { servers: clusterDns, searches: unique([...searches, ...host.searches]), options: mergeOptions(host.options, ['ndots:5']) };
  }
  const { nameservers = [], searches = [], options = [] } = pod.spec?.dnsConfig ?? {};
  const [allServers, allSearches] = [unique([...settings.servers, ...nameservers]), unique([...settings.searches, ...searches])];
  settings = {
    servers: allServers.slice(0, maxServers),
    searches: limitSearches(allSearches),
    options: mergeOptions(settings.options, options.map(({ name = '', value }) => (value === undefined ? name : `${name}:${value}`))),
  };
  const omissions = [
    ...(settings.servers.length < allServers.length ? [`Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${settings.servers.join(' ')}`] : []),
    ...(settings.searches.length < allSearches.length ? [`Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${settings.searches.join(' ')}`] : []),
  ];
  return { settings, fellBack: wantsCluster && clusterDns.length === 0, omissions };
}

/** Parses a resolv.conf. */
export function parseResolvConf(text: string): DnsSettings {
  const servers: string[] = [];
  let searches: string[] = [];
  let options: string[] = [];
  for (const line of text.split('\n')) {
    const [keyword, ...rest] = line.trim().split(/\s+/);
    if (keyword === 'nameserver' && rest[0] !== undefined) servers.push(rest[0]);
    // The last line counts, as in the resolver itself.
    else if (keyword === 'search') searches = rest.map((search) => (search === '.' ? search : search.replace(/\.$/, '')));
    // Of options each line has its own; the last of a name counts.
    else if (keyword === 'options') options = mergeOptions(options, rest);
  }
  return { servers, searches, options };
}

/** Later options replace earlier ones of the same name. */
function mergeOptions(first: readonly string[], second: readonly string[]): string[] {
  const byName = new Map<string, string>();
  for (const option of [...first, ...second]) byName.set(option.split(':')[0] ?? '', option);
  return [...byName.values()];
}

function limitSearches(searches: readonly string[]): string[] {
  const kept = searches.filter(({ length }) => length <= maxSearchPathChars).slice(0, maxSearches);
  while (kept.join(' ').length > maxSearchChars) kept.pop();
  return kept;
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
