import { apps, core, type appsv1, type corev1 } from '@navarch/api';
import { forbidden } from '@navarch/apimachinery';
import { ControllerWorld } from '../../testing/controller-world';
import { statefulSetController } from './controller';

const set = (spec: Partial<appsv1.StatefulSetSpec> = {}): appsv1.StatefulSet => ({
  metadata: { name: 'db', namespace: 'default' },
  spec: {
    replicas: 3,
    serviceName: 'peers',
    selector: { matchLabels: { app: 'db' } },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    template: { metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'c', image: 'db:1' }] } },
    ...spec,
  },
});
const claimTemplate: corev1.PersistentVolumeClaim = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } };

describe('StatefulSets', () => {
  let world: ControllerWorld;
  beforeEach(() => (world = new ControllerWorld()));
  afterEach(() => world.stop());

  const start = async (object = set()): Promise<void> => {
    world.create(apps.statefulsets, object);
    await world.run(statefulSetController);
  };
  const run = async (object = set()): Promise<void> => {
    await start(object);
    await world.untilQuiet();
  };
  const db = (): appsv1.StatefulSet => world.get(apps.statefulsets, 'db');
  const pods = (): string[] => world.all(core.pods).filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(({ metadata }) => metadata.name ?? '').sort();
  const images = (): string[] => world.all(core.pods).map(({ metadata, spec }) => `${metadata.name ?? ''} ${spec?.containers[0]?.image ?? ''}`).sort();
  const claims = (): string[] => world.all(core.persistentvolumeclaims).map(({ metadata }) => metadata.name ?? '').sort();
  const change = (edit: (object: appsv1.StatefulSet) => void): void => world.change(apps.statefulsets, 'db', edit);
  const setImage = (image: string): void => change((object) => (object.spec!.template.spec!.containers[0]!.image = image));
  const scale = (replicas: number): void => change((object) => (object.spec!.replicas = replicas));
  /** The kubelet's turn, and the controller's. */
  const turn = async (): Promise<void> => {
    world.runPods();
    await world.clock.advance(100);
    await world.settle();
  };

  it('make their pods one after the other, each with its own name, host name, labels and claim', async () => {
    await start(set({ volumeClaimTemplates: [claimTemplate] }));
    expect(pods()).toEqual(['db-0']);
    await turn();
    expect(pods()).toEqual(['db-0', 'db-1']);
    await world.untilQuiet();
    const revision = world.all(apps.controllerrevisions)[0]?.metadata.name;
    const pod = world.get(core.pods, 'db-1');
    expect(pod.spec).toMatchObject({ hostname: 'db-1', subdomain: 'peers', volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-db-1' } }] });
    expect(pod.metadata.labels).toEqual({ app: 'db', 'statefulset.kubernetes.io/pod-name': 'db-1', 'apps.kubernetes.io/pod-index': '1', 'controller-revision-hash': revision });
    expect(claims()).toEqual(['data-db-0', 'data-db-1', 'data-db-2']);
    expect(world.get(core.persistentvolumeclaims, 'data-db-0').metadata.labels).toEqual({ app: 'db' });
    expect(db().status).toEqual({ observedGeneration: 1, replicas: 3, readyReplicas: 3, availableReplicas: 3, currentReplicas: 3, updatedReplicas: 3, currentRevision: revision, updateRevision: revision, collisionCount: 0 });
    expect(world.eventsOf('db').slice(0, 2)).toEqual(['SuccessfulCreate: create Claim data-db-0 Pod db-0 in StatefulSet db success', 'SuccessfulCreate: create Pod db-0 in StatefulSet db successful']);
    expect(world.warnings).toEqual([]);
  });

  it('scale down from the highest, one after the other, and keep the claims', async () => {
    await run(set({ volumeClaimTemplates: [claimTemplate] }));
    scale(1);
    await world.settle();
    expect(pods()).toEqual(['db-0', 'db-1']);
    await turn();
    expect(pods()).toEqual(['db-0']);
    await world.untilQuiet();
    expect(claims()).toEqual(['data-db-0', 'data-db-1', 'data-db-2']);
    expect(world.eventsOf('db')).toContain('SuccessfulDelete: delete Pod db-2 in StatefulSet db successful');
  });

  it('that are Parallel make and remove all at once', async () => {
    await start(set({ podManagementPolicy: 'Parallel' }));
    expect(pods()).toEqual(['db-0', 'db-1', 'db-2']);
    await world.untilQuiet();
    scale(0);
    await world.settle();
    expect(pods()).toEqual([]);
  });

  it('number from ordinals.start', async () => {
    await run(set({ ordinals: { start: 5 }, replicas: 2 }));
    expect(pods()).toEqual(['db-5', 'db-6']);
    change((object) => (object.spec!.ordinals = { start: 6 }));
    await world.untilQuiet();
    expect(pods()).toEqual(['db-6', 'db-7']);
  });

  it('roll from the highest to the lowest, one unavailable at a time', async () => {
    await run();
    const before = db().status?.currentRevision;
    setImage('db:2');
    await world.settle();
    expect(pods()).toEqual(['db-0', 'db-1']);
    expect(db().status).toMatchObject({ currentRevision: before, currentReplicas: 2 });
    await turn();
    await turn();
    expect(images()).toEqual(['db-0 db:1', 'db-1 db:1', 'db-2 db:2']);
    await world.untilQuiet();
    expect(images()).toEqual(['db-0 db:2', 'db-1 db:2', 'db-2 db:2']);
    expect(db().status?.currentRevision).toBe(db().status?.updateRevision);
    expect(db().status?.currentRevision).not.toBe(before);
    setImage('db:1');
    await world.untilQuiet();
    expect(world.all(apps.controllerrevisions).map(({ revision }) => revision).sort()).toEqual([2, 3]);
    expect(db().status?.currentRevision).toBe(before);
  });

  it('leave what is below the partition as it is, also when it is made anew', async () => {
    await run();
    change((object) => {
      object.spec!.updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 2 } };
      object.spec!.template.spec!.containers[0]!.image = 'db:2';
    });
    await world.untilQuiet();
    expect(images()).toEqual(['db-0 db:1', 'db-1 db:1', 'db-2 db:2']);
    world.api.delete(core.pods, 'default', 'db-0', { gracePeriodSeconds: 0 });
    await world.untilQuiet();
    expect(images()[0]).toBe('db-0 db:1');
    expect(db().status).toMatchObject({ currentReplicas: 2, updatedReplicas: 1 });
  });

  it('that are Parallel roll as many at once as maxUnavailable allows', async () => {
    await run(set({ replicas: 5, podManagementPolicy: 'Parallel', updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0, maxUnavailable: '40%' } } }));
    setImage('db:2');
    await world.settle();
    expect(pods()).toEqual(['db-0', 'db-1', 'db-2']);
    await world.untilQuiet();
    expect(images().every((image) => image.endsWith('db:2'))).toBe(true);
  });

  it('of type OnDelete replace only what someone deletes', async () => {
    await run(set({ updateStrategy: { type: 'OnDelete' } }));
    setImage('db:2');
    await world.untilQuiet();
    expect(images()[2]).toBe('db-2 db:1');
    world.api.delete(core.pods, 'default', 'db-0', { gracePeriodSeconds: 0 });
    await world.untilQuiet();
    expect(images()).toEqual(['db-0 db:2', 'db-1 db:1', 'db-2 db:1']);
  });

  it('get out of a roll-out to a broken image when the template is mended', async () => {
    await run();
    setImage('db:broken');
    await world.settle();
    world.api.delete(core.pods, 'default', 'db-2', { gracePeriodSeconds: 0 });
    await world.settle();
    world.change(core.pods, 'db-2', (pod) => (pod.status = { phase: 'Pending', containerStatuses: [{ name: 'c', image: '', imageID: '', ready: false, restartCount: 0, state: { waiting: { reason: 'ImagePullBackOff' } } }] }), 'status');
    await world.settle();
    expect(images()).toEqual(['db-0 db:1', 'db-1 db:1', 'db-2 db:broken']);
    setImage('db:3');
    await world.untilQuiet();
    expect(images()).toEqual(['db-0 db:3', 'db-1 db:3', 'db-2 db:3']);
  });

  it('go on only when a pod has been ready for minReadySeconds', async () => {
    await start(set({ replicas: 2, minReadySeconds: 10 }));
    await turn();
    expect(pods()).toEqual(['db-0']);
    expect(db().status).toMatchObject({ readyReplicas: 1, availableReplicas: 0 });
    await world.clock.advance(10_000);
    expect(pods()).toEqual(['db-0', 'db-1']);
  });

  it.each(['Failed', 'Succeeded'])('replace a pod that has %s by one of the same name, when it is gone', async (phase) => {
    await run();
    world.change(core.pods, 'db-1', (pod) => (pod.status = { phase }), 'status');
    await world.settle();
    expect(world.eventsOf('db').at(-1)).toBe('SuccessfulDelete: delete Pod db-1 in StatefulSet db successful');
    expect(world.get(core.pods, 'db-1').metadata.deletionTimestamp).toBeDefined();
    await world.untilQuiet();
    expect(world.get(core.pods, 'db-1').status?.phase).toBe('Running');
  });

  it.each([
    { policy: { whenDeleted: 'Retain', whenScaled: 'Delete' }, owners: [[], ['Pod']] },
    { policy: { whenDeleted: 'Delete', whenScaled: 'Retain' }, owners: [['StatefulSet'], ['StatefulSet']] },
    { policy: { whenDeleted: 'Delete', whenScaled: 'Delete' }, owners: [['StatefulSet'], ['Pod']] },
  ])('let claims go by $policy', async ({ policy, owners }) => {
    await run(set({ replicas: 2, volumeClaimTemplates: [claimTemplate], persistentVolumeClaimRetentionPolicy: policy }));
    const { uid } = world.get(core.pods, 'db-1').metadata;
    scale(1);
    await world.untilQuiet();
    const kinds = (name: string): string[] => (world.get(core.persistentvolumeclaims, name).metadata.ownerReferences ?? []).map(({ kind }) => kind);
    expect([kinds('data-db-0'), kinds('data-db-1')]).toEqual(owners);
    if (owners[1]?.[0] !== 'Pod') return;
    expect(world.get(core.persistentvolumeclaims, 'data-db-1').metadata.ownerReferences?.[0]?.uid).toBe(uid);
    // The claim goes with its pod: a new pod of that name waits for that.
    scale(2);
    await world.untilQuiet();
    expect(pods()).toEqual(['db-0']);
    world.api.delete(core.persistentvolumeclaims, 'default', 'data-db-1');
    await world.untilQuiet();
    expect(pods()).toEqual(['db-0', 'db-1']);
  });

  const other = { apiVersion: 'example.com/v1', kind: 'Backup', name: 'nightly', uid: 'u' };
  it.each([
    { what: 'another keeps', reference: other, owners: ['Backup', 'StatefulSet'] },
    { what: 'another controls', reference: { ...other, controller: true }, owners: ['Backup'] },
  ])('let a claim that $what go by its owners', async ({ reference, owners }) => {
    await run(set({ replicas: 1, volumeClaimTemplates: [claimTemplate], persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' } }));
    world.change(core.persistentvolumeclaims, 'data-db-0', ({ metadata }) => (metadata.ownerReferences = [reference, ...(metadata.ownerReferences ?? [])]));
    world.change(core.pods, 'db-0', ({ metadata }) => (metadata.annotations = { seen: 'true' }));
    await world.untilQuiet();
    expect(world.get(core.persistentvolumeclaims, 'data-db-0').metadata.ownerReferences?.map(({ kind }) => kind)).toEqual(owners);
  });

  it('show how many pods may be unavailable, and how many are', async () => {
    await start(set({ replicas: 5, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '50%' } } }));
    world.create(apps.statefulsets, { ...set({ updateStrategy: { type: 'OnDelete' } }), metadata: { name: 'own', namespace: 'default' } });
    await turn();
    const shown = async (name: string): Promise<unknown> => (await world.registry.getSingleMetric(`statefulset_controller_statefulset_${name}`)?.get())?.values;
    const labels = { statefulset_namespace: 'default', statefulset_name: 'db', pod_management_policy: 'OrderedReady' };
    expect(await shown('max_unavailable')).toEqual([{ labels, value: 2 }]);
    expect(await shown('unavailable_replicas')).toEqual([{ labels, value: 4 }]);
  });

  it('tell of claims that cannot be made, and of the pod that waits for them', async () => {
    const logs: corev1.PersistentVolumeClaim = { ...claimTemplate, metadata: { name: 'logs' } };
    const leaving: corev1.PersistentVolumeClaim = { ...claimTemplate, metadata: { name: 'old-db-0', namespace: 'default', finalizers: ['x/y'] } };
    world.create(core.persistentvolumeclaims, leaving);
    world.api.delete(core.persistentvolumeclaims, 'default', 'old-db-0');
    world.transport.beforeWrite = ({ operation }) => {
      if (operation?.$case === 'create' && operation.value.key?.resource?.resource === 'persistentvolumeclaims') throw forbidden({ group: '', resource: '' }, '', 'full');
    };
    await start(set({ replicas: 1, volumeClaimTemplates: [claimTemplate, { ...claimTemplate, metadata: { name: 'old' } }, logs] }));
    expect(pods()).toEqual([]);
    expect(world.eventsOf('db')).toEqual([
      'FailedCreate: create Claim data-db-0 for Pod db-0 in StatefulSet db failed error: forbidden: full',
      'FailedCreate: create Claim logs-db-0 for Pod db-0 in StatefulSet db failed error: forbidden: full',
      'FailedCreate: create Pod db-0 in StatefulSet db failed error: [failed to create PVC data-db-0: forbidden: full, pvc old-db-0 is being deleted, failed to create PVC logs-db-0: forbidden: full]',
    ]);
  });

  it('use no name again while the API still has its bearer, whatever the cache says', async () => {
    await run();
    world.api.delete(core.pods, 'default', 'db-2', { gracePeriodSeconds: 0 });
    world.transport.paused = true;
    world.create(core.pods, { metadata: { name: 'db-2', namespace: 'default', labels: { app: 'stranger' } }, spec: { containers: [] } });
    change(() => undefined);
    world.transport.resume();
    await world.clock.advance(1_000);
    expect(world.get(core.pods, 'db-2').metadata.labels?.['app']).toBe('stranger');
    expect(world.eventsOf('db').filter((event) => event.startsWith('Failed'))).toEqual([]);
    world.api.delete(core.pods, 'default', 'db-2', { gracePeriodSeconds: 0 });
    await world.clock.advance(60_000);
    await world.untilQuiet();
    expect(world.get(core.pods, 'db-2').metadata.labels?.['app']).toBe('db');
  });

  it('let go of pods that are not named as theirs', async () => {
    await run(set({ replicas: 1 }));
    const [{ metadata: { ownerReferences } } = { metadata: {} }] = world.all(core.pods);
    world.create(core.pods, { metadata: { name: 'xdb-1', namespace: 'default', labels: { app: 'db' }, ...(ownerReferences === undefined ? {} : { ownerReferences }) }, spec: { containers: [] } });
    await world.untilQuiet();
    expect(world.get(core.pods, 'xdb-1').metadata.ownerReferences).toEqual([]);
    expect(db().status?.replicas).toBe(1);
  });

  it('that are being deleted make nothing', async () => {
    await start({ ...set(), metadata: { name: 'db', namespace: 'default', finalizers: ['x/y'] } });
    await world.untilQuiet();
    world.api.delete(apps.statefulsets, 'default', 'db');
    world.api.delete(core.pods, 'default', 'db-0', { gracePeriodSeconds: 0 });
    await world.untilQuiet();
    expect(pods()).toEqual(['db-1', 'db-2']);
  });
});
