import { createUser, decode, type User } from '@nats-io/jwt';
import { core, type corev1 } from '@navarch/api';
import { isApiError } from '@navarch/apimachinery';
import { ClusterConnection } from '@navarch/client';
import { systemClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import type { CertificateFiles } from '@navarch/pki';
import { changev1, identityv1, objectv1 } from '@navarch/proto';
import { connect, toApiError } from '@navarch/rpc';
import { eventually, makeTempDir, startEtcd, startOperatorNats, type TempDir, type TestEtcd, type TestOperatorNats } from '@navarch/testing';
import { connect as connectNats, jwtAuthenticator, type Msg, type NatsConnection, type Subscription } from 'nats';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startTestApiserver, type TestApiserver } from '../testing';

const namespace = 'default';
const pod = (name: string, node: string): corev1.Pod => ({ metadata: { name, namespace }, spec: { nodeName: node, containers: [{ name: 'c', image: 'x' }] } });

/** A connection to NATS under an identity, which remembers what the server forbade. */
interface BusUser {
  readonly connection: NatsConnection;
  readonly inboxPrefix: string;
  readonly forbidden: string[];
  readonly heard: Msg[];
  /** Tries to subscribe; what comes is heard. */
  listen(subject: string): Promise<Subscription>;
  say(subject: string): Promise<void>;
}

function codeOf(error: unknown): number {
  const status = toApiError(error);
  return isApiError(status) ? status.code : 0;
}

describe('rights on NATS', () => {
  let etcd: TestEtcd;
  let nats: TestOperatorNats;
  let server: TestApiserver;
  let directory: TempDir;
  let admin: ClusterConnection;
  const closing: (() => Promise<void> | void)[] = [];

  beforeAll(async () => {
    [etcd, nats, directory] = await Promise.all([startEtcd(), startOperatorNats(), makeTempDir()]);
    const seed = join(directory.path, 'account.seed');
    await writeFile(seed, nats.accountSeed);
    server = await startTestApiserver({ etcd: etcd.endpoint, flags: [`--nats-servers=${nats.url}`, `--nats-account-seed-file=${seed}`] });
    admin = new ClusterConnection({ apiserver: { address: `127.0.0.1:${server.grpcPort}`, tls: await server.credentials(server.pki.files.admin) }, name: 'test', bus: false }, { clock: systemClock, log: silentLogger });
    await admin.start();
    await admin.client.create(core.serviceaccounts, { metadata: { name: 'default', namespace } });
  }, 60_000);

  afterAll(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    await admin.stop();
    await server.stop();
    await Promise.all([nats.stop(), etcd.stop()]);
    await directory.remove();
  });

  async function issue(files: CertificateFiles, userPublicKey: string, nodes: string[] = []): Promise<identityv1.IssueBusCredentialsResponse> {
    const channel = connect({ address: `127.0.0.1:${server.grpcPort}`, tls: await server.credentials(files) });
    try {
      return await channel.client(identityv1.IdentityServiceService).issueBusCredentials({ userPublicKey, nodes });
    } catch (error) {
      throw toApiError(error);
    } finally {
      channel.close();
    }
  }

  async function signIn(files: CertificateFiles, nodes: string[] = []): Promise<BusUser> {
    const user = createUser();
    const { jwt, inboxPrefix, servers } = await issue(files, user.getPublicKey(), nodes);
    const connection = await connectNats({ servers, authenticator: jwtAuthenticator(jwt, user.getSeed()), inboxPrefix, reconnect: false });
    closing.push(() => connection.close());
    const forbidden: string[] = [];
    const heard: Msg[] = [];
    void (async () => {
      for await (const { permissionContext } of connection.status()) if (permissionContext) forbidden.push(`${permissionContext.operation} ${permissionContext.subject}`);
    })();
    // Two trips: a refusal may come after the answer to the first.
    const settle = async (): Promise<void> => {
      await connection.flush();
      await connection.flush();
    };
    const listen = async (subject: string): Promise<Subscription> => {
      const subscription = connection.subscribe(subject, {
        callback: (error, message) => {
          if (!error) heard.push(message);
        },
      });
      await settle();
      return subscription;
    };
    const say = async (subject: string): Promise<void> => {
      connection.publish(subject, 'x');
      await settle();
    };
    return { connection, inboxPrefix, forbidden, heard, listen, say };
  }

  const component = (name: string): CertificateFiles => server.pki.files.component(name);
  const node = (name: string): Promise<CertificateFiles> => server.pki.ensureNode(name, ['127.0.0.1']);

  it('let a node hear of its own pods only', async () => {
    const bus = await signIn(await node('node-1'));
    await bus.listen('change.core.pods.node-1.>');
    expect(bus.forbidden).toEqual([]);
    for (const subject of ['change.core.pods.node-2.>', 'change.core.pods.>', 'change.core.pods.*.default.*', 'change.core.pods._.>', 'change.>', '>', 'bookmark.core.pods.node-2', 'bookmark.core.pods.*']) await bus.listen(subject);
    await eventually(() => bus.forbidden.length >= 8);
    const { client } = admin;
    await eventually(async () => {
      await client.create(core.pods, { ...pod('', 'node-2'), metadata: { generateName: 'other-', namespace } });
      await client.create(core.pods, { ...pod('', 'node-1'), metadata: { generateName: 'own-', namespace } });
      return bus.heard.length > 0;
    });
    expect(bus.heard.map(({ subject }) => subject).filter((subject) => !subject.startsWith('change.core.pods.node-1.default.own-'))).toEqual([]);
    const [first] = bus.heard;
    expect(changev1.Change.decode(first?.data ?? new Uint8Array()).key?.name).toMatch(/^own-/);
  }, 30_000);

  it.each(['change.core.secrets.>', 'change.core.configmaps.>', 'change.core.nodes.>', 'heartbeat.>', 'usage.node-1', '_INBOX.>', '$SYS.>'])('do not let a node listen to %s', async (subject) => {
    const bus = await signIn(await node('node-1'));
    await bus.listen(subject);
    await eventually(() => bus.forbidden.length === 1);
  });

  it('let a node hear of services and endpoint slices, with their bookmarks', async () => {
    const bus = await signIn(await node('node-1'));
    for (const subject of ['change.core.services.>', 'bookmark.core.services._', 'change.discovery=2Ek8s=2Eio.endpointslices.>', 'bookmark.discovery=2Ek8s=2Eio.endpointslices._', 'bookmark.core.pods.node-1']) await bus.listen(subject);
    await eventually(() => new Set(bus.heard.map(({ subject }) => subject)).size >= 2);
    expect(bus.forbidden).toEqual([]);
  }, 20_000);

  it('let a node speak for itself only', async () => {
    const bus = await signIn(await node('node-1'));
    await bus.say('heartbeat.node-1');
    await bus.say('usage.node-1');
    expect(bus.forbidden).toEqual([]);
    for (const subject of ['heartbeat.node-2', 'usage.node-2', 'change.core.pods.node-1.default.a', 'bookmark.core.pods.node-1', 'change.core.services._.default.a']) await bus.say(subject);
    await eventually(() => bus.forbidden.length === 5);
  });

  it('do not let two connections of one node read each other\'s answers', async () => {
    const [one, other] = [await signIn(await node('node-1')), await signIn(await node('node-1'))];
    await one.listen(`${other.inboxPrefix}.>`);
    await eventually(() => one.forbidden.length === 1);
  });

  it.each([
    { who: 'scheduler', hears: ['core.pods', 'core.nodes', 'core.namespaces'], not: ['core.secrets', 'core.serviceaccounts'] },
    { who: 'proxy', hears: ['core.services', 'discovery=2Ek8s=2Eio.endpointslices', 'core.nodes'], not: ['core.pods', 'core.secrets'] },
    { who: 'dns', hears: ['core.services', 'discovery=2Ek8s=2Eio.endpointslices', 'core.pods', 'core.namespaces'], not: ['core.secrets', 'core.nodes'] },
    { who: 'network-agent', hears: ['core.nodes', 'core.pods'], not: ['core.secrets', 'core.services'] },
  ])('let the $who hear what it may watch, and say nothing', async ({ who, hears, not }) => {
    const { jwt } = await issue(component(who), createUser().getPublicKey());
    const { nats: rights } = decode<User>(jwt);
    const heard = (rights.sub?.allow ?? []).filter((subject) => !subject.startsWith('_INBOX'));
    expect(heard).toEqual(expect.arrayContaining(hears.flatMap((resource) => [`change.${resource}.>`, `bookmark.${resource}._`])));
    expect(heard.filter((subject) => not.some((resource) => subject.includes(`.${resource}.`)))).toEqual([]);
    expect(rights.pub).toMatchObject({ deny: ['>'] });
    const bus = await signIn(component(who));
    await bus.say('change.core.pods._.default.a');
    await eventually(() => bus.forbidden.length === 1);
  });

  it('let the controller-manager hear everything, signs of life included, and say nothing', async () => {
    const bus = await signIn(component('controller-manager'));
    for (const subject of ['change.>', 'bookmark.>', 'heartbeat.*', 'usage.*']) await bus.listen(subject);
    expect(bus.forbidden).toEqual([]);
    for (const subject of ['change.core.pods._.default.a', 'bookmark.core.pods._', 'heartbeat.node-1']) await bus.say(subject);
    await eventually(() => bus.forbidden.length === 3);
  });

  it('are many for a process that stands in for many nodes, and for nobody else', async () => {
    const nodes = Array.from({ length: 1000 }, (_, index) => `sim-${index}`);
    const group = await server.pki.ensureComponent('simulator', { commonName: 'navarch:simulator', organizations: ['navarch:node-groups'], usages: ['client auth'] });
    const bus = await signIn(group, nodes);
    await bus.listen('change.core.pods.sim-999.>');
    await bus.say('heartbeat.sim-500');
    expect(bus.forbidden).toEqual([]);
    await bus.listen('change.core.pods.node-1.>');
    await eventually(() => bus.forbidden.length === 1);
    for (const files of [await node('node-1'), component('scheduler')])
      await expect(issue(files, createUser().getPublicKey(), ['node-1', 'node-2'])).rejects.toMatchObject({ code: 403, message: expect.stringContaining('cannot stand in for other nodes') as string });
    await expect(issue(group, createUser().getPublicKey(), ['sim-1', ''])).rejects.toMatchObject({ code: 400 });
  });

  it('are those that a node has over gRPC', async () => {
    const opened = connect({ address: `127.0.0.1:${server.grpcPort}`, tls: await server.credentials(await node('node-1')) });
    closing.push(() => opened.close());
    const service = opened.client(objectv1.ObjectServiceService);
    const snapshot = async (resource: objectv1.ResourceKey, of = '', fieldSelector = ''): Promise<number> => {
      try {
        for await (const frame of service.snapshot({ class: { resource, node: of }, namespace: '', labelSelector: '', fieldSelector, notOlderThan: 0n })) expect(frame.epoch).not.toBe('');
        return 200;
      } catch (error) {
        return codeOf(error);
      }
    };
    const pods = { group: '', version: 'v1', resource: 'pods' };
    const nodes = { group: '', version: 'v1', resource: 'nodes' };
    const services = { group: '', version: 'v1', resource: 'services' };
    const secrets = { group: '', version: 'v1', resource: 'secrets' };
    expect([await snapshot(pods, 'node-1'), await snapshot(pods, 'node-2'), await snapshot(pods), await snapshot(pods, 'node-2', 'spec.nodeName=node-1')]).toEqual([200, 403, 403, 200]);
    expect([await snapshot(nodes, '', 'metadata.name=node-1'), await snapshot(nodes, '', 'metadata.name=node-2'), await snapshot(nodes), await snapshot(services), await snapshot(secrets)]).toEqual([200, 403, 403, 200, 403]);
  });

  it('are refused, not empty, for who may follow nothing', async () => {
    const jane = await server.pki.ensureComponent('jane', { commonName: 'jane', usages: ['client auth'] });
    await expect(issue(jane, createUser().getPublicKey())).rejects.toMatchObject({ code: 403, message: 'forbidden: User "jane" may watch no resource in all namespaces' });
    const nameless = await server.pki.ensureComponent('nameless', { commonName: 'system:node:', organizations: ['system:nodes'], usages: ['client auth'] });
    await expect(issue(nameless, createUser().getPublicKey())).rejects.toMatchObject({ code: 403 });
    await expect(issue(jane, 'no-key')).rejects.toMatchObject({ code: 400 });
  });
});
