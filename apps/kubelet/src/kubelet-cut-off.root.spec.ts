import { coordination, core, type corev1 } from '@navarch/api';
import { eventually } from '@navarch/testing';
import { openCgroupTree } from './cgroups/cgroup-tree';
import { podUidLabel } from './runtime/labels';
import { HastenedClock } from './testing/hastened-clock';
import { KubeletBench } from './testing/kubelet-bench';
import { aContainer, aPod } from './testing/pod-bench';
import { PrivateNode } from './testing/private-node';
import { HostMounter } from './volumes/mounter';

jest.setTimeout(120_000);

describe('a node that is cut off from its cluster', () => {
  const node = new PrivateNode();
  const clock = new HastenedClock();
  let bench: KubeletBench;

  beforeAll(async () => {
    await node.start();
    await node.enableNetwork();
    bench = new KubeletBench({
      clock, runtime: node.runtime, mounter: new HostMounter(), cgroups: await openCgroupTree(), root: node.folder, address: node.address,
      options: { cgroupRoot: node.cgroupRoot, relistMs: 200 },
    });
    bench.api.create(core.configmaps, 'default', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { color: 'blue' } } as corev1.ConfigMap);
    await bench.start();
  });
  afterAll(async () => {
    await bench.stop();
    await node.stop();
  });

  /** With everything that could be left behind: mounts, an address, a port of the node, a limited link, groups. */
  const create = (name: string, hostPort: number): corev1.Pod => bench.createPod(aPod({
    terminationGracePeriodSeconds: 1,
    volumes: [{ name: 'fast', emptyDir: { medium: 'Memory' } }, { name: 'settings', configMap: { name: 'settings' } }],
    containers: [aContainer('main', {
      image: 'navarch.local/web:1', command: ['sleep', '1000'], ports: [{ containerPort: 80, hostPort, protocol: 'TCP' }],
      volumeMounts: [{ name: 'fast', mountPath: '/fast' }, { name: 'settings', mountPath: '/settings', subPath: 'color' }],
    })],
  }, { name, annotations: { 'kubernetes.io/ingress-bandwidth': '16M', 'kubernetes.io/egress-bandwidth': '8M' } }));
  const running = (name: string): Promise<boolean> => eventually(() => {
    if (bench.pod(name)?.status?.phase !== 'Running') throw new Error(`${name}: ${JSON.stringify(bench.pod(name)?.status)}; events: ${bench.events.lines.slice(-8).join(' | ')}`);
    return true;
  }, { timeoutMs: 40_000 });
  const sandboxes = async (pod: corev1.Pod): Promise<number> => (await node.runtime.listPodSandboxes({ [podUidLabel]: pod.metadata.uid ?? '' })).length;
  const gone = async (pod: corev1.Pod): Promise<void> => {
    bench.api.delete(core.pods, 'default', pod.metadata.name ?? '', { gracePeriodSeconds: 1 });
    await eventually(async () => bench.pod(pod.metadata.name ?? '') === undefined && await sandboxes(pod) === 0, { timeoutMs: 40_000 });
  };

  it('goes on alone for a minute, ends what was deleted meanwhile once it is back, and leaves nothing of it', async () => {
    // What the first pod of a node brings, such as the bridge, stays.
    const first = create('first', 18_079);
    await running('first');
    await gone(first);
    const before = await eventually(async () => {
      const traces = await node.traces();
      if (traces['directories'] !== ';') throw new Error(`left: ${JSON.stringify(traces)}`);
      return traces;
    }, { timeoutMs: 40_000 });

    const [stays, goes] = [create('stays', 18_080), create('goes', 18_081)];
    await running('stays');
    await running('goes');
    const busy = await node.traces();
    // Both directions of both pods have a limit, which the runtime had from the annotations.
    expect(busy['limits']?.split('\n')).toHaveLength(4);
    expect(busy['limits']).toMatch(/rate 16Mbit/);
    expect(busy['limits']).toMatch(/rate 8Mbit/);
    const container = bench.status('stays')?.containerID;

    bench.transport.down = true;
    bench.transport.cut();
    bench.api.delete(core.pods, 'default', 'goes', { gracePeriodSeconds: 0 });
    // Of the same name, and wanting the same port: it cannot begin before the other has ended.
    const comes = create('goes', 18_081);
    await node.runtime.stopContainer((container ?? '').replace(/^.*:\/\//, ''), 0);
    await eventually(() => bench.kubelet.table.find('default', 'stays')?.status.containerStatuses?.[0]?.restartCount === 1, { timeoutMs: 40_000 });
    expect([await sandboxes(stays), await sandboxes(goes), await sandboxes(comes)]).toEqual([1, 1, 0]);

    // A minute by the kubelet's clock: its lease has ended, and it has tried again and again, more and more seldom.
    await clock.pass(60_000, 500);
    expect(clock.now() - Date.parse(bench.api.find(coordination.leases, 'kube-node-lease', 'node-1')?.spec?.renewTime ?? '')).toBeGreaterThan(40_000);
    expect([await sandboxes(stays), await sandboxes(goes), await sandboxes(comes)]).toEqual([1, 1, 0]);
    expect(bench.kubelet.table.find('default', 'stays')?.status.containerStatuses?.[0]?.restartCount).toBe(1);

    bench.transport.down = false;
    await running('goes');
    expect([bench.pod('goes')?.metadata.uid, await sandboxes(goes), await sandboxes(comes)]).toEqual([comes.metadata.uid, 0, 1]);
    await eventually(() => bench.status('stays')?.restartCount === 1 && bench.status('stays')?.state?.running !== undefined, { timeoutMs: 40_000 });

    await gone(stays);
    await gone(comes);
    await eventually(async () => {
      expect(await node.traces()).toEqual(before);
      return true;
    }, { timeoutMs: 40_000 });
    expect(bench.crashes).toEqual([]);
  });
});
