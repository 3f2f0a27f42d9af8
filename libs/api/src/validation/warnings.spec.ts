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
    ['/Service', { spec: { clusterIP: 'None', sessionAffinity: 'ClientIP' } }, ['spec.SessionAffinity is ignored for headless services']],
    ['networking.k8s.io/Ingress', { metadata: { annotations: { 'kubernetes.io/ingress.class': 'x' } } }, ["annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead"]],
    ['/PersistentVolume', { spec: { persistentVolumeReclaimPolicy: 'Recycle' } }, ['spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.']],
    ['apps/Deployment', template({ containers: [{ name: 'c', image: 'x' }] }), []],
  ])('of %s %j are %j', (kind, object, warnings) => {
    expect(said(kind, object)).toEqual(warnings);
  });

  it('are not repeated while the intent stays, and pods hear them once', () => {
    const noisy = template({ terminationGracePeriodSeconds: -1 });
    expect(said('apps/Deployment', noisy, noisy)).toEqual([]);
    expect(said('apps/Deployment', { ...noisy, metadata: { name: 'a', generation: 2 } }, noisy)).toHaveLength(1);
    expect(said('/Pod', { spec: { terminationGracePeriodSeconds: -1 } }, {})).toEqual([]);
  });
});
