import { FakeClock, systemClock, type Clock } from '@navarch/clock';
import { changev1, objectv1 } from '@navarch/proto';
import { CertificateAuthority, signBusUser } from '@navarch/pki';
import { eventually, makeTempDir, startOperatorNats, type TestOperatorNats } from '@navarch/testing';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, jwtAuthenticator } from 'nats';
import { NatsBus, type NatsBusOptions } from './nats-bus';
import type { BusCredentials } from './types';

const pods = { group: '', resource: 'pods' };
const logged: string[] = [];
const tries: string[] = [];
const log = { debug: (_: object, message: string) => void tries.push(message), info: () => undefined, warn: (_: object, message: string) => void logged.push(message) };

const change = (rv: number, name = 'web', body = Buffer.from('{}')): changev1.Change => ({
  epoch: 'e', prev: BigInt(rv - 1), prevNode: 0n, rv: BigInt(rv), type: objectv1.EventType.MODIFIED, uid: 'u', completeness: changev1.Completeness.FULL, body,
  key: { resource: { ...pods, version: 'v1' }, namespace: 'default', name },
});

const until = (holds: () => void): Promise<boolean> =>
  eventually(() => {
    holds();
    return true;
  }, { timeoutMs: 20_000 });

jest.setTimeout(60_000);

describe('the bus on a real nats-server', () => {
  let nats: TestOperatorNats;
  const buses: NatsBus[] = [];

  beforeAll(async () => {
    nats = await startOperatorNats();
  });
  afterEach(async () => {
    await Promise.all(buses.splice(0).map((bus) => bus.stop()));
    logged.length = 0;
    tries.length = 0;
  });
  afterAll(() => nats.stop());

  interface Given extends Partial<NatsBusOptions> {
    lifeMs?: number;
    publish?: string[];
    subscribe?: string[];
  }

  async function start({ lifeMs = 3_600_000, publish = ['>'], subscribe = ['>'], ...options }: Given = {}, clock: Clock = systemClock, server = nats): Promise<NatsBus> {
    const credentials = async (publicKey: string): Promise<BusCredentials> => {
      // Whole seconds, as JWTs have them.
      const expiresUnixMs = Math.ceil((Date.now() + lifeMs) / 1000) * 1000;
      const jwt = await signBusUser(server.accountSeed, { name: 'test', publicKey, publish, subscribe, expiresAt: expiresUnixMs });
      return { jwt, expiresUnixMs, servers: [server.url], inboxPrefix: '_INBOX.test' };
    };
    const bus = new NatsBus({ name: 'test', ...options }, { clock, log, credentials });
    buses.push(bus);
    await bus.start();
    return bus;
  }

  const connected = (bus: NatsBus): Promise<boolean> => until(() => expect(bus.connected).toBe(true));

  function follow(bus: NatsBus, node?: string) {
    const seen: string[] = [];
    let overflows = 0;
    const subscription = bus.subscribeChanges({ ...pods, node }, {
      onChange: ({ rv, key }) => void seen.push(`${rv} ${key?.name ?? ''}`),
      onBookmark: ({ rv }) => void seen.push(`bookmark ${rv}`),
      onOverflow: () => (overflows += 1),
    });
    return { seen, subscription, overflows: () => overflows };
  }

  it('brings the changes and bookmarks of a class, and of one node', async () => {
    const [publisher, consumer] = [await start(), await start()];
    await connected(publisher);
    await connected(consumer);
    const all = follow(consumer);
    const mine = follow(consumer, 'node.1');
    const other = follow(consumer, 'node');
    await until(() => {
      publisher.publishChange(change(1, 'a:b.c d\r\n'), 'node.1');
      expect(all.seen.length).toBeGreaterThan(0);
    });
    publisher.publishChange(change(2, 'free'));
    publisher.publishBookmark({ ...pods, node: 'node.1' }, { ...change(3), key: undefined });
    publisher.publishBookmark(pods, { ...change(4), key: undefined });
    await until(() => expect(new Set(all.seen)).toEqual(new Set(['1 a:b.c d\r\n', '2 free', 'bookmark 4'])));
    await until(() => expect(new Set(mine.seen)).toEqual(new Set(['1 a:b.c d\r\n', 'bookmark 3'])));
    expect(other.seen).toEqual([]);
    all.subscription.unsubscribe();
  });

  it('brings signs of life, but of nobody in another\'s name', async () => {
    const [kubelet, controller] = [await start(), await start()];
    await connected(kubelet);
    await connected(controller);
    const heard: string[] = [];
    controller.subscribeHeartbeats(({ node }) => void heard.push(node));
    await until(() => {
      kubelet.publishHeartbeat({ node: 'n1', sentUnixMs: 1n });
      expect(heard).toContain('n1');
    });
  });

  it('survives messages that mean nothing, and counts them', async () => {
    const bus = await start();
    await connected(bus);
    const { seen } = follow(bus);
    const { jwt, seed } = await nats.mintUser('forger');
    const forger = await connect({ servers: nats.url, authenticator: jwtAuthenticator(jwt, Buffer.from(seed)) });
    await until(() => {
      for (const junk of [Buffer.from([0xff, 0xff, 0xff]), Buffer.from('junk'), Buffer.alloc(0)]) forger.publish('change.core.pods._.default.web', junk);
      expect(bus.counters.malformed).toBeGreaterThan(0);
    });
    bus.publishChange(change(7));
    await until(() => expect(seen).toContain('7 web'));
    expect(logged).toContain('malformed bus message ignored');
    await forger.close();
  });

  it('drops what a consumer cannot take, ends the subscription and says so', async () => {
    const [publisher, consumer] = [await start(), await start({ queueLimits: { messages: 100, bytes: 1_000_000 } })];
    await connected(publisher);
    await connected(consumer);
    const { overflows } = follow(consumer);
    await until(() => {
      for (let rv = 1; rv < 2_000; rv++) publisher.publishChange(change(rv));
      expect(overflows()).toBe(1);
    });
    expect(consumer.counters.overflows).toBe(1);
  });

  it('renews its credentials without losing a message', async () => {
    const publisher = await start();
    const consumer = await start({ lifeMs: 8_000 });
    await connected(publisher);
    await connected(consumer);
    const { seen } = follow(consumer);
    let downs = 0;
    consumer.onConnection((up) => {
      if (!up) downs++;
    });
    let rv = 0;
    await until(() => {
      publisher.publishChange(change(++rv));
      expect(seen.length).toBeGreaterThan(0);
    });
    const first = Number(seen[0]?.split(' ')[0]);
    await until(() => {
      publisher.publishChange(change(++rv));
      expect(consumer.counters.connects).toBeGreaterThan(1);
    });
    await until(() => expect(new Set(seen).size).toBe(rv - first + 1));
    expect(downs).toBe(0);
  });

  it('says that the connection is lost and is back, and goes on with the same subscriptions', async () => {
    const bus = await start();
    await connected(bus);
    const states: boolean[] = [];
    bus.onConnection((up) => void states.push(up));
    const { seen } = follow(bus);
    await nats.process.stop();
    await until(() => expect(states).toEqual([false]));
    expect(bus.publishChange(change(1))).toBe(false);
    expect(bus.counters.dropped).toBe(1);
    await nats.restart();
    await until(() => expect(states.at(-1)).toBe(true));
    await until(() => {
      bus.publishChange(change(2));
      expect(seen).toContain('2 web');
    });
  });

  it('starts without NATS, and connects when it comes', async () => {
    await nats.process.stop();
    const bus = await start();
    expect(bus.connected).toBe(false);
    await nats.restart();
    await until(() => expect(bus.connected).toBe(true));
  });

  // As when a container's network namespace has gone under it: no end of the connection is ever told.
  it('trusts whom the file of its authority names, without a new start', async () => {
    await using directory = await makeTempDir();
    const [certFile, keyFile, caFile] = ['nats.crt', 'nats.key', 'ca.crt'].map((name) => join(directory.path, name)) as [string, string, string];
    const [authority, other] = await Promise.all([CertificateAuthority.create('nats', systemClock), CertificateAuthority.create('other', systemClock)]);
    const { cert, key } = await authority.issue({ commonName: 'nats-server', hosts: ['localhost', '127.0.0.1'], usages: ['server auth'] });
    await Promise.all([writeFile(certFile, cert), writeFile(keyFile, key), writeFile(caFile, other.cert)]);
    await using server = await startOperatorNats({ certFile, keyFile });
    const bus = await start({ caFile }, systemClock, server);
    await until(() => expect(tries).toContain('no bus connection yet'));
    expect(bus.connected).toBe(false);
    await writeFile(caFile, authority.cert);
    await connected(bus);
    await bus.stop();
  });

  it('stops without the word of a server that does not answer', async () => {
    const clock = new FakeClock();
    const bus = await start({}, clock);
    await connected(bus);
    nats.process.pause();
    try {
      await until(() => expect(nats.process.frozen).toBe(true));
      let stopped = false;
      const stopping = bus.stop().then(() => (stopped = true));
      await clock.advance(900);
      expect(stopped).toBe(false);
      await clock.advance(100);
      await stopping;
    } finally {
      nats.process.resume();
    }
  }, 10_000);

  it('goes on when a subscription is refused', async () => {
    const bus = await start({ subscribe: ['heartbeat.*'] });
    await connected(bus);
    const { seen } = follow(bus);
    await until(() => expect(logged).toContain('bus subscription refused'));
    expect(bus.publishChange(change(1))).toBe(true);
    expect(seen).toEqual([]);
    expect(bus.connected).toBe(true);
  });
});
