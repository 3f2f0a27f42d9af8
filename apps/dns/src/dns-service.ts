import { core, discovery, type corev1, type discoveryv1 } from '@navarch/api';
import { keep, type KeptObject } from '@navarch/client';

export interface DnsServiceOptions {
  readonly clusterIp: string;
  /** Where this server is reached. */
  readonly address: string;
  readonly port: number;
}

const namespace = 'kube-system';
const serviceName = 'kube-dns';
/**
 * The Service `kube-dns`, by whose cluster IP pods reach this server. It has no selector, because the server is no pod: its
 * EndpointSlice is written here, one a server.
 */
export function dnsObjects(options: DnsServiceOptions): KeptObject[] {
  return [
    keep({ type: core.services, wanted: service(options), isSame: (existing) => existing.spec?.clusterIP === options.clusterIp }),
    keep({
      type: discovery.endpointslices, wanted: slice(options),
      isSame: (existing) => JSON.stringify([existing.endpoints?.[0]?.addresses, existing.ports?.[0]?.port]) === JSON.stringify([[options.address], options.port]),
    }),
  ];
}

function service({ clusterIp, port }: DnsServiceOptions): corev1.Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: serviceName, namespace,
      labels: { 'k8s-app': 'kube-dns', 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' },
    },
    spec: {
      clusterIP: clusterIp,
      ports: [
        { name: 'dns', protocol: 'UDP', port: 53, targetPort: port },
        { name: 'dns-tcp', protocol: 'TCP', port: 53, targetPort: port },
      ],
    },
  };
}

function slice({ address, port }: DnsServiceOptions): discoveryv1.EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${serviceName}-${address.replace(/[.:]/g, '-')}`, namespace,
      labels: { 'kubernetes.io/service-name': serviceName, 'endpointslice.kubernetes.io/managed-by': 'dns.navarch.io' },
    },
    addressType: address.includes(':') ? 'IPv6' : 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true, serving: true, terminating: false } }],
    ports: [{ name: 'dns', protocol: 'UDP', port }, { name: 'dns-tcp', protocol: 'TCP', port }],
  };
}
