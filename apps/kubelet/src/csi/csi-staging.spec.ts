import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { core } from '@navarch/api';
import { RpcError, RpcStatus } from '@navarch/rpc';
import { CsiBench } from '../testing/csi-bench';
import { type FakeCsiDriver } from '../testing/fake-csi-driver';
import { type KubeletHarness } from '../testing/kubelet-harness';

describe('CSI volumes that are staged', () => {
  let csi: CsiBench;
  let harness: KubeletHarness;
  let driver: FakeCsiDriver;

  beforeEach(async () => {
    csi = await CsiBench.open();
    ({ harness, driver } = csi);
  });
  afterEach(() => csi.close());

  it('are staged once and published for each pod, and taken down with the last', async () => {
    csi.addDriver({ attachRequired: false, podInfoOnMount: true });
    csi.addClaim('data', {}, { volumeAttributes: { size: 'l' } });
    await csi.ready();
    harness.bench.createPod(csi.podWith('one'));
    await harness.running('one');
    harness.bench.createPod(csi.podWith('two'));
    await harness.running('two');
    expect(driver.calls).toEqual(['stage handle-data', 'publish handle-data', 'publish handle-data']);
    expect(driver.published[0]).toMatchObject({
      readonly: false, volumeContext: { 'size': 'l', 'csi.storage.k8s.io/pod.name': 'one', 'csi.storage.k8s.io/ephemeral': 'false' },
      targetPath: expect.stringMatching(/volumes\/kubernetes\.io~csi\/pv-data\/mount$/) as string, stagingTargetPath: expect.stringMatching(/plugins\/kubernetes\.io\/csi\/disk\.example\/[0-9a-f]{64}\/globalmount$/) as string,
    });
    expect(harness.runtime.newest('main').config.mounts[0]).toMatchObject({ containerPath: '/data', hostPath: driver.published[1]?.targetPath });
    driver.calls.length = 0;
    harness.bench.api.delete(core.pods, 'default', 'one', { gracePeriodSeconds: 1 });
    await harness.until('one is gone', () => harness.bench.pod('one') === undefined);
    expect(driver.calls).toEqual(['unpublish handle-data']);
    harness.bench.api.delete(core.pods, 'default', 'two', { gracePeriodSeconds: 1 });
    await harness.until('two is gone', () => harness.bench.pod('two') === undefined);
    expect(driver.calls).toEqual(['unpublish handle-data', 'unpublish handle-data', 'unstage handle-data']);
    expect(existsSync(driver.staged[0]?.stagingTargetPath ?? '')).toBe(false);
    const metrics = await harness.bench.registry.metrics();
    expect(metrics).toContain('csi_operations_seconds_count{driver_name="disk.example",method_name="/csi.v1.Node/NodePublishVolume",grpc_status_code="OK",migrated="false"} 2');
    expect(metrics).toContain('storage_operation_duration_seconds_count{volume_plugin="kubernetes.io/csi:disk.example",operation_name="volume_unmount",status="success",migrated="false"} 2');
  });

  it('are not deleted when their driver only says that it has unstaged them, which it is asked again', async () => {
    csi.addDriver({ attachRequired: false });
    csi.addClaim('data');
    await csi.ready();
    harness.bench.createPod(csi.podWith('one'));
    await harness.running('one');
    const staging = driver.staged[0]?.stagingTargetPath ?? '';
    writeFileSync(join(staging, 'precious'), 'data');
    driver.forgetsToUnstage = true;
    driver.calls.length = 0;
    harness.bench.api.delete(core.pods, 'default', 'one', { gracePeriodSeconds: 1 });
    await harness.passing('tried twice', 5_000, () => driver.calls.filter((call) => call === 'unstage handle-data').length === 2);
    expect(readFileSync(join(staging, 'precious'), 'utf8')).toBe('data');
    driver.forgetsToUnstage = false;
    await harness.passing('gone', 5_000, () => !existsSync(dirname(staging)));
  });

  it('keep no pod from going when their driver cannot unstage them, are in use until it can, also for a kubelet that comes later, and are staged anew for the next pod', async () => {
    const inUse = (): boolean => harness.bench.api.find(core.nodes, '', 'node-1')?.status?.volumesInUse?.[0] === 'kubernetes.io/csi/disk.example^handle-data';
    csi.addDriver({ attachRequired: false });
    csi.addClaim('data');
    await csi.ready();
    driver.behave['unstage'] = () => {
      throw new RpcError(RpcStatus.INVALID_ARGUMENT, 'not now');
    };
    harness.bench.createPod(csi.podWith('one'));
    await harness.running('one');
    harness.bench.api.delete(core.pods, 'default', 'one', { gracePeriodSeconds: 1 });
    await harness.passing('one is gone', 500, () => harness.bench.pod('one') === undefined);
    await harness.passing('in use', 5_000, inUse);
    harness.bench.createPod(csi.podWith('two'));
    await harness.running('two');
    expect(driver.calls.filter((call) => call.startsWith('stage'))).toHaveLength(2);
    harness.bench.api.delete(core.pods, 'default', 'two', { gracePeriodSeconds: 1 });
    await harness.passing('two is gone', 500, () => harness.bench.pod('two') === undefined);
    await harness.bench.stop();
    await driver.stop();
    await harness.bench.restart();
    driver.behave['unstage'] = () => undefined;
    await driver.start();
    const staging = driver.staged[0]?.stagingTargetPath ?? '';
    await harness.passing('unstaged', 5_000, () => !existsSync(dirname(staging)));
    await harness.passing('not in use', 5_000, () => !inUse());
  });

  it('that are left staged stay in use when the next pod cannot have them, which says why, and are let go when they can be', async () => {
    const inUse = (): boolean => harness.bench.api.find(core.nodes, '', 'node-1')?.status?.volumesInUse?.[0] === 'kubernetes.io/csi/disk.example^handle-data';
    const fails = (why: string) => (): never => {
      throw new RpcError(RpcStatus.INVALID_ARGUMENT, why);
    };
    csi.addDriver({ attachRequired: false });
    csi.addClaim('data');
    await csi.ready();
    driver.behave['unstage'] = fails('cannot unstage');
    harness.bench.createPod(csi.podWith('one'));
    await harness.running('one');
    const staging = driver.staged[0]?.stagingTargetPath ?? '';
    writeFileSync(join(staging, 'precious'), 'data');
    harness.bench.api.delete(core.pods, 'default', 'one', { gracePeriodSeconds: 1 });
    await harness.passing('one is gone', 500, () => harness.bench.pod('one') === undefined);
    driver.behave['stage'] = fails('cannot stage');
    harness.bench.createPod(csi.podWith('two'));
    await harness.passing('said twice', 1_000, () => driver.calls.filter((call) => call.startsWith('stage')).length >= 3);
    expect(harness.bench.events.lines.filter((line) => line.startsWith('FailedMount: ') && !line.includes('cannot stage'))).toEqual([]);
    harness.bench.api.delete(core.pods, 'default', 'two', { gracePeriodSeconds: 1 });
    await harness.passing('two is gone', 500, () => harness.bench.pod('two') === undefined);
    const asked = driver.calls.length;
    await harness.passing('asked again', 5_000, () => driver.calls.slice(asked).includes('unstage handle-data'));
    expect([inUse(), readFileSync(join(staging, 'precious'), 'utf8')]).toEqual([true, 'data']);
    driver.behave['unstage'] = () => undefined;
    await harness.passing('gone', 5_000, () => !existsSync(dirname(staging)));
    await harness.passing('not in use', 5_000, () => !inUse());
  });

  it.each([
    ['is asked to unstage it when it may still be at work', RpcStatus.DEADLINE_EXCEEDED, ['unpublish handle-data', 'unstage handle-data']],
    ['is asked nothing more when it has said that it cannot', RpcStatus.INVALID_ARGUMENT, []],
  ])('whose driver did not stage one: it %s', async (_what, code, calls) => {
    csi.addDriver({ attachRequired: false });
    csi.addClaim('data');
    await csi.ready();
    driver.behave['stage'] = () => {
      throw new RpcError(code, 'not now');
    };
    harness.bench.createPod(csi.podWith('one'));
    await harness.passing('tried again', 1_000, () => driver.calls.length >= 2);
    harness.bench.api.delete(core.pods, 'default', 'one', { gracePeriodSeconds: 1 });
    await harness.passing('one is gone', 500, () => harness.bench.pod('one') === undefined);
    expect(driver.calls.filter((call) => !call.startsWith('stage'))).toEqual(calls);
    expect(readdirSync(join(harness.root, 'kubelet/plugins/kubernetes.io/csi/disk.example'))).toEqual([]);
  });
});
