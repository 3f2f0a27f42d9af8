import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExtenderConfiguration } from '../config/scheduler-configuration';
import { core, policy, type corev1 } from '@navarch/api';
import { SchedulerWorld } from '../testing/scheduler-world';
import { HttpExtender } from './http-extender';

type Answer = (body: Record<string, unknown>) => unknown;

/** An extender that answers by verb; a verb without an answer fails, one that answers `hang` never does. */
class FakeExtender {
  readonly calls: { verb: string; body: Record<string, unknown> }[] = [];
  readonly #server: Server;

  constructor(answers: Record<string, Answer>) {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const verb = (request.url ?? '').slice(1);
        const body = JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>;
        this.calls.push({ verb, body });
        const answer = answers[verb]?.(body);
        if (answer === 'hang') return;
        response.writeHead(answer === undefined ? 500 : 200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(answer ?? {}));
      });
    });
  }

  async start(more: Partial<ExtenderConfiguration> = {}): Promise<HttpExtender> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return new HttpExtender({ urlPrefix: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`, ...more });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe('HTTP extender', () => {
  let world: SchedulerWorld;
  let fake: FakeExtender;
  afterEach(async () => {
    await world.stop();
    await fake.stop();
  });

  /** Until the extender was asked and what follows from its answer has happened. */
  const until = async (holds: () => boolean): Promise<void> => {
    for (let turn = 0; turn < 500 && !holds(); turn++) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      await world.settle();
    }
    expect(holds()).toBe(true);
  };

  const run = async (answers: Record<string, Answer>, configuration: Partial<ExtenderConfiguration>, pod: () => void = () => world.pod('web'), ...others: HttpExtender[]): Promise<void> => {
    fake = new FakeExtender(answers);
    world = new SchedulerWorld({ extenders: [await fake.start(configuration), ...others] });
    world.node('a');
    world.node('b');
    pod();
    await world.lead();
  };

  it('filters, with whole nodes', async () => {
    await run({ filter: ({ Nodes }) => ({ Nodes: { items: (Nodes as { items: { metadata: { name: string } }[] }).items.filter(({ metadata }) => metadata.name === 'b') }, FailedNodes: { a: 'too warm' } }) }, { filterVerb: 'filter' });
    await until(() => world.nodeOf('web') === 'b');
  });

  it('filters by names, in any case of letters, and its reasons are told', async () => {
    await run({ filter: () => ({ nodenames: [], failedNodes: { a: 'too warm' }, failedAndUnresolvableNodes: { b: 'on fire' } }) }, { filterVerb: 'filter', nodeCacheCapable: true });
    await until(() => world.messageOf('web') !== '');
    expect(fake.calls[0]?.body).toMatchObject({ Nodes: null, NodeNames: ['a', 'b'] });
    expect(world.messageOf('web')).toMatch(/^0\/2 nodes are available: 1 on fire, 1 too warm\. no new claims to deallocate, preemption: /);
  });

  it('scores from 0 to 10, times its weight', async () => {
    await run({ score: () => [{ Host: 'a', Score: 0 }, { Host: 'b', Score: 10 }] }, { prioritizeVerb: 'score', weight: 5 });
    await until(() => world.nodeOf('web') === 'b');
  });

  it('has scores beyond those count as they are', async () => {
    await run({ score: () => [{ Host: 'a', Score: 20 }, { Host: 'b', Score: 90 }] }, { prioritizeVerb: 'score', weight: 1 });
    await until(() => world.nodeOf('web') === 'b');
  });

  it('is asked about all nodes though no plug-in scores them', async () => {
    fake = new FakeExtender({ filter: () => ({ NodeNames: ['b'], FailedNodes: { a: 'too warm' } }) });
    world = new SchedulerWorld({ configuration: "profiles: [{plugins: {score: {disabled: [{name: '*'}]}}}]", extenders: [await fake.start({ filterVerb: 'filter', nodeCacheCapable: true })] });
    for (const name of ['a', 'b']) world.node(name);
    world.pod('web');
    await world.lead();
    await until(() => world.nodeOf('web') === 'b');
    expect(fake.calls.map(({ body }) => body['NodeNames'])).toEqual([['a', 'b']]);
  });

  it('is asked about all nodes when it does not take the one where room is kept for the pod', async () => {
    await run({ filter: () => ({ NodeNames: ['b'], FailedNodes: { a: 'too warm' } }) }, { filterVerb: 'filter', nodeCacheCapable: true, httpTimeout: '0s' }, () => {
      world.pod('web');
      const expected: corev1.Pod = { ...world.get('web'), status: { phase: 'Pending', nominatedNodeName: 'a' } };
      world.api.update(core.pods, 'default', 'web', 'status', expected);
    });
    await until(() => world.nodeOf('web') === 'b');
    expect(fake.calls.map(({ body }) => body['NodeNames'])).toEqual([['a'], ['a', 'b']]);
  });

  it.each<[string, object, string]>([
    ['says why it does not take', { FailedNodes: { a: 'too warm' } }, '2 nodes are available: 1 Preemption is not helpful for scheduling, 1 expected at least one victim pod on node "a".'],
    ['leaves out without a word', {}, '2 nodes are available: 2 Preemption is not helpful for scheduling.'],
  ])('makes nobody go on a node that it %s, nor keeps room there', async (_what, more, expected) => {
    await run({ filter: ({ Pod }) => ((Pod as corev1.Pod).metadata.name === 'high' ? { NodeNames: [], ...more } : { NodeNames: ['a'] }) }, { filterVerb: 'filter', nodeCacheCapable: true }, () => world.pod('low', '1', { priority: 1 }));
    await until(() => world.nodeOf('low') === 'a');
    world.pod('high', '1', { priority: 10 });
    await until(() => world.messageOf('high') !== '');
    expect(world.messageOf('high')).toContain(expected);
    expect(world.get('high').status?.nominatedNodeName).toBeUndefined();
    expect(world.events.filter(({ reason }) => reason === 'Preempted')).toEqual([]);
  });

  it.each([[true, 'a'], [false, '']])('that fails to bind leaves that to the scheduler if it may be ignored (%p)', async (ignorable, expected) => {
    await run({ filter: () => ({ NodeNames: ['a'] }) }, { filterVerb: 'filter', bindVerb: 'bind', nodeCacheCapable: true, ignorable });
    await until(() => world.nodeOf('web') !== '' || world.messageOf('web') !== '');
    expect(world.nodeOf('web')).toBe(expected);
  });

  it('binds in the scheduler\'s stead', async () => {
    await run({ bind: ({ PodNamespace, PodName, Node }) => {
      world.api.bind(String(PodNamespace), String(PodName), String(Node));
      return { Error: '' };
    } }, { bindVerb: 'bind' });
    await until(() => world.nodeOf('web') !== '');
    expect(fake.calls[0]?.body).toMatchObject({ PodName: 'web', PodNamespace: 'default', PodUID: world.get('web').metadata.uid });
  });

  describe('asked about preemption', () => {
    /** Two nodes, each full with one pod that has to go; the budget of `x` (on one of them) allows nothing. */
    const fill = async (answers: Record<string, Answer>, configuration: Partial<ExtenderConfiguration>, ...others: HttpExtender[]): Promise<void> => {
      await run(answers, { preemptVerb: 'preempt', ...configuration }, () => {
        world.create(policy.poddisruptionbudgets, { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'budget', namespace: 'default' }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'x' } } }, status: { disruptionsAllowed: 0 } });
        for (const name of ['x', 'y']) world.pod(name, '4', { priority: 1 }, { app: name });
      }, ...others);
      await until(() => world.nodeOf('x') !== '' && world.nodeOf('y') !== '');
      world.pod('high', '4', { priority: 10 });
    };
    const asked = (): Record<string, unknown>[] => fake.calls.filter(({ verb }) => verb === 'preempt').map(({ body }) => body);
    const uidOf = (name: string): string => world.get(name).metadata.uid ?? '';
    const preempted = (): string[] => world.events.filter(({ reason }) => reason === 'Preempted').map(({ pod }) => pod);
    const all: Answer = ({ NodeNameToMetaVictims, NodeNameToVictims }) => ({
      NodeNameToMetaVictims: NodeNameToMetaVictims ?? Object.fromEntries(Object.entries(NodeNameToVictims as Record<string, { Pods: corev1.Pod[]; NumPDBViolations: number }>)
        .map(([node, { Pods, NumPDBViolations }]) => [node, { Pods: Pods.map(({ metadata: { uid } }) => ({ UID: uid })), NumPDBViolations }])),
    });

    it('gets all nodes in one call, with pods by their uids, and how many budgets would break', async () => {
      await fill({ preempt: all }, { nodeCacheCapable: true });
      await until(() => preempted().length > 0);
      expect(asked()).toEqual([{
        Pod: expect.objectContaining({ metadata: expect.objectContaining({ name: 'high' }) as unknown }) as unknown, NodeNameToVictims: null,
        NodeNameToMetaVictims: { [world.nodeOf('x')]: { Pods: [{ UID: uidOf('x') }], NumPDBViolations: 1 }, [world.nodeOf('y')]: { Pods: [{ UID: uidOf('y') }], NumPDBViolations: 0 } },
      }]);
      // What breaks no budget is less harmful.
      expect(preempted()).toEqual(['y']);
    });

    it('gets whole pods if it keeps no nodes itself', async () => {
      await fill({ preempt: all }, {});
      await until(() => preempted().length > 0);
      expect(asked()).toEqual([expect.objectContaining({
        NodeNameToMetaVictims: null,
        NodeNameToVictims: {
          [world.nodeOf('x')]: { Pods: [expect.objectContaining({ metadata: expect.objectContaining({ name: 'x' }) as unknown })], NumPDBViolations: 1 },
          [world.nodeOf('y')]: { Pods: [expect.objectContaining({ metadata: expect.objectContaining({ name: 'y' }) as unknown })], NumPDBViolations: 0 },
        },
      })]);
    });

    it('leaves the nodes that it accepts, though others would do less harm', async () => {
      await fill({ preempt: () => ({ nodeNameToMetaVictims: { [world.nodeOf('x')]: { pods: [{ uid: uidOf('x') }], numPDBViolations: 1 } } }) }, { nodeCacheCapable: true });
      await until(() => preempted().length > 0);
      expect(preempted()).toEqual(['x']);
    });

    it.each<[string, Partial<ExtenderConfiguration>, Answer, string]>([
      ['accepts none', {}, () => ({ NodeNameToMetaVictims: {} }), 'preemption: no candidate node for preemption'],
      ['names nobody on a node', {}, () => ({ NodeNameToMetaVictims: { a: { Pods: [] } } }), 'preemption: expected at least one victim pod on node "a"'],
      ['names nobody on a node, and may be ignored', { ignorable: true }, () => ({ NodeNameToMetaVictims: { a: { Pods: [] } } }), 'preemption: no candidate node for preemption'],
      ['names a node that is not there', {}, () => ({ NodeNameToMetaVictims: { c: { Pods: [{ UID: 'u' }] } } }), 'preemption: nodeinfo not found for node name "c"'],
      ['names a pod that is not there', {}, () => ({ NodeNameToMetaVictims: { a: { Pods: [{ UID: 'u' }] } } }), 'claims to preempt pod (UID: u) on node: a, but the pod is not found on that node'],
      ['fails', {}, () => undefined, 'failed preempt with extender at URL http://127.0.0.1:'],
    ])('keeps everybody where they are when it %s', async (_name, configuration, answer, message) => {
      await fill({ preempt: answer }, configuration);
      await until(() => world.messageOf('high') !== '');
      expect(world.messageOf('high')).toContain(message);
      expect(world.messageOf('high')).toMatch(/^0\/2 nodes are available: 2 Insufficient cpu\. no new claims to deallocate, preemption: /);
      expect(preempted()).toEqual([]);
      expect(asked()).toHaveLength(1);
    });

    it.each<[string, Partial<ExtenderConfiguration>, number]>([
      ['may be ignored and fails', { ignorable: true }, 1],
      ['looks after other pods', { managedResources: [{ name: 'example.com/x' }] }, 0],
    ])('has no say if it %s', async (_name, configuration, calls) => {
      await fill({ preempt: () => undefined }, configuration);
      await until(() => preempted().length > 0);
      expect(preempted()).toEqual(['y']);
      expect(asked()).toHaveLength(calls);
    });

    it('leaves the rest to the one after it', async () => {
      const second = new FakeExtender({ preempt: () => ({ NodeNameToMetaVictims: {} }) });
      const other = await second.start({ preemptVerb: 'preempt', nodeCacheCapable: true });
      await fill({ preempt: () => ({ NodeNameToMetaVictims: { [world.nodeOf('x')]: { Pods: [{ UID: uidOf('x') }], NumPDBViolations: 1 } } }) }, {}, other);
      await until(() => world.messageOf('high') !== '');
      expect(second.calls).toMatchObject([{ body: { NodeNameToMetaVictims: { [world.nodeOf('x')]: { Pods: [{ UID: uidOf('x') }], NumPDBViolations: 1 } } } }]);
      expect(preempted()).toEqual([]);
      await second.stop();
    });
  });

  it('that fails keeps the pod waiting, with a reason, and it is tried again', async () => {
    let fails = true;
    await run({ filter: () => (fails ? { Error: 'out of order' } : { NodeNames: ['a'] }) }, { filterVerb: 'filter', nodeCacheCapable: true });
    await until(() => world.events.length > 0);
    expect(world.events[0]).toMatchObject({ pod: 'web', reason: 'FailedScheduling', message: expect.stringContaining('out of order') as string });
    fails = false;
    await world.clock.advance(1_000);
    await until(() => world.nodeOf('web') === 'a');
  });

  it('that fails or takes too long is ignored where that is allowed', async () => {
    await run({ filter: () => 'hang' }, { filterVerb: 'filter', ignorable: true, httpTimeout: '20ms' });
    await until(() => world.nodeOf('web') !== '');
  });

  it.each<[string, object, boolean, string]>([
    ['names a node that it was not asked about', { NodeNames: ['a', 'c'] }, true, 'claims a filtered node "c" which is not found in the input node list'],
    ['names nodes though it was sent whole ones', { NodeNames: ['a'] }, false, '0/2 nodes are available'],
  ])('takes no node when it %s', async (_what, answer, nodeCacheCapable, message) => {
    await run({ filter: () => answer }, { filterVerb: 'filter', nodeCacheCapable });
    await until(() => world.events.length > 0);
    expect(world.events[0]?.message).toContain(message);
    expect(world.nodeOf('web')).toBe('');
  });

  it('is asked only about pods that want its resources', async () => {
    await run({}, { filterVerb: 'filter', managedResources: [{ name: 'example.com/x' }] });
    await until(() => world.nodeOf('web') !== '');
    expect(fake.calls).toEqual([]);
  });
});
