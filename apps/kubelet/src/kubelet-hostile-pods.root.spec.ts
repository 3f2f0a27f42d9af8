import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type corev1 } from '@navarch/api';
import { eventually } from '@navarch/testing';
import { ContainerNode, shell } from './testing/container-node';
import { deviceImage } from './testing/device-image';
import { type KubeletBench } from './testing/kubelet-bench';

jest.setTimeout(120_000);

describe('pods that mean harm', () => {
  const kubelet = new ContainerNode();
  const { node, create, log, phase, gone } = kubelet;
  let bench: KubeletBench;

  beforeAll(async () => {
    bench = await kubelet.start();
  });
  afterAll(() => kubelet.stop());

  it('lets a malicious pod reach nothing outside its volumes', async () => {
    const trap = join(node.folder, 'trap');
    await mkdir(trap);
    await symlink('/etc', join(trap, 'out'));
    const volumes = [{ name: 'v', hostPath: { path: trap } }];
    create('link', { volumes, containers: [shell('main', 'ls /v', { volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 'out' }] })] });
    create('climb', { volumes, containers: [shell('main', 'ls /v', { volumeMounts: [{ name: 'v', mountPath: '/v', subPath: '../..' }] })] });
    create('climb-by-variable', { volumes, containers: [shell('main', 'ls /v', { env: [{ name: 'UP', value: '..' }], volumeMounts: [{ name: 'v', mountPath: '/v', subPathExpr: '$(UP)/..' }] })] });
    // What it makes in a volume of its own is no way out either, nor is a device it makes itself.
    create('weave', {
      volumes: [{ name: 'v', emptyDir: {} }],
      initContainers: [shell('init', 'ln -s /etc /v/out', { volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
      containers: [shell('main', 'ls /v', { volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 'out' }] })],
    });
    create('device', { containers: [shell('main', 'ls /dev; mknod /tmp/memory c 1 1 && cat /tmp/memory > /dev/null', { securityContext: { capabilities: { add: ['MKNOD'] } } })] });
    create('flood', { containers: [shell('main', 'true', { env: [{ name: 'HUGE', value: 'x'.repeat(4 * 2 ** 20) }] })] });
    for (const name of ['link', 'climb', 'climb-by-variable', 'weave']) {
      await eventually(() => bench.status(name)?.state?.waiting?.reason === 'CreateContainerConfigError', { timeoutMs: 30_000 });
      expect(bench.status(name)?.state?.waiting?.message).toMatch(/not within volume path|must not contain '\.\.'/);
    }
    await eventually(() => bench.status('flood')?.state?.terminated !== undefined || bench.status('flood')?.state?.waiting?.reason === 'RunContainerError', { timeoutMs: 30_000 });
    await phase('device', 'Failed');
    expect(log('device')).toMatch(/Operation not permitted/);
    expect(log('device')).not.toMatch(/^(mem|sd\w|vd\w|nvme\w+|loop\d+)$/m);
    await gone('link', 'climb', 'climb-by-variable', 'weave', 'device', 'flood');
    expect(await readdir(trap)).toEqual(['out']);
    expect(existsSync('/etc/passwd')).toBe(true);
  });

  it('gives containers no device by a node that their image brings, but for those that all have', async () => {
    const folder = join(node.folder, 'device-image');
    await mkdir(folder);
    const reference = 'navarch.local/devices:1';
    // The first disk of loops, and the kernel's memory; /dev/zero is everybody's.
    await node.importImage(await deviceImage(folder, reference, [{ path: 'disk', type: 'b', major: 7, minor: 0 }, { path: 'memory', type: 'c', major: 1, minor: 1 }, { path: 'zero', type: 'c', major: 1, minor: 5 }]));
    create('devices', { containers: [shell('main', 'exec 2>&1; for device in disk memory; do head -c 1 /$device && echo read; done; head -c 7 /zero | wc -c', { image: reference })] });
    await phase('devices', 'Succeeded');
    expect(log('devices').split('\n')).toEqual([expect.stringMatching(/\/disk.*Operation not permitted$/), expect.stringMatching(/\/memory.*Operation not permitted$/), '7']);
    await gone('devices');
  });

  it('lets mount paths lead to nothing but the container\'s own root, and goes on whatever stands for a last word', async () => {
    const volumes = [{ name: 'v', emptyDir: {} }];
    const at = (mountPath: string, over: Partial<corev1.Container> = {}): Partial<corev1.PodSpec> => ({ volumes, containers: [shell('main', 'true', { volumeMounts: [{ name: 'v', mountPath }], ...over })] });
    const before = readdirSync('/etc').length;
    create('over-proc', at('/proc'));
    create('in-proc', at('/proc/sys'));
    create('over-root', at('/'));
    create('climbing', { volumes, containers: [shell('main', 'echo mine > /escaped/file; cat /escaped/file', { volumeMounts: [{ name: 'v', mountPath: '/a/../../../escaped' }] })] });
    create('over-dev', { volumes, containers: [shell('main', 'ls /dev', { volumeMounts: [{ name: 'v', mountPath: '/dev' }] })] });
    const said = { terminationMessagePath: '/msg/here' };
    create('pipe', {
      volumes,
      initContainers: [shell('init', 'mkfifo /v/pipe', { volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
      containers: [shell('main', 'exit 3', { ...said, volumeMounts: [{ name: 'v', mountPath: '/msg/here', subPath: 'pipe' }] })],
    });
    create('directory', at('/msg/here', { ...said, command: ['sh', '-c', 'exit 4'] }));
    create('weird', { volumes, containers: [shell('main', 'cd /v; for i in $(seq 60); do n=$(printf %0200d $i); mkdir $n; cd $n; done; printf x > "$(printf "\\377\\376")"', { volumeMounts: [{ name: 'v', mountPath: '/v' }] })] });
    for (const name of ['over-proc', 'in-proc']) await eventually(() => bench.status(name)?.state?.waiting?.reason === 'RunContainerError' || bench.status(name)?.state?.terminated?.reason === 'StartError', { timeoutMs: 60_000 });
    await eventually(() => bench.status('over-root')?.state?.waiting !== undefined || bench.status('over-root')?.state?.terminated !== undefined, { timeoutMs: 60_000 });
    await phase('climbing', 'Succeeded');
    expect([log('climbing'), existsSync('/escaped')]).toEqual(['mine', false]);
    await eventually(() => bench.status('over-dev')?.state?.waiting?.message !== undefined || bench.status('over-dev')?.state?.terminated !== undefined, { timeoutMs: 60_000 });
    await phase('pipe', 'Failed');
    expect(bench.status('pipe')?.state?.terminated).toMatchObject({ exitCode: 3, message: expect.stringContaining('is not a regular file') as string });
    await phase('directory', 'Failed');
    expect(bench.status('directory')?.state?.terminated).toMatchObject({ reason: 'StartError', message: expect.stringContaining('is not a regular file') as string });
    await phase('weird', 'Succeeded');
    await gone('over-proc', 'in-proc', 'over-root', 'climbing', 'over-dev', 'pipe', 'directory', 'weird');
    expect(readdirSync('/etc')).toHaveLength(before);
  });
});
