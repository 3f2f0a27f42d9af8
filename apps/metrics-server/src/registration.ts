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

/** What leads the apiserver here: an APIService, and a Service that names this server, which is no pod. */
export function registration({ address, port, ca }: RegistrationOptions): KeptObject[] {
  // No endpoint may be on loopback: beside its apiserver the server is known by name.
  const local = address.startsWith('127.');
  return [...(local ? namedService() : serviceWithEndpoint(address, port)), apiService(local ? port : servicePort, ca)];
}

const labels = { 'k8s-app': name };
const servicePort = 443;

function namedService(): KeptObject[] {
  return [keep({
    type: core.services,
    wanted: { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace, labels }, spec: { type: 'ExternalName', externalName: 'localhost' } },
    isSame: ({ spec }) => spec?.type === 'ExternalName',
  })];
}

function serviceWithEndpoint(address: string, port: number): KeptObject[] {
  const service: corev1.Service = {
    apiVersion: 'v1', kind: 'Service', metadata: { name, namespace, labels: { ...labels, 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'Metrics-server' } },
    spec: { ports: [{ name: 'https', protocol: 'TCP', port: servicePort, targetPort: port }] },
  };
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
  ];
}

function apiService(port: number, ca: string): KeptObject {
  const caBundle = Buffer.from(ca).toString('base64');
  return keep({
    type: apiregistration.apiservices,
    wanted: {
      apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name: 'v1beta1.metrics.k8s.io', labels },
      spec: { group: 'metrics.k8s.io', version: 'v1beta1', groupPriorityMinimum: 100, versionPriority: 100, service: { namespace, name, port }, caBundle },
    },
    isSame: ({ spec }) => spec?.service?.name === name && spec.service.namespace === namespace && spec.service.port === port && spec.caBundle === caBundle,
  });
}
