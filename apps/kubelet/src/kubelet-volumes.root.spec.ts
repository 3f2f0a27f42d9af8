import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, mkdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { core, type corev1 } from '@navarch/api';
import { systemClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { eventually } from '@navarch/testing';
import { VolumeMeasures } from './node-service/volume-stats';
import { ContainerNode, shell } from './testing/container-node';
import { HugePages } from './testing/huge-pages';
import { type KubeletBench } from './testing/kubelet-bench';
import { run } from './testing/private-node';

jest.setTimeout(120_000);

/** Asked for before there is a kubelet, which counts them when it begins. */
const hugePages = new HugePages(8);

describe('volumes that are the node\'s own', () => {
  const kubelet = new ContainerNode();
  const { node, create, log, phase, gone } = kubelet;
  const at = (...names: readonly string[]): string => join(node.folder, 'own', ...names);
  const socket = createServer();
  const loops: string[] = [];
  let bench: KubeletBench;

  beforeAll(async () => {
    await mkdir(at('directory'), { recursive: true });
    await writeFile(at('file'), 'here\n');
    socket.listen(at('socket'));
    await once(socket, 'listening');
    bench = await kubelet.start({ syncFrequencyMs: 500 });
  });
  afterAll(async () => {
    socket.close();
    try {
      await kubelet.stop();
    } finally {
      for (const loop of loops) await run('losetup', '--detach', loop);
      hugePages.giveBack();
    }
  });

  /** A disk of so many megabytes, which holds nothing. */
  const disk = async (name: string, megabytes: number): Promise<string> => {
    await writeFile(at(name), '');
    await truncate(at(name), megabytes * 2 ** 20);
    const loop = (await run('losetup', '--find', '--show', at(name))).trim();
    loops.push(loop);
    return loop;
  };
  const local = (name: string, path: string, over: Partial<corev1.PersistentVolumeSpec> = {}): void => void bench.api.create(core.persistentvolumes, '', { metadata: { name }, spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '4Mi' }, local: { path }, ...over } } as corev1.PersistentVolume);
  const claim = (name: string, volumeName: string, ownerReferences: corev1.Pod['metadata']['ownerReferences'] = []): corev1.PersistentVolumeClaim => bench.api.create(core.persistentvolumeclaims, 'default', { metadata: { name, ownerReferences }, spec: { volumeName }, status: { phase: 'Bound' } } as corev1.PersistentVolumeClaim);
  const failure = (text: string): Promise<true> => eventually(() => {
    if (!bench.events.lines.some((line) => /^Failed(Mount|MapVolume): /.test(line) && line.includes(text))) throw new Error(`not said: ${text}; but: ${bench.events.lines.slice(-8).join(' | ')}`);
    return true;
  }, { timeoutMs: 40_000 });

  it('are what their type says, or are made so; what is something else is refused by name', async () => {
    const loop = await disk('block', 1);
    const typed: Readonly<Record<string, string>> = { Directory: at('directory'), File: at('file'), DirectoryOrCreate: at('made/deep'), FileOrCreate: at('made-file'), Socket: at('socket'), CharDevice: '/dev/zero', BlockDevice: loop };
    const names = Object.keys(typed);
    create('typed', {
      volumes: names.map((type) => ({ name: type.toLowerCase(), hostPath: { path: typed[type] ?? '', type } })),
      containers: [shell('main', 'cd /v; ls -d directory directoryorcreate; cat file; echo new > fileorcreate; test -S socket && echo socket; head -c 3 chardevice | wc -c; test -b blockdevice && echo block', { volumeMounts: names.map((type) => ({ name: type.toLowerCase(), mountPath: `/v/${type.toLowerCase()}` })) })],
    });
    const wrong: [string, string, string][] = [
      ['Directory', at('file'), 'a directory'], ['Directory', at('absent'), 'a directory'], ['File', at('directory'), 'a file'], ['DirectoryOrCreate', at('file'), 'a directory'], ['FileOrCreate', at('directory'), 'a file'],
      ['Socket', at('file'), 'a socket file'], ['CharDevice', loop, 'a character device'], ['BlockDevice', '/dev/zero', 'a block device'],
    ];
    wrong.forEach(([type, path], index) => create(`wrong-${index}`, { volumes: [{ name: 'v', hostPath: { path, type } }], containers: [shell('main', 'true', { volumeMounts: [{ name: 'v', mountPath: '/v' }] })] }));
    await phase('typed', 'Succeeded');
    expect(log('typed').split('\n')).toEqual(['directory', 'directoryorcreate', 'here', 'socket', '3', 'block']);
    expect([await readFile(at('made-file'), 'utf8'), (await stat(at('made-file'))).mode & 0o777, (await stat(at('made/deep'))).mode & 0o777]).toEqual(['new\n', 0o644, 0o755]);
    for (const [, path, name] of wrong) await failure(`hostPath type check failed: ${path} is not ${name}`);
    expect(existsSync(at('absent'))).toBe(false);
    await gone('typed', ...wrong.map((_, index) => `wrong-${index}`));
  });

  it('hand on what a privileged container mounts in them, to the node and from there to others', async () => {
    const shared = at('shared');
    await mkdir(join(shared, 'inner'), { recursive: true });
    await run('mount', '--bind', shared, shared);
    await run('mount', '--make-rshared', shared);
    const mounted = (command: string, mountPropagation: string, over: Partial<corev1.Container> = {}): Partial<corev1.PodSpec> => ({ volumes: [{ name: 'v', hostPath: { path: shared } }], containers: [shell('main', command, { ...over, volumeMounts: [{ name: 'v', mountPath: '/v', mountPropagation }] })] });
    create('sees', mounted('until [ -e /v/inner/there ]; do sleep 0.05; done; echo seen', 'HostToContainer'));
    await phase('sees', 'Running');
    create('mounts', mounted('mount -t tmpfs none /v/inner && touch /v/inner/there', 'Bidirectional', { securityContext: { privileged: true } }));
    await phase('mounts', 'Succeeded');
    await phase('sees', 'Succeeded');
    expect([log('sees'), existsSync(join(shared, 'inner/there'))]).toEqual(['seen', true]);
    await gone('sees', 'mounts');
    await run('umount', join(shared, 'inner'));
    await run('umount', shared);
  });

  it('are disks, as devices and, with a file system made on what holds nothing, as directories', async () => {
    const [raw, empty, older] = [await disk('raw', 4), await disk('empty', 16), await disk('older', 16)];
    await writeFile(at('raw'), 'first', { flag: 'r+' });
    local('raw', raw, { volumeMode: 'Block' });
    local('empty', empty, { volumeMode: 'Filesystem' });
    local('older', older, { local: { path: older, fsType: 'ext3' } });
    local('mismatched', empty, { local: { path: empty, fsType: 'ext3' } });
    local('no-device', at('directory'), { volumeMode: 'Block' });
    for (const name of ['raw', 'empty', 'older', 'mismatched', 'no-device']) claim(name, name);
    const volumes = (claimName: string): corev1.Volume[] => [{ name: 'v', persistentVolumeClaim: { claimName } }];
    create('raw', { volumes: volumes('raw'), containers: [shell('main', 'test -b /dev/xvda && echo block; head -c 5 /dev/xvda; echo; printf last | dd of=/dev/xvda bs=1 seek=1048576 conv=fsync 2>/dev/null && echo written', { volumeDevices: [{ name: 'v', devicePath: '/dev/xvda' }] })] });
    const formatted = (name: string, command: string): void => void create(name, { volumes: volumes('empty'), securityContext: { fsGroup: 2000 }, containers: [shell('main', command, { securityContext: { runAsUser: 1000 }, volumeMounts: [{ name: 'v', mountPath: '/v' }] })] });
    formatted('formatted', 'grep -c "^/dev/loop.* /v ext4 " /proc/self/mounts; stat -c %g /v; echo kept > /v/file');
    create('older', { volumes: volumes('older'), containers: [shell('main', 'grep -c "^/dev/loop.* /v ext3 " /proc/self/mounts', { volumeMounts: [{ name: 'v', mountPath: '/v' }] })] });
    create('no-device', { volumes: volumes('no-device'), containers: [shell('main', 'true', { volumeDevices: [{ name: 'v', devicePath: '/dev/xvda' }] })] });
    await phase('raw', 'Succeeded');
    await phase('formatted', 'Succeeded');
    await phase('older', 'Succeeded');
    expect(log('raw').split('\n')).toEqual(['block', 'first', 'written']);
    const measures = new VolumeMeasures({ clock: systemClock, log: silentLogger, volumes: () => [{ name: 'v', path: raw, block: true }, { name: 'no', path: at('directory'), block: true }] });
    expect(await measures.of('raw')).toEqual([{ name: 'v', capacityBytes: 4 * 2 ** 20, time: expect.any(String) as string }]);
    expect((await run('dd', `if=${raw}`, 'bs=1', 'skip=1048576', 'count=4', 'status=none'))).toBe('last');
    expect([log('formatted').split('\n'), log('older')]).toEqual([['1', '2000'], '1']);
    await failure(`path ${at('directory')} is not a block device`);
    // What is there is kept.
    await gone('raw', 'formatted', 'older', 'no-device');
    formatted('again', 'cat /v/file');
    await phase('again', 'Succeeded');
    expect(log('again')).toBe('kept');
    await gone('again');
    // Nor is it made into something else.
    create('mismatched', { volumes: volumes('mismatched'), containers: [shell('main', 'true', { volumeMounts: [{ name: 'v', mountPath: '/v' }] })] });
    await eventually(() => bench.events.lines.some((line) => line.startsWith('FailedMountOnFilesystemMismatch: ')), { timeoutMs: 40_000 });
    await gone('mismatched');
    expect(await run('cat', '/proc/self/mounts')).not.toContain(`${empty} `);
  });

  it('are claimed for one pod alone, by a template', async () => {
    await mkdir(at('ephemeral'));
    local('ephemeral', at('ephemeral'));
    const { metadata } = create('templated', {
      volumes: [{ name: 'v', ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } } } } }],
      containers: [shell('main', 'echo mine > /v/file', { volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
    });
    await failure('"templated-v" not found');
    claim('templated-v', 'ephemeral');
    await failure('PVC default/templated-v was not created for pod default/templated (pod is not owner)');
    bench.api.delete(core.persistentvolumeclaims, 'default', 'templated-v');
    claim('templated-v', 'ephemeral', [{ apiVersion: 'v1', kind: 'Pod', name: 'templated', uid: metadata.uid ?? '', controller: true, blockOwnerDeletion: true }]);
    await phase('templated', 'Succeeded');
    expect(await readFile(at('ephemeral/file'), 'utf8')).toBe('mine\n');
    await gone('templated');
  });

  it('are given to their pod\'s group, whole or only when their root is not its yet', async () => {
    const group = 2000;
    for (const name of ['on-mismatch', 'on-match', 'always']) {
      await mkdir(at(name), { mode: 0o2770 });
      await writeFile(at(name, 'file'), '', { mode: 0o600 });
      if (name !== 'on-mismatch') {
        await chown(at(name), 0, group);
        await run('chmod', '2770', at(name));
      }
      local(name, at(name));
      claim(name, name);
      create(name, {
        securityContext: { fsGroup: group, fsGroupChangePolicy: name === 'always' ? 'Always' : 'OnRootMismatch' }, volumes: [{ name: 'v', persistentVolumeClaim: { claimName: name } }, { name: 'scratch', emptyDir: {} }],
        // Nor is what the kubelet makes for a sub-path out of their reach.
        containers: [shell('main', 'stat -c %g:%a /v /v/file; touch /v/new && stat -c %g /v/new && touch /scratch/new', { securityContext: { runAsUser: 1000 }, volumeMounts: [{ name: 'v', mountPath: '/v' }, { name: 'scratch', mountPath: '/scratch', subPath: 'not/there' }] })],
      });
    }
    for (const name of ['on-mismatch', 'on-match', 'always']) await phase(name, 'Succeeded');
    expect(log('on-mismatch').split('\n')).toEqual(['2000:2770', '2000:660', '2000']);
    expect(log('on-match').split('\n')).toEqual(['2000:2770', '0:600', '2000']);
    expect(log('always').split('\n')).toEqual(['2000:2770', '2000:660', '2000']);
    await gone('on-mismatch', 'on-match', 'always');
  });

  it('are never more huge pages than the node has', async () => {
    create('too-huge', { containers: [shell('main', 'true', { resources: { requests: { 'cpu': '1m', 'hugepages-2Mi': '1Ti' }, limits: { 'hugepages-2Mi': '1Ti' } } })] });
    expect((await phase('too-huge', 'Failed')).status?.reason).toBe('OutOfhugepages-2Mi');
    await gone('too-huge');
  });

  if (hugePages.given) it('are huge pages, where the kernel has some to give', async () => {
    const { capacity, allocatable } = await eventually(() => bench.api.find(core.nodes, '', 'node-1')?.status);
    expect(Number(capacity?.['hugepages-2Mi'])).toBeGreaterThanOrEqual(8 * 2 * 2 ** 20);
    expect(allocatable?.['hugepages-2Mi']).toBe(capacity?.['hugepages-2Mi']);
    const amounts = { 'cpu': '100m', 'memory': '32Mi', 'hugepages-2Mi': '4Mi' };
    create('huge', {
      volumes: [{ name: 'v', emptyDir: { medium: 'HugePages' } }, { name: 'sized', emptyDir: { medium: 'HugePages-2Mi' } }],
      containers: [shell('main', 'grep " hugetlbfs " /proc/self/mounts | cut -d " " -f 2,4; stat -f -c %S /v', { resources: { requests: amounts, limits: amounts }, volumeMounts: [{ name: 'v', mountPath: '/v' }, { name: 'sized', mountPath: '/sized' }] })],
    });
    await phase('huge', 'Succeeded');
    expect(log('huge').split('\n').sort()).toEqual([expect.stringMatching(/^\/sized .*pagesize=2M,size=4194304/), expect.stringMatching(/^\/v .*pagesize=2M,size=4194304/), String(2 * 2 ** 20)]);
    await gone('huge');
    expect((await run('cat', '/proc/self/mounts')).split('\n').filter((line) => line.includes(' hugetlbfs ') && line.includes(node.folder))).toEqual([]);
  });
});
