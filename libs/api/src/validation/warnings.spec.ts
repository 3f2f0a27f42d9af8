import type { KubeObject } from '../kube-object';
import { validationFor } from './validation-for';

describe('warnings', () => {
  const template = (spec: object, annotations = {}): object => ({ metadata: { name: 'a', generation: 1 }, spec: { template: { metadata: { annotations }, spec } } });
  const said = (kind: string, object: object, old?: object): string[] => {
    const [group = '', name = ''] = kind.split('/');
    return validationFor(group, name)?.warnings(object as KubeObject, old as KubeObject | undefined) ?? [];
  };

  it.each<[kind: string, object: object, warnings: string[]]>([
    ['/Pod', { metadata: { name: 'a.b' }, spec: {} }, ["metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]"]],
    ['apps/Deployment', { ...template({}), metadata: { name: 'a.b' } }, ['metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]']],
    ['apiextensions.k8s.io/CustomResourceDefinition', { spec: { versions: [{ name: 'v1', schema: { openAPIV3Schema: { type: 'object', properties: { a: { type: 'string', format: 'date-time' }, b: { type: 'string', format: 'odd' }, c: { type: 'array', items: { type: 'integer', format: 'float' } } } } } }] } }, [
      'unrecognized format "odd"', 'unrecognized format "float"']],
    ['/Pod', { metadata: { name: 'a' }, spec: { nodeSelector: { 'beta.kubernetes.io/os': 'linux' } } }, ['spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead']],
    ['apps/Deployment', template({ topologySpreadConstraints: [{ topologyKey: 'failure-domain.beta.kubernetes.io/zone' }] }), [
      'spec.template.spec.topologySpreadConstraints[0].topologyKey: failure-domain.beta.kubernetes.io/zone is deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
      'spec.template.spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod',
    ]],
    ['apps/DaemonSet', template({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'x' }] } } }), ['spec.template.spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector: a null labelSelector results in matching no pod']],
    ['apps/StatefulSet', template({ volumes: [{ name: 'v', gitRepo: {} }] }), ['spec.template.spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+']],
    ['batch/Job', template({ containers: [{ name: 'c', env: [{ name: 'A', value: '1' }, { name: 'A', value: '2' }, { name: 'A', value: '$(A)3' }] }] }), ['spec.template.spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply']],
    ['apps/ReplicaSet', template({ containers: [{ name: 'c', resources: { limits: { memory: '100m', cpu: '100m' } } }] }), ['spec.template.spec.containers[0].resources.limits[memory]: fractional byte value "100m" is invalid, must be an integer']],
    ['apps/Deployment', template({ containers: [{ name: 'c' }] }, { 'container.apparmor.security.beta.kubernetes.io/c': 'x' }), ['spec.template.metadata.annotations[container.apparmor.security.beta.kubernetes.io/c]: deprecated since v1.30; use the "appArmorProfile" field instead']],
    ['/ReplicationController', template({ terminationGracePeriodSeconds: -1 }), ['spec.template.spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1']],
    ['/Pod', { metadata: { name: 'a' }, spec: { imagePullSecrets: [{ name: 'x' }, { name: 'x' }] } }, ['spec.imagePullSecrets[1].name: duplicate name "x"']],
    ['/Service', { spec: { type: 'ClusterIP', clusterIP: 'None', sessionAffinity: 'ClientIP' } }, ['spec.SessionAffinity is ignored for headless services']],
    ['networking.k8s.io/Ingress', { metadata: { annotations: { 'kubernetes.io/ingress.class': 'x' } } }, ["annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead"]],
    ['networking.k8s.io/Ingress', { metadata: { annotations: { 'kubernetes.io/ingress.class': 'x' } }, spec: { ingressClassName: 'x' } }, []],
    ['/PersistentVolume', { spec: { persistentVolumeReclaimPolicy: 'Recycle' } }, ['spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.']],
    ['/PersistentVolume', { metadata: { annotations: { 'volume.beta.kubernetes.io/storage-class': 'x' } }, spec: { storageos: {}, nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'beta.kubernetes.io/arch' }] }] } } } }, [
      'metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "storageClassName" attribute instead',
      'spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key: beta.kubernetes.io/arch is deprecated since v1.14; use "kubernetes.io/arch" instead',
      'spec.storageOS: deprecated in v1.22, non-functional in v1.25+',
    ]],
    ['/PersistentVolumeClaim', { metadata: { annotations: { 'volume.beta.kubernetes.io/storage-class': 'x' } }, spec: { resources: { requests: { storage: '1500m' }, limits: { storage: '2500m' } } } }, [
      'metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "storageClassName" attribute instead',
      'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
      'spec.resources.limits[storage]: fractional byte value "2500m" is invalid, must be an integer',
    ]],
    ['/Node', { spec: { externalID: 'x', configSource: {}, podCIDRs: ['10.0.0.1/24'] } }, [
      'spec.configSource: the feature is removed', 'spec.externalID: this field is deprecated, and is unused by Kubernetes',
      'spec.podCIDRs[0]: CIDR value "10.0.0.1/24" is ambiguous in this context (should be "10.0.0.0/24" or "10.0.0.1/32"?)',
    ]],
    ['/Secret', { type: 'kubernetes.io/tls', data: {} }, ['tls: failed to find any PEM data in certificate input']],
    ['/ServiceAccount', { metadata: { annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' } } }, ['metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets']],
    ['/Endpoints', { subsets: [{ notReadyAddresses: [{ ip: '1.2.3.4' }, { ip: '1.2.3.04' }] }] }, ['subsets[0].notReadyAddresses[1].ip: non-standard IP address "1.2.3.04" is invalid: use "1.2.3.4"']],
    ['/Endpoints', { metadata: { labels: { 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' } }, subsets: [{ addresses: [{ ip: '1.2.3.04' }] }] }, []],
    ['discovery.k8s.io/EndpointSlice', { addressType: 'FQDN', endpoints: [{ addresses: ['a.b'] }] }, ['spec.addressType: FQDN endpoints are deprecated']],
    ['discovery.k8s.io/EndpointSlice', { addressType: 'IPv6', endpoints: [{ addresses: ['A::1'] }] }, ['endpoints[0].addresses[0]: IPv6 address "A::1" should be in RFC 5952 canonical format ("a::1")']],
    ['discovery.k8s.io/EndpointSlice', { metadata: { labels: { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' } }, addressType: 'IPv6', endpoints: [{ addresses: ['A::1'] }] }, []],
    ['networking.k8s.io/NetworkPolicy', { spec: { ingress: [{ from: [{}, { ipBlock: { cidr: 'A::/16', except: ['A:0::/32'] } }] }], egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] } }, [
      'spec.ingress[0].from[1].ipBlock.cidr: IPv6 CIDR value "A::/16" should be in RFC 5952 canonical format ("a::/16")',
      'spec.ingress[0].from[1].ipBlock.except[0]: IPv6 CIDR value "A:0::/32" should be in RFC 5952 canonical format ("a::/32")',
    ]],
    ['storage.k8s.io/StorageClass', { allowedTopologies: [{ matchLabelExpressions: [{ key: 'failure-domain.beta.kubernetes.io/zone' }] }] }, ['allowedTopologies[0].matchLabelExpressions[0].key: deprecated since v1.17; use "topology.kubernetes.io/zone" instead']],
    ['storage.k8s.io/CSIStorageCapacity', { nodeTopology: { matchExpressions: [{ key: 'beta.kubernetes.io/os' }], matchLabels: { 'beta.kubernetes.io/arch': 'x' } } }, [
      'nodeTopology.matchExpressions[0].key: beta.kubernetes.io/os is deprecated since v1.14; use "kubernetes.io/os" instead',
      'nodeTopology.matchLabels.beta.kubernetes.io/arch: deprecated since v1.14; use "kubernetes.io/arch" instead',
    ]],
    ['storage.k8s.io/CSIDriver', { spec: { tokenRequests: [{ audience: '' }] } }, ['spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes']],
    ['storage.k8s.io/CSIDriver', { spec: { tokenRequests: [{ audience: '' }], serviceAccountTokenInSecrets: false } }, []],
    ['resource.k8s.io/ResourceSlice', { spec: { driver: 'GPU.example.com' } }, ['spec.driver: driver names should be lowercase; "GPU.example.com" contains uppercase characters']],
    ['node.k8s.io/RuntimeClass', { scheduling: { nodeSelector: { 'beta.kubernetes.io/os': 'x' } } }, ['scheduling.nodeSelector: deprecated since v1.14; use "kubernetes.io/os" instead']],
    ['apps/StatefulSet', { metadata: { name: 'a' }, spec: { revisionHistoryLimit: -1, volumeClaimTemplates: [{ spec: { resources: { requests: { storage: '1m' } } } }] } }, [
      'spec.volumeClaimTemplates[0].resources.requests[storage]: fractional byte value "1m" is invalid, must be an integer',
      'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended',
    ]],
    ['apps/DaemonSet', { ...template({}), metadata: { name: 'a.b' } }, []],
    ['batch/Job', { metadata: { name: 'a' }, spec: { completionMode: 'Indexed', completions: 100_001, parallelism: 10_001 } }, ['spec: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail']],
    ['apps/Deployment', template({ containers: [{ name: 'c', image: 'x' }] }), []],
  ])('of %s %j are %j', (kind, object, warnings) => {
    expect(said(kind, object)).toEqual(warnings);
  });

  const web = { containerPort: 80, protocol: 'TCP' };
  it.each<[spec: object, warnings: string[]]>([
    [{ imagePullSecrets: [{}] }, ['spec.imagePullSecrets[0].name: invalid empty name ""']],
    [{ volumes: [{ name: 'v', storageos: {} }, { name: 'w', ephemeral: { volumeClaimTemplate: { spec: { resources: { requests: { storage: '1m' } } } } } }] }, [
      'spec.volumes[0].storageOS: deprecated in v1.22, non-functional in v1.25+',
      'spec.volumes[1].ephemeral.volumeClaimTemplate.spec.resources.requests[storage]: fractional byte value "1m" is invalid, must be an integer',
    ]],
    [{ affinity: { nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'beta.kubernetes.io/os', values: ['-'] }] }] },
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: { matchExpressions: [{ key: 'a', values: ['ok', '-'] }] } }],
    } } }, [
      'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].key: beta.kubernetes.io/os is deprecated since v1.14; use "kubernetes.io/os" instead',
      expect.stringMatching(/^spec\.affinity\.nodeAffinity\.preferredDuringSchedulingIgnoredDuringExecution\[0\]\.preference\.matchExpressions\[0\]\.values\[1\]: - is invalid, a valid label must be/) as string,
    ]],
    [{ volumes: [{ name: 'v', configMap: { name: 'm', items: [{ path: 'a' }, { path: 'a/b/' }, { path: 'ab' }, { path: 'a' }] } }] }, [
      'volume "v" (ConfigMap "m"): overlapping paths: "a/b" with "a"',
      'volume "v" (ConfigMap "m"): overlapping paths: "a" with "a"',
      'volume "v" (ConfigMap "m"): overlapping paths: "a" with "a/b"',
    ]],
    [{ volumes: [{ name: 'v', secret: { secretName: 's', items: [{ path: 'a' }, { path: 'a' }] } }, { name: 'd', downwardAPI: { items: [{ path: 'a' }, { path: 'a' }] } }] }, [
      'volume "v" (Secret "s"): overlapping paths: "a" with "a"', 'volume "d" (DownwardAPI): overlapping paths: "a" with "a"',
    ]],
    [{ volumes: [{ name: 'p', projected: { sources: [{}, { configMap: { name: 'm', items: [{ path: 'a' }] } }, { secret: { name: 's' } }, { serviceAccountToken: { path: 'a/b' } }, { clusterTrustBundle: { signerName: 'x/y', path: 'a' } }, { podCertificate: { keyPath: 'a/b', certificateChainPath: 'c' } }] } }] }, [
      'volume "p" (Projected) has no sources provided',
      'volume "p" (Projected): overlapping paths: "a/b" (ServiceAccountToken) with "a" (ConfigMap "m")',
      'volume "p" (Projected): overlapping paths: "a" (ClusterTrustBundle "x/y") with "a" (ConfigMap "m")',
      'volume "p" (Projected): overlapping paths: "a" (ClusterTrustBundle "x/y") with "a/b" (ServiceAccountToken)',
      'volume "p" (Projected): overlapping paths: "a/b" (PodCertificate key) with "a" (ConfigMap "m")',
      'volume "p" (Projected): overlapping paths: "a/b" (PodCertificate key) with "a/b" (ServiceAccountToken)',
      'volume "p" (Projected): overlapping paths: "a/b" (PodCertificate key) with "a" (ClusterTrustBundle "x/y")',
    ]],
    [{ containers: [{ name: 'c', ports: [{ ...web, hostIP: '1.1.1.1' }] }] }, ['spec.containers[0].ports[0]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:80 Protocol:TCP HostIP:1.1.1.1}']],
    [{ initContainers: [{ name: 'i', ports: [{ ...web, name: 'w' }] }], containers: [{ name: 'c', ports: [{ ...web, name: 'w' }, { ...web, hostPort: 80 }, { ...web, protocol: 'UDP' }] }] }, [
      'spec.containers[0].ports[0]: duplicate port definition with spec.initContainers[0].ports[0]',
      'spec.containers[0].ports[1]: overlapping port definition with spec.initContainers[0].ports[0]',
      'spec.containers[0].ports[1]: overlapping port definition with spec.containers[0].ports[0]',
      'spec.containers[0].ports[0]: duplicate port name "w" with spec.initContainers[0].ports[0], services and probes that select ports by name will use spec.initContainers[0].ports[0]',
    ]],
    [{ containers: [{ name: 'c', ports: [{ ...web, hostPort: 80 }, { ...web, hostPort: 80, hostIP: '1.1.1.1' }, { ...web, hostPort: 81 }] }] }, ['spec.containers[0].ports[1]: dangerously ambiguous port definition with spec.containers[0].ports[0]']],
    [{ dnsConfig: { nameservers: ['A::1'] }, hostAliases: [{ ip: 'B::1' }] }, [
      'spec.dnsConfig.nameservers[0]: IPv6 address "A::1" should be in RFC 5952 canonical format ("a::1")', 'spec.hostAliases[0].ip: IPv6 address "B::1" should be in RFC 5952 canonical format ("b::1")',
    ]],
    [{ ephemeralContainers: [{ name: 'e', env: [{ name: 'A' }, { name: 'A' }] }] }, ['spec.ephemeralContainers[0].env[1]: hides previous definition of "A", which may be dropped when using apply']],
  ])('of a pod with %j are %j', (spec, warnings) => {
    expect(said('/Pod', { metadata: { name: 'a' }, spec })).toEqual(warnings);
  });

  it.each<[spec: object, warnings: string[]]>([
    [{ type: 'ClusterIP', clusterIP: 'None', externalIPs: ['1.1.1.1'], loadBalancerIP: '1.1.1.1', sessionAffinity: 'None' }, ['spec.loadBalancerIP is ignored for headless services', 'spec.externalIPs is ignored for headless services']],
    [{ type: 'ClusterIP', clusterIP: 'A::1', clusterIPs: ['A::1'], externalIPs: ['B::1'] }, [
      'spec.clusterIPs[0]: IPv6 address "A::1" should be in RFC 5952 canonical format ("a::1")', 'spec.externalIPs[0]: IPv6 address "B::1" should be in RFC 5952 canonical format ("b::1")',
      'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
    ]],
    [{ type: 'ExternalName', externalName: 'a', externalIPs: ['1.1.1.1'] }, ['spec.externalIPs is ignored when spec.type is "ExternalName"']],
    [{ type: 'ClusterIP', externalName: 'a', trafficDistribution: 'PreferClose' }, ['spec.externalName is ignored when spec.type is not "ExternalName"', 'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"']],
    [{ type: 'LoadBalancer', loadBalancerIP: '01.1.1.1', loadBalancerSourceRanges: ['10.0.0.1/8'] }, [
      'spec.loadBalancerIP: non-standard IP address "01.1.1.1" is invalid: use "1.1.1.1"',
      'spec.loadBalancerSourceRanges[0]: CIDR value "10.0.0.1/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.0.0.1/32"?)',
    ]],
  ])('of a Service with %j are %j', (spec, warnings) => {
    expect(said('/Service', { spec })).toEqual(warnings);
  });

  it.each<[kind: string, status: object, warning: string]>([
    ['/Pod', { podIPs: [{ ip: 'A::1' }] }, 'status.podIPs[0].ip'],
    ['/Pod', { hostIPs: [{ ip: 'A::1' }] }, 'status.hostIPs[0].ip'],
    ['/Service', { loadBalancer: { ingress: [{ ip: 'A::1' }] } }, 'status.loadBalancer.ingress[0]'],
    ['networking.k8s.io/Ingress', { loadBalancer: { ingress: [{ hostname: 'a' }, { ip: 'A::1' }] } }, 'status.loadBalancer.ingress[1]'],
  ])('of a status of %s, %j, name %s', (kind, status, path) => {
    const [group = '', name = ''] = kind.split('/');
    expect(validationFor(group, name)?.statusWarnings({ metadata: {}, status } as KubeObject)).toEqual([`${path}: IPv6 address "A::1" should be in RFC 5952 canonical format ("a::1")`]);
  });

  it('of what an update changes are not those of what it leaves', () => {
    const classed = { metadata: { annotations: { 'kubernetes.io/ingress.class': 'x' } } };
    expect(said('networking.k8s.io/Ingress', classed, classed)).toEqual([]);
    const named = { addressType: 'FQDN', endpoints: [] };
    expect(said('discovery.k8s.io/EndpointSlice', named, named)).toEqual([]);
    const account = { metadata: { annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' } } };
    expect(said('/ServiceAccount', account, account)).toEqual([]);
    const zoned = { metadata: { name: 'a', generation: 1 }, spec: { schedule: 'TZ=UTC * * * * *' } };
    expect(said('batch/CronJob', zoned, zoned)).toEqual(['cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details']);
    const set = { metadata: { name: 'a', generation: 1 }, spec: { volumeClaimTemplates: [{ spec: { resources: { limits: { storage: '1m' } } } }] } };
    expect(said('apps/StatefulSet', set, set)).toEqual(['spec.volumeClaimTemplates[0].Spec.resources.limits[storage]: fractional byte value "1m" is invalid, must be an integer']);
  });

  it('are not repeated while the intent stays, and pods hear them once', () => {
    const noisy = template({ terminationGracePeriodSeconds: -1 });
    expect(said('apps/Deployment', noisy, noisy)).toEqual([]);
    expect(said('apps/Deployment', { ...noisy, metadata: { name: 'a', generation: 2 } }, noisy)).toHaveLength(1);
    expect(said('/Pod', { spec: { terminationGracePeriodSeconds: -1 } }, {})).toEqual([]);
  });
});
