import { core, type corev1 } from '@navarch/api';
import fc from 'fast-check';
import { BindingChecks } from './testing/binding-checks';
import { SchedulerWorld } from './testing/scheduler-world';

const nodeNames = ['n1', 'n2', 'n3'];
const podNames = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6'];

/** One thing that happens to the cluster, or goes wrong. */
type Step =
  | { readonly do: 'pod' | 'delete-pod' | 'finish-pod'; readonly name: string; readonly cpu: number }
  | { readonly do: 'node' | 'delete-node'; readonly name: string }
  | { readonly do: 'refuse' | 'lose'; readonly count: number }
  | { readonly do: 'pause' | 'resume' | 'cut' | 'new-leader' }
  | { readonly do: 'wait' | 'jump'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('pod' as const), name: fc.constantFrom(...podNames), cpu: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('delete-pod' as const, 'finish-pod' as const), name: fc.constantFrom(...podNames), cpu: fc.constant(0) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('node' as const, 'delete-node' as const), name: fc.constantFrom(...nodeNames) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('refuse' as const, 'lose' as const), count: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('pause' as const, 'resume' as const, 'cut' as const, 'new-leader' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(0, 1_000, 12_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('jump' as const), ms: fc.constantFrom(-3_600_000, 3_600_000) }) },
);

async function take(world: SchedulerWorld, checks: BindingChecks, what: Step): Promise<void> {
  const { api, transport } = world;
  switch (what.do) {
    case 'pod':
      if (api.find(core.pods, 'default', what.name) === undefined) world.pod(what.name, String(what.cpu));
      break;
    case 'delete-pod':
    case 'finish-pod':
      if (api.find(core.pods, 'default', what.name) !== undefined) api.delete(core.pods, 'default', what.name, what.do === 'finish-pod' ? { gracePeriodSeconds: 0 } : {});
      break;
    case 'node':
      if (api.find(core.nodes, '', what.name) === undefined) world.node(what.name, '4');
      break;
    case 'delete-node':
      // Its pods go with it, as the pod garbage collector sees to.
      for (const pod of world.pods()) if (pod.spec?.nodeName === what.name) api.delete(core.pods, 'default', pod.metadata.name ?? '', { gracePeriodSeconds: 0 });
      if (api.find(core.nodes, '', what.name) !== undefined) api.delete(core.nodes, '', what.name);
      break;
    case 'refuse':
      checks.refuse = what.count;
      break;
    case 'lose':
      checks.lose = what.count;
      break;
    case 'pause':
      transport.paused = true;
      break;
    case 'resume':
      transport.resume();
      break;
    case 'cut':
      transport.cut();
      break;
    case 'new-leader':
      // A successor's cache is level: it reads the server when it starts.
      await world.scheduler?.stop();
      transport.resume();
      // Watches that were cut come back after a while; nobody decides meanwhile.
      await world.clock.advance(60_000);
      await world.settle();
      await world.lead();
      break;
    case 'jump':
      world.clock.jump(what.ms);
      break;
    case 'wait':
      await world.clock.advance(what.ms);
  }
  await world.settle();
}

describe('scheduler under faults', () => {
  it('binds no pod twice, fills no node beyond what it has, and loses no pod', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const world = new SchedulerWorld();
      const checks = new BindingChecks(world);
      try {
        for (const name of nodeNames) world.node(name, '4');
        await world.lead();
        for (const what of steps) await take(world, checks, what);
        // All is well again, and enough time passes for every back-off, and for pods that nothing has helped to be tried all the same: a condition
        // that could not be written is written then.
        Object.assign(checks, { refuse: 0, lose: 0 });
        world.transport.resume();
        for (let turn = 0; turn < 8; turn++) {
          await world.clock.advance(45_000);
          await world.settle();
        }
        expect(checks.violations).toEqual([]);
        const room = Math.max(0, ...world.api.list<corev1.Node>(core.nodes).map((node) => checks.free(node)));
        const waiting = world.pods().filter(({ spec, metadata }) => (spec?.nodeName ?? '') === '' && metadata.deletionTimestamp === undefined);
        // Whoever still waits has no room anywhere, and is told so.
        for (const pod of waiting) {
          expect(Number(pod.spec?.containers[0]?.resources?.requests?.['cpu']) * 1000).toBeGreaterThan(room);
          expect(pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.status).toBe('False');
        }
      } finally {
        await world.stop();
      }
    }), {
      numRuns: 40,
      // The answer to a binding is lost while caches stand still, or before a watch is back.
      examples: [[[
        { do: 'refuse', count: 1 }, { do: 'pod', name: 'p1', cpu: 3 }, { do: 'pause' }, { do: 'pod', name: 'p3', cpu: 2 }, { do: 'lose', count: 2 }, { do: 'wait', ms: 12_000 }, { do: 'refuse', count: 1 },
        { do: 'pod', name: 'p1', cpu: 1 }, { do: 'delete-pod', name: 'p1', cpu: 0 }, { do: 'pod', name: 'p1', cpu: 1 }, { do: 'jump', ms: -3_600_000 },
      ]], [[
        { do: 'cut' }, { do: 'pod', name: 'p2', cpu: 2 }, { do: 'refuse', count: 1 }, { do: 'wait', ms: 1_000 }, { do: 'refuse', count: 2 }, { do: 'lose', count: 2 }, { do: 'pod', name: 'p6', cpu: 1 },
        { do: 'pod', name: 'p1', cpu: 3 }, { do: 'pod', name: 'p1', cpu: 1 }, { do: 'wait', ms: 0 },
      ]]],
    });
  }, 120_000);

  it('goes on with a preemption that its predecessor left half done, and takes nobody more', async () => {
    const world = new SchedulerWorld();
    const checks = new BindingChecks(world);
    for (const name of ['a', 'b']) world.node(name, '4');
    await world.lead();
    for (const name of ['w', 'x', 'y', 'z']) world.pod(name, '2', { priority: 1 });
    await world.settle();
    let deletes = 0;
    checks.onWrite = ({ operation }) => {
      if (operation?.$case !== 'delete') return;
      deletes += 1;
      // The leader dies between its first and its second victim.
      if (deletes === 2) {
        void world.scheduler?.stop();
        checks.refuse = 1;
      }
    };
    world.pod('high', '4', { priority: 10 });
    await world.settle();
    const nominated = world.get('high').status?.nominatedNodeName;
    checks.refuse = 0;
    await world.lead();
    const goOn = async (): Promise<void> => {
      for (const pod of world.pods()) if (pod.metadata.deletionTimestamp !== undefined) world.finish(pod.metadata.name ?? '');
      await world.settle();
      await world.clock.advance(11_000);
      await world.settle();
    };
    for (let turn = 0; turn < 4; turn++) await goOn();
    expect(world.nodeOf('high')).toBe(nominated);
    expect(world.pods().map(({ metadata }) => metadata.name).filter((name) => name !== 'high')).toHaveLength(2);
    expect(checks.violations).toEqual([]);
    await world.stop();
  });

  it('binds nothing once its lease is lost, whatever it had decided', async () => {
    const world = new SchedulerWorld();
    const checks = new BindingChecks(world);
    world.node('a', '4');
    await world.lead();
    let bindings = 0;
    checks.onWrite = ({ operation }) => {
      if (operation?.$case === 'create' && operation.value.subresource === 'binding') bindings += 1;
    };
    world.transport.down = true;
    for (const name of ['x', 'y']) world.pod(name);
    await world.settle();
    await world.scheduler?.stop();
    world.transport.down = false;
    for (let turn = 0; turn < 5; turn++) {
      await world.clock.advance(5_000);
      await world.settle();
    }
    expect(bindings).toBe(0);
    await world.lead();
    await world.clock.advance(2_000);
    await world.settle();
    expect([world.nodeOf('x'), world.nodeOf('y')]).toEqual(['a', 'a']);
    await world.stop();
  });
});
