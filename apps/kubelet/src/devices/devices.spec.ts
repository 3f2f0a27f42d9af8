import { core, type corev1 } from '@navarch/api';
import { FakeDevicePlugin } from '../testing/fake-device-plugin';
import { KubeletHarness } from '../testing/kubelet-harness';
import { aContainer, aPod } from '../testing/pod-bench';
import { DeviceTable } from './device-table';

const resource = 'example.com/gpu';
const asking = (name: string, count: number, more: Partial<corev1.PodSpec> = {}): corev1.Pod => aPod({ containers: [aContainer('main', { resources: { limits: { [resource]: String(count) } } })], ...more }, { name });

describe('extended resources', () => {
  let harness: KubeletHarness;
  let plugin: FakeDevicePlugin;

  const open = async (options: ConstructorParameters<typeof FakeDevicePlugin>[2] = {}): Promise<void> => {
    harness = await KubeletHarness.open();
    await harness.start();
    plugin = new FakeDevicePlugin(`${harness.root}/kubelet/device-plugins`, resource, options);
    plugin.set('a', 'b', '-c');
    await plugin.start();
    await harness.until('told', () => node()?.allocatable?.[resource] === '2');
  };
  afterEach(async () => {
    await plugin.stop();
    await harness.close();
  });

  const node = (): corev1.NodeStatus | undefined => harness.bench.api.find(core.nodes, '', 'node-1')?.status;

  it('are on the node as their plug-in tells, and none of them when it is gone', async () => {
    await open();
    expect([node()?.capacity?.[resource], node()?.allocatable?.[resource]]).toEqual(['3', '2']);
    plugin.set('a');
    await harness.until('fewer', () => node()?.capacity?.[resource] === '1');
    await plugin.stop();
    await harness.until('none', () => node()?.allocatable?.[resource] === '0');
  });

  it('reach a container as its plug-in says, and are free again after it', async () => {
    await open();
    harness.bench.createPod(asking('one', 1));
    await harness.running('one');
    const { config } = harness.runtime.newest('main');
    expect(config.envs.find(({ key }) => key === 'DEVICES')?.value.toString()).toBe('a');
    expect(config.devices).toEqual([{ containerPath: '/dev/a', hostPath: '/dev/null', permissions: 'rw' }]);
    expect(config.mounts.some(({ containerPath, readonly }) => containerPath === '/run/device' && readonly)).toBe(true);
    expect(config.annotations['example.com/device']).toBe('a');
    const metrics = await harness.bench.registry.metrics();
    expect(metrics).toContain(`kubelet_device_plugin_registration_total{resource_name="${resource}"} 1`);
    expect(metrics).toContain(`kubelet_device_plugin_alloc_duration_seconds_count{resource_name="${resource}"} 1`);
    harness.bench.createPod(asking('two', 2));
    await harness.until('refused', () => harness.bench.pod('two')?.status?.phase === 'Failed');
    expect(harness.bench.pod('two')?.status).toMatchObject({ reason: 'OutOfexample.com/gpu', message: 'Pod was rejected: Node didn\'t have enough resource: example.com/gpu, requested: 2, used: 1, capacity: 2' });
    expect(await harness.bench.registry.metrics()).toContain(`kubelet_admission_rejections_total{reason="OutOfexample.com/gpu"} 1`);
    harness.bench.api.delete(core.pods, 'default', 'one', { gracePeriodSeconds: 1 });
    await harness.until('gone', () => harness.bench.pod('one') === undefined);
    harness.bench.createPod(asking('three', 2));
    await harness.running('three');
  });

  it('are told of in a pod\'s status: how they are, and that nobody knows where their plug-in is gone', async () => {
    await open();
    harness.bench.createPod(asking('one', 1));
    await harness.running('one');
    const health = (): unknown => harness.bench.status('one')?.allocatedResourcesStatus;
    const is = (word: string): unknown => [{ name: resource, resources: [{ resourceID: 'a', health: word }] }];
    expect(health()).toEqual(is('Healthy'));
    for (const [change, word] of [[() => plugin.set('-a', 'b'), 'Unhealthy'], [() => plugin.set('a', 'b'), 'Healthy'], [() => plugin.stop(), 'Unknown']] as const) {
      await change();
      await harness.until(word, () => JSON.stringify(health()) === JSON.stringify(is(word)));
    }
  });

  it('are refused to a pod that was promised more than there is', async () => {
    await open();
    // Nobody requests it, so that only its plug-in's devices are counted.
    harness.bench.createPod(aPod({ containers: [aContainer('main', { resources: { requests: { [resource]: '0' }, limits: { [resource]: '3' } } })] }, { name: 'many' }));
    await harness.until('refused', () => harness.bench.pod('many')?.status?.phase === 'Failed');
    expect(harness.bench.pod('many')?.status).toMatchObject({
      reason: 'UnexpectedAdmissionError',
      message:
        'Pod was rejected: Allocate failed due to requested number of devices unavailable for example.com/gpu. Requested: 3, Available: 2, which is unexpected',
    });
  });

  it('are chosen and prepared by their plug-in where it wants to', async () => {
    await open({ preStartRequired: true, getPreferredAllocationAvailable: true });
    harness.bench.createPod(asking('one', 1));
    await harness.running('one');
    expect(plugin.calls).toEqual(['prefer a,b', 'allocate b', 'prestart b']);
    // Its answer holds as long as the pod, whose containers may start again.
    harness.runtime.exit(harness.runtime.newest('main').status.id, 1);
    await harness.passing('restarted', 500, () => harness.bench.status('one')?.restartCount === 1 && harness.bench.status('one')?.state?.running !== undefined);
    expect(plugin.calls).toEqual(['prefer a,b', 'allocate b', 'prestart b', 'prestart b']);
    expect(harness.runtime.newest('main').config.devices).toMatchObject([{ containerPath: '/dev/b' }]);
  });

  it('fail a pod whose plug-in cannot give them, before anything of it is made', async () => {
    await open();
    plugin.refusal = 'device error';
    harness.bench.createPod(asking('one', 1));
    await harness.until('failed', () => harness.bench.pod('one')?.status?.phase === 'Failed');
    expect(harness.bench.pod('one')?.status).toMatchObject({ reason: 'UnexpectedAdmissionError', message: expect.stringMatching(/^Pod was rejected: Allocate failed due to .*device error, which is unexpected$/) as string });
    plugin.refusal = undefined;
    harness.bench.createPod(asking('two', 2));
    await harness.running('two');
  });

  it('stay with their pods when the kubelet starts anew', async () => {
    await open();
    harness.bench.createPod(asking('one', 2));
    await harness.running('one');
    await plugin.stop();
    await harness.bench.restart();
    await harness.until('ready', () => harness.bench.kubelet.table.workers.length === 1);
    await plugin.start();
    await harness.until('told', () => node()?.allocatable?.[resource] === '2');
    harness.bench.createPod(asking('two', 1));
    await harness.until('refused', () => harness.bench.pod('two')?.status?.reason === 'OutOfexample.com/gpu');
  });

  it('of an init container that has ended are used by those after it', async () => {
    await open();
    const container = (name: string): corev1.Container => aContainer(name, { resources: { limits: { [resource]: '2' } } });
    harness.bench.createPod(aPod({ initContainers: [container('init')], containers: [container('main')] }));
    await harness.until('initialising', () => harness.bench.pod('web')?.status?.initContainerStatuses?.[0]?.state?.running !== undefined);
    harness.runtime.exit(harness.runtime.newest('init').status.id, 0);
    await harness.clock.advance(1000);
    await harness.running('web');
    expect(plugin.calls).toEqual(['allocate a,b', 'allocate a,b']);
  });
});

describe('DeviceTable', () => {
  it('never gives a device twice, nor one that is not healthy', () => {
    const table = new DeviceTable({ 'pod-1/main': { [resource]: { ids: ['a'] } } });
    table.set(resource, [{ id: 'a', healthy: true }, { id: 'b', healthy: false }, { id: 'c', healthy: true }]);
    expect([table.available(resource), table.capacity(resource), table.allocatable(resource)]).toEqual([['c'], 3, 2]);
    table.take('pod-2/main', resource, ['c']);
    expect(table.available(resource)).toEqual([]);
    expect(table.free('pod-1')).toBe(true);
    expect(table.available(resource)).toEqual(['a']);
    expect(table.allocations).toEqual({ 'pod-2/main': { [resource]: { ids: ['c'] } } });
  });

  it('reads what an older kubelet kept, which was no more than the names of devices', () => {
    const table = new DeviceTable({ 'pod-1/main': { [resource]: ['a'] } });
    table.set(resource, [{ id: 'a', healthy: true }, { id: 'b', healthy: true }]);
    expect([table.available(resource), table.of('pod-1/main').get(resource), table.answer('pod-1/main', resource)]).toEqual([['b'], ['a'], undefined]);
    expect(table.allocations).toEqual({ 'pod-1/main': { [resource]: { ids: ['a'] } } });
  });
});
