import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { core, type corev1 } from '@navarch/api';
import { forbidden } from '@navarch/apimachinery';
import { ControllerWorld } from '../../testing/controller-world';
import { persistentVolumeBinder } from './controller';
import { recyclerOptions } from './recycler-options';
import { defaultRecycler, planRecycler, recyclerPod, type RecyclableKind, type RecyclerPlan } from './recycler-pod';

const volume = (spec: Partial<corev1.PersistentVolumeSpec> = {}): corev1.PersistentVolume => ({
  metadata: { name: 'a' }, spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, persistentVolumeReclaimPolicy: 'Recycle', ...spec },
});

describe('the pod that wipes a volume', () => {
  const options = { template: defaultRecycler, minimumSeconds: 60, incrementSeconds: 30 };
  it.each<{ reason: string; given: Partial<corev1.PersistentVolumeSpec>; kind: RecyclableKind; seconds: number; source: object }>([
    { reason: 'has a least time', given: { hostPath: { path: '/data' } }, kind: 'hostPath', seconds: 60, source: { hostPath: { path: '/data' } } },
    { reason: 'has time for each whole GiB', given: { hostPath: { path: '/data', type: 'Directory' }, capacity: { storage: '5600Mi' } }, kind: 'hostPath', seconds: 150, source: { hostPath: { path: '/data' } } },
    { reason: 'mounts what it wipes', given: { nfs: { server: 's', path: '/x', readOnly: true } }, kind: 'nfs', seconds: 60, source: { nfs: { server: 's', path: '/x' } } },
  ])('$reason', ({ given, kind, seconds, source }) => {
    const { metadata, spec } = recyclerPod(volume(given), kind, options);
    expect(metadata).toEqual({ name: 'recycler-for-a', namespace: 'default' });
    expect(spec).toMatchObject({ activeDeadlineSeconds: seconds, restartPolicy: 'Never', volumes: [{ name: 'vol', ...source }] });
  });

  const pod = (uid: string, status: corev1.PodStatus = {}): corev1.Pod => ({ metadata: { uid }, spec: { containers: [] }, status });
  it.each<{ reason: string; pod: corev1.Pod | undefined; own: string | undefined; expected: RecyclerPlan }>([
    { reason: 'is made', pod: undefined, own: undefined, expected: { kind: 'create' } },
    { reason: 'is waited for', pod: pod('u', { phase: 'Running' }), own: 'u', expected: { kind: 'wait' } },
    { reason: 'has wiped it', pod: pod('u', { phase: 'Succeeded' }), own: 'u', expected: { kind: 'succeeded' } },
    { reason: 'says why it failed', pod: pod('u', { phase: 'Failed', message: 'too slow' }), own: 'u', expected: { kind: 'failed', message: 'too slow' } },
    { reason: 'may fail without a word', pod: pod('u', { phase: 'Failed' }), own: 'u', expected: { kind: 'failed', message: 'pod failed, pod.Status.Message unknown' } },
    { reason: 'may be deleted', pod: undefined, own: 'u', expected: { kind: 'failed', message: 'recycler pod was deleted' } },
    { reason: 'of a process before is not trusted', pod: pod('x', { phase: 'Succeeded' }), own: undefined, expected: { kind: 'replace' } },
  ])('$reason', ({ pod: found, own, expected }) => expect(planRecycler(found, own)).toEqual(expected));

  describe('of an administrator', () => {
    let directory: string;
    beforeAll(() => (directory = mkdtempSync(join(tmpdir(), 'recycler-'))));
    afterAll(() => rmSync(directory, { recursive: true }));
    const fileOf = (text: string): string => {
      const file = join(directory, 'pod.yaml');
      writeFileSync(file, text);
      return file;
    };
    const optionsOf = (file: string): ReturnType<typeof recyclerOptions> => recyclerOptions(new ControllerWorld({ pvRecyclerPodTemplateFilepathNfs: file, pvRecyclerMinimumTimeoutNfs: 7 }).context.config);

    it('is read from a file', () => {
      const { nfs, hostPath } = optionsOf(fileOf('apiVersion: v1\nkind: Pod\nmetadata: { generateName: x-, namespace: wiping }\nspec: { volumes: [{ name: old }, { name: more }], containers: [{ name: c, image: i }] }\n'));
      expect(hostPath).toEqual({ template: defaultRecycler, minimumSeconds: 60, incrementSeconds: 30 });
      expect(recyclerPod(volume({ nfs: { server: 's', path: '/' } }), 'nfs', nfs)).toEqual({
        metadata: { name: 'recycler-for-a', namespace: 'wiping' },
        spec: { activeDeadlineSeconds: 30, containers: [{ name: 'c', image: 'i' }], volumes: [{ name: 'old', nfs: { server: 's', path: '/' } }, { name: 'more' }] },
      });
    });

    it.each([
      { reason: 'something else', text: 'kind: Service\n', cause: 'the file holds no Pod' },
      { reason: 'nothing', text: '', cause: 'the file holds no Pod' },
      { reason: 'a pod without a volume', text: 'kind: Pod\nspec: { containers: [] }\n', cause: 'does not contain any volume(s)' },
    ])('is not $reason', ({ text, cause }) => {
      const file = fileOf(text);
      expect(() => optionsOf(file)).toThrow(expect.objectContaining({ message: `could not create NFS recycler pod from file ${file}`, cause: expect.objectContaining({ message: cause }) as Error }) as Error);
    });
  });
});

describe('a volume that is to be recycled', () => {
  const RECYCLER = 'recycler-for-a';
  let world: ControllerWorld;
  beforeEach(async () => {
    world = new ControllerWorld();
    world.create(core.persistentvolumes, volume({ hostPath: { path: '/data' }, storageClassName: '' }));
    world.create(core.persistentvolumeclaims, { metadata: { name: 'data', namespace: 'default' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: '' } });
    await world.run(persistentVolumeBinder);
  });
  afterEach(() => world.stop());
  const release = async (): Promise<void> => {
    world.api.delete(core.persistentvolumeclaims, 'default', 'data');
    await world.settle();
  };
  const found = (): corev1.PersistentVolume => world.get(core.persistentvolumes, 'a');
  const recycler = (): corev1.Pod | undefined => world.api.find(core.pods, 'default', RECYCLER);
  const ends = async (status: corev1.PodStatus): Promise<void> => {
    world.change(core.pods, RECYCLER, (pod) => (pod.status = status), 'status');
    await world.settle();
  };

  it('is free again once its pod has wiped it, and tells what its pod is told of', async () => {
    await release();
    expect(found().status?.phase).toBe('Released');
    world.create(core.events, { metadata: { name: 'e', namespace: 'default' }, involvedObject: { name: RECYCLER, namespace: 'default', uid: recycler()?.metadata.uid ?? '' }, type: 'Normal', reason: 'Pulled', message: 'image there' });
    await ends({ phase: 'Succeeded' });
    expect(recycler()).toBeUndefined();
    expect(found().status?.phase).toBe('Available');
    expect(found().spec).not.toHaveProperty('claimRef');
    expect(world.eventsOf('a')).toEqual(['RecyclerPod: Recycler pod: image there', 'VolumeRecycled: Volume recycled']);
  });

  it('fails with its pod, and is tried again', async () => {
    await release();
    await ends({ phase: 'Failed', message: 'no such directory' });
    expect(found().status).toEqual({ phase: 'Failed', message: 'Recycle failed: failed to recycle volume: no such directory' });
    expect(world.eventsOf('a')).toEqual(['VolumeFailedRecycle: Recycle failed: failed to recycle volume: no such directory']);
    await world.clock.advance(16_000);
    await world.settle();
    await ends({ phase: 'Succeeded' });
    expect(found().status).toEqual({ phase: 'Available' });
  });

  it('waits for pods that still use it', async () => {
    world.create(core.pods, { metadata: { name: 'user', namespace: 'default' }, spec: { containers: [], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] }, status: { phase: 'Running' } });
    await release();
    expect(recycler()).toBeUndefined();
    expect(world.eventsOf('a')).toEqual(['VolumeFailedRecycle: Volume is used by pods: default/user']);
    world.change(core.pods, 'user', (pod) => (pod.status = { phase: 'Succeeded' }), 'status');
    await world.clock.advance(16_000);
    await world.settle();
    expect(recycler()).toBeDefined();
  });

  it('is not taken as wiped by a pod that was there before', async () => {
    world.create(core.pods, { metadata: { name: RECYCLER, namespace: 'default' }, spec: { containers: [] }, status: { phase: 'Succeeded' } });
    await release();
    expect(world.eventsOf('a')).toEqual(['VolumeFailedRecycle: Recycle failed: old recycler pod found, will retry later']);
    expect(recycler()?.status).toBeUndefined();
    await ends({ phase: 'Succeeded' });
    expect(found().status).toEqual({ phase: 'Available' });
  });

  it('fails when its pod cannot be made', async () => {
    world.transport.beforeWrite = ({ operation }) => {
      if (operation?.$case === 'create' && operation.value.key?.resource?.resource === 'pods') throw forbidden({ group: '', resource: 'pods' }, RECYCLER, 'no');
    };
    await release();
    expect(found().status?.message).toBe('Recycle failed: unexpected error creating recycler pod:  pods "recycler-for-a" is forbidden: no');
  });

  it('is left alone once it is to be kept', async () => {
    await release();
    world.change(core.persistentvolumes, 'a', (object) => (object.spec = { ...object.spec, persistentVolumeReclaimPolicy: 'Retain' }));
    await world.settle();
    expect(recycler()).toBeUndefined();
    expect(found().status?.phase).toBe('Released');
  });
});
