import type { batchv1, corev1, KubeObject } from '@navarch/api';
import { memoryRegistry, type MemoryRegistry } from '../testing/memory-registry';
import { create, settleNamespace } from './create';
import { remove } from './delete';
import { deleteCollection } from './delete-collection';
import { find, get } from './get';
import { list } from './list';
import { listOptions } from './list-options';
import type { ResourceStore } from './resource-store';
import { Selection } from './selection';
import { update } from './update';

const none = { dryRun: false, asksForCascade: false } as const;
const map = (name: string, extra: Partial<KubeObject['metadata']> = {}): KubeObject => ({ metadata: { name, namespace: 'default', ...extra } });

describe('the registry', () => {
  let registry: MemoryRegistry;
  let maps: ResourceStore;
  let pods: ResourceStore;

  beforeEach(async () => {
    registry = await memoryRegistry();
    const [first, second] = [registry.registry.store('', 'configmaps'), registry.registry.store('', 'pods')];
    if (!first || !second) throw new Error('not served');
    [maps, pods] = [first, second];
  });

  afterEach(() => registry.stop());

  const query = (text: string) => listOptions(new URLSearchParams(text), false);
  const names = async (text: string, selection = Selection.everything): Promise<string[]> => (await list(maps, 'default', query(text), selection)).objects.map(({ object }) => object.metadata.name ?? '');

  it('lets writers of one key compute on what the one before has written', async () => {
    await create(maps, map('counter', { labels: { n: '0' } }), registry.context);
    await Promise.all(Array.from({ length: 20 }, () => update(maps, {
      namespace: 'default', name: 'counter', subresource: '', createsMissing: false,
      compute: (current) => {
        const object = (current ?? { parse: () => map('counter') }).parse();
        object.metadata.labels = { n: String(Number(object.metadata.labels?.['n']) + 1) };
        return object;
      },
    }, registry.context)));
    expect((await get(maps, 'default', 'counter')).object.metadata.labels).toEqual({ n: '20' });
  });

  it('generates another name when somebody else takes the one it made', async () => {
    const taken: string[] = [];
    registry.admission.install([{
      name: 'Rival',
      handles: ({ operation }) => operation === 'CREATE',
      validate: async ({ name }) => {
        if (taken.push(name) === 1) await create(maps, map(name, { labels: { of: 'rival' } }), { ...registry.context, trusted: true });
      },
    }]);
    const { object } = await create(maps, { metadata: { generateName: 'gen-', namespace: 'default' } }, registry.context);
    expect(object.metadata.name).toMatch(/^gen-[a-z0-9]{5}$/);
    expect(taken).toHaveLength(1);
    expect(await names('')).toEqual([...taken, object.metadata.name].sort());
    expect((await get(maps, 'default', taken[0] ?? '')).object.metadata.labels).toEqual({ of: 'rival' });
  });

  it('prepares each try for the name that it has generated', async () => {
    const jobs = registry.registry.store('batch', 'jobs');
    if (!jobs) throw new Error('not served');
    const job = (metadata: KubeObject['metadata']): KubeObject => Object.assign<KubeObject, object>({ metadata: { ...metadata, namespace: 'default' } }, { spec: { template: { spec: { restartPolicy: 'Never', dnsPolicy: 'Default', containers: [{ name: 'main', image: 'app', imagePullPolicy: 'Always', terminationMessagePolicy: 'File' }] } } } });
    let rivals = 1;
    registry.admission.install([{
      name: 'Rival',
      handles: ({ operation }) => operation === 'CREATE',
      validate: async ({ name }) => void (rivals-- > 0 && (await create(jobs, job({ name }), { ...registry.context, trusted: true }))),
    }]);
    const { object } = await create(jobs, job({ generateName: 'once-' }), registry.context);
    expect((object as batchv1.Job).spec?.template.metadata?.labels).toMatchObject({ 'job-name': object.metadata.name, 'controller-uid': object.metadata.uid });
  });

  it('refuses an update of an object that was replaced by another of its name', async () => {
    const first = await create(maps, map('again'), registry.context);
    await remove(maps, 'default', 'again', none, registry.context);
    await create(maps, map('again'), registry.context);
    const stale = first.parse();
    delete stale.metadata.resourceVersion;
    await expect(update(maps, { namespace: 'default', name: 'again', subresource: '', createsMissing: false, compute: () => structuredClone(stale) }, registry.context)).rejects.toThrow('Precondition failed: UID in precondition');
  });

  it('takes the namespace from what is of the cluster', async () => {
    const nodes = registry.registry.store('', 'nodes');
    if (!nodes) throw new Error('not served');
    const node = (label: string): KubeObject => ({ metadata: { name: 'n', namespace: 'elsewhere', labels: { label } } });
    const asked = node('1');
    settleNamespace(nodes, asked, '');
    expect((await create(nodes, asked, registry.context)).object.metadata.namespace).toBeUndefined();
    const { object } = await update(nodes, { namespace: '', name: 'n', subresource: '', createsMissing: false, compute: () => node('2') }, registry.context);
    expect(object.object.metadata).toMatchObject({ labels: { label: '2' } });
    expect(object.object.metadata.namespace).toBeUndefined();
  });

  it('tells admission no name when a collection is deleted, of which each object is the old one', async () => {
    const told: unknown[] = [];
    registry.admission.install([{ name: 'Seen', handles: ({ operation }) => operation === 'DELETE', validate: ({ name, oldObject }) => void told.push([name, oldObject?.metadata.name]) }]);
    for (const name of ['a', 'b', 'c']) await create(maps, map(name), registry.context);
    await remove(maps, 'default', 'c', none, registry.context);
    await deleteCollection(maps, 'default', query(''), Selection.everything, none, registry.context);
    expect(told).toEqual([['c', 'c'], ['', 'a'], ['', 'b']]);
    expect(await names('')).toEqual([]);
  });

  it('gives a delete the version of the delete', async () => {
    const made = await create(maps, map('gone'), registry.context);
    const { object, gone } = await remove(maps, 'default', 'gone', none, registry.context);
    expect(gone).toBe(true);
    expect(object.resourceVersion).toBeGreaterThan(made.resourceVersion);
    expect(await find(maps, 'default', 'gone')).toBeUndefined();
    await expect(remove(maps, 'default', 'gone', none, registry.context)).rejects.toMatchObject({ code: 404 });
  });

  it.each([
    ['Orphan', ['orphan']],
    ['Foreground', ['foregroundDeletion']],
  ] as const)('leaves %s to the garbage collector by a finalizer', async (propagation, finalizers) => {
    await create(maps, map('owner'), registry.context);
    const { object, gone } = await remove(maps, 'default', 'owner', { ...none, propagation }, registry.context);
    expect([gone, object.object.metadata.finalizers]).toEqual([false, finalizers]);
    expect(object.object.metadata.deletionTimestamp).toBeDefined();
  });

  describe('pods', () => {
    const pod = (name: string, node?: string): KubeObject => {
      const spec: Partial<corev1.PodSpec> = { containers: [{ name: 'c', image: 'x', imagePullPolicy: 'Always', terminationMessagePath: '/x', terminationMessagePolicy: 'File' }], terminationGracePeriodSeconds: 30, restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', ...(node === undefined ? {} : { nodeName: node }) };
      return { ...map(name), spec } as KubeObject;
    };
    const graceOf = async (): Promise<number | undefined> => (await get(pods, 'default', 'p')).object.metadata.deletionGracePeriodSeconds;

    it('on a node wait for their grace period, which another delete can only shorten', async () => {
      await create(pods, pod('p', 'n'), registry.context);
      expect((await remove(pods, 'default', 'p', none, registry.context)).gone).toBe(false);
      expect(await graceOf()).toBe(30);
      await remove(pods, 'default', 'p', { ...none, gracePeriodSeconds: 60 }, registry.context);
      expect(await graceOf()).toBe(30);
      await remove(pods, 'default', 'p', { ...none, gracePeriodSeconds: 5 }, registry.context);
      expect(await graceOf()).toBe(5);
      const dry = await remove(pods, 'default', 'p', { ...none, gracePeriodSeconds: 0 }, { ...registry.context, dryRun: true });
      expect(dry.object.object.metadata).toMatchObject({ deletionTimestamp: expect.any(String) as string, deletionGracePeriodSeconds: 0 });
      expect(await graceOf()).toBe(5);
      expect((await remove(pods, 'default', 'p', { ...none, gracePeriodSeconds: 0 }, registry.context)).gone).toBe(true);
    });

    it('without a node go at once', async () => {
      await create(pods, pod('p'), registry.context);
      expect((await remove(pods, 'default', 'p', none, registry.context)).gone).toBe(true);
    });

    it('of a node are listed by their index', async () => {
      for (const [name, node] of [['a', 'n1'], ['b', 'n2'], ['c', 'n1']] as const) await create(pods, pod(name, node), registry.context);
      const selection = Selection.of('', 'spec.nodeName=n1', pods.fields);
      expect((await list(pods, '', query(''), selection)).objects.map(({ object }) => object.metadata.name)).toEqual(['a', 'c']);
    });
  });

  describe('lists', () => {
    beforeEach(async () => {
      for (const name of ['a', 'b', 'c', 'd', 'e']) await create(maps, map(name, { labels: { vowel: String('ae'.includes(name)) } }), registry.context);
    });

    it('page by a token, within what is selected', async () => {
      const selection = Selection.of('vowel=false', '', maps.fields);
      const first = await list(maps, 'default', query('limit=2'), selection);
      expect(first.objects.map(({ object }) => object.metadata.name)).toEqual(['b', 'c']);
      // How many follow is not known without looking at all of them.
      expect(first.remaining).toBeUndefined();
      expect(await names(`limit=2&continue=${first.continue}`, selection)).toEqual(['d']);
    });

    it('go on from the past after the cache has moved on', async () => {
      const first = await list(maps, 'default', query('limit=2'), Selection.everything);
      expect(first.remaining).toBe(3);
      await remove(maps, 'default', 'd', none, registry.context);
      await create(maps, map('bb'), registry.context);
      expect(await names(`limit=2&continue=${first.continue}`)).toEqual(['c', 'd']);
    });

    it('whose past is compacted are told how to go on without it', async () => {
      const first = await list(maps, 'default', query('limit=2'), Selection.everything);
      await remove(maps, 'default', 'd', none, registry.context);
      await registry.store.compact((await registry.store.currentRevision()).revision);
      const failure: unknown = await names(`limit=2&continue=${first.continue}`).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 410, status: { reason: 'Expired' } });
      const token = (failure as { status: { metadata: { continue: string } } }).status.metadata.continue;
      expect(await names(`continue=${token}`)).toEqual(['c', 'e']);
    });

    it('of before the first revision are no lists of now', async () => {
      for (const text of ['resourceVersion=1&resourceVersionMatch=Exact', 'resourceVersion=1023&limit=1', `continue=${Buffer.from('{"v":"meta.k8s.io/v1","rv":7,"start":"a"}').toString('base64url')}`])
        await expect(names(text)).rejects.toMatchObject({ code: 410, status: { reason: 'Expired' } });
    });

    it('read no token but their own', async () => {
      for (const token of ['x', Buffer.from('{"v":"meta.k8s.io/v1","rv":5,"start":"../x"}').toString('base64url'), Buffer.from('{"v":"v2","rv":5,"start":"x"}').toString('base64url')])
        for (const version of ['', '&resourceVersion=5']) await expect(names(`continue=${token}${version}`)).rejects.toThrow('invalid continue token: continue key is not valid');
      for (const version of ['', '&resourceVersion=0', '&resourceVersion=5', '&resourceVersion=bad']) await expect(names(`continue=bad${version}`)).rejects.toThrow('invalid continue token: continue key is not valid');
      await expect(names(`continue=${Buffer.from('{"v":"meta.k8s.io/v1","rv":2048,"start":"a"}').toString('base64url')}&resourceVersion=5`)).rejects.toThrow('specifying resource version is not allowed when using continue');
    });
  });

  it('makes patches of different fields all come through, and a stale PUT a conflict', async () => {
    const made = await create(maps, map('x'), registry.context);
    const put = (object: KubeObject) => update(maps, { namespace: 'default', name: 'x', subresource: '', createsMissing: false, compute: () => object }, registry.context);
    await put({ ...made.parse(), metadata: { ...made.parse().metadata, labels: { a: 'b' } } });
    await expect(put({ ...made.parse(), metadata: { ...made.parse().metadata, labels: { c: 'd' } } })).rejects.toMatchObject({ code: 409 });
  });
});
