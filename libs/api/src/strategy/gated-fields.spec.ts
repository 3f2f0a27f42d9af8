import type { KubeObject } from '../kube-object';
import { allResources } from '../tables/resource-table';
import { type FieldGate, fieldGates, gatedFieldsOf } from './gated-fields';
import { strategyFor } from './strategy-for';
import { type Strategy } from './types';

const strategyOf = (key: string, view = ''): Strategy => {
  const [group = '', resource = ''] = key.split('/');
  const all = strategyFor(group, resource)!;
  return view === '' ? all.strategy : all.subresources[view]!;
};

const context = (isOpen: (gate: FieldGate) => boolean) => ({ userName: 'jane', nowMs: 0, warn: () => undefined, isOpen });
const made = (parts: object): KubeObject => structuredClone({ metadata: {}, ...parts });

function write(key: string, parts: object, old?: object, gate?: FieldGate, view = ''): object {
  const object = made(parts);
  const strategy = strategyOf(key, view);
  if (old) strategy.prepareForUpdate?.(object, made(old), context((asked) => asked === gate));
  else strategy.prepareForCreate?.(object, context((asked) => asked === gate));
  return object;
}

const pod = (...containers: object[]): object => ({ spec: { containers } });
const ref = (more: object): object => ({ spec: { dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'a', ...more } } });
const set = (rollingUpdate: object): object => ({ spec: { updateStrategy: { rollingUpdate } } });

describe('a field whose feature gate is closed', () => {
  it.each<[key: string, given: object, gate: FieldGate, left: object]>([
    ['/pods', pod({ lifecycle: { stopSignal: 'SIGUSR1' } }, { lifecycle: { stopSignal: 'SIGUSR1', preStop: {} } }), 'ContainerStopSignals', pod({}, { lifecycle: { preStop: {} } })],
    ['batch/cronjobs', { spec: { jobTemplate: { spec: { template: { spec: { schedulingGroup: { podGroupName: 'a' } } } } } } }, 'GenericWorkload', { spec: { jobTemplate: { spec: { template: { spec: {} } } } } }],
    ['apps/deployments', { spec: { template: { spec: { volumes: [{ projected: { sources: [{ podCertificate: { keyType: 'ED25519' } }, { secret: {} }] } }] } } } }, 'PodCertificateRequest', { spec: { template: { spec: { volumes: [{ projected: { sources: [{}, { secret: {} }] } }] } } } }],
    ['/persistentvolumeclaims', ref({ namespace: 'other' }), 'CrossNamespaceVolumeDataSource', { spec: {} }],
    ['apps/statefulsets', set({ partition: 1, maxUnavailable: 2 }), 'MaxUnavailableStatefulSet', set({ partition: 1 })],
    ['coordination.k8s.io/leases', { spec: { strategy: 'OldestEmulationVersion', preferredHolder: 'a', holderIdentity: 'b' } }, 'CoordinatedLeaderElection', { spec: { holderIdentity: 'b' } }],
    ['resource.k8s.io/resourceslices', { spec: { devices: [{ name: 'a', attributes: { x: { ints: [1] }, y: { int: 1 } } }] } }, 'DRAListTypeAttributes', { spec: { devices: [{ name: 'a', attributes: { x: {}, y: { int: 1 } } }] } }],
    ['scheduling.k8s.io/workloads', { spec: { podGroupTemplates: [{ name: 'a', priority: 5, disruptionMode: 'Pod' }] } }, 'WorkloadAwarePreemption', { spec: { podGroupTemplates: [{ name: 'a' }] } }],
    ['storage.k8s.io/csidrivers', { spec: { preventPodSchedulingIfMissing: true } }, 'VolumeLimitScaling', { spec: {} }],
  ])('of %s goes: %j', (key, given, gate, left) => {
    expect(write(key, given)).toMatchObject({ spec: (left as { spec: object }).spec });
    expect(JSON.stringify(write(key, given))).toBe(JSON.stringify(write(key, left)));
    expect(write(key, given, undefined, gate)).toMatchObject(given);
    expect(write(key, given, left)).toMatchObject(left);
    expect(write(key, given, given)).toMatchObject(given);
  });

  it('stays in a data source of the same namespace, and no change of it counts', () => {
    expect(write('/persistentvolumeclaims', ref({}))).toMatchObject(ref({}));
    expect(write('apps/statefulsets', set({ maxUnavailable: 2 }), set({}))).not.toHaveProperty('metadata.generation');
  });

  it('goes from a status too', () => {
    const status = { containerStatuses: [{ volumeMounts: [{ name: 'a', volumeStatus: { image: {} } }] }], nodeAllocatableResourceClaimStatuses: [{}] };
    expect(write('/pods', { status }, {}, undefined, 'status')).toMatchObject({ status: { containerStatuses: [{ volumeMounts: [{ name: 'a' }] }] } });
    expect(JSON.stringify(write('/pods', { status }, {}, undefined, 'status'))).not.toMatch(/volumeStatus|nodeAllocatable/);
    expect(write('/pods', { status }, { status }, undefined, 'status')).toMatchObject({ status });
  });

  it('is one of a kind that there is, and each gate has one but that of what an operator may be', () => {
    const gates = new Set([...allResources()].flatMap(({ group, resource }) => gatedFieldsOf(`${group}/${resource}`)).map(({ gate }) => gate));
    expect([...gates, 'TaintTolerationComparisonOperators'].sort()).toEqual([...fieldGates].sort());
  });
});
