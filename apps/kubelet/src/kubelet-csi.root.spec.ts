import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { core, storage, type corev1, type storagev1 } from '@navarch/api';
import { systemClock } from '@navarch/clock';
import { eventually } from '@navarch/testing';
import { ContainerNode, shell } from './testing/container-node';
import { FakeCsiDriver } from './testing/fake-csi-driver';
import { type KubeletBench } from './testing/kubelet-bench';
import { run } from './testing/private-node';
import { ServerBench } from './testing/server-bench';

jest.setTimeout(120_000);

describe('volumes of drivers and of local disks', () => {
  const kubelet = new ContainerNode();
  const { node, create, phase, log, gone } = kubelet;
  let bench: KubeletBench;
  let server: ServerBench;

  beforeAll(async () => {
    bench = await kubelet.start();
    server = await ServerBench.open(node.folder, bench.kubelet, node.runtime, systemClock);
  });
  afterAll(async () => {
    await server.server.stop();
    await kubelet.stop();
  });

  it('mounts volumes of a CSI driver and of local disks, and leaves nothing mounted', async () => {
    const disk = join(node.folder, 'disk');
    await mkdir(disk);
    await writeFile(join(disk, 'file'), 'on disk');
    const driver = new FakeCsiDriver({
      name: 'disk.example', rootDir: `${node.folder}/kubelet`,
      publish: async (_id, target) => {
        await mkdir(target, { recursive: true });
        await run('mount', '--bind', disk, target);
      },
      unpublish: (target) => run('umount', target).then(() => undefined),
    });
    await driver.start();
    bench.api.create(storage.csidrivers, '', { metadata: { name: 'disk.example' }, spec: { attachRequired: false } } as storagev1.CSIDriver);
    for (const [name, spec] of [['remote', { csi: { driver: 'disk.example', volumeHandle: 'h' } }], ['near', { local: { path: disk } }]] as const) {
      bench.api.create(core.persistentvolumes, '', { metadata: { name }, spec } as corev1.PersistentVolume);
      bench.api.create(core.persistentvolumeclaims, 'default', { metadata: { name }, spec: { volumeName: name }, status: { phase: 'Bound' } } as corev1.PersistentVolumeClaim);
    }
    await eventually(() => driver.told.some(({ pluginRegistered }) => pluginRegistered));
    create('disks', {
      volumes: [
        { name: 'remote', persistentVolumeClaim: { claimName: 'remote' } },
        { name: 'near', persistentVolumeClaim: { claimName: 'near' } },
      ],
      containers: [
        shell('main', 'cat /remote/file /near/file; echo; echo new > /near/new; cat /remote/new; while [ ! -e /near/end ]; do sleep 0.1; done', {
          volumeMounts: [
            { name: 'remote', mountPath: '/remote', readOnly: true },
            { name: 'near', mountPath: '/near' },
          ],
        }),
      ],
    });
    await phase('disks', 'Running');
    const { body } = await server.get('/metrics');
    for (const claim of ['remote', 'near']) expect(body).toMatch(new RegExp(`^kubelet_volume_stats_used_bytes\\{namespace="default",persistentvolumeclaim="${claim}"\\} [1-9]`, 'm'));
    await writeFile(join(disk, 'end'), '');
    await phase('disks', 'Succeeded');
    expect(log('disks')).toBe('on diskon disk\nnew');
    await gone('disks');
    expect(driver.calls).toEqual(['stage h', 'publish h', 'unpublish h', 'unstage h']);
    // Other clusters of the machine have mounts of their own.
    expect((await run('cat', '/proc/self/mounts')).split('\n').filter((line) => line.includes('kubernetes.io~') && line.includes(node.folder))).toEqual([]);
    expect(readFileSync(join(disk, 'new'), 'utf8')).toBe('new\n');
    await driver.stop();
  });
});
