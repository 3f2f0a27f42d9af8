import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExtenderConfiguration } from '../config/scheduler-configuration';
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

  const run = async (answers: Record<string, Answer>, configuration: Partial<ExtenderConfiguration>, pod: () => void = () => world.pod('web')): Promise<void> => {
    fake = new FakeExtender(answers);
    world = new SchedulerWorld({ extenders: [await fake.start(configuration)] });
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

  it('binds in the scheduler\'s stead', async () => {
    await run({ bind: ({ PodNamespace, PodName, Node }) => {
      world.api.bind(String(PodNamespace), String(PodName), String(Node));
      return { Error: '' };
    } }, { bindVerb: 'bind' });
    await until(() => world.nodeOf('web') !== '');
    expect(fake.calls[0]?.body).toMatchObject({ PodName: 'web', PodNamespace: 'default', PodUID: world.get('web').metadata.uid });
  });

  it('has a say in who is preempted', async () => {
    await run({ preempt: () => ({ NodeNameToMetaVictims: {} }) }, { preemptVerb: 'preempt', nodeCacheCapable: true }, () => {
      for (const name of ['x', 'y']) world.pod(name, '4', { priority: 1 });
    });
    await until(() => world.nodeOf('x') !== '' && world.nodeOf('y') !== '');
    world.pod('high', '4', { priority: 10 });
    await until(() => world.messageOf('high') !== '');
    expect(fake.calls.filter(({ verb }) => verb === 'preempt')).toHaveLength(2); // both nodes were offered, neither was accepted
    expect(world.events.filter(({ reason }) => reason === 'Preempted')).toEqual([]);
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

  it('is asked only about pods that want its resources', async () => {
    await run({}, { filterVerb: 'filter', managedResources: [{ name: 'example.com/x' }] });
    await until(() => world.nodeOf('web') !== '');
    expect(fake.calls).toEqual([]);
  });
});
