import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alreadyExists, notFound } from '@navarch/apimachinery';
import { silentLogger } from '@navarch/component-base';
import { nodev1, objectv1, proxyv1, schedulerv1 } from '@navarch/proto';
import { connect, RpcError, RpcServer, RpcStatus, type RpcChannel, type ServiceHandlers } from '@navarch/rpc';
import { checkContract, dataPlaneContract, nodeServiceContract, objectServiceContract, schedulerPluginContract, type ContractCase } from './index';

type Plugin = ServiceHandlers<typeof schedulerv1.PluginServiceService>;
type DataPlane = ServiceHandlers<typeof proxyv1.DataPlaneServiceService>;
type Node = ServiceHandlers<typeof nodev1.NodeServiceService>;
type Objects = ServiceHandlers<typeof objectv1.ObjectServiceService>;

const { PRE_FILTER, FILTER, POST_FILTER, SCORE, RESERVE, PERMIT, PRE_BIND, POST_BIND } = schedulerv1.ExtensionPoint;
const refuse = (code: RpcStatus, message: string): RpcError => new RpcError(code, message);

const described = (name: string, extensionPoints: schedulerv1.ExtensionPoint[], more: Partial<schedulerv1.DescribeResponse> = {}): schedulerv1.DescribeResponse =>
  ({ name, extensionPoints, weight: 1, queueingEvents: [], queueingHints: false, scoreNormalization: schedulerv1.ScoreNormalization.UNSPECIFIED, ...more });
const unannounced = (): Promise<never> => Promise.reject(refuse(RpcStatus.UNIMPLEMENTED, 'not announced'));
const goodPlugin: Plugin = {
  describe: () => Promise.resolve(described('Good', [FILTER, SCORE])),
  filter: ({ pod, nodes }) => {
    JSON.parse(pod.toString());
    return Promise.resolve({ verdicts: nodes.map(({ name }) => ({ node: name, feasible: name !== 'c', reason: name === 'c' ? 'is full' : '', unresolvable: false })) });
  },
  score: ({ nodes }) => Promise.resolve({ scores: nodes.map(({ name }, index) => ({ node: name, score: index * 50 })) }),
  preFilter: unannounced, postFilter: unannounced, reserve: unannounced, unreserve: unannounced, permit: unannounced, preBind: unannounced, postBind: unannounced, queueingHint: unannounced,
};

const goodDataPlane: DataPlane = {
  async *sync(requests) {
    for await (const { sequence, upsert } of requests) {
      const bad = upsert.flatMap(({ addresses }) => addresses).find((address) => !/^[\d.]+$/.test(address));
      yield { sequence, error: bad === undefined ? '' : `${bad} is no address` };
    }
  },
};

describe('the kit says what of a broken implementation does not hold', () => {
  let directory: string;
  const closing: (() => Promise<void> | void)[] = [];
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'navarch-kit-'))));
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    rmSync(directory, { recursive: true });
  });

  async function serve(add: (server: RpcServer) => RpcServer): Promise<RpcChannel> {
    const address = `unix://${join(directory, 'target.sock')}`;
    const server = add(new RpcServer({ address }, { log: silentLogger }));
    await server.start();
    const channel = connect({ address });
    closing.push(() => server.stop(), () => channel.close());
    return channel;
  }

  async function broken<S>(cases: readonly ContractCase<S>[], subject: S): Promise<string[]> {
    const results = await checkContract(cases, subject, { offers: ['ports'], tell: () => undefined });
    for (const result of results) if (result.outcome === 'fails') expect(result.why).not.toBe('');
    return results.filter(({ outcome }) => outcome === 'fails').map(({ name }) => name);
  }

  const plugin = async (handlers: Partial<Plugin>): Promise<string[]> => {
    const channel = await serve((server) => server.add(schedulerv1.PluginServiceService, { ...goodPlugin, ...handlers }));
    return broken(schedulerPluginContract, { plugin: channel.client(schedulerv1.PluginServiceService) });
  };

  it('of a scheduler plug-in: nothing, when it is a good one', async () => expect(await plugin({})).toEqual([]));
  it('of a scheduler plug-in: nothing, when it is a good one at all points', async () => {
    const handlers: Partial<Plugin> = {
      describe: () => Promise.resolve(described('Whole', [PRE_FILTER, FILTER, POST_FILTER, SCORE, RESERVE, PERMIT, PRE_BIND, POST_BIND], { queueingEvents: ['NodeAdd', 'AssignedPodDelete', 'StorageClassAdd'], queueingHints: true, scoreNormalization: schedulerv1.ScoreNormalization.TO_MAX })),
      preFilter: () => Promise.resolve({ skip: false, refusal: '', unresolvable: false, nodes: { names: ['a', 'b'] } }),
      postFilter: ({ refusals }) => Promise.resolve({ nominatedNode: refusals[0]?.node ?? '', victimUids: ['u'], message: '' }),
      score: ({ nodes }) => Promise.resolve({ scores: nodes.map(({ name }) => ({ node: name, score: 5_000 })) }),
      reserve: () => Promise.resolve({ refusal: '' }), unreserve: () => Promise.resolve({}), preBind: () => Promise.resolve({ refusal: '' }), postBind: () => Promise.resolve({}),
      queueingHint: ({ events }) => Promise.resolve({ helpedUids: events.filter(({ after }) => (JSON.parse(after.toString()) as { metadata: { name: string } }).metadata.name === 'a').flatMap(({ podUids }) => podUids) }),
      permit: () => Promise.resolve({ decision: schedulerv1.PermitDecision.WAIT, reason: '', timeoutMs: 1_000, allowedUids: [] }),
    };
    expect(await plugin(handlers)).toEqual([]);
  });

  const scoring = 'scores every node it is asked about from 0 to 100, or says how its scores are to be read';
  let calls = 0;
  it.each<[string, Partial<Plugin>, string[]]>([
    ['forgets nodes', { filter: ({ nodes }) => Promise.resolve({ verdicts: nodes.slice(1).map(({ name }) => ({ node: name, feasible: true, reason: '', unresolvable: false })) }) },
      ['gives a verdict on every node it is asked about, and a reason for every refusal', 'gives the same verdict whatever nodes are asked about beside']],
    ['refuses without a reason', { filter: ({ nodes }) => Promise.resolve({ verdicts: nodes.map(({ name }) => ({ node: name, feasible: false, reason: '', unresolvable: false })) }) },
      ['gives a verdict on every node it is asked about, and a reason for every refusal']],
    ['scores above a hundred', { score: ({ nodes }) => Promise.resolve({ scores: nodes.map(({ name }) => ({ node: name, score: 101 })) }) }, [scoring]],
    ['has scores of its own, and does not say how they are to be read', { score: ({ nodes }) => Promise.resolve({ scores: nodes.map(({ name }) => ({ node: name, score: 5_000 })) }) }, [scoring]],
    ['refuses a pod for some nodes, and some it names', { describe: () => Promise.resolve(described('Torn', [PRE_FILTER, SCORE])), preFilter: () => Promise.resolve({ skip: false, refusal: 'no', unresolvable: false, nodes: { names: ['a'] } }) },
      ['says of a pod before nodes are looked at one thing only, and the same every time']],
    ['makes room where nobody asked for it', { describe: () => Promise.resolve(described('Generous', [POST_FILTER, SCORE])), postFilter: () => Promise.resolve({ nominatedNode: 'z', victimUids: [], message: '' }) }, ['makes room only on a node that refused the pod']],
    ['cannot decide', { describe: () => Promise.resolve(described('Torn', [PERMIT, SCORE])), permit: () => Promise.resolve({ decision: schedulerv1.PermitDecision.UNSPECIFIED, reason: '', timeoutMs: 0, allowedUids: [] }) },
      ['lets a pod go to its node, or says why not, or for how long it has to wait']],
    ['prepares only once', { describe: () => Promise.resolve(described('Once', [PRE_BIND, SCORE])), preBind: () => Promise.resolve({ refusal: (calls += 1) % 2 === 0 ? '' : 'again?' }) }, ['prepares a binding as often as it is asked to, and hears of its end']],
    ['helps whom nobody asked about', { describe: () => Promise.resolve(described('Generous', [FILTER, SCORE], { queueingEvents: ['NodeAdd'], queueingHints: true })), queueingHint: () => Promise.resolve({ helpedUids: ['z'] }) },
      ['says of pods that it is asked about, and of no others, that what it names can help them']],
    ['does not listen', { describe: () => Promise.resolve(described('Deaf', [POST_BIND, SCORE])) }, ['prepares a binding as often as it is asked to, and hears of its end']],
    ['is never the same', { describe: () => Promise.resolve(described(`Plugin${(calls += 1)}`, [SCORE])) }, ['describes itself the same way every time']],
    ['takes part in nothing', { describe: () => Promise.resolve(described('Idle', [])) }, ['names itself and at least one extension point that there is']],
    ['announces what it does not do', { describe: () => Promise.resolve(described('Boaster', [RESERVE])) }, ['reserves what it can take back, twice if need be']],
  ])('of a scheduler plug-in that %s', async (_, handlers, names) => expect(await plugin(handlers)).toEqual(names));

  const dataPlane = async (handlers: DataPlane): Promise<string[]> => {
    const channel = await serve((server) => server.add(proxyv1.DataPlaneServiceService, handlers));
    return broken(dataPlaneContract, { dataPlane: channel.client(proxyv1.DataPlaneServiceService) });
  };

  it('of a data plane: nothing, when it is a good one', async () => expect(await dataPlane(goodDataPlane)).toEqual([]));

  it('of a data plane that numbers its answers itself, and of one that swallows what it cannot do', async () => {
    expect(await dataPlane({
      async *sync(requests) {
        let own = 100n;
        for await (const request of requests) yield { sequence: (own += 1n), error: request.upsert.some(({ id }) => id === 'contract/bad:http') ? 'no' : '' };
      },
    })).toEqual(['answers every request, in order, under its sequence number']);
    for (const close of closing.splice(0).reverse()) await close();
    expect(await dataPlane({
      async *sync(requests) {
        for await (const { sequence } of requests) yield { sequence, error: '' };
      },
    })).toEqual(['says what is wrong with an address that is none, and goes on']);
  });

  it('of a node that loses exit codes, has every container and counts nothing', async () => {
    const node: Partial<Node> = {
      async *exec(requests) {
        yield { output: { $case: 'started' as const, value: true } };
        for await (const { input } of requests) if (input?.$case === 'stdin') yield { output: { $case: 'stdout' as const, value: input.value } };
        yield { output: { $case: 'exit' as const, value: { code: 0, error: '' } } };
      },
      async *logs() {
        yield await Promise.resolve({ data: Buffer.from('one\ntwo\n') });
      },
      async *portForward() {
        yield await Promise.resolve({ output: { $case: 'connected' as const, value: true } });
      },
      stats: () => Promise.resolve({ summary: Buffer.from('{"node":{"nodeName":"n"},"pods":[]}') }),
    };
    const channel = await serve((server) => server.add(nodev1.NodeServiceService, { attach: node.exec, ...node } as unknown as Node));
    const container = { namespace: 'default', pod: 'p', podUid: 'u', container: 'c' };
    expect(await broken(nodeServiceContract, { node: channel.client(nodev1.NodeServiceService), container })).toEqual([
      'runs a command, keeps its two outputs apart and tells its exit code last', 'says which container it does not have', 'streams a log, its last lines, and times when asked',
      'says when nobody listens on a port', 'tells what the node and its pods use, as upstream\'s summary',
    ]);
  });

  it('of an object service that takes what was made for an older version and writes in a dry run', async () => {
    const channel = await serve((server) => server.add(objectv1.ObjectServiceService, carelessObjects()));
    const failed = await broken(objectServiceContract, { objects: channel.client(objectv1.ObjectServiceService), namespace: 'default' });
    expect(failed).toContain('refuses an update that was made for an older version');
    expect(failed).toContain('writes nothing in a dry run');
    expect(failed).not.toContain('answers a create with what was stored, under a version, and reads the same');
    expect(failed).not.toContain('refuses a second object of the same name, and says what is not there');
  });
});

/** Keeps objects, but compares no version and knows no dry run. */
function carelessObjects(): Objects {
  interface Stored { metadata: { name: string; uid?: string; resourceVersion?: string }; data?: object }
  const stored = new Map<string, Stored>();
  let version = 100;
  const configMaps = { group: '', resource: 'configmaps' };
  const bytes = (object: Stored): Buffer => Buffer.from(JSON.stringify(object));
  const write = (object: Stored): Buffer => {
    const { name } = object.metadata;
    const kept = { ...object, metadata: { ...object.metadata, uid: stored.get(name)?.metadata.uid ?? `uid-${name}`, resourceVersion: String((version += 1)) } };
    stored.set(name, kept);
    return bytes(kept);
  };
  const existing = (name = ''): Stored => {
    const found = stored.get(name);
    if (found === undefined) throw notFound(configMaps, name);
    return found;
  };
  const none = (): never => {
    throw refuse(RpcStatus.UNIMPLEMENTED, 'not here');
  };
  return {
    get: ({ key }) => Promise.resolve().then(() => ({ object: bytes(existing(key?.name)) })),
    create: ({ key, object }) => Promise.resolve().then(() => {
      if (stored.has(key?.name ?? '')) throw alreadyExists(configMaps, key?.name ?? '');
      return { object: write(JSON.parse(object.toString()) as Stored) };
    }),
    update: ({ object }) => Promise.resolve({ object: write(JSON.parse(object.toString()) as Stored) }),
    patch: ({ key, patch }) => Promise.resolve().then(() => ({ object: write({ ...existing(key?.name), ...(JSON.parse(patch.toString()) as object) }) })),
    delete: ({ key }) => Promise.resolve().then(() => {
      const gone = existing(key?.name);
      stored.delete(gone.metadata.name);
      return { object: bytes(gone) };
    }),
    snapshot: none, watch: none, write: none,
  };
}
