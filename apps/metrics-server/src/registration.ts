import { apiregistration, core, discovery, type corev1 } from '@navarch/api';
import { keep, type KeptObject } from '@navarch/client';

export interface RegistrationOptions {
  /** Where the apiserver reaches this server. */
  readonly address: string;
  readonly port: number;
  /** PEM of the CA that signed the serving certificate. */
  readonly ca: string;
}

const namespace = 'kube-system';
const name = 'metrics-server';

/** What leads the apiserver here: an APIService, a Service without selector (the server is no pod), and its endpoint. */
export function registration({ address, port, ca }: RegistrationOptions): KeptObject[] {
  const labels = { 'k8s-app': name };
  const service: corev1.Service = {
    apiVersion: 'v1', kind: 'Service', metadata: { name, namespace, labels: { ...labels, 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'Metrics-server' } },
    spec: { ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: port }] },
  };
  const caBundle = Buffer.from(ca).toString('base64');
  return [
    // What the API gave it, such as its cluster IP, must stay.
    keep({ type: core.services, wanted: service, isSame: () => true }),
    keep({
      type: discovery.endpointslices,
      wanted: {
        apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice',
        metadata: { name: `${name}-${address.replaceAll('.', '-')}`, namespace, labels: { 'kubernetes.io/service-name': name, 'endpointslice.kubernetes.io/managed-by': 'metrics-server.navarch.io' } },
        addressType: 'IPv4', endpoints: [{ addresses: [address], conditions: { ready: true, serving: true, terminating: false } }], ports: [{ name: 'https', protocol: 'TCP', port }],
      },
      isSame: ({ endpoints, ports }) => endpoints?.[0]?.addresses[0] === address && ports?.[0]?.port === port,
    }),
    keep({
      type: apiregistration.apiservices,
      wanted: {
        apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name: 'v1beta1.metrics.k8s.io', labels },
        spec: { group: 'metrics.k8s.io', version: 'v1beta1', groupPriorityMinimum: 100, versionPriority: 100, service: { namespace, name, port: 443 }, caBundle },
      },
      isSame: ({ spec }) => spec?.service?.name === name && spec.service.namespace === namespace && spec.caBundle === caBundle,
    }),
  ];
}
