/** What a question under the cluster's domain is about. */
export type Question =
  | { readonly kind: 'service'; readonly namespace: string; readonly service: string }
  /** `_port._protocol.service.namespace.svc`: SRV. */
  | { readonly kind: 'port'; readonly namespace: string; readonly service: string; readonly port: string; readonly protocol: string }
  /** A pod of a headless service: by its hostname, or by its address with dashes. */
  | { readonly kind: 'endpoint'; readonly namespace: string; readonly service: string; readonly hostname: string }
  /** `1-2-3-4.namespace.pod`. */
  | { readonly kind: 'pod'; readonly namespace: string; readonly address: string }
  | { readonly kind: 'namespace'; readonly namespace: string }
  /** A name that exists only to hold others: `svc.cluster.local`. */
  | { readonly kind: 'empty' }
  /** The domain itself. */
  | { readonly kind: 'apex' }
  /** The name of this server, as the domain's NS record gives it. */
  | { readonly kind: 'server' }
  | { readonly kind: 'dns-version' }
  | { readonly kind: 'unknown' };

/** Reads a name under the cluster's domain (Kubernetes DNS-Based Service Discovery); undefined for names outside it. */
export function readName(name: string, domain: string): Question | undefined {
  const lower = name.toLowerCase().replace(/\.$/, '');
  if (lower === domain) return { kind: 'apex' };
  if (lower === `ns.dns.${domain}`) return { kind: 'server' };
  if (lower === `dns.${domain}`) return { kind: 'empty' };
  if (!lower.endsWith(`.${domain}`)) return undefined;
  const labels = lower.slice(0, -domain.length - 1).split('.');
  const type = labels.pop();
  if (type === 'dns-version' && labels.length === 0) return { kind: 'dns-version' };
  if (type !== 'svc' && type !== 'pod') return { kind: 'unknown' };
  const namespace = labels.pop();
  if (namespace === undefined) return { kind: 'empty' };
  if (labels.length === 0) return { kind: 'namespace', namespace };
  if (type === 'pod') return labels.length === 1 ? { kind: 'pod', namespace, address: labels[0] as string } : { kind: 'unknown' };
  const service = labels.pop() as string;
  if (labels.length === 0) return { kind: 'service', namespace, service };
  if (labels.length === 1) return { kind: 'endpoint', namespace, service, hostname: labels[0] as string };
  const [port, protocol] = labels as [string, string];
  if (labels.length === 2 && port.startsWith('_') && protocol.startsWith('_')) return { kind: 'port', namespace, service, port: port.slice(1), protocol: protocol.slice(1) };
  return { kind: 'unknown' };
}

/** The address a reverse name asks about: `4.3.2.1.in-addr.arpa`, or 32 digits under `ip6.arpa`. */
export function reverseAddress(name: string): string | undefined {
  const lower = name.toLowerCase().replace(/\.$/, '');
  const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/.exec(lower);
  if (v4 !== null) return v4.slice(1).reverse().join('.');
  if (!/^([0-9a-f]\.){32}ip6\.arpa$/.test(lower)) return undefined;
  const digits = lower.slice(0, 64).replaceAll('.', '').split('').reverse().join('');
  return canonicalIPv6((digits.match(/.{4}/g) ?? []).join(':'));
}

/** As the API writes addresses: shortest form, so that look-ups by text meet. */
function canonicalIPv6(address: string): string {
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}
