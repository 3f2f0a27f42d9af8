import { readdirSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { core, storage, type corev1, type storagev1 } from '@navarch/api';
import { describeMessage, silentLogger, watchBoundary } from '@navarch/component-base';
import { csiv1 } from '@navarch/proto';
import { VolumeMeasures } from '../node-service/volume-stats';
import { CsiBench } from '../testing/csi-bench';
import { FakeCsiDriver } from '../testing/fake-csi-driver';
import { type KubeletHarness } from '../testing/kubelet-harness';
import { aContainer, aPod } from '../testing/pod-bench';
import { attachmentName } from './csi-paths';

describe('CSI volumes', () => {
  let csi: CsiBench;
  let harness: KubeletHarness;
  let driver: FakeCsiDriver;

  beforeEach(async () => {
    csi = await CsiBench.open();
    ({ harness, driver } = csi);
  });
  afterEach(() => csi.close());

  it('come from drivers that register themselves, and the API is told', async () => {
    await csi.ready();
    expect(driver.told).toEqual([{ pluginRegistered: true, error: '' }]);
    expect(csi.csiNode()?.spec.drivers).toEqual([{ name: 'disk.example', nodeID: 'node-id-1', topologyKeys: ['example.org/zone'], allocatable: { count: 8 } }]);
    expect(harness.bench.api.find(core.nodes, '', 'node-1')?.metadata).toMatchObject({ labels: { 'example.org/zone': 'a' }, annotations: { 'csi.volume.kubernetes.io/nodeid': '{"disk.example":"node-id-1"}' } });
    await driver.stop();
    await harness.passing('gone', 1000, () => csi.csiNode()?.spec.drivers.length === 0);
  });

  it('of a node without drivers are said to be none', async () => {
    await harness.start();
    await harness.passing('known', 1000, () => csi.csiNode() !== undefined);
    expect(csi.csiNode()).toMatchObject({ metadata: { ownerReferences: [{ kind: 'Node', name: 'node-1' }] }, spec: { drivers: [] } });
  });

  it('of a driver that says that the node is elsewhere are not taken', async () => {
    await harness.start();
    await harness.passing('known', 1000, () => csi.csiNode() !== undefined);
    const node = harness.bench.api.find(core.nodes, '', 'node-1')!;
    harness.bench.api.update(core.nodes, '', 'node-1', '', { ...node, metadata: { ...node.metadata, labels: { ...node.metadata.labels, 'example.org/zone': 'b' } } });
    await driver.start();
    await harness.passing('told', 1000, () => driver.told.length > 0);
    expect(driver.told[0]?.error).toContain('detected topology value collision: driver reported "example.org/zone":"a" but existing label is "example.org/zone":"b"');
    expect(csi.csiNode()?.spec.drivers).toEqual([]);
  });

  it('of a driver that makes way for a newer one of its name stay with that', async () => {
    await csi.ready();
    const newer = new FakeCsiDriver({ name: 'disk.example', rootDir: `${harness.root}/kubelet`, socket: 'newer-reg.sock' });
    try {
      await newer.start();
      await harness.passing('registered', 1000, () => newer.told.length > 0);
      await driver.stop();
      await harness.clock.advance(5_000);
      csi.addDriver({ attachRequired: false });
      csi.addClaim('data');
      harness.bench.createPod(csi.podWith('one'));
      await harness.running('one');
      expect(newer.calls).toContain('publish handle-data');
      expect(csi.csiNode()?.spec.drivers).toHaveLength(1);
    } finally {
      await newer.stop();
    }
  });

  it('are shown by a tap without what their driver is told in secret', async () => {
    csi.addDriver({ attachRequired: false, podInfoOnMount: true });
    harness.bench.api.create(core.secrets, 'default', { metadata: { name: 'login' }, data: { user: Buffer.from('hunter2').toString('base64') } } as corev1.Secret);
    csi.addClaim('data', {}, { nodePublishSecretRef: { namespace: 'default', name: 'login' } });
    const told: unknown[] = [];
    const stop = watchBoundary(({ direction, what, message }) => {
      if (what.startsWith('/csi.')) told.push([direction, what, describeMessage(message?.())]);
    });
    await csi.ready();
    harness.bench.createPod(csi.podWith('one'));
    await harness.running('one');
    stop();
    expect(driver.published[0]?.secrets).toEqual({ user: 'hunter2' });
    const volume = { volumeId: 'handle-data', secrets: '(1 hidden)', volumeContext: expect.stringMatching(/^\([1-9] hidden\)$/) as string };
    expect(told).toContainEqual(['out', '/csi.v1.Node/NodePublishVolume', expect.objectContaining(volume)]);
    expect(JSON.stringify(told)).not.toContain('hunter2');
  });

  it('are measured by their driver, where it can be asked', async () => {
    driver.usage = [{ unit: csiv1.VolumeUsage_Unit.BYTES, total: 10n, available: 4n, used: 6n }, { unit: csiv1.VolumeUsage_Unit.INODES, total: 3n, available: 2n, used: 1n }];
    csi.addDriver({ attachRequired: false });
    csi.addClaim('data', { volumeMode: 'Block' });
    await csi.ready();
    harness.bench.createPod(aPod({ containers: [aContainer('main', { volumeDevices: [{ name: 'v', devicePath: '/dev/xvda' }] })], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] }));
    await harness.running('web');
    const measures = new VolumeMeasures({ clock: harness.clock, log: silentLogger, volumes: (uid) => harness.bench.kubelet.volumesOf(uid) });
    const stats = { capacityBytes: 10, availableBytes: 4, usedBytes: 6, inodes: 3, inodesFree: 2, inodesUsed: 1 };
    expect(await measures.of(harness.bench.pod('web')?.metadata.uid ?? '')).toEqual([{ ...stats, name: 'v', pvcRef: { name: 'data', namespace: 'default' }, time: expect.any(String) as string }]);
  });

  it('are said to be in use, and wait for their attachment in silence for two minutes; what that told is passed on', async () => {
    const name = 'kubernetes.io/csi/disk.example^handle-data';
    csi.addClaim('data');
    await csi.ready();
    harness.bench.createPod(csi.podWith('one'));
    const node = (): corev1.Node => harness.bench.api.find(core.nodes, '', 'node-1')!;
    await harness.passing('in use', 1_000, () => node().status?.volumesInUse?.[0] === name);
    const told = (): string[] => harness.bench.events.lines.filter((line) => line.startsWith('FailedMount: '));
    await harness.clock.advance(60_000);
    expect(told()).toEqual([]);
    await harness.passing('said so', 5_000, () => told().length > 0);
    expect(told()).toEqual(['FailedMount: Unable to attach or mount volumes: unmounted volumes=[v], unattached volumes=[v], failed to process volumes=[]: context deadline exceeded']);
    harness.bench.api.create(storage.volumeattachments, '', {
      metadata: { name: attachmentName('handle-data', 'disk.example', 'node-1') }, spec: { attacher: 'disk.example', nodeName: 'node-1', source: {} }, status: { attached: true, attachmentMetadata: { lun: '7' } },
    } as storagev1.VolumeAttachment);
    // It is not to be counted on before the node says so, too.
    await harness.clock.advance(300_000);
    expect(driver.staged).toEqual([]);
    harness.bench.api.update(core.nodes, '', 'node-1', 'status', { ...node(), status: { ...node().status, volumesAttached: [{ name, devicePath: '' }] } } as corev1.Node);
    await harness.passing('runs', 5_000, () => harness.bench.pod('one')?.status?.phase === 'Running');
    expect(driver.staged[0]?.publishContext).toEqual({ lun: '7' });
    expect(node().status?.volumesInUse).toEqual([name]);
  });

  describe('whose driver says how many there may be', () => {
    const limit = (): number | undefined => csi.csiNode()?.spec.drivers[0]?.allocatable?.count;

    it('is asked again as often as its object says', async () => {
      csi.addDriver({ attachRequired: false, nodeAllocatableUpdatePeriodSeconds: 10 });
      await csi.ready();
      driver.limit = 5n;
      await harness.passing('fewer', 1_000, () => limit() === 5);
      driver.limit = 0n;
      await harness.passing('no limit', 1_000, () => csi.csiNode()?.spec.drivers[0]?.allocatable === undefined);
      expect(csi.csiNode()?.spec.drivers).toEqual([{ name: 'disk.example', nodeID: 'node-id-1', topologyKeys: ['example.org/zone'] }]);
    });

    it('takes a pod that is one too many away, and says how many there may be', async () => {
      csi.addDriver({ nodeAllocatableUpdatePeriodSeconds: 600 });
      csi.addClaim('data');
      await csi.ready();
      driver.limit = 5n;
      harness.bench.api.create(storage.volumeattachments, '', {
        metadata: { name: attachmentName('handle-data', 'disk.example', 'node-1') }, spec: { attacher: 'disk.example', nodeName: 'node-1', source: {} }, status: { attached: false, attachError: { message: 'no slot', errorCode: 8 } },
      } as storagev1.VolumeAttachment);
      harness.bench.createPod(csi.podWith('one'));
      await harness.until('rejected', () => harness.bench.pod('one')?.status?.phase === 'Failed');
      expect(harness.bench.pod('one')?.status).toMatchObject({ reason: 'VolumeAttachmentLimitExceeded', message: 'Pod was rejected: the node has reached its limit of volumes of disk.example, so that volume pv-data is not attached: no slot' });
      expect(harness.bench.events.lines.filter((line) => /^VolumeAttachmentLimitExceeded: the node has reached/.test(line))).toHaveLength(1);
      expect(limit()).toBe(5);
    });
  });

  describe('that grow', () => {
    const claim = (): corev1.PersistentVolumeClaim | undefined => harness.bench.api.find(core.persistentvolumeclaims, 'default', 'data');
    const growing = async (): Promise<void> => {
      csi.addDriver({ attachRequired: false });
      harness.bench.api.create(core.persistentvolumes, '', { metadata: { name: 'pv-data' }, spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, csi: { driver: 'disk.example', volumeHandle: 'handle-data', fsType: 'ext4' } } } as corev1.PersistentVolume);
      harness.bench.api.create(core.persistentvolumeclaims, 'default', { metadata: { name: 'data' }, spec: { volumeName: 'pv-data' }, status: { phase: 'Bound', capacity: { storage: '1Gi' } } } as corev1.PersistentVolumeClaim);
      await csi.ready();
      harness.bench.createPod(csi.podWith('one'));
      await harness.running('one');
      expect(driver.calls).toEqual(['stage handle-data', 'publish handle-data']);
      const volume = harness.bench.api.find(core.persistentvolumes, '', 'pv-data')!;
      harness.bench.api.update(core.persistentvolumes, '', 'pv-data', '', { ...volume, spec: { ...volume.spec, capacity: { storage: '2Gi' } } } as corev1.PersistentVolume);
      harness.bench.api.update(core.persistentvolumeclaims, 'default', 'data', 'status', { ...claim(), status: { ...claim()?.status, conditions: [{ type: 'FileSystemResizePending', status: 'True' }], allocatedResourceStatuses: { storage: 'NodeResizePending' } } } as corev1.PersistentVolumeClaim);
    };

    it('do so while their pod runs, and their claim says so', async () => {
      await growing();
      await harness.passing('grown', 10_000, () => claim()?.status?.capacity?.['storage'] === '2Gi');
      expect(claim()?.status).toEqual({ phase: 'Bound', capacity: { storage: '2Gi' }, conditions: [] });
      expect(driver.expanded).toMatchObject([{ volumeId: 'handle-data', capacityRange: { requiredBytes: 2n * 2n ** 30n, limitBytes: 0n }, volumePath: driver.published[0]?.targetPath, stagingTargetPath: driver.staged[0]?.stagingTargetPath }]);
      expect(harness.bench.events.lines).toContain('FileSystemResizeSuccessful: MountVolume.NodeExpandVolume succeeded for volume "pv-data" node-1');
    });

    it('do so, too, when another node that has them was first', async () => {
      await growing();
      const { conditions: _pending, allocatedResourceStatuses: _none, ...status } = claim()?.status ?? {};
      harness.bench.api.update(core.persistentvolumeclaims, 'default', 'data', 'status', { ...claim(), status: { ...status, capacity: { storage: '2Gi' } } } as corev1.PersistentVolumeClaim);
      const version = claim()?.metadata.resourceVersion;
      await harness.passing('grown', 10_000, () => driver.expanded.length > 0);
      expect(driver.expanded).toMatchObject([{ volumeId: 'handle-data', capacityRange: { requiredBytes: 2n * 2n ** 30n } }]);
      await harness.clock.advance(180_000);
      expect([driver.expanded.length, claim()?.metadata.resourceVersion]).toEqual([1, version]);
    });

    it('are tried again after a failure, which their claim tells', async () => {
      driver.behave['expand'] = () => {
        throw new Error('busy');
      };
      await growing();
      await harness.passing('failed', 10_000, () => claim()?.status?.conditions?.some(({ type, message }) => type === 'NodeResizeError' && message?.includes('internal error') === true) === true);
      expect(harness.bench.pod('one')?.status?.phase).toBe('Running');
      driver.behave['expand'] = () => undefined;
      await harness.passing('grown', 10_000, () => claim()?.status?.capacity?.['storage'] === '2Gi');
      expect(claim()?.status?.conditions).toEqual([]);
    });
  });

  it('may live and die with their pod', async () => {
    csi.addDriver({ attachRequired: false, volumeLifecycleModes: ['Ephemeral'], tokenRequests: [{ audience: 'vault' }] });
    await csi.ready();
    harness.bench.createPod(aPod({ containers: [aContainer('main', { volumeMounts: [{ name: 'v', mountPath: '/data' }] })], volumes: [{ name: 'v', csi: { driver: 'disk.example', readOnly: true } }] }));
    await harness.running('web');
    expect(driver.calls).toEqual([expect.stringMatching(/^publish csi-[0-9a-f]{64}$/)]);
    expect(driver.published[0]).toMatchObject({ readonly: true, volumeContext: { 'csi.storage.k8s.io/serviceAccount.tokens': '{"vault":{"token":"token-1","expirationTimestamp":"2099-01-01T00:00:00Z"}}' } });
  });

  it('get tokens of their pod among the secrets, where their driver wants them there, and the group of a pod whose own they are', async () => {
    csi.addDriver({ attachRequired: false, volumeLifecycleModes: ['Ephemeral'], tokenRequests: [{ audience: 'vault' }], serviceAccountTokenInSecrets: true });
    csi.addClaim('data');
    await csi.ready();
    const group = process.getgid?.() ?? 0;
    harness.bench.createPod(aPod({
      securityContext: { fsGroup: group }, containers: [aContainer('main', { volumeMounts: [{ name: 'v', mountPath: '/data' }] })], volumes: [{ name: 'v', csi: { driver: 'disk.example', fsType: 'ext4' } }],
    }));
    await harness.running('web');
    expect(driver.published[0]?.volumeContext).toEqual({});
    expect(driver.published[0]?.secrets).toEqual({ 'csi.storage.k8s.io/serviceAccount.tokens': '{"vault":{"token":"token-1","expirationTimestamp":"2099-01-01T00:00:00Z"}}' });
    const { mode, gid } = statSync(driver.published[0]?.targetPath ?? '');
    expect([gid, mode & 0o2770]).toEqual([group, 0o2770]);
    harness.bench.createPod(csi.podWith('lasting'));
    await harness.until('refused', () => harness.bench.events.lines.some((line) => line.includes('volume mode "Persistent" not supported by driver disk.example (only supports ["Ephemeral"])')));
  });

  it('are given to the group of their pod again when that has failed', async () => {
    let isThere = false;
    csi.driver = driver = new FakeCsiDriver({ name: 'disk.example', rootDir: `${harness.root}/kubelet`, publish: async (_id, target) => { if (isThere) await mkdir(target, { recursive: true }); } });
    csi.addDriver({ attachRequired: false });
    csi.addClaim('data');
    await csi.ready();
    harness.bench.createPod({ ...csi.podWith('one'), spec: { ...csi.podWith('one').spec, securityContext: { fsGroup: process.getgid?.() ?? 0 } } as corev1.PodSpec });
    await harness.until('refused', () => harness.bench.events.lines.some((line) => /^FailedMount: .*ENOENT/.test(line)));
    isThere = true;
    await harness.passing('runs', 500, () => harness.bench.pod('one')?.status?.phase === 'Running');
    expect(statSync(driver.published[0]?.targetPath ?? '').mode & 0o2770).toBe(0o2770);
  });

  it('are taken down by a kubelet that did not put them up, when the driver is back', async () => {
    csi.addDriver({ attachRequired: false });
    csi.addClaim('data');
    await csi.ready();
    harness.bench.createPod(csi.podWith('one'));
    await harness.running('one');
    await harness.bench.stop();
    await driver.stop();
    harness.bench.api.delete(core.pods, 'default', 'one', { gracePeriodSeconds: 0 });
    driver.calls.length = 0;
    await harness.bench.restart();
    // Until then they may be mounted.
    const inUse = (): readonly string[] => harness.bench.api.find(core.nodes, '', 'node-1')?.status?.volumesInUse ?? [];
    expect(inUse()).toEqual([]);
    await harness.passing('in use', 15_000, () => inUse()[0] === 'kubernetes.io/csi/disk.example^handle-data');
    await driver.start();
    await harness.passing('taken down', 5000, () => driver.calls.includes('unstage handle-data'));
    expect(driver.calls).toEqual(['unpublish handle-data', 'unstage handle-data']);
    await harness.passing('not in use', 15_000, () => inUse().length === 0);
  });

  it('are shown as devices when the claim says block, of which nothing stays', async () => {
    csi.addDriver({ attachRequired: false });
    csi.addClaim('data', { volumeMode: 'Block' });
    await csi.ready();
    harness.bench.createPod(aPod({ containers: [aContainer('main', { volumeDevices: [{ name: 'v', devicePath: '/dev/xvda' }] })], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] }));
    await harness.running('web');
    // This driver cannot be asked.
    await expect(harness.bench.kubelet.volumesOf(harness.bench.pod('web')?.metadata.uid ?? '')[0]?.ask?.()).resolves.toBeUndefined();
    expect(driver.published[0]?.volumeCapability?.accessType?.$case).toBe('block');
    expect(harness.runtime.newest('main').config.devices).toEqual([{ containerPath: '/dev/xvda', hostPath: driver.published[0]?.targetPath, permissions: 'mrw' }]);
    harness.bench.api.delete(core.pods, 'default', 'web', { gracePeriodSeconds: 1 });
    await harness.passing('web is gone', 500, () => harness.bench.pod('web') === undefined);
    const devices = join(harness.root, 'kubelet/plugins/kubernetes.io/csi/volumeDevices');
    expect(readdirSync(devices, { recursive: true }).sort()).toEqual(['publish', 'staging']);
  });

  it('say which claim is not bound, and which driver is not there', async () => {
    await harness.start();

    csi.addDriver({ attachRequired: false });
    harness.bench.api.create(core.persistentvolumeclaims, 'default', { metadata: { name: 'wait' }, spec: {}, status: { phase: 'Pending' } } as corev1.PersistentVolumeClaim);
    harness.bench.createPod(csi.podWith('one', 'wait'));
    await harness.until('said so', () => harness.bench.events.lines.includes('FailedMount: Unable to attach or mount volumes: unmounted volumes=[v], unattached volumes=[], failed to process volumes=[v]: error processing PVC default/wait: PVC is not bound'));
    csi.addClaim('data');
    harness.bench.createPod(csi.podWith('two'));
    const missing = 'driver name disk.example not found in the list of registered CSI drivers';
    await harness.until('said so', () => harness.bench.events.lines.includes(`FailedMount: MountVolume.MountDevice failed for volume "pv-data" : kubernetes.io/csi: attacher.MountDevice failed to create newCsiDriverClient: ${missing}`));
    csi.addClaim('raw', { volumeMode: 'Block' });
    harness.bench.createPod(aPod({ containers: [aContainer('main', { volumeDevices: [{ name: 'v', devicePath: '/dev/xvda' }] })], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'raw' } }] }));
    await harness.until('said so', () => harness.bench.events.lines.includes(`FailedMapVolume: MapVolume.SetUpDevice failed for volume "pv-raw" : kubernetes.io/csi: blockMapper.SetUpDevice failed to get CSI client: ${missing}`));
  });
});
