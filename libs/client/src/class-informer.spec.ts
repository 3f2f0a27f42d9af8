import { apps, core, type corev1, type KubeObject } from '@navarch/api';
import { FakeClock } from '@navarch/clock';
import { changev1, objectv1 } from '@navarch/proto';
import * as fc from 'fast-check';
import { RemoteApiClient } from './remote-api-client';
import { SharedInformers } from './shared-informers';
import { silentLog, SimulatedApi, SimulatedBus, SimulatedPublisher, SimulatedTransport } from './testing';
import type { Informer } from './types';

const NODES = ['n1', 'n2'];
const NAMES = ['a', 'b', 'c', 'd'];

/** A simulated apiserver with two publishers, and one process that follows the pods of all nodes and of one. */
class World {
  readonly clock = new FakeClock();
  readonly api = new SimulatedApi(this.clock);
  readonly transport = new SimulatedTransport(this.api);
  readonly bus = new SimulatedBus();
  readonly held: (() => void)[] = [];
  readonly publishers: SimulatedPublisher[];
  readonly informers = new SharedInformers({ transport: this.transport, feed: this.bus, clock: this.clock, log: silentLog, random: () => 0.5 });
  readonly client = new RemoteApiClient({}, { transport: this.transport, clock: this.clock, log: silentLog, observer: this.informers });
  readonly all: Informer<corev1.Pod>;
  readonly ofNode: Informer<corev1.Pod>;
  readonly #lastVersions = new Map<Informer<corev1.Pod>, { epoch: string; c: number }>();
  readonly #uids = new Map<Informer<corev1.Pod>, { gone: Set<string>; known: Set<string> }>();

  constructor() {
    const classes = [{ group: '', resource: 'pods' }, ...NODES.map((node) => ({ group: '', resource: 'pods', node }))];
    this.publishers = [1, 2].map(() => new SimulatedPublisher(this.api, this.bus, this.clock, classes));
    this.all = this.informers.informer(core.pods);
    this.ofNode = this.informers.informer(core.pods, { node: 'n1' });
    this.#bookmarkWatches();
  }

  /** As the apiserver does: a quiet class must learn that it is quiet. */
  #bookmarkWatches(): void {
    this.clock.setTimeout(() => {
      this.transport.bookmark();
      this.#bookmarkWatches();
    }, 5_000);
  }

  truth(informer: Informer<corev1.Pod>): Map<string, string> {
    const pods = this.api.list<corev1.Pod>(core.pods).filter((pod) => informer === this.all || pod.spec?.nodeName === 'n1');
    return new Map(pods.map((pod) => [pod.metadata.name ?? '', JSON.stringify({ version: pod.metadata.resourceVersion, labels: pod.metadata.labels })]));
  }

  seen(informer: Informer<corev1.Pod>): Map<string, string> {
    const pods = informer.list().sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
    return new Map(pods.map((pod) => [pod.metadata.name ?? '', JSON.stringify({ version: pod.metadata.resourceVersion, labels: pod.metadata.labels })]));
  }

  /** c promises: every object is known as it was at c, or newer. */
  checkPromise(informer: Informer<corev1.Pod>): void {
    if (!informer.synced) return;
    const c = informer.resourceVersion;
    const inClass = this.api.events.filter(({ object }) => informer === this.all || (object as corev1.Pod).spec?.nodeName === 'n1');
    for (const name of NAMES) {
      const events = inClass.filter((event) => event.name === name);
      const atC = events.filter((event) => event.rv <= c).at(-1);
      const cached = Number(informer.get({ namespace: 'default', name })?.metadata.resourceVersion ?? -1);
      if (cached < 0) {
        const gone = atC === undefined || atC.type === objectv1.EventType.DELETED || events.some((event) => event.rv > c && event.type === objectv1.EventType.DELETED);
        expect({ name, gone }).toEqual({ name, gone: true });
      } else {
        const known = events.find((event) => event.rv === cached);
        expect(known?.type).not.toBe(objectv1.EventType.DELETED);
        expect(cached).toBeGreaterThanOrEqual(atC?.rv ?? 0);
      }
    }
    // Who has gone does not come back.
    const present = new Set(informer.list().map(({ metadata }) => metadata.uid ?? ''));
    const { gone, known } = this.#uids.get(informer) ?? { gone: new Set<string>(), known: new Set<string>() };
    for (const uid of known) if (!present.has(uid)) gone.add(uid);
    expect([...present].filter((uid) => gone.has(uid))).toEqual([]);
    this.#uids.set(informer, { gone, known: present });
    const last = this.#lastVersions.get(informer);
    if (last?.epoch === this.api.epoch) expect(c).toBeGreaterThanOrEqual(last.c);
    this.#lastVersions.set(informer, { epoch: this.api.epoch, c });
  }

  heal(): void {
    this.bus.fault = (deliver) => deliver();
    this.bus.setConnected(true);
    this.transport.down = false;
    this.transport.resume();
    for (const publisher of this.publishers) publisher.resume();
    for (const deliver of this.held.splice(0)) deliver();
  }

  async stop(): Promise<void> {
    for (const publisher of this.publishers) publisher.stop();
    await this.client.stop();
    this.transport.cut();
    await this.informers.stop();
  }
}

const pod = (name: string, label: number, node?: string): corev1.Pod => ({
  metadata: { name, namespace: 'default', labels: { v: String(label) } },
  spec: { containers: [], ...(node === undefined ? {} : { nodeName: node }) },
});

type Action = (world: World) => unknown;

/** Shown by its name in a counterexample. */
class Step {
  readonly run: Action;
  readonly #name: string;

  constructor(name: string, run: Action) {
    this.run = run;
    this.#name = name;
  }

  [fc.toStringMethod](): string {
    return this.#name;
  }
}

const existing = (world: World, index: number): corev1.Pod | undefined => {
  const pods = world.api.list<corev1.Pod>(core.pods);
  return pods[index % Math.max(1, pods.length)];
};

/** What may happen in a cluster, each with how often. */
const action = fc.tuple(fc.nat(63), fc.nat(7)).map(([kind, n]): Step => {
  const name = NAMES[n % NAMES.length] ?? 'a';
  const actions: [number, string, Action][] = [
    [14, `put ${name}`, (world) => {
      const old = world.api.find<corev1.Pod>(core.pods, 'default', name);
      if (old === undefined) world.api.create(core.pods, 'default', pod(name, n, n % 3 === 0 ? undefined : NODES[n % 2]));
      else world.api.update(core.pods, 'default', name, '', { ...old, metadata: { ...old.metadata, labels: { v: `${n}-${world.api.version}` } } });
    }],
    [5, `delete ${name}`, (world) => world.api.find(core.pods, 'default', name) && world.api.delete(core.pods, 'default', name, { gracePeriodSeconds: 0 })],
    [3, `bind ${n}`, (world) => {
      const target = existing(world, n);
      if (target?.spec?.nodeName === undefined && target?.metadata.name !== undefined) world.api.bind('default', target.metadata.name, NODES[n % 2] ?? '');
    }],
    [4, `own write ${name}`, (world) => world.client.patch(core.pods, { namespace: 'default', name }, 'merge', { metadata: { labels: { own: `${world.api.version}` } } }).catch(() => undefined)],
    [3, `own delete ${name}`, (world) => world.client.delete(core.pods, { namespace: 'default', name }, { gracePeriodSeconds: 0 }).catch(() => undefined)],
    [2, 'other resource', (world) => world.api.create(core.configmaps, 'default', { metadata: { generateName: 'x-' } })],
    [12, `advance ${n}`, (world) => world.clock.advance([0, 10, 100, 500, 1000, 2000, 4000, 12000][n] ?? 0)],
    [3, 'lose', (world) => (world.bus.fault = () => undefined)],
    [3, 'lose some, double some', (world) => {
      let count = 0;
      world.bus.fault = (deliver) => {
        count++;
        if (count % 3 === 0) return;
        deliver();
        if (count % 2 === 0) deliver();
      };
    }],
    [3, 'hold back', (world) => (world.bus.fault = (deliver) => world.held.push(deliver))],
    [3, 'release in another order', (world) => {
      for (const deliver of world.held.splice(0).reverse()) deliver();
    }],
    [4, 'bus heals', (world) => (world.bus.fault = (deliver) => deliver())],
    [1, 'bus disconnects', (world) => world.bus.setConnected(false)],
    [2, 'bus reconnects', (world) => world.bus.setConnected(true)],
    [1, 'overflow', (world) => world.bus.overflow()],
    [2, `publisher pauses ${n}`, (world) => world.publishers[n % 2]?.pause()],
    [2, `publisher resumes ${n}`, (world) => world.publishers[n % 2]?.resume()],
    [1, `publisher restarts ${n}`, (world) => world.publishers[n % 2]?.restart()],
    [1, 'streams cut', (world) => world.transport.cut()],
    [1, 'watches pause', (world) => (world.transport.paused = true)],
    [2, 'watches resume', (world) => world.transport.resume()],
    [1, 'apiserver down', (world) => {
      world.transport.down = true;
      world.transport.cut();
    }],
    [2, 'apiserver up', (world) => (world.transport.down = false)],
    [1, 'compaction', (world) => (world.api.compacted = world.api.version)],
    [2, `completeness ${n}`, (world) => {
      const kinds = [changev1.Completeness.FULL, changev1.Completeness.METADATA, changev1.Completeness.KEY];
      for (const publisher of world.publishers) publisher.completeness = () => kinds[n % 3] ?? changev1.Completeness.FULL;
    }],
  ];
  const total = actions.reduce((sum, [weight]) => sum + weight, 0);
  let left = Math.floor((kind * 8 + n) * total / 512);
  for (const [weight, label, run] of actions) {
    left -= weight;
    if (left < 0) return new Step(label, run);
  }
  return new Step('nothing', () => undefined);
});

describe('an informer', () => {
  it('never promises what it does not know, and ends in the true state, whatever is lost, doubled, swapped, paused or restarted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 50 }), async (actions) => {
        const world = new World();
        try {
          await world.informers.start();
          for (const { run } of actions) {
            void run(world);
            await world.clock.settle();
            world.checkPromise(world.all);
            world.checkPromise(world.ofNode);
          }
          world.heal();
          // Long enough for a silent bus to be noticed and for two bookmarks of a node's class.
          await world.clock.advance(40_000);
          expect(world.seen(world.all)).toEqual(world.truth(world.all));
          expect(world.seen(world.ofNode)).toEqual(world.truth(world.ofNode));
          expect([world.all.source, world.ofNode.source]).toEqual(['bus', 'bus']);
        } finally {
          await world.stop();
        }
      }),
      { numRuns: Number(process.env['NAVARCH_MODEL_RUNS'] ?? 60) },
    );
  }, 120_000);

  it('starts on a watch, and leaves it when bookmarks have proved the bus', async () => {
    const world = new World();
    world.api.create(core.pods, 'default', pod('a', 1));
    await world.informers.start();
    await world.clock.settle();
    expect(world.all.synced).toBe(true);
    expect(world.all.source).toBe('watch');
    await world.clock.advance(3_000);
    expect(world.all.source).toBe('bus');
    world.api.create(core.pods, 'default', pod('b', 1));
    expect(world.all.list()).toHaveLength(2);
    await world.stop();
  });

  it('follows by watch alone without a bus', async () => {
    const clock = new FakeClock();
    const api = new SimulatedApi(clock);
    const transport = new SimulatedTransport(api);
    const informers = new SharedInformers({ transport, clock, log: silentLog });
    const deployments = informers.informer(apps.deployments);
    await informers.start();
    await clock.settle();
    api.create(apps.deployments, 'default', { metadata: { name: 'web' }, spec: {} } as KubeObject);
    await clock.settle();
    expect(deployments.list('default').map(({ metadata }) => metadata.name)).toEqual(['web']);
    expect(deployments.source).toBe('watch');
    transport.cut();
    await informers.stop();
  });

  it('goes back to a watch when bookmarks stay away, and takes a new snapshot when the history is another', async () => {
    const world = new World();
    await world.informers.start();
    await world.clock.advance(3_000);
    expect(world.all.source).toBe('bus');
    world.bus.fault = () => undefined;
    await world.clock.advance(4_000);
    expect(world.all.source).toBe('watch');
    world.api.create(core.pods, 'default', pod('a', 1));
    await world.clock.settle();
    expect(world.all.list()).toHaveLength(1);
    world.api.epoch = 'epoch-2';
    world.heal();
    await world.clock.advance(5_000);
    expect(world.all.source).toBe('bus');
    expect(world.seen(world.all)).toEqual(world.truth(world.all));
    await world.stop();
  });

  it('tells handlers of an object that was replaced under its name as a delete and an add', async () => {
    const world = new World();
    await world.informers.start();
    await world.clock.advance(3_000);
    const told: string[] = [];
    world.all.addHandler({ onAdd: ({ metadata }) => told.push(`add ${metadata.labels?.['v'] ?? ''}`), onUpdate: () => told.push('update'), onDelete: ({ metadata }) => told.push(`delete ${metadata.labels?.['v'] ?? ''}`) });
    world.api.create(core.pods, 'default', pod('a', 1));
    world.bus.fault = () => undefined;
    world.transport.paused = true;
    world.api.delete(core.pods, 'default', 'a', { gracePeriodSeconds: 0 });
    world.api.create(core.pods, 'default', pod('a', 2));
    world.api.compacted = world.api.version;
    await world.clock.advance(10_000);
    expect(told).toEqual(['add 1', 'delete 1', 'add 2']);
    await world.stop();
  });
});
