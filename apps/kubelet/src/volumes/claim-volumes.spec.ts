import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type corev1 } from '@navarch/api';
import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { aContainer, aPod } from '../testing/pod-bench';
import { RecordedEvents } from '../testing/recorded-events';
import { noCsi, noObjects } from '../testing/volume-objects';
import { NoMounter, type Mounter } from './mounter';
import { PodDirectories } from './pod-directories';
import { PodVolumes } from './pod-volumes';

const pv = (spec: corev1.PersistentVolumeSpec): corev1.PersistentVolume => ({ metadata: { name: 'pv' }, spec });
const bound: corev1.PersistentVolumeClaim = { metadata: { name: 'c', uid: 'c-uid' }, spec: { volumeName: 'pv' }, status: { phase: 'Bound' } };
const viaClaim: corev1.Volume = { name: 'v', persistentVolumeClaim: { claimName: 'c' } };

describe('volumes of claims', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'volumes-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const mounts: string[] = [];
  const kubelet = (persistent: corev1.PersistentVolume, mounter: Partial<Mounter> = { bind: (...args) => { mounts.push(JSON.stringify(args)); return Promise.resolve(); } }): PodVolumes => new PodVolumes({
    directories: new PodDirectories(root, join(root, 'logs')), log: silentLogger, events: new RecordedEvents(), clock: new FakeClock(), image: () => Promise.resolve(''), csi: noCsi, node: () => ({ name: 'node-1', labels: { disk: 'ssd' } }),
    objects: { ...noObjects, claim: () => Promise.resolve(bound), volume: () => Promise.resolve(persistent) }, mounter: Object.assign(new NoMounter(), mounter),
    sources: () => { throw new Error('not asked for'); },
  });
  const podOf = (uid: string, container: Partial<corev1.Container> = { volumeMounts: [{ name: 'v', mountPath: '/v' }] }): corev1.Pod => aPod({ containers: [aContainer('main', container)], volumes: [viaClaim] }, { uid });
  const inUse = 'MountVolume.SetUp failed for volume "pv" : volume uses the ReadWriteOncePod access mode and is already in use by another pod';

  it.each(['local', 'hostPath'])('puts up what one pod may have for one pod, also after a restart, until that is gone: %s', async (kind) => {
    const spec: corev1.PersistentVolumeSpec = { [kind]: { path: root }, accessModes: ['ReadWriteOncePod'] };
    const forOne = pv(spec);
    const volumes = kubelet(forOne);
    await volumes.prepare(podOf('one'));
    await expect(volumes.prepare(podOf('two'))).rejects.toThrow(inUse);
    const next = kubelet(forOne);
    await expect(next.prepare(podOf('two'))).rejects.toThrow(inUse);
    // It may be up though it cannot be put up once more.
    forOne.spec = { ...forOne.spec, hostPath: { path: root, type: 'File' }, local: { path: '/none' } };
    await expect(next.prepare(podOf('one'))).rejects.toThrow();
    await expect(next.prepare(podOf('two'))).rejects.toThrow(inUse);
    forOne.spec = spec;
    await volumes.prepare(podOf('one'));
    await volumes.removeVolumes('one');
    await volumes.prepare(podOf('two'));
  });

  it('mounts one once that a pod names twice', async () => {
    const mounted: string[] = [];
    const volumes = kubelet(pv({ nfs: { server: 's', path: '/' } }), { mount: (_type, _source, directory) => { mounted.push(directory); return Promise.resolve(); }, below: () => Promise.resolve([...mounted]) });
    await volumes.prepare(aPod({ containers: [aContainer('main', { volumeMounts: [{ name: 'v', mountPath: '/v' }, { name: 'w', mountPath: '/w' }] })], volumes: [viaClaim, { ...viaClaim, name: 'w' }] }, { uid: 'one' }));
    expect(mounted).toEqual([`${root}/pods/one/volumes/kubernetes.io~nfs/pv`]);
  });

  it('leaves one that could not be put up to the next, and does not mind where others may have it, too', async () => {
    const missing = kubelet(pv({ local: { path: join(root, 'none') }, accessModes: ['ReadWriteOncePod'] }));
    for (const uid of ['one', 'two']) await expect(missing.prepare(podOf(uid))).rejects.toThrow(`path "${join(root, 'none')}" does not exist`);
    const many = kubelet(pv({ local: { path: root }, accessModes: ['ReadWriteOncePod', 'ReadWriteMany'] }));
    for (const uid of ['one', 'two']) await many.prepare(podOf(uid));
  });

  const block = { volumeDevices: [{ name: 'v', devicePath: '/dev/v' }] };
  const only = (disk: string): corev1.VolumeNodeAffinity => ({ required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'In', values: [disk] }] }] } });
  it.each<[string, corev1.PersistentVolumeSpec, Partial<corev1.Container> | undefined, string, string]>([
    ['is on other nodes', { nodeAffinity: only('hdd') }, undefined, 'FailedMount', 'MountVolume.NodeAffinity check failed for volume "pv" : no matching NodeSelectorTerms'],
    ['is a device of other nodes', { nodeAffinity: only('hdd'), volumeMode: 'Block' }, block, 'FailedMount', 'MapVolume.NodeAffinity check failed for volume "pv" : no matching NodeSelectorTerms'],
    ['has options that its kind cannot have', { hostPath: { path: '/' }, mountOptions: ['ro'] }, undefined, 'FailedMount', 'MountVolume.MountOptionSupport check failed for volume "pv" : mount options are not supported for this volume type'],
    ['is not there', { local: { path: '/none' } }, undefined, 'FailedMount', 'MountVolume.NewMounter initialization failed for volume "pv" : path "/none" does not exist'],
    ['is a file', { local: { path: '/etc/passwd' } }, undefined, 'FailedMount', 'MountVolume.NewMounter initialization failed for volume "pv" : only directory and block device are supported'],
    ['is a device that is not there', { local: { path: '/none' }, volumeMode: 'Block' }, block, 'FailedMapVolume', 'MapVolume.NewBlockVolumeMapper initialization failed for volume "pv" : path "/none" does not exist'],
    ['is no device', { volumeMode: 'Block' }, block, 'FailedMapVolume', 'MapVolume.SetUpDevice failed for volume "pv" : path / is not a block device'],
  ])('says of one that %s so', async (_what, spec, container, reason, message) => {
    await expect(kubelet(pv({ local: { path: '/' }, ...spec })).prepare(podOf('one', container))).rejects.toMatchObject({ reason, message });
  });

  it('mounts local ones with their options, by annotation before the field', async () => {
    const options = async (spec: corev1.PersistentVolumeSpec, annotations: Record<string, string> = {}): Promise<string | undefined> => {
      await kubelet({ metadata: { name: 'pv', annotations }, spec: { local: { path: root }, nodeAffinity: only('ssd'), ...spec } }).prepare(podOf('one'));
      return mounts.at(-1)?.replace(/.*"(?=,\[)/, '');
    };
    expect(await options({ mountOptions: ['noexec', 'nodev', 'noexec'] })).toBe(',["nodev","noexec"]]');
    expect(await options({ mountOptions: ['noexec'] }, { 'volume.beta.kubernetes.io/mount-options': 'ro,nosuid' })).toBe(',["nosuid","ro"]]');
  });
});
