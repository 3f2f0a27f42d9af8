import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { core, type corev1 } from '@navarch/api';
import { silentLogger } from '@navarch/component-base';
import { podresourcesv1 } from '@navarch/proto';
import { connect, type RpcChannel, type ServiceClient } from '@navarch/rpc';
import { Registry } from 'prom-client';
import { cpuTopology } from '../cpus/cpu-topology';
import { StaticCpus } from '../cpus/static-cpus';
import { DeviceTable } from '../devices/device-table';
import { MemoryTable } from '../memory/memory-table';
import { parseReservedMemory } from '../memory/reserved-memory';
import { FakeDevicePlugin } from '../testing/fake-device-plugin';
import { KubeletHarness } from '../testing/kubelet-harness';
import { aContainer, aPod } from '../testing/pod-bench';
import { PodResourcesMetrics } from './pod-resources-metrics';
import { PodResourcesServer } from './pod-resources-server';

type Client = ServiceClient<typeof podresourcesv1.PodResourcesListerService>;

const opened: RpcChannel[] = [];
const dial = (directory: string): Client => {
  const channel = connect({ address: `unix://${join(directory, 'kubelet.sock')}` });
  opened.push(channel);
  return channel.client(podresourcesv1.PodResourcesListerService);
};
afterEach(() => opened.splice(0).forEach((channel) => channel.close()));

const anywhere = { affinity: undefined, preferred: true };
const [mebibyte, gibibyte] = [2 ** 20, 2 ** 30];

describe('what is told of a machine with two memory banks', () => {
  const registry = new Registry();
  const cpus = new StaticCpus(cpuTopology([0, 1, 2, 3].map((id) => ({ id, core: id, socket: 0, numa: id >> 1, cache: id >> 1 }))), [0], {
    fullCores: false,
    strictReservation: false,
    spread: false,
    acrossCores: false,
    bySocket: false,
    byCache: false,
  });
  const memory = new MemoryTable(new Map([[0, { 'memory': gibibyte, 'hugepages-2Mi': 4 * mebibyte }], [1, { memory: gibibyte }]]), parseReservedMemory('0:memory=512Mi'));
  const devices = new DeviceTable();
  const device = { poolName: 'node-1', deviceName: 'gpu-0', shareId: undefined, requestNames: [], cdiDeviceIds: ['example.com/gpu=0'] };
  const claims: ConstructorParameters<typeof PodResourcesServer>[0]['claims'] = {
    usedBy: ({ metadata }, { name }) => (metadata.name === 'web' && name === 'main' ? [{ uid: 'c', name: 'gpu', namespace: 'default', pods: new Set(), drivers: new Map([['gpu.example.com', [device]]]), prepared: true }] : []),
  };
  const sure = (name: string): corev1.Container => aContainer(name, { resources: { limits: { cpu: '1', memory: '600Mi' } } });
  const pod = aPod({
    containers: [sure('main')],
    initContainers: [
      aContainer('first', { resources: { limits: { cpu: '10m', memory: '1Mi' } } }),
      aContainer('helper', { restartPolicy: 'Always', resources: { limits: { cpu: '10m', memory: '1Mi' } } }),
    ],
  });
  const uid = pod.metadata.uid!;
  let directory: string;
  let server: PodResourcesServer;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pod-resources-'));
    devices.set('example.com/card', [{ id: 'a', healthy: true, numaNodes: [1] }, { id: 'b', healthy: true }, { id: 'c', healthy: false }]);
    devices.take(`${uid}/main`, 'example.com/card', ['a']);
    const main = pod.spec!.containers[0]!;
    expect([cpus.allocate(pod, main, anywhere), memory.allocate(pod, main, anywhere)]).toEqual([undefined, undefined]);
    server = new PodResourcesServer({
      directory, log: silentLogger, pods: () => [pod, aPod({}, { name: 'other' })], metrics: new PodResourcesMetrics(registry), claims,
      devices: { usable: devices.usable, heldBy: (of, container) => devices.held(`${of}/${container}`) },
      placement: { allocatable: { cpus: cpus.allocatable, memory: memory.allocatable }, heldBy: (of, container) => ({ cpus: cpus.exclusive(of, container) ?? [], memory: memory.blocksOf(of, container) }) },
    });
    await server.start();
  });
  afterAll(async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const empty = { cpuIds: [], devices: [], memory: [], dynamicResources: [] };
  const banks = (...ids: bigint[]): podresourcesv1.TopologyInfo => ({ nodes: ids.map((ID) => ({ ID })) });
  const held = {
    name: 'web', namespace: 'default', cpuIds: [], memory: [],
    containers: [
      { ...empty, name: 'helper' },
      { ...empty, name: 'main', cpuIds: [1n], devices: [{ resourceName: 'example.com/card', deviceIds: ['a'], topology: banks(1n) }], memory: [{ memoryType: 'memory', size: BigInt(600 * mebibyte), topology: banks(1n) }],
        dynamicResources: [{ claimName: 'gpu', claimNamespace: 'default', claimResources: [{ driverName: 'gpu.example.com', poolName: 'node-1', deviceName: 'gpu-0', shareId: undefined, cdiDevices: [{ name: 'example.com/gpu=0' }] }] }],
      },
    ],
  };

  it('is what each container has to itself, and no init container that ends', async () => {
    const { podResources } = await dial(directory).list({});
    expect(podResources).toEqual([held, { name: 'other', namespace: 'default', cpuIds: [], memory: [], containers: [{ ...empty, name: 'main' }] }]);
  });

  it('is of one pod, where that is asked for', async () => {
    expect(await dial(directory).get({ podName: 'web', podNamespace: 'default' })).toEqual({ podResources: held });
    await expect(dial(directory).get({ podName: 'web', podNamespace: 'kube-system' })).rejects.toMatchObject({ details: 'pod web in namespace kube-system not found' });
  });

  it('is all that could be given away, whoever has it', async () => {
    expect(await dial(directory).getAllocatableResources({})).toEqual({
      cpuIds: [1n, 2n, 3n],
      devices: [{ resourceName: 'example.com/card', deviceIds: ['a'], topology: banks(1n) }, { resourceName: 'example.com/card', deviceIds: ['b'], topology: undefined }],
      memory: [
        { memoryType: 'memory', size: BigInt(512 * mebibyte), topology: banks(0n) },
        { memoryType: 'hugepages-2Mi', size: BigInt(4 * mebibyte), topology: banks(0n) },
        { memoryType: 'memory', size: BigInt(gibibyte), topology: banks(1n) },
      ],
    });
  });

  it('is counted', async () => {
    const text = await registry.metrics();
    for (const line of [
      'requests_total{server_api_version="v1"} 4',
      'requests_list{server_api_version="v1"} 1',
      'requests_get{server_api_version="v1"} 2',
      'errors_get{server_api_version="v1"} 1',
      'requests_get_allocatable{server_api_version="v1"} 1',
    ]) {
      expect(text).toContain(`kubelet_pod_resources_endpoint_${line}`);
    }
  });
});

describe('a kubelet', () => {
  let harness: KubeletHarness;
  let plugin: FakeDevicePlugin;
  beforeEach(async () => {
    harness = await KubeletHarness.open();
    await harness.start();
    plugin = new FakeDevicePlugin(`${harness.root}/kubelet/device-plugins`, 'example.com/card');
    plugin.set('a@0', '-b');
    await plugin.start();
    await harness.until('told', () => harness.bench.api.find(core.nodes, '', 'node-1')?.status?.allocatable?.['example.com/card'] === '1');
  });
  afterEach(async () => {
    await plugin.stop();
    await harness.close();
  });

  it('tells who has which device, until the pod is over', async () => {
    const client = dial(`${harness.root}/kubelet/pod-resources`);
    harness.bench.createPod(aPod({ restartPolicy: 'Never', containers: [aContainer('main', { resources: { limits: { 'example.com/card': '1' } } })] }));
    await harness.running('web');
    const device = { resourceName: 'example.com/card', deviceIds: ['a'], topology: { nodes: [{ ID: 0n }] } };
    expect((await client.list({})).podResources).toMatchObject([{ name: 'web', containers: [{ name: 'main', devices: [device], cpuIds: [], memory: [] }] }]);
    expect((await client.getAllocatableResources({})).devices).toEqual([device]);
    harness.runtime.exit(harness.runtime.newest('main').status.id, 0);
    await harness.passing('over', 1000, () => harness.bench.pod('web')?.status?.phase === 'Succeeded');
    expect((await client.list({})).podResources).toEqual([]);
  });
});
