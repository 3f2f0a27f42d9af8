import { existsSync } from 'node:fs';
import { statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { core, resource as dra, storage, type corev1, type resourcev1, type storagev1 } from '@navarch/api';
import { eventually } from '@navarch/testing';
import { podUidLabel } from './runtime/labels';
import { ContainerNode, shell } from './testing/container-node';
import { type KubeletBench } from './testing/kubelet-bench';
import { NodeDrivers } from './testing/node-drivers';
import { run } from './testing/private-node';

jest.setTimeout(120_000);

const mebibyte = 2 ** 20;

describe('drivers that are a process of their own', () => {
  const kubelet = new ContainerNode();
  const { node, create, log, phase, gone } = kubelet;
  const drivers = new NodeDrivers(join(node.folder, 'kubelet'));
  let bench: KubeletBench;

  beforeAll(async () => {
    bench = await kubelet.start({ syncFrequencyMs: 500 });
    await drivers.start();
    bench.api.create(storage.csidrivers, '', { metadata: { name: 'tmpfs.example' }, spec: { attachRequired: false, podInfoOnMount: true, volumeLifecycleModes: ['Persistent', 'Ephemeral'] } } as storagev1.CSIDriver);
    await eventually(() => ['csi registered', 'dra registered'].every((call) => drivers.calls.includes(call)), { timeoutMs: 30_000 });
  });
  afterAll(async () => {
    await kubelet.stop();
    await drivers.stop();
  });
  beforeEach(() => {
    drivers.calls.length = 0;
  });

  const mounts = (): Promise<string> => run('cat', '/proc/self/mounts');
  const pathOf = (pod: corev1.Pod, volume: string): string => join(node.folder, 'kubelet/pods', pod.metadata.uid ?? '', 'volumes/kubernetes.io~csi', volume, 'mount');

  it('grow a volume while a container uses it: what did not fit, fits', async () => {
    const claim = (): corev1.PersistentVolumeClaim | undefined => bench.api.find(core.persistentvolumeclaims, 'default', 'data');
    bench.api.create(core.persistentvolumes, '', {
      metadata: { name: 'grows' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Mi' },
        csi: { driver: 'tmpfs.example', volumeHandle: 'h', volumeAttributes: { size: String(mebibyte) } },
      },
    } as corev1.PersistentVolume);
    bench.api.create(core.persistentvolumeclaims, 'default', { metadata: { name: 'data' }, spec: { volumeName: 'grows' }, status: { phase: 'Bound', capacity: { storage: '1Mi' } } } as corev1.PersistentVolumeClaim);
    const pod = create('grower', {
      volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }],
      containers: [shell('main', 'fill() { dd if=/dev/zero of=/v/file bs=1024 count=1536 2>/dev/null; }; fill || echo full; until fill; do sleep 0.1; done; echo fits', { volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
    });
    await eventually(() => log('grower') === 'full', { timeoutMs: 40_000 });
    expect((await statfs(pathOf(pod, 'grows'))).blocks * 4096).toBe(mebibyte);
    const volume = bench.api.find(core.persistentvolumes, '', 'grows');
    bench.api.update(core.persistentvolumes, '', 'grows', '', { ...volume, spec: { ...volume?.spec, capacity: { storage: '2Mi' } } } as corev1.PersistentVolume);
    bench.api.update(core.persistentvolumeclaims, 'default', 'data', 'status', {
      ...claim(),
      status: {
        ...claim()?.status,
        conditions: [{ type: 'FileSystemResizePending', status: 'True' }],
        allocatedResourceStatuses: { storage: 'NodeResizePending' },
      },
    } as corev1.PersistentVolumeClaim);
    await phase('grower', 'Succeeded');
    expect(log('grower')).toBe('full\nfits');
    await eventually(() => claim()?.status?.capacity?.['storage'] === '2Mi');
    expect(claim()?.status).toEqual({ phase: 'Bound', capacity: { storage: '2Mi' }, conditions: [] });
    await gone('grower');
    expect(drivers.calls).toEqual(['csi stage h', 'csi publish h to grower', `csi expand h to ${2 * mebibyte}`, 'csi unpublish h', 'csi unstage h']);
    expect((await mounts()).includes('kubernetes.io~csi')).toBe(false);
  });

  it('give a pod volumes that live and die with it, each its own', async () => {
    const inline = (readOnly = false): corev1.Volume[] => [{ name: 'v', csi: { driver: 'tmpfs.example', readOnly, volumeAttributes: { size: String(mebibyte) } } }];
    const mounted = { volumeMounts: [{ name: 'v', mountPath: '/v' }] };
    const first = create('inline', { volumes: inline(), containers: [shell('main', 'echo mine > /v/file; until [ -e /v/end ]; do sleep 0.1; done', mounted)] });
    await phase('inline', 'Running');
    create('other', { volumes: inline(true), containers: [shell('main', 'ls /v; touch /v/x 2>/dev/null || echo read-only', mounted)] });
    await phase('other', 'Succeeded');
    expect(log('other')).toBe('read-only');
    await eventually(() => existsSync(join(pathOf(first, 'v'), 'file')));
    await writeFile(join(pathOf(first, 'v'), 'end'), '');
    await phase('inline', 'Succeeded');
    await gone('inline', 'other');
    const handle = (pod: string): string => drivers.calls.flatMap((call) => new RegExp(`^csi publish (csi-[0-9a-f]{64}) to ${pod}$`).exec(call)?.[1] ?? [])[0] ?? '';
    expect(handle('inline')).not.toBe(handle('other'));
    expect(drivers.calls.filter((call) => !call.startsWith('csi publish ')).sort()).toEqual([`csi unpublish ${handle('inline')}`, `csi unpublish ${handle('other')}`].sort());
    expect((await mounts()).includes('kubernetes.io~csi')).toBe(false);
    expect(existsSync(pathOf(first, 'v'))).toBe(false);
  });

  it('prepare a pod\'s claim before its container runs, and take it back when it has ended', async () => {
    const pod = create('device', { resourceClaims: [{ name: 'device', resourceClaimName: 'one' }], containers: [shell('main', 'echo ran', { resources: { claims: [{ name: 'device' }] } })] });
    await eventually(() => bench.events.all.some(({ reason }) => reason === 'FailedPrepareDynamicResources'));
    expect([drivers.calls, await node.runtime.listPodSandboxes({ [podUidLabel]: pod.metadata.uid ?? '' })]).toEqual([[], []]);
    const made = bench.api.create(dra.resourceclaims, 'default', { apiVersion: 'resource.k8s.io/v1', kind: 'ResourceClaim', metadata: { name: 'one', namespace: 'default' }, spec: {} } as resourcev1.ResourceClaim);
    bench.api.update(dra.resourceclaims, 'default', 'one', 'status', {
      ...made, status: {
        allocation: { devices: { results: [{ request: 'gpu', driver: 'gpu.example.com', pool: 'node-1', device: 'gpu-0' }] } },
        reservedFor: [{ resource: 'pods', name: 'device', uid: pod.metadata.uid ?? '' }],
      },
    } as resourcev1.ResourceClaim);
    await phase('device', 'Succeeded');
    expect([log('device'), drivers.calls]).toEqual(['ran', ['dra prepare one', 'dra unprepare one']]);
    await gone('device');
  });

  it('give containers devices of their own: nodes in /dev, variables and mounts, and no more than there are', async () => {
    const resource = 'example.com/null';
    const counted = (): unknown[] => ['capacity', 'allocatable'].map((which) => bench.api.find(core.nodes, '', 'node-1')?.status?.[which as 'capacity' | 'allocatable']?.[resource]);
    const told = (...wanted: unknown[]): Promise<unknown> => eventually(() => {
      expect(counted()).toEqual(wanted);
      return true;
    });
    await told('3', '2');
    const spec = (command: string, count = 1): Partial<corev1.PodSpec> => ({ containers: [shell('main', command, { resources: { limits: { [resource]: String(count) } } }), shell('beside', 'ls /dev | grep null')] });
    // Its number is that of /dev/null: what is written there is gone, which a file would not be. It says whether it is one to be written to.
    const looks = 'd=/dev/$DEVICES; echo $DEVICES; stat -c "%F %t:%T" $d; echo lost > $d && wc -c < $d; ls /dev | grep null | grep -vx null; touch /run/device/x 2>/dev/null || echo read-only';
    create('one', spec(`${looks}; sleep 1000`));
    await phase('one', 'Running');
    create('two', spec(looks));
    await phase('two', 'Succeeded');
    const seen = (id: string): string => [id, 'character special file 1:3', '0', id, 'read-only'].join('\n');
    await eventually(() => log('one') === seen('null0'));
    // Whoever asks for none sees none.
    expect([log('two'), log('two', 'beside')]).toEqual([seen('null1'), 'null']);
    create('many', spec('true', 2));
    const { status } = await phase('many', 'Failed');
    expect([status?.reason, drivers.calls]).toEqual([`OutOf${resource}`, ['device allocate null0', 'device allocate null1']]);
    // All of the drivers end: nothing after this needs them.
    await drivers.stop();
    await told('3', '0');
    // What had its device keeps it, and another has to be refused.
    create('late', spec('true'));
    expect((await phase('late', 'Failed')).status?.reason).toBe(`OutOf${resource}`);
    expect(bench.status('one')).toMatchObject({ restartCount: 0, state: { running: {} } });
    await gone('one', 'two', 'many', 'late');
  });
});
