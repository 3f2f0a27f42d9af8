import type { corev1, storagev1 } from '@navarch/api';
import type { BindingContext } from '../framework';
import type { ClusterState } from '../state/cluster-state';
import type { NodeInfo } from '../state/node-info';
import { podInfo } from '../state/pod-info';
import { cluster, node, only, placed, pod, scores } from '../testing/test-cluster';
import { volumeBinding } from './volume-binding';

const zone = 'topology.kubernetes.io/zone';
const late = (more: Partial<storagev1.StorageClass> = {}): storagev1.StorageClass => ({ metadata: { name: 'late' }, provisioner: 'example.com/disk', volumeBindingMode: 'WaitForFirstConsumer', ...more });
const claim = (spec: Partial<corev1.PersistentVolumeClaimSpec> = {}, annotations: Record<string, string> = {}, name = 'data'): corev1.PersistentVolumeClaim =>
  ({ metadata: { name, namespace: 'default', uid: name, resourceVersion: '1', annotations }, spec: { storageClassName: 'late', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec }, status: { phase: 'Pending' } });
const bound = (volumeName: string): corev1.PersistentVolumeClaim => claim({ volumeName }, { 'pv.kubernetes.io/bind-completed': 'yes' });
const formerly = { 'volume.beta.kubernetes.io/storage-class': 'late' };
const volume = (name: string, on: string | undefined, size = '1Gi', more: Partial<corev1.PersistentVolumeSpec> = {}, annotations: Record<string, string> = {}): corev1.PersistentVolume => ({
  metadata: { name, resourceVersion: '1', annotations }, status: { phase: 'Available' },
  spec: { capacity: { storage: size }, accessModes: ['ReadWriteOnce'], storageClassName: 'late', ...(on === undefined ? {} : { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [on] }] }] } } }), ...more },
});
/** Without the field that names the class. */
const named = <T extends { spec?: { storageClassName?: string } }>({ spec: { storageClassName: _class, ...spec } = {}, ...rest }: T): T => ({ ...rest, spec }) as unknown as T;
const user = (name = 'data'): corev1.Pod => pod({ volumes: [{ name: 'v', persistentVolumeClaim: { claimName: name } }] });
const nodes = [node('a', { labels: { [zone]: '1' } }), node('b', { labels: { [zone]: '2' } })];
const plugin = volumeBinding();
const profile = only(plugin);
const noProvisioner = late({ provisioner: 'kubernetes.io/no-provisioner' });

describe('VolumeBinding', () => {
  it.each<[string, Parameters<typeof cluster>[1], string]>([
    ['a claim that is not there', {}, '0/2 nodes are available: persistentvolumeclaim "data" not found.'],
    ['a claim that is being deleted', { claims: [{ ...claim(), metadata: { ...claim().metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }] }, '0/2 nodes are available: persistentvolumeclaim "data" is being deleted.'],
    ['a claim that should have been bound', { claims: [claim()], storageClasses: [late({ volumeBindingMode: 'Immediate' })] }, '0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims.'],
    ['a bound claim follows its volume', { claims: [bound('pv')], volumes: [volume('pv', 'b')] }, 'b'],
    ['a bound claim whose volume is nowhere near', { claims: [bound('pv')], volumes: [volume('pv', 'c')] }, "0/2 nodes are available: 2 node(s) didn't match PersistentVolume's node affinity."],
    ['a bound claim without its volume', { claims: [bound('pv')] }, '0/2 nodes are available: 2 node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s).'],
    ['a claim that waits, where a volume is', { claims: [claim()], storageClasses: [noProvisioner], volumes: [volume('pv', 'b')] }, 'b'],
    ['a claim and a volume that name their class the old way', { claims: [named(claim({}, formerly))], storageClasses: [noProvisioner], volumes: [named(volume('pv', 'b', '1Gi', {}, formerly))] }, 'b'],
    ['no volume that is large enough', { claims: [claim()], storageClasses: [noProvisioner], volumes: [volume('pv', 'b', '500Mi')] }, "0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind."],
    ['no volume that others have not', { claims: [claim()], storageClasses: [noProvisioner], volumes: [volume('pv', 'b', '1Gi', { claimRef: { namespace: 'default', name: 'other' } })] }, "0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind."],
    ['a volume that was set aside for it, of whatever class', { claims: [claim()], storageClasses: [noProvisioner], volumes: [volume('small', 'a'), volume('pv', 'b', '9Gi', { storageClassName: 'other', claimRef: { namespace: 'default', name: 'data' } })] }, 'b'],
    ['a volume that was set aside for it and is nowhere near', { claims: [claim()], storageClasses: [noProvisioner], volumes: [volume('pv', 'c', '1Gi', { claimRef: { namespace: 'default', name: 'data' } }), volume('other', 'a')] }, "0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind."],
    ['a volume can be made where the class allows it', { claims: [claim()], storageClasses: [late({ allowedTopologies: [{ matchLabelExpressions: [{ key: zone, values: ['2'] }] }] })] }, 'b'],
    ['a volume is being made elsewhere', { claims: [claim({}, { 'volume.kubernetes.io/selected-node': 'b' })], storageClasses: [late()] }, 'b'],
    ['a driver that has no space left', { claims: [claim()], storageClasses: [late()], csiDrivers: [{ metadata: { name: 'example.com/disk' }, spec: { storageCapacity: true } }], storageCapacities: [{ metadata: { name: 'c' }, storageClassName: 'late', capacity: '1Mi', nodeTopology: {} }] }, '0/2 nodes are available: 2 node(s) did not have enough free storage.'],
    ['a driver that has space on one', { claims: [claim()], storageClasses: [late()], csiDrivers: [{ metadata: { name: 'example.com/disk' }, spec: { storageCapacity: true } }], storageCapacities: [{ metadata: { name: 'c' }, storageClassName: 'late', capacity: '10Gi', nodeTopology: { matchLabels: { [zone]: '2' } } }] }, 'b'],
  ])('%s', (_name, given, expected) => {
    expect(placed(user(), cluster(nodes, given), profile)).toBe(expected);
  });

  it('takes the smallest volume that is enough, and no volume twice', () => {
    const state = cluster([nodes[0] as corev1.Node], { claims: [claim(), claim({}, {}, 'more'), claim({}, {}, 'third')], storageClasses: [noProvisioner], volumes: [volume('large', 'a', '10Gi'), volume('small', 'a', '2Gi')] });
    const names = ['data', 'more', 'third'].map((name) => {
      const info = podInfo(user(name));
      const refused = plugin.reserve?.(info, state.nodes[0] as NodeInfo, state);
      return refused?.reasons ?? state.reservations.volumeDecisions.get(info.uid)?.bind.map(({ metadata }) => metadata.name);
    });
    expect(names).toEqual([['small'], ['large'], ["node(s) didn't find available persistent volumes to bind"]]);
  });

  it('gives back what it counted on', () => {
    const state = cluster([nodes[0] as corev1.Node], { claims: [claim()], storageClasses: [noProvisioner], volumes: [volume('pv', 'a')] });
    const info = podInfo(user());
    plugin.reserve?.(info, state.nodes[0] as NodeInfo, state);
    expect(state.reservations.volumes.get({ namespace: '', name: 'pv' })?.spec?.claimRef?.name).toBe('data');
    plugin.unreserve?.(info, state);
    expect(state.reservations.volumes.get({ namespace: '', name: 'pv' })?.spec?.claimRef).toBeUndefined();
  });

  describe('with a shape', () => {
    const fullest = volumeBinding({ shape: [{ utilization: 0, score: 0 }, { utilization: 100, score: 10 }] });
    const emptiest = volumeBinding({ shape: [{ utilization: 0, score: 10 }, { utilization: 100, score: 0 }] });
    const publishing = { metadata: { name: 'example.com/disk' }, spec: { storageCapacity: true } };
    const space = (name: string, in_: string, capacity?: string, more: Partial<storagev1.CSIStorageCapacity> = {}): storagev1.CSIStorageCapacity =>
      ({ metadata: { name }, storageClassName: 'late', nodeTopology: { matchLabels: { [zone]: in_ } }, ...(capacity === undefined ? {} : { capacity }), ...more });

    it('scores nodes by how full the volumes would be that are there', () => {
      const given = { claims: [claim()], storageClasses: [noProvisioner], volumes: [volume('large', 'a', '10Gi'), volume('small', 'b', '2Gi')] };
      expect(scores(user(), cluster(nodes, given), fullest)).toEqual({ a: 10, b: 50 });
      expect(scores(user(), cluster(nodes, given), emptiest)).toEqual({ a: 90, b: 50 });
    });

    it('adds up what is of one class, and takes the mean of the classes', () => {
      const other = { ...late({ provisioner: 'kubernetes.io/no-provisioner' }), metadata: { name: 'other' } };
      const claims = [claim(), claim({}, {}, 'more'), claim({ storageClassName: 'other' }, {}, 'third')];
      const volumes = [volume('x', 'a', '4Gi'), volume('y', 'a', '4Gi'), volume('z', 'a', '2Gi', { storageClassName: 'other' })];
      const uses = pod({ volumes: ['data', 'more', 'third'].map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })) });
      // 2 of 8 Gi, and 1 of 2: 25 and 50.
      expect(scores(uses, cluster([nodes[0] as corev1.Node], { claims, storageClasses: [noProvisioner, other], volumes }), fullest)).toEqual({ a: 38 });
    });

    it('scores nodes by what drivers say is left where a volume would be made', () => {
      const given = { claims: [claim()], storageClasses: [late()], csiDrivers: [publishing], storageCapacities: [space('c1', '1', '4Gi'), space('c2', '2', '2Gi')] };
      expect(scores(user(), cluster(nodes, given), fullest)).toEqual({ a: 25, b: 50 });
    });

    it.each<[string, Parameters<typeof cluster>[1], number]>([
      ['what is made where a driver says nothing of its space', { claims: [claim()], storageClasses: [late()] }, 0],
      ['space of which only the largest volume is known, as full', { claims: [claim()], storageClasses: [late()], csiDrivers: [publishing], storageCapacities: [space('c', '1', undefined, { maximumVolumeSize: '4Gi' })] }, 100],
      ['claims that are bound', { claims: [bound('pv')], volumes: [volume('pv', 'a')] }, 0],
    ])('counts %s', (_name, given, expected) => {
      expect(scores(user(), cluster([nodes[0] as corev1.Node], given), fullest)).toEqual({ a: expected });
    });

    it('has nothing to say of pods without claims, and without a shape of none', () => {
      expect(scores(pod(), cluster(nodes), fullest)).toEqual({});
      expect(volumeBinding().preScore).toBeUndefined();
    });
  });

  describe('before the pod is bound', () => {
    const written: string[] = [];
    const context = (state: ClusterState): { context: BindingContext; ask: () => boolean } => {
      let condition = (): boolean => true;
      const api = {
        update: (_type: unknown, object: corev1.PersistentVolume) => {
          written.push(object.metadata.name ?? '');
          return Promise.resolve({ ...object, metadata: { ...object.metadata, resourceVersion: '2' } });
        },
      };
      const until: BindingContext['until'] = (asked) => {
        condition = asked;
        return Promise.resolve();
      };
      return { context: { api: api as unknown as BindingContext['api'], state, signal: new AbortController().signal, now: () => 0, until }, ask: () => condition() };
    };
    beforeEach(() => (written.length = 0));

    it('writes the volume and waits until the claim is bound', async () => {
      const claims = [claim()];
      const state = cluster(nodes, { claims, storageClasses: [noProvisioner], volumes: [volume('pv', 'b')] });
      const info = podInfo(user());
      plugin.reserve?.(info, state.node('b') as NodeInfo, state);
      const { context: given, ask } = context(state);
      await plugin.preBind?.(info, 'b', given);
      expect(written).toEqual(['pv']);
      expect(ask()).toBe(false);
      claims[0] = { ...bound('pv'), metadata: { ...bound('pv').metadata, resourceVersion: '3' } };
      expect(ask()).toBe(true);
    });

    it('names the node to the provisioner, and gives up when that gives the node up', async () => {
      const claims = [claim()];
      const state = cluster(nodes, { claims, storageClasses: [late()] });
      const info = podInfo(user());
      plugin.reserve?.(info, state.node('b') as NodeInfo, state);
      const { context: given, ask } = context(state);
      await plugin.preBind?.(info, 'b', given);
      expect(state.reservations.claims.get({ namespace: 'default', name: 'data' })?.metadata.annotations).toEqual({ 'volume.kubernetes.io/selected-node': 'b' });
      expect(ask()).toBe(false);
      claims[0] = { ...claim(), metadata: { ...claim().metadata, resourceVersion: '9' } };
      expect(ask).toThrow('selectedNode annotation reset for PVC "data"');
    });

    it.each<[string, (volumes: corev1.PersistentVolume[]) => void, string]>([
      ['is elsewhere', (volumes) => (volumes[0] = { ...volume('pv', 'a'), metadata: { name: 'pv', resourceVersion: '9' } }), 'pv "pv" node affinity doesn\'t match node "b": no matching NodeSelectorTerms'],
      ['is not its claim\'s any more', (volumes) => (volumes[0] = { ...volume('pv', 'b'), metadata: { name: 'pv', resourceVersion: '9' } }), 'ClaimRef got reset for pv "pv"'],
    ])('gives up a volume that %s', async (_how, change, message) => {
      const volumes = [volume('pv', 'b')];
      const state = cluster(nodes, { claims: [claim()], storageClasses: [noProvisioner], volumes });
      const info = podInfo(user());
      plugin.reserve?.(info, state.node('b') as NodeInfo, state);
      const { context: given, ask } = context(state);
      await plugin.preBind?.(info, 'b', given);
      change(volumes);
      expect(ask).toThrow(message);
    });

    it('waits for the volume that was made, and gives up one that was made elsewhere', async () => {
      const claims = [claim()];
      const volumes: corev1.PersistentVolume[] = [];
      const state = cluster(nodes, { claims, storageClasses: [late()], volumes });
      const info = podInfo(user());
      plugin.reserve?.(info, state.node('b') as NodeInfo, state);
      const { context: given, ask } = context(state);
      await plugin.preBind?.(info, 'b', given);
      claims[0] = { ...bound('pv'), metadata: { ...bound('pv').metadata, resourceVersion: '3' } };
      expect(ask()).toBe(false);
      volumes[0] = volume('pv', 'b');
      expect(ask()).toBe(true);
      volumes[0] = volume('pv', 'a');
      expect(ask).toThrow('pv "pv" node affinity doesn\'t match node "b"');
    });

    it('writes nothing for claims that are bound', async () => {
      const state = cluster(nodes, { claims: [bound('pv')], volumes: [volume('pv', 'b')] });
      const info = podInfo(user());
      plugin.reserve?.(info, state.node('b') as NodeInfo, state);
      await plugin.preBind?.(info, 'b', context(state).context);
      expect(written).toEqual([]);
    });
  });
});
