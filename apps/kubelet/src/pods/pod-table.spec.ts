import { type corev1 } from '@navarch/api';
import { forbidden, notFound, serviceUnavailable } from '@navarch/apimachinery';
import { type ApiClient, type Informer, type InformerHandler } from '@navarch/client';
import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { aPod } from '../testing/pod-bench';
import { PodTable } from './pod-table';
import { type PodWorker } from './pod-worker';
import { emptyRuntimeView } from './runtime-view';

/** What a pod that is missing needs before it is ended. */
describe('PodTable', () => {
  const setUp = (answers: (corev1.Pod | Error)[], runtimePods: { uid: string; namespace: string; name: string }[] = [], listed: corev1.Pod[] = []) => {
    const clock = new FakeClock();
    let handler: InformerHandler<corev1.Pod> = {};
    const removed: string[] = [];
    const begun: string[] = [];
    const rejected: string[] = [];
    const gets: string[] = [];
    const pods = {
      list: () => [], get: () => undefined,
      addHandler: (added: InformerHandler<corev1.Pod>) => {
        handler = added;
        return () => undefined;
      },
    } as unknown as Informer<corev1.Pod>;
    const client = {
      get: (_type: unknown, { name }: { name: string }) => {
        gets.push(name);
        const answer = answers.length > 1 ? answers.shift() : answers[0];
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
      list: () => Promise.resolve({ items: listed, resourceVersion: 1 }),
    } as unknown as ApiClient;
    const node = { isKnownLate: false, reads: 0 };
    const table = new PodTable({
      nodeName: 'node-1', client, pods, clock, log: silentLogger, observe: () => Promise.resolve(emptyRuntimeView),
      // There is room for one; a tiny one needs none, an odd one may not be here at all.
      admit: (pod, others) => (pod.metadata.name === 'tiny' ? undefined : pod.metadata.name === 'odd' ? { reason: 'SysctlForbidden', message: 'odd' } : others.length > 0 ? { reason: 'OutOfpods', message: 'full' } : node.isKnownLate ? { reason: 'NodeAffinity', message: 'unlabelled' } : undefined),
      refreshNode: () => {
        node.reads++;
        return Promise.resolve();
      },
      runtimePods: () => new Map(runtimePods.map((pod) => [pod.uid, pod])),
      makeWorker: (pod) => ({
        pod, held: pod, status: {}, holdsRoom: true, stopped: false, done: false, update: () => undefined, remove: () => removed.push(pod.metadata.uid ?? ''),
        wake: () => begun.push(pod.metadata.uid ?? ''), reject: (reason: string) => rejected.push(`${pod.metadata.uid ?? ''} ${reason}`),
      }) as unknown as PodWorker,
    });
    table.start();
    return { clock, table, node, handler: () => handler, removed, begun, rejected, gets };
  };

  it('ends a pod that a consistent read does not find either', async () => {
    const pod = aPod();
    const { clock, handler, removed, gets } = setUp([notFound({ group: '', resource: 'pods' }, 'web')]);
    handler().onAdd?.(pod);
    handler().onDelete?.(pod);
    await clock.settle();
    expect([gets, removed]).toEqual([['web'], [pod.metadata.uid]]);
  });

  it('ends a pod whose name another one has now', async () => {
    const pod = aPod();
    const { clock, handler, removed } = setUp([aPod()]);
    handler().onAdd?.(pod);
    handler().onDelete?.(pod);
    await clock.settle();
    expect(removed).toEqual([pod.metadata.uid]);
  });

  it('leaves a pod alone that the read still finds', async () => {
    const pod = aPod();
    const { clock, handler, removed } = setUp([pod]);
    handler().onAdd?.(pod);
    handler().onDelete?.(pod);
    await clock.settle();
    expect(removed).toEqual([]);
  });

  it('leaves a pod alone while nobody can say', async () => {
    const pod = aPod();
    const { clock, handler, removed, gets } = setUp([serviceUnavailable('no apiserver'), serviceUnavailable('no apiserver'), notFound({ group: '', resource: 'pods' }, 'web')]);
    handler().onAdd?.(pod);
    handler().onDelete?.(pod);
    await clock.advance(1500);
    expect([gets.length, removed]).toEqual([2, []]);
    await clock.advance(1000);
    expect(removed).toEqual([pod.metadata.uid]);
  });

  it.each([[true, 0], [false, 1]])('asks for all its pods when it may not ask for one (still there: %s)', async (there, ended) => {
    const pod = aPod();
    const { clock, handler, removed } = setUp([forbidden({ group: '', resource: 'pods' }, 'web', 'not of this node')], [], there ? [pod] : [aPod()]);
    handler().onAdd?.(pod);
    handler().onDelete?.(pod);
    await clock.settle();
    expect(removed).toHaveLength(ended);
  });

  it('confirms before it ends what the runtime has and the API does not', async () => {
    const orphan = { uid: 'u1', namespace: 'default', name: 'old' };
    const { clock, removed, gets } = setUp([notFound({ group: '', resource: 'pods' }, 'old')], [orphan]);
    await clock.settle();
    expect([gets, removed]).toEqual([['old'], ['u1']]);
  });

  it('gives a pod found to be there after all to its worker', async () => {
    const pod = aPod({}, { uid: 'u1', name: 'old' });
    const { clock, table, handler, removed } = setUp([pod], [{ uid: 'u1', namespace: 'default', name: 'old' }]);
    handler().onAdd?.(pod);
    await clock.settle();
    await clock.settle();
    expect(removed).toEqual([]);
    expect(table.get('u1')?.pod).toBe(pod);
  });

  it.each([[true, []], [false, ['new NodeAffinity']]])('looks at the node again before it refuses a pod for what the node is (labelled meanwhile: %s)', async (isLabelled, refused) => {
    const { clock, handler, node, begun, rejected } = setUp([]);
    node.isKnownLate = true;
    handler().onAdd?.(aPod({}, { uid: 'new', name: 'new' }));
    node.isKnownLate = !isLabelled;
    await clock.settle();
    expect([begun, rejected, node.reads]).toEqual([isLabelled ? ['new'] : [], refused, 1]);
  });

  describe('where there is no room', () => {
    const [old, fresh] = [aPod({}, { uid: 'old', name: 'old' }), aPod({}, { uid: 'fresh', name: 'fresh' })];
    const gone = notFound({ group: '', resource: 'pods' }, 'old');

    it('refuses a pod for the sake of one that the API still has', async () => {
      const { clock, handler, begun, rejected } = setUp([old], [], [old, fresh]);
      handler().onAdd?.(old);
      handler().onAdd?.(fresh);
      await clock.settle();
      expect([begun, rejected]).toEqual([['old'], ['fresh OutOfpods']]);
    });

    it('lets it wait for one that is gone, of which nobody has told yet', async () => {
      const { clock, table, handler, removed, begun, rejected } = setUp([gone], [], [fresh]);
      handler().onAdd?.(old);
      handler().onAdd?.(fresh);
      await clock.settle();
      expect([begun, rejected]).toEqual([['old'], []]);
      handler().onDelete?.(old);
      await clock.settle();
      expect([removed, begun]).toEqual([['old'], ['old']]);
      table.forget('old');
      expect([begun, rejected]).toEqual([['old', 'fresh'], []]);
    });

    it('holds up nobody else while one waits, and no refusal that has nothing to do with those who go', async () => {
      const [tiny, odd] = [aPod({}, { uid: 'tiny', name: 'tiny' }), aPod({}, { uid: 'odd', name: 'odd' })];
      const { clock, handler, begun, rejected } = setUp([gone], [], [fresh, tiny, odd]);
      for (const pod of [old, fresh]) handler().onAdd?.(pod);
      await clock.settle();
      for (const pod of [tiny, odd]) handler().onAdd?.(pod);
      await clock.settle();
      expect([begun, rejected]).toEqual([['old', 'tiny'], ['odd SysctlForbidden']]);
    });

    it('forgets one that is deleted while it waits', async () => {
      const { clock, table, handler, begun, rejected } = setUp([gone], [], [fresh]);
      for (const pod of [old, fresh]) handler().onAdd?.(pod);
      await clock.settle();
      handler().onDelete?.(fresh);
      table.forget('old');
      await clock.settle();
      expect([begun, rejected]).toEqual([['old'], []]);
    });

    it('forgets one that is deleted while that is found out', async () => {
      const { clock, handler, begun, rejected } = setUp([gone], [], []);
      handler().onAdd?.(old);
      handler().onAdd?.(fresh);
      handler().onDelete?.(fresh);
      await clock.settle();
      expect([begun, rejected]).toEqual([['old'], []]);
    });
  });
});
