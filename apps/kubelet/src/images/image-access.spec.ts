import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type corev1 } from '@navarch/api';
import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { Registry } from 'prom-client';
import { createKubeletMetrics } from '../kubelet-metrics';
import { aContainer, aPod } from '../testing/pod-bench';
import { FakeRuntime } from '../testing/fake-runtime';
import { RecordedEvents } from '../testing/recorded-events';
import { isExempt, mayUse, wasPulled, withCredentials, type AccessOptions, type PullSecret } from './image-access';
import { ImagePuller } from './image-puller';
import { type PullLimitOptions } from './pull-limit';
import { PullRecords } from './pull-records';

const image = 'closed.example/team/app:1';
const repository = 'closed.example/team/app';
const own: PullSecret = { uid: '1', namespace: 'a', name: 'pull', credentialHash: 'x' };

describe('whether an image needs no looking at', () => {
  it.each<[string, AccessOptions, boolean, boolean]>([
    ['never by NeverVerify', { policy: 'NeverVerify', allowlist: [] }, true, true],
    ['one that was here before', { policy: 'NeverVerifyPreloadedImages', allowlist: [] }, false, true],
    ['one that was pulled here', { policy: 'NeverVerifyPreloadedImages', allowlist: [] }, true, false],
    ['one of the list', { policy: 'NeverVerifyAllowlistedImages', allowlist: [repository] }, true, true],
    ['one below what is on the list', { policy: 'NeverVerifyAllowlistedImages', allowlist: ['closed.example/*'] }, true, true],
    ['one beside the list', { policy: 'NeverVerifyAllowlistedImages', allowlist: ['closed.example/tea'] }, false, false],
    ['any by AlwaysVerify', { policy: 'AlwaysVerify', allowlist: [] }, false, false],
  ])('%s', (_reason, options, pulledHere, exempt) => expect(isExempt(options, repository, pulledHere)).toBe(exempt));
});

describe('who may use an image that was pulled with a secret', () => {
  const credentials = { kubernetesSecrets: [own] };
  it.each<[string, readonly PullSecret[], boolean]>([
    ['who has it', [own], true], ['who has it as it is now', [{ ...own, credentialHash: 'y' }], true], ['who has another that says the same', [{ ...own, uid: '2', namespace: 'b' }], true],
    ['not who has another', [{ ...own, uid: '2', credentialHash: 'y' }], false], ['not who has none', [], false],
  ])('%s', (_who, secrets, may) => expect(mayUse(credentials, secrets)).toBe(may));
  it('who runs as an account that it was pulled for', () => {
    const account = { uid: '5', namespace: 'a', name: 'robot' };
    const record = withCredentials(withCredentials(undefined, 'sha256:1', repository, own, 'now'), 'sha256:1', repository, account, 'later');
    expect(record.credentialMapping[repository]).toEqual({ kubernetesSecrets: [own], kubernetesServiceAccounts: [account] });
    expect(withCredentials(record, 'sha256:1', repository, { ...account }, 'still later')).toBe(record);
    expect([[account], [{ ...account, uid: '6' }], [own]].map((sources) => mayUse(record.credentialMapping[repository], sources))).toEqual([true, false, true]);
  });
  it('everybody, where it took none', () => expect(mayUse({ nodePodsAccessible: true }, [])).toBe(true));
});

it('an image was pulled under a name that is in its record, or that it does not go by', () => {
  const record = withCredentials(undefined, 'sha256:1', repository, own, 'now');
  expect([
    wasPulled(undefined, repository, [repository]),
    wasPulled(record, repository, [repository]),
    wasPulled(record, 'loaded.example/app', [repository, 'loaded.example/app']),
    wasPulled(record, 'docker.io/library/sha256', [repository]),
  ]).toEqual([false, true, false, true]);
});

it('a record grows by what is new only', () => {
  const first = withCredentials(undefined, 'sha256:1', repository, own, 'now');
  expect(withCredentials(first, 'sha256:1', repository, own, 'later')).toBe(first);
  expect(withCredentials(first, 'sha256:1', repository, { ...own, credentialHash: 'y' }, 'later').credentialMapping[repository]).toEqual({ kubernetesSecrets: [{ ...own, credentialHash: 'y' }] });
  const open = withCredentials(first, 'sha256:1', repository, undefined, 'later');
  expect(open.credentialMapping[repository]).toEqual({ nodePodsAccessible: true });
  expect(withCredentials(open, 'sha256:1', repository, own, 'later')).toBe(open);
});

describe('an image that one pod had credentials for', () => {
  let root: string;
  let runtime: FakeRuntime;
  let registry: Registry;
  const clock = new FakeClock();
  const events = new RecordedEvents();
  const secrets = new Map<string, corev1.Secret>();
  const secret = (name: string, namespace: string, password: string): void => void secrets.set(name, {
    apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace, uid: `uid-of-${name}` }, type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths: { 'closed.example': { username: 'u', password } } })).toString('base64') },
  });
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'images-'));
    runtime = new FakeRuntime(clock);
    runtime.registry.add(image);
    // Who shows nothing, or the wrong thing, gets nothing.
    runtime.behave['pullImage'] = (_name, auth) => {
      if ((auth as { password?: string } | undefined)?.password !== 'right') throw new Error('401 Unauthorized');
    };
    secret('mine', 'a', 'right');
    secret('same', 'b', 'right');
    secret('wrong', 'b', 'wrong');
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const start = async (limit?: PullLimitOptions): Promise<ImagePuller> => {
    const records = new PullRecords(root, { clock, log: silentLogger });
    await records.start(() => runtime.listImages());
    registry = new Registry();
    return new ImagePuller(
      { maxParallelPulls: 0, access: { policy: 'NeverVerifyPreloadedImages', allowlist: [] }, ...(limit ? { limit } : {}) },
      {
        runtime,
        events,
        clock,
        records,
        metrics: createKubeletMetrics(registry).images,
        pullSecrets: (pod) => Promise.resolve((pod.spec?.imagePullSecrets ?? []).flatMap(({ name }) => secrets.get(name ?? '') ?? [])),
      },
    );
  };
  const ensure = (puller: ImagePuller, names: readonly string[], policy = 'IfNotPresent'): Promise<unknown> =>
    puller.ensure(
      aPod({ imagePullSecrets: names.map((name) => ({ name })) }),
      aContainer('main', { image, imagePullPolicy: policy }),
      undefined,
      new AbortController().signal,
    );

  it('is nobody else\'s, not after a restart either', async () => {
    const first = await start();
    await ensure(first, ['mine']);
    await expect(ensure(first, [])).rejects.toMatchObject({ reason: 'ErrImagePull', message: expect.stringContaining('401') as string });
    const next = await start();
    await expect(ensure(next, ['wrong'])).rejects.toMatchObject({ reason: 'ErrImagePull' });
    await expect(ensure(next, [], 'Never')).rejects.toMatchObject({ reason: 'ErrImageNeverPull', message: expect.stringContaining('does not have the proper credentials') as string });
    const pulls = runtime.calls.filter((call) => call.startsWith('pullImage')).length;
    await ensure(next, ['mine']);
    await ensure(next, ['same']);
    await ensure(next, ['mine'], 'Never');
    expect(runtime.calls.filter((call) => call.startsWith('pullImage'))).toHaveLength(pulls);
    const text = await registry.metrics();
    expect(text).toContain('kubelet_imagemanager_image_mustpull_checks_total{result="credentialRecordFound"} 3');
    expect(text).toContain('kubelet_image_manager_ensure_image_requests_total{present_locally="true",pull_policy="never",pull_required="false"} 1');
  });

  it('is asked for without a secret that is not there, which an event says', async () => {
    await ensure(await start(), ['gone', 'mine', 'lost']);
    expect(events.lines).toContain('FailedToRetrieveImagePullSecret: Unable to retrieve some image pull secrets (gone, lost); attempting to pull the image may not succeed.');
  });

  it('is everybody\'s where it was there before, or took no credentials', async () => {
    runtime.addImage(image);
    await ensure(await start(), []);
    runtime.behave['pullImage'] = () => undefined;
    runtime.images.clear();
    const puller = await start();
    await ensure(puller, []);
    runtime.behave['pullImage'] = () => Promise.reject(new Error('401 Unauthorized'));
    await ensure(puller, []);
  });

  it('stays everybody\'s under a name that it was loaded by, and is not to be had by its id', async () => {
    const puller = await start();
    await ensure(puller, ['mine']);
    const [pulled] = runtime.images.values();
    if (!pulled) throw new Error('it is not there');
    // The same content, by both names, as containerd has it.
    const both = { ...pulled, repoTags: [image, 'loaded.example/app:1'] };
    for (const name of [image, 'loaded.example/app:1', pulled.id]) runtime.images.set(name, both);
    const ask = (name: string): Promise<unknown> => puller.ensure(aPod(), aContainer('main', { image: name, imagePullPolicy: 'IfNotPresent' }), undefined, new AbortController().signal);
    await ask('loaded.example/app:1');
    await expect(ask(image)).rejects.toMatchObject({ reason: 'ErrImagePull' });
    const byId = `sha256:${'a'.repeat(64)}`;
    runtime.images.set(byId, both);
    await expect(ask(byId)).rejects.toMatchObject({ reason: 'ErrImagePull' });
  });

  it('is not pulled more often than registries may be asked', async () => {
    const puller = await start({ perSecond: 1, burst: 1 });
    await ensure(puller, ['mine'], 'Always');
    await expect(ensure(puller, ['mine'], 'Always')).rejects.toMatchObject({ reason: 'ErrImagePull', message: 'pull QPS exceeded' });
    expect(runtime.calls.filter((call) => call.startsWith('pullImage'))).toHaveLength(1);
    // Its back-off ends, and the second that it waited gives it another.
    await clock.advance(10_000);
    await ensure(puller, ['mine'], 'Always');
  });

  it('is nobody\'s for free when the kubelet died before it knew that it had it', async () => {
    const records = new PullRecords(root, { clock, log: silentLogger });
    await records.start(() => runtime.listImages());
    await records.begin(image);
    runtime.addImage(image);
    const puller = await start();
    await expect(ensure(puller, [])).rejects.toMatchObject({ reason: 'ErrImagePull' });
    await ensure(puller, ['mine']);
  });

  it('is forgotten when it is not there any more, unless it came meanwhile', async () => {
    await ensure(await start(), ['mine']);
    const records = new PullRecords(root, { clock, log: silentLogger });
    await records.start(() => runtime.listImages());
    await records.prune(new Set(), clock.now());
    expect(records.sizes).toEqual({ pulled: 1, pulling: 0 });
    await records.prune(new Set(), clock.now() + 1);
    expect(records.sizes).toEqual({ pulled: 0, pulling: 0 });
  });
});
