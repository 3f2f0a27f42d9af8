import type { corev1, discoveryv1 } from '@navarch/api';
import type { RecordType } from 'dns-packet';
import { ClusterRecords, type ClusterView } from './cluster-records';
import { nameservers } from './nameservers';

const service = (name: string, spec: Partial<corev1.ServiceSpec>): corev1.Service => ({
  metadata: { name, namespace: 'default' },
  spec: { clusterIP: '10.96.0.7', clusterIPs: [spec.clusterIP ?? '10.96.0.7'], ports: [{ name: 'http', port: 80, protocol: 'TCP' }], ...spec },
});
const services = [
  service('web', {}),
  service('db', { clusterIP: 'None', clusterIPs: ['None'] }),
  service('none', { clusterIP: 'None', clusterIPs: ['None'] }),
  service('dual', { clusterIP: '10.96.0.9', clusterIPs: ['10.96.0.9', 'fd00::9'] }),
  service('out', { type: 'ExternalName', externalName: 'example.com' }),
];
const slice: discoveryv1.EndpointSlice = {
  metadata: { name: 'db-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'db' } }, addressType: 'IPv4',
  endpoints: [{ addresses: ['10.244.0.5'], hostname: 'db-0', conditions: { ready: true } }, { addresses: ['10.244.1.6'], conditions: { ready: true } }, { addresses: ['10.244.1.9'], conditions: { ready: false } }],
  ports: [{ name: 'pg', port: 5432, protocol: 'TCP' }],
};
const view: ClusterView = {
  service: (namespace, name) => services.find((entry) => entry.metadata.name === name && entry.metadata.namespace === namespace),
  slices: (_namespace, name) => (name === 'db' ? [slice] : []),
  namespaceExists: (name) => name === 'default',
  serviceByAddress: (address) => services.find((entry) => entry.spec?.clusterIPs?.includes(address)),
  slicesByAddress: (address) => (slice.endpoints?.some((endpoint) => endpoint.addresses.includes(address)) === true ? [slice] : []),
};
const records = new ClusterRecords({ domain: 'cluster.local', ttlSeconds: 30, serverAddress: '10.96.0.10' }, view);
const ask = (name: string, type: RecordType): unknown => {
  const answer = records.resolve(name, type);
  if (answer === undefined) return 'forward';
  return answer.kind === 'found' ? answer.answers.map((record) => ('data' in record ? record.data : undefined)) : 'NXDOMAIN';
};

describe('cluster names', () => {
  it.each<[string, string, RecordType, unknown]>([
    ['a service by its cluster IP', 'web.default.svc.cluster.local', 'A', ['10.96.0.7']],
    ['names without regard to case', 'WEB.Default.SVC.cluster.local', 'A', ['10.96.0.7']],
    ['nothing for IPv6 of an IPv4 service', 'web.default.svc.cluster.local', 'AAAA', []],
    ['no unknown service', 'nope.default.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['no service of another namespace', 'web.other.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['a headless service by its ready pods', 'db.default.svc.cluster.local', 'A', ['10.244.0.5', '10.244.1.6']],
    ['no headless service without endpoints', 'none.default.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['a pod of a headless service by hostname', 'db-0.db.default.svc.cluster.local', 'A', ['10.244.0.5']],
    ['a pod of a headless service by address', '10-244-1-6.db.default.svc.cluster.local', 'A', ['10.244.1.6']],
    ['no pod of a service with a cluster IP', 'db-0.web.default.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['a named port', '_http._tcp.web.default.svc.cluster.local', 'SRV', [{ port: 80, target: 'web.default.svc.cluster.local', priority: 0, weight: 100 }]],
    ['no other port', '_https._tcp.web.default.svc.cluster.local', 'SRV', 'NXDOMAIN'],
    [
      'ports of headless endpoints',
      '_pg._tcp.db.default.svc.cluster.local',
      'SRV',
      [
        { port: 5432, target: 'db-0.db.default.svc.cluster.local', priority: 0, weight: 100 },
        { port: 5432, target: '10-244-1-6.db.default.svc.cluster.local', priority: 0, weight: 100 },
      ],
    ],
    ['an alias for an external name', 'out.default.svc.cluster.local', 'A', ['example.com']],
    ['a pod by its address', '10-244-0-5.default.pod.cluster.local', 'A', ['10.244.0.5']],
    ['no pod with a bad address', '10-244-0-999.default.pod.cluster.local', 'A', 'NXDOMAIN'],
    ['a namespace as an empty name', 'default.svc.cluster.local', 'A', []],
    ['no missing namespace', 'other.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['the reverse of a cluster IP', '7.0.96.10.in-addr.arpa', 'PTR', ['web.default.svc.cluster.local']],
    ['the reverse of a headless endpoint', '5.0.244.10.in-addr.arpa', 'PTR', ['db-0.db.default.svc.cluster.local']],
    ['IPv6 of a dual-stack service', 'dual.default.svc.cluster.local', 'AAAA', ['fd00::9']],
    ['no reverse of an endpoint that is not ready', '9.1.244.10.in-addr.arpa', 'PTR', 'forward'],
    ['the reverse of an IPv6 cluster IP', `9.${'0.'.repeat(27)}0.0.d.f.ip6.arpa`, 'PTR', ['dual.default.svc.cluster.local']],
    ['a pod by its IPv6 address', 'fd00--5.default.pod.cluster.local', 'AAAA', ['fd00::5']],
    ['the server of the domain', 'cluster.local', 'NS', ['ns.dns.cluster.local']],
    ['the address of that server', 'ns.dns.cluster.local', 'A', ['10.96.0.10']],
    ['the authority of the domain', 'cluster.local', 'SOA', [expect.objectContaining({ mname: 'ns.dns.cluster.local' })]],
    ['nothing of other reverse names', '1.1.1.1.in-addr.arpa', 'PTR', 'forward'],
    ['nothing of other domains', 'example.com', 'A', 'forward'],
    ['the schema version', 'dns-version.cluster.local', 'TXT', ['1.1.0']],
    ['no other name of the domain', 'foo.cluster.local', 'A', 'NXDOMAIN'],
  ])('knows %s', (_what, name, type, expected) => {
    expect(ask(name, type)).toEqual(expected);
  });

  it('adds the addresses of SRV targets', () => {
    const answer = records.resolve('_http._tcp.web.default.svc.cluster.local', 'SRV');
    expect(answer?.kind === 'found' && answer.additionals).toEqual([{ name: 'web.default.svc.cluster.local', type: 'A', class: 'IN', ttl: 30, data: '10.96.0.7' }]);
  });
});

describe('nameservers', () => {
  it('takes those of resolv.conf that are not this server', () => {
    expect(nameservers('# x\nnameserver 1.1.1.1\nsearch a\nnameserver 10.96.0.10\n nameserver 8.8.8.8', ['10.96.0.10'])).toEqual(['1.1.1.1', '8.8.8.8']);
  });
});
