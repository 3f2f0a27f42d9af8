import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { core, type corev1 } from '@navarch/api';
import { silentLogger } from '@navarch/component-base';
import { schedulerv1 } from '@navarch/proto';
import { RpcServer, type ServiceHandlers } from '@navarch/rpc';
import { eventually, makeTempDir, type TempDir } from '@navarch/testing';
import { SchedulerWorld } from '../testing/scheduler-world';
import type { CallListener } from './external-calls';
import { RemotePlugin } from './remote-plugin';

const root = join(__dirname, '../../../..');
const configuration = `
profiles:
- plugins: {multiPoint: {enabled: [{name: Rooms}]}}
  pluginConfig: [{name: Rooms, args: {kind: RemotePluginArgs, address: "unix:///replaced"}}]`;

const inRoomOf = (room: string) => (node: corev1.Node): void => {
  node.metadata.labels = { 'example.com/room': room };
};

describe('plug-in in another process', () => {
  let world: SchedulerWorld;
  let plugin: RemotePlugin;
  let directory: TempDir;
  let address: string;
  let calls: Parameters<CallListener>[];
  beforeEach(async () => {
    directory = await makeTempDir();
    calls = [];
    address = `unix://${directory.path}/plugin.sock`;
  });
  afterEach(async () => {
    await world.stop();
    plugin.stop();
    await directory.remove();
  });

  const begin = async (more: { timeout?: string; failurePolicy?: 'Fail' | 'Ignore' } = {}): Promise<void> => {
    plugin = new RemotePlugin('Rooms', { address, ...more }, 1, (...call) => void calls.push(call));
    world = new SchedulerWorld({ configuration, remote: () => plugin });
    world.node('a', '8', inRoomOf('warm'));
    world.node('b', '4', inRoomOf('cold'));
    await world.lead();
  };
  const inRoom = (name: string, room: string): void => {
    const metadata = { name, namespace: 'default', annotations: { 'example.com/room': room } };
    world.create(core.pods, { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'main', image: 'image' }] } });
  };
  const until = (check: () => void): Promise<unknown> => eventually(async () => {
    await world.settle();
    check();
    return true;
  }, { timeoutMs: 20_000, intervalMs: 20 });

  it('is the sample: it filters, and its reasons are told', async () => {
    const sample = spawn(process.execPath, ['--import', 'tsx', join(root, 'examples/scheduler-plugin/plugin.ts'), address], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await new Promise((resolve) => sample.stdout.once('data', resolve));
      await begin({ timeout: '10s' });
      inRoom('one', 'cold');
      inRoom('two', 'wet');
      await until(() => expect(world.nodeOf('one')).toBe('b'));
      await until(() => expect(world.messageOf('two')).toContain('0/2 nodes are available: 2 node(s) were not in room wet. no new claims to deallocate, preemption: '));
    } finally {
      sample.kill('SIGKILL');
    }
  });

  type Handlers = ServiceHandlers<typeof schedulerv1.PluginServiceService>;
  type Point = keyof typeof schedulerv1.ExtensionPoint;
  /** A plug-in that takes part at the points that it has handlers for. */
  const serving = async (points: readonly Point[], handlers: Partial<Handlers>, described: Partial<schedulerv1.DescribeResponse> = {}): Promise<RpcServer> => {
    const refuse = (): Promise<never> => Promise.reject(new Error('not announced'));
    const extensionPoints = points.map((point) => schedulerv1.ExtensionPoint[point]);
    const server = new RpcServer({ address }, { log: silentLogger }).add(schedulerv1.PluginServiceService, {
      preFilter: refuse, filter: refuse, postFilter: refuse, score: refuse, reserve: refuse, unreserve: refuse, permit: refuse, preBind: refuse, postBind: refuse, queueingHint: refuse,
      describe: () => Promise.resolve({ name: 'Rooms', extensionPoints, weight: 0, queueingEvents: [], queueingHints: false, scoreNormalization: schedulerv1.ScoreNormalization.UNSPECIFIED, ...described }),
      ...handlers,
    });
    await server.start();
    return server;
  };
  const nameOf = (pod: Buffer): string => (JSON.parse(pod.toString()) as corev1.Pod).metadata.name ?? '';
  const uidOf = (name: string): string => world.get(name).metadata.uid ?? '';
  const preFilter = (answer: Partial<schedulerv1.PreFilterResponse>) => (): Promise<schedulerv1.PreFilterResponse> => Promise.resolve({ skip: false, refusal: '', unresolvable: false, nodes: undefined, ...answer });

  it.each<[string, Partial<schedulerv1.PreFilterResponse>, (name: string) => string, string]>([
    ['names the only nodes that come into question', { nodes: { names: ['b'] } }, (name) => world.nodeOf(name), 'b'],
    ['refuses a pod before any node is looked at', { refusal: 'no room at all', unresolvable: true }, (name) => world.messageOf(name), '0/2 nodes are available: no room at all.'],
    ['leaves no node', { nodes: { names: [] } }, (name) => world.messageOf(name), "0/2 nodes are available: node(s) didn't satisfy plugin Rooms."],
    ['need not be asked about nodes', { skip: true }, (name) => world.nodeOf(name), 'a'],
  ])('in PreFilter %s', async (_name, answer, seen, expected) => {
    const server = await serving(['PRE_FILTER', 'FILTER'], {
      preFilter: preFilter(answer),
      filter: ({ nodes }) => Promise.resolve({ verdicts: nodes.map(({ name }) => ({ node: name, feasible: name === 'b', reason: 'is not b', unresolvable: false })) }),
    });
    try {
      await begin();
      world.pod('web');
      await until(() => expect(seen('web')).toContain(expected));
    } finally {
      await server.stop();
    }
  });

  it('in PostFilter makes room where it says, and is told who refused', async () => {
    let asked: schedulerv1.PostFilterRequest | undefined;
    let room = false;
    const server = await serving(['POST_FILTER'], {
      postFilter: (request) => {
        asked = request;
        return Promise.resolve(room ? { nominatedNode: 'b', victimUids: [uidOf('small')], message: '' } : { nominatedNode: '', victimUids: [], message: 'no room in the house' });
      },
    });
    try {
      await begin();
      world.pod('small', '4', { nodeSelector: { 'example.com/room': 'cold' } });
      await until(() => expect(world.nodeOf('small')).toBe('b'));
      world.pod('large', '3', { nodeSelector: { 'example.com/room': 'cold' } });
      await until(() => expect(world.messageOf('large')).toMatch(/, no room in the house$/));
      expect(asked?.refusals).toEqual(expect.arrayContaining([{ node: 'b', plugin: 'NodeResourcesFit', reasons: ['Insufficient cpu'], unresolvable: false }]));
      room = true;
      // It is large enough, and in no room.
      world.node('c', '8');
      await until(() => expect(world.events).toContainEqual(expect.objectContaining({ pod: 'small', reason: 'Preempted' })));
    } finally {
      await server.stop();
    }
  });

  it('in Permit lets pods wait for each other, or refuses them', async () => {
    const server = await serving(['PERMIT'], {
      permit: ({ pod }) => {
        const decision = { first: schedulerv1.PermitDecision.WAIT, second: schedulerv1.PermitDecision.ALLOW }[nameOf(pod)] ?? schedulerv1.PermitDecision.REFUSE;
        return Promise.resolve({ decision, reason: 'nobody knows it', timeoutMs: 60_000, allowedUids: nameOf(pod) === 'second' ? [uidOf('first')] : [] });
      },
    });
    try {
      await begin();
      world.pod('first');
      await until(() => expect(world.get('first').status?.nominatedNodeName).toBe('a'));
      expect(world.nodeOf('first')).toBe('');
      world.pod('stranger');
      await until(() => expect(world.messageOf('stranger')).toBe('0/1 nodes are available: 1 nobody knows it.'));
      world.pod('second');
      await until(() => expect([world.nodeOf('first'), world.nodeOf('second')]).not.toContain(''));
    } finally {
      await server.stop();
    }
  });

  it('prepares in PreBind, and hears in PostBind of what was bound', async () => {
    const said: string[] = [];
    const server = await serving(['PRE_BIND', 'POST_BIND'], {
      preBind: ({ pod, node }) => {
        said.push(`prepare ${nameOf(pod)} on ${node}`);
        return Promise.resolve({ refusal: nameOf(pod) === 'bad' ? 'the room is locked' : '' });
      },
      postBind: ({ pod, node }) => {
        said.push(`${nameOf(pod)} is on ${node}`);
        return Promise.resolve({});
      },
    });
    try {
      await begin();
      world.pod('web');
      await until(() => expect(said).toEqual(['prepare web on a', 'web is on a']));
      world.pod('bad');
      await until(() => expect(world.messageOf('bad')).toBe('the room is locked'));
      await world.settle();
      // Its own nomination, taken back, is no news that helps it: it waits for something else.
      expect(said).toEqual(['prepare web on a', 'web is on a', 'prepare bad on a']);
    } finally {
      await server.stop();
    }
  });

  it('has its scores set in relation if it wants that', async () => {
    const server = await serving(['SCORE'], { score: ({ nodes }) => Promise.resolve({ scores: nodes.map(({ name }) => ({ node: name, score: name === 'a' ? 5_000 : 1_000 })) }) }, { weight: 9, scoreNormalization: schedulerv1.ScoreNormalization.TO_MAX_REVERSED });
    try {
      await begin();
      world.pod('web');
      await until(() => expect(world.nodeOf('web')).toBe('b'));
      const placement = world.decisions.find({ namespace: 'default', name: 'web' })?.placement;
      expect(placement?.kind === 'placed' ? placement.ranking.parts.find(({ plugin: name }) => name === 'Rooms') : undefined).toEqual({ plugin: 'Rooms', weight: 9, scores: [0, 80] });
    } finally {
      await server.stop();
    }
  });

  it('names what can help the pods that it refused; nothing else makes them go on', async () => {
    let asked = 0;
    const server = await serving(['FILTER'], {
      filter: ({ nodes }) => {
        asked += 1;
        return Promise.resolve({ verdicts: nodes.map(({ name }) => ({ node: name, feasible: name === 'c', reason: 'is not c', unresolvable: true })) });
      },
    }, { queueingEvents: ['NodeAdd'] });
    try {
      await begin();
      world.pod('web');
      await until(() => expect(world.messageOf('web')).toContain('2 is not c'));
      world.changePod('web', (pod) => (pod.metadata.labels = { again: 'please' }));
      await world.settle();
      expect(asked).toBe(1);
      await world.clock.advance(1_000);
      world.node('c');
      await until(() => expect(world.nodeOf('web')).toBe('c'));
    } finally {
      await server.stop();
    }
  });

  it('looks at what can help the pods that it refused, at many events and pods in one call; those that it names go on', async () => {
    const asked: schedulerv1.QueueingHintRequest[] = [];
    let places = 0;
    const server = await serving(['FILTER'], {
      filter: ({ pod, nodes }) => {
        if (nameOf(pod) === 'web') places += 1;
        return Promise.resolve({ verdicts: nodes.map(({ name }) => ({ node: name, feasible: name === 'd', reason: 'is not d', unresolvable: true })) });
      },
      queueingHint: (request) => {
        asked.push(request);
        const wanted = request.events.filter(({ after }) => (JSON.parse(after.toString()) as corev1.Node).metadata.name === 'd');
        return Promise.resolve({ helpedUids: wanted.flatMap(({ podUids }) => podUids).filter((uid) => uid === uidOf('web')) });
      },
    }, { queueingEvents: ['NodeAdd'], queueingHints: true });
    try {
      await begin();
      world.pod('web');
      world.pod('other');
      await until(() => expect(['web', 'other'].map((name) => world.messageOf(name))).toEqual([expect.stringContaining('2 is not d'), expect.stringContaining('2 is not d')]));
      await world.clock.advance(1_000);
      world.node('c');
      await until(() => expect(asked).toHaveLength(1));
      expect(asked[0]?.events).toEqual([{ name: 'NodeAdd', before: Buffer.alloc(0), after: expect.anything() as Buffer, podUids: expect.arrayContaining([uidOf('web'), uidOf('other')]) as string[] }]);
      expect(asked[0]?.pods.map(nameOf).sort()).toEqual(['other', 'web']);
      const known: (readonly string[])[] = [];
      plugin.onEventsKnown((names) => known.push(names));
      expect(known).toEqual([['NodeAdd']]);
      world.node('d');
      await until(() => expect(world.nodeOf('web')).toBe('d'));
      expect([places, world.nodeOf('other')]).toEqual([2, '']);
    } finally {
      await server.stop();
    }
  });

  it('that cannot say what helps keeps no pod waiting because of that', async () => {
    const server = await serving(['FILTER'], {
      filter: ({ nodes }) => Promise.resolve({ verdicts: nodes.map(({ name }) => ({ node: name, feasible: name === 'c', reason: 'is not c', unresolvable: true })) }),
      queueingHint: () => Promise.reject(new Error('no idea')),
    }, { queueingEvents: ['NodeAdd'], queueingHints: true });
    try {
      await begin();
      world.pod('web');
      await until(() => expect(world.messageOf('web')).toContain('2 is not c'));
      await world.clock.advance(1_000);
      world.node('c');
      await until(() => expect(world.nodeOf('web')).toBe('c'));
      expect(calls).toContainEqual(['Rooms', 'QueueingHint', expect.any(Number), 'error']);
    } finally {
      await server.stop();
    }
  });

  it('reserves, and what it refuses is taken back', async () => {
    const said: string[] = [];
    const server = await serving(['RESERVE'], {
      reserve: ({ node }) => Promise.resolve({ refusal: node === 'a' ? 'a is full of books' : '' }),
      unreserve: ({ node }) => {
        said.push(`unreserve ${node}`);
        return Promise.resolve({});
      },
    });
    try {
      await begin();
      world.pod('web', '5');
      await until(() => expect(world.messageOf('web')).toBe('0/1 nodes are available: 1 a is full of books.'));
      await until(() => expect(said).toEqual(['unreserve a']));
      expect(world.nodeOf('web')).toBe('');
    } finally {
      await server.stop();
    }
  });

  it('that does not answer keeps pods waiting, and is told of as such', async () => {
    const server = await serving(['FILTER'], { filter: () => new Promise(() => undefined) });
    try {
      await begin({ timeout: '200ms' });
      world.pod('web');
      await until(() => expect(world.get('web').status?.conditions).toEqual([expect.objectContaining({ type: 'PodScheduled', status: 'False', reason: 'SchedulerError', message: expect.stringMatching(/^Rooms: /) as string })]));
      expect(calls).toContainEqual(['Rooms', 'Filter', expect.any(Number), 'timeout']);
    } finally {
      await server.stop();
    }
  });

  it('that is not there keeps pods waiting with a reason, or is ignored', async () => {
    await begin({ timeout: '200ms' });
    world.pod('web');
    await until(() => expect(world.events[0]).toMatchObject({ pod: 'web', reason: 'FailedScheduling', message: expect.stringContaining('Rooms: ') as string }));
    expect(world.nodeOf('web')).toBe('');
    expect(calls[0]).toEqual(['Rooms', 'Describe', expect.any(Number), 'unavailable']);
    await world.stop();
    plugin.stop();
    await begin({ timeout: '200ms', failurePolicy: 'Ignore' });
    world.pod('web');
    await until(() => expect(world.nodeOf('web')).toBe('a'));
  });
});
