import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { core, resource as dra, type corev1, type resourcev1 } from '@navarch/api';
import { silentLogger } from '@navarch/component-base';
import { drahealthv1, podresourcesv1 } from '@navarch/proto';
import { connect } from '@navarch/rpc';
import { Registry } from 'prom-client';
import { FakeDraDriver } from '../testing/fake-dra-driver';
import { KubeletHarness } from '../testing/kubelet-harness';
import { aContainer, aPod } from '../testing/pod-bench';
import { claimCheckpoint, ClaimTable, readClaimCheckpoint } from './claim-table';
import { DraMetrics } from './dra-metrics';
import { claimRequests, claimsOf } from './pod-claims';
import { ResourceClaims } from './resource-claims';

const driverName = 'gpu.example.com';
const using = (name: string, claim: string, more: Partial<corev1.PodSpec> = {}): corev1.Pod =>
  aPod({ resourceClaims: [{ name: 'device', resourceClaimName: claim }], containers: [aContainer('main', { resources: { claims: [{ name: 'device' }] } })], ...more }, { name });

describe('dynamic resources', () => {
  let harness: KubeletHarness;
  let driver: FakeDraDriver;
  beforeEach(async () => {
    harness = await KubeletHarness.open();
    driver = new FakeDraDriver(`${harness.root}/kubelet`);
    await driver.start();
    await harness.start();
    await harness.passing('it is registered', 500, () => driver.told.length > 0);
  });
  afterEach(async () => {
    await driver.stop();
    await harness.close();
  });

  const claim = (name: string, status: resourcev1.ResourceClaimStatus = allocated()): resourcev1.ResourceClaim => {
    const made = harness.bench.api.create(dra.resourceclaims, 'default', { apiVersion: 'resource.k8s.io/v1', kind: 'ResourceClaim', metadata: { name, namespace: 'default' }, spec: {} } as resourcev1.ResourceClaim);
    return harness.bench.api.update(dra.resourceclaims, 'default', name, 'status', { ...made, status } as resourcev1.ResourceClaim) as resourcev1.ResourceClaim;
  };
  const allocated = (...pods: corev1.Pod[]): resourcev1.ResourceClaimStatus => ({
    allocation: { devices: { results: [{ request: 'gpu', driver: driverName, pool: 'node-1', device: 'gpu-0' }] } },
    reservedFor: pods.map(({ metadata }) => ({ resource: 'pods', name: metadata.name ?? '', uid: metadata.uid ?? '' })),
  });
  /** A pod whose claim is its own from the moment it is seen. */
  const create = (pod: corev1.Pod, ...claims: string[]): corev1.Pod => {
    const created = harness.bench.createPod(pod);
    for (const name of claims) {
      const known = harness.bench.api.find(dra.resourceclaims, 'default', name);
      if (known) {
        harness.bench.api.update(dra.resourceclaims, 'default', name, 'status', {
          ...known,
          status: { ...known.status, reservedFor: [...(known.status?.reservedFor ?? []), ...(allocated(created).reservedFor ?? [])] },
        } as resourcev1.ResourceClaim);
      } else claim(name, allocated(created));
    }
    return created;
  };
  const devices = (container = 'main'): string[] => harness.runtime.newest(container).config.CDIDevices.map(({ name }) => name);
  const failure = (): string | undefined => harness.bench.events.all.filter(({ reason }) => reason === 'FailedPrepareDynamicResources').at(-1)?.message;
  const metric = async (line: string): Promise<string | undefined> => (await harness.bench.registry.metrics()).split('\n').find((candidate) => candidate.startsWith(`${line} `))?.slice(line.length + 1);

  it('are prepared before a pod begins, told to the runtime, shown to agents, and taken back before its end shows', async () => {
    driver.unprepare = () => {
      throw new Error('still busy');
    };
    create(using('web', 'one', { restartPolicy: 'Never' }), 'one');
    await harness.running('web');
    expect([driver.calls, devices()]).toEqual([['prepare one'], [`${driverName}/device=one`, `${driverName}/device=all`]]);
    expect([
      await metric('dra_resource_claims_in_use{driver_name="<any>"}'),
      await metric(`dra_resource_claims_in_use{driver_name="${driverName}"}`),
      await metric('dra_operations_duration_seconds_count{operation_name="PrepareResources",is_error="false"}'),
    ]).toEqual(['1', '1', '1']);
    const channel = connect({ address: `unix://${harness.root}/kubelet/pod-resources/kubelet.sock` });
    const { podResources } = await channel.client(podresourcesv1.PodResourcesListerService).list({});
    channel.close();
    expect(podResources).toMatchObject([
      {
        name: 'web',
        containers: [
          {
            dynamicResources: [
              { claimName: 'one', claimNamespace: 'default', claimResources: [{ driverName, poolName: 'node-1', deviceName: 'one' }, { deviceName: 'all' }] },
            ],
          },
        ],
      },
    ]);

    harness.runtime.exit(harness.runtime.newest('main').status.id, 0);
    await harness.passing('it is asked to take it back', 500, () => driver.calls.includes('unprepare one'));
    expect(harness.bench.pod('web')?.status?.phase).toBe('Running');
    driver.unprepare = undefined;
    await harness.passing('it is over', 500, () => harness.bench.pod('web')?.status?.phase === 'Succeeded');
    expect([driver.prepared.size, await metric('dra_resource_claims_in_use{driver_name="<any>"}')]).toEqual([0, '0']);
    expect(await metric(`dra_grpc_operations_duration_seconds_count{driver_name="${driverName}",method_name="NodeUnprepareResources",grpc_status_code="OK"}`)).toBe('1');
  });

  describe('tell in a pod\'s status how they are', () => {
    const { HealthStatus } = drahealthv1;
    const shown = (): unknown => harness.bench.status('web')?.allocatedResourcesStatus;
    const one = { resourceID: `${driverName}/device=one` };
    const all = { resourceID: `${driverName}/device=all`, health: 'Unknown' };

    it.each(['v1', 'v1alpha1'])('where their driver serves %s, as long as that is to be believed', async (version) => {
      const watched = new FakeDraDriver(`${harness.root}/kubelet`, driverName, ['v1.DRAPlugin'], '-watched');
      watched.healthVersion = version;
      await watched.start();
      await harness.passing('it is registered', 500, () => watched.told.length > 0);
      create(using('web', 'one'), 'one');
      await harness.running('web');
      expect(shown()).toEqual([{ name: 'claim:device', resources: [{ ...one, health: 'Unknown' }, all] }]);
      watched.tell('one', HealthStatus.HEALTHY);
      await harness.until('healthy', () => JSON.stringify(shown()).includes('"Healthy"'));
      watched.tell('one', HealthStatus.UNHEALTHY, 'too hot', 20n);
      await harness.until('unhealthy', () => JSON.stringify(shown()).includes('Unhealthy'));
      expect(shown()).toEqual([{ name: 'claim:device', resources: [{ ...one, health: 'Unhealthy', message: 'too hot' }, all] }]);
      await harness.passing('not told again', 1_000, () => !JSON.stringify(shown()).includes('Unhealthy'));
      watched.tell('one', HealthStatus.HEALTHY);
      await harness.until('healthy again', () => JSON.stringify(shown()).includes('"Healthy"'));
      await watched.stop();
      await harness.until('gone', () => !JSON.stringify(shown()).includes('"Healthy"'));
    });
  });

  it('give a container what its request is for', async () => {
    create(
      using('web', 'one', {
        containers: [
          aContainer('main', { resources: { claims: [{ name: 'device', request: 'other' }] } }),
          aContainer('second', { resources: { claims: [{ name: 'device', request: 'gpu' }] } }),
          aContainer('third'),
        ],
      }),
      'one',
    );
    await harness.running('web');
    expect([devices('main'), devices('second'), devices('third')]).toEqual([[`${driverName}/device=all`], [`${driverName}/device=one`, `${driverName}/device=all`], []]);
  });

  it('stay until the last pod that shares them has gone', async () => {
    create(using('web', 'one'), 'one');
    create(using('other', 'one'), 'one');
    await harness.running('web');
    await harness.running('other');
    harness.bench.api.delete(core.pods, 'default', 'web', { gracePeriodSeconds: 1 });
    await harness.passing('gone', 500, () => harness.bench.pod('web') === undefined);
    expect([...driver.prepared]).toHaveLength(1);
    harness.bench.api.delete(core.pods, 'default', 'other', { gracePeriodSeconds: 1 });
    await harness.passing('gone', 500, () => harness.bench.pod('other') === undefined);
    expect([driver.prepared.size, driver.calls.filter((call) => call.startsWith('unprepare'))]).toEqual([0, ['unprepare one']]);
  });

  it('are waited for, and say in an event what is missing', async () => {
    create(using('web', 'one'));
    await harness.until('it says so', () => failure() === 'Failed to prepare dynamic resources: prepare dynamic resources: fetch ResourceClaim one: resourceclaims.resource.k8s.io "one" not found');
    const pod = harness.bench.pod('web') ?? aPod();
    claim('one', {});
    const says = (text: string): Promise<void> => harness.passing(text, 2_000, () => failure() === `Failed to prepare dynamic resources: prepare dynamic resources: ${text}`);
    const uid = harness.bench.api.find(dra.resourceclaims, 'default', 'one')?.metadata.uid ?? '';
    await says(`pod web (${pod.metadata.uid ?? ''}) is not allowed to use ResourceClaim one (${uid})`);
    const update = (status: resourcev1.ResourceClaimStatus): void =>
      void harness.bench.api.update(dra.resourceclaims, 'default', 'one', 'status', {
        ...harness.bench.api.find(dra.resourceclaims, 'default', 'one'),
        status,
      } as resourcev1.ResourceClaim);
    update({ reservedFor: allocated(pod).reservedFor ?? [] });
    await says('ResourceClaim one: not allocated');
    await driver.stop();
    update(allocated(pod));
    await says(`DRA driver ${driverName} is not registered`);
    expect(driver.calls).toEqual([]);
    driver.prepare = () => {
      throw new Error('no power');
    };
    await driver.start();
    await harness.passing('the driver\'s own words', 2_000, () => /NodePrepareResources: rpc error: code = \w+ desc = /.test(failure() ?? ''));
    driver.prepare = (claims) => ({ claims: Object.fromEntries(claims.map((each) => [each.uid, { devices: [], error: 'broken' }])) });
    await says('NodePrepareResources failed for ResourceClaim one: broken');
    driver.prepare = () => ({ claims: {} });
    await says('NodePrepareResources skipped 1 ResourceClaims');
    driver.prepare = undefined;
    await harness.passing('it runs', 2_000, () => harness.bench.pod('web')?.status?.phase === 'Running');
  });

  it('are known to the kubelet that comes after, in the file that upstream\'s has', async () => {
    create(using('web', 'one'), 'one');
    await harness.running('web');
    const { Data } = JSON.parse(await readFile(`${harness.root}/kubelet/dra_manager_state`, 'utf8')) as { Data: string };
    expect(JSON.parse(Data)).toMatchObject({
      kind: 'DRACheckpoint',
      ClaimInfoStateList: [
        {
          ClaimName: 'one',
          Namespace: 'default',
          DriverState: { [driverName]: { Devices: [{ PoolName: 'node-1', DeviceName: 'one', RequestNames: ['gpu'] }, { DeviceName: 'all' }] } },
        },
      ],
    });
    await harness.bench.restart();
    await harness.until('ready', () => harness.bench.kubelet.table.workers.length === 1);
    harness.runtime.exit(harness.runtime.newest('main').status.id, 1);
    await harness.passing('it restarts', 1_000, () => harness.bench.status('web')?.restartCount === 1 && harness.bench.status('web')?.state?.running !== undefined);
    expect(devices()).toEqual([`${driverName}/device=one`, `${driverName}/device=all`]);
    harness.bench.api.delete(core.pods, 'default', 'web', { gracePeriodSeconds: 1 });
    await harness.passing('gone', 500, () => harness.bench.pod('web') === undefined);
    expect(driver.prepared.size).toBe(0);
  });

  it('are taken back from a pod that went while no kubelet was here', async () => {
    create(using('web', 'one'), 'one');
    await harness.running('web');
    await harness.bench.stop();
    harness.bench.api.delete(core.pods, 'default', 'web', { gracePeriodSeconds: 0 });
    for (const { id } of await harness.runtime.listPodSandboxes()) await harness.runtime.removePodSandbox(id);
    await harness.bench.restart();
    await harness.passing('taken back', 5_000, () => driver.prepared.size === 0 && driver.calls.includes('unprepare one'));
  });

  it('have their slices taken out of the API when the kubelet begins, and half a minute after their driver went', async () => {
    const slice = (name: string, of: string, nodeName: string): void =>
      void harness.bench.api.create(dra.resourceslices, '', {
        metadata: { name },
        spec: { driver: of, nodeName, pool: { name: nodeName, generation: 1, resourceSliceCount: 1 } },
      } as resourcev1.ResourceSlice);
    slice('here', driverName, 'node-1');
    slice('other-driver', 'nic.example.com', 'node-1');
    slice('elsewhere', driverName, 'node-2');
    const slices = (): string[] => harness.bench.api.list(dra.resourceslices).map(({ metadata }) => metadata.name ?? '');
    await driver.stop();
    await harness.passing('half a minute', 5_000, () => slices().length === 2);
    expect(slices()).toEqual(['elsewhere', 'other-driver']);
    await harness.bench.restart();
    await harness.passing('begun anew', 1_000, () => slices().length === 1);
    expect(slices()).toEqual(['elsewhere']);
  });

  it('may come from drivers that speak v1beta1 only, and from none that speak neither', async () => {
    const old = new FakeDraDriver(`${harness.root}/kubelet`, 'old.example.com', ['v1beta1.DRAPlugin']);
    const strange = new FakeDraDriver(`${harness.root}/kubelet`, 'strange.example.com', ['v9.DRAPlugin']);
    await Promise.all([old.start(), strange.start()]);
    await harness.passing('both are looked at', 500, () => old.told.length > 0 && strange.told.length > 0);
    expect(strange.told[0]).toMatchObject({ pluginRegistered: false, error: expect.stringContaining('none of services supported by the plugin (["v9.DRAPlugin"]) are supported by the kubelet (["v1.DRAPlugin" "v1beta1.DRAPlugin"])') as string });
    const pod = create(using('web', 'one'));
    const status = allocated(pod);
    claim('one', { ...status, allocation: { devices: { results: [{ request: 'gpu', driver: 'old.example.com', pool: 'node-1', device: 'x' }] } } });
    await harness.passing('it runs', 1_000, () => harness.bench.pod('web')?.status?.phase === 'Running');
    expect(old.calls).toEqual(['prepare one']);
    await Promise.all([old.stop(), strange.stop()]);
  });

  it('are served by the newer instance of a driver while it is replaced, and by none once both are gone', async () => {
    const newer = new FakeDraDriver(`${harness.root}/kubelet`, driverName, ['v1.DRAPlugin'], '-2');
    await newer.start();
    await harness.passing('registered', 500, () => newer.told.length > 0);
    create(using('web', 'one'), 'one');
    await harness.running('web');
    expect([driver.calls, newer.calls]).toEqual([[], ['prepare one']]);
    await newer.stop();
    harness.bench.api.delete(core.pods, 'default', 'web', { gracePeriodSeconds: 1 });
    await harness.passing('gone', 1_000, () => harness.bench.pod('web') === undefined);
    expect(driver.calls).toEqual(['unprepare one']);
  });
});

describe('claims of a pod', () => {
  const templated = aPod({ resourceClaims: [{ name: 'a', resourceClaimTemplateName: 't' }, { name: 'b', resourceClaimName: 'mine' }], containers: [aContainer('main', { resources: { claims: [{ name: 'a', request: 'x' }, { name: 'a', request: 'y' }], requests: { 'example.com/gpu': '1' } } })] });

  it('are those its status names, and are not known before', () => {
    expect(() => claimsOf(templated)).toThrow('pod "default/web": ResourceClaim not created yet');
    expect(claimsOf({ ...templated, status: { resourceClaimStatuses: [{ name: 'a' }] } })).toEqual([{ name: 'mine', fromTemplate: false }]);
    const made = { ...templated, status: { resourceClaimStatuses: [{ name: 'a', resourceClaimName: 'web-a' }], extendedResourceClaimStatus: { resourceClaimName: 'web-extended', requestMappings: [{ containerName: 'main', resourceName: 'example.com/gpu', requestName: 'r0' }] } } };
    expect(claimsOf(made)).toEqual([{ name: 'web-a', fromTemplate: true }, { name: 'mine', fromTemplate: false }, { name: 'web-extended', fromTemplate: false }]);
    expect([...claimRequests(made, made.spec?.containers[0] ?? aContainer(''))]).toEqual([['web-a', ['x', 'y']], ['web-extended', ['r0']]]);
  });
});

describe('dra_manager_state', () => {
  it('is read as it was written', () => {
    const table = new ClaimTable();
    const known = table.use('pod-1', { uid: 'u', name: 'one', namespace: 'default' }, ['a.example']);
    known.drivers.set('a.example', [{ poolName: 'p', deviceName: 'd', requestNames: ['r'], cdiDeviceIds: ['x'], shareId: 's' }]);
    expect(readClaimCheckpoint(JSON.parse(JSON.stringify(claimCheckpoint(table.all))))).toEqual(table.all);
    expect(() => table.use('pod-2', { uid: 'v', name: 'one', namespace: 'default' }, [])).toThrow('old ResourceClaim with same name one and different UID u still exists (previous pod force-deleted?!)');
  });

  it('that is spoiled is not taken for an empty one', async () => {
    const rootDir = await mkdtemp(join(tmpdir(), 'dra-'));
    const content = claimCheckpoint([]);
    await writeFile(join(rootDir, 'dra_manager_state'), JSON.stringify({ ...content, Checksum: 1 }));
    const none = (): Promise<never> => Promise.reject(new Error('not asked'));
    const claims = new ResourceClaims({ rootDir, client: { get: none }, drivers: { mustHave: () => undefined, prepare: none, unprepare: none }, health: { of: () => ({}) }, metrics: new DraMetrics(new Registry()), log: silentLogger });
    await expect(claims.start()).rejects.toThrow('dra_manager_state: checkpoint is corrupted; drain this node and delete it');
    await rm(rootDir, { recursive: true, force: true });
  });
});
