import { createUser } from '@nats-io/jwt';
import { isApiError } from '@navarch/apimachinery';
import { identityv1, objectv1 } from '@navarch/proto';
import { connect, type RpcChannel, type ServiceClient, toApiError } from '@navarch/rpc';
import { eventually, makeTempDir, startEtcd, startOperatorNats, type TempDir, type TestEtcd, type TestOperatorNats } from '@navarch/testing';
import { connect as connectNats, jwtAuthenticator, type NatsConnection } from 'nats';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RestClient, startTestApiserver, type TestApiserver } from '../testing';

const v1 = '/api/v1/namespaces/default';
const pod = (name: string, nodeName: string, more: object = {}): object => ({ metadata: { name }, spec: { nodeName, containers: [{ name: 'c', image: 'x' }], ...more } });
const resource = (name: string): objectv1.ResourceKey => ({ group: '', version: 'v1', resource: name });
const key = (of: string, name: string): objectv1.ObjectKey => ({ resource: resource(of), namespace: of === 'nodes' ? '' : 'default', name });

/** Who has stolen the kubelet's key of node-1 reads the pods of node-1 and what they refer to, whatever the door. */
describe('a stolen kubelet identity', () => {
  let etcd: TestEtcd;
  let nats: TestOperatorNats;
  let directory: TempDir;
  let server: TestApiserver;
  let admin: RestClient;
  let rest: RestClient;
  let channel: RpcChannel;
  let objects: ServiceClient<typeof objectv1.ObjectServiceService>;

  beforeAll(async () => {
    [etcd, nats, directory] = await Promise.all([startEtcd(), startOperatorNats(), makeTempDir()]);
    const seed = join(directory.path, 'account.seed');
    await writeFile(seed, nats.accountSeed);
    server = await startTestApiserver({ etcd: etcd.endpoint, flags: [`--nats-servers=${nats.url}`, `--nats-account-seed-file=${seed}`] });
    admin = await RestClient.of(server);
    await admin.post(`${v1}/serviceaccounts`, { metadata: { name: 'default' } });
    for (const name of ['node-1', 'node-2']) await admin.post('/api/v1/nodes', { metadata: { name } });
    for (const name of ['used', 'unused']) {
      await admin.post(`${v1}/secrets`, { metadata: { name }, stringData: { password: 'hunter2' } });
      await admin.post(`${v1}/configmaps`, { metadata: { name }, data: { a: 'b' } });
    }
    await admin.post(`${v1}/pods`, pod('own', 'node-1', { volumes: [{ name: 's', secret: { secretName: 'used' } }, { name: 'c', configMap: { name: 'used' } }] }));
    await admin.post(`${v1}/pods`, pod('strange', 'node-2', { volumes: [{ name: 's', secret: { secretName: 'unused' } }, { name: 'c', configMap: { name: 'unused' } }] }));
    const files = await server.pki.ensureNode('node-1', ['127.0.0.1']);
    rest = await RestClient.as(server, files);
    channel = connect({ address: `127.0.0.1:${server.grpcPort}`, tls: await server.credentials(files) });
    objects = channel.client(objectv1.ObjectServiceService);
  }, 60_000);

  afterAll(async () => {
    channel.close();
    rest.close();
    admin.close();
    await server.stop();
    await Promise.all([nats.stop(), etcd.stop()]);
    await directory.remove();
  });

  /** 200, or the code of the Status that the call is refused with. */
  async function code(call: Promise<unknown>): Promise<number> {
    try {
      await call;
      return 200;
    } catch (error) {
      const status = toApiError(error);
      return isApiError(status) ? status.code : 0;
    }
  }
  const drained = async (frames: AsyncIterable<unknown>, most = Infinity): Promise<void> => {
    let count = 0;
    for await (const frame of frames) if (frame !== undefined && (count += 1) >= most) return;
  };

  const readable: [string, string, number][] = [
    ['pods', 'own', 200], ['pods', 'strange', 403], ['secrets', 'used', 200], ['secrets', 'unused', 403], ['configmaps', 'used', 200], ['configmaps', 'unused', 403], ['nodes', 'node-1', 200], ['nodes', 'node-2', 403],
  ];

  it.each(readable)('reads by REST and by gRPC alike: %s %s → %i', async (of, name, expected) => {
    expect((await rest.get(of === 'nodes' ? `/api/v1/nodes/${name}` : `${v1}/${of}/${name}`)).code).toBe(expected);
    expect(await code(objects.get({ key: key(of, name), subresource: '', notOlderThan: 0n }))).toBe(expected);
  });

  it.each([
    ['pods', '', ''],
    ['pods', 'node-2', ''],
    ['secrets', '', ''],
    ['secrets', '', 'metadata.name=unused'],
    ['configmaps', '', ''],
    ['nodes', '', ''],
    ['serviceaccounts', '', ''],
    ['persistentvolumes', '', ''],
  ])('neither takes a snapshot nor watches %s of "%s" with "%s"', async (of, node, fieldSelector) => {
    const of_ = { class: { resource: resource(of), node }, namespace: fieldSelector === '' ? '' : 'default', labelSelector: '', fieldSelector };
    const query = new URLSearchParams({
      watch: '1',
      ...(fieldSelector === '' && node !== '' ? { fieldSelector: `spec.nodeName=${node}` } : fieldSelector === '' ? {} : { fieldSelector }),
    });
    expect(await code(drained(objects.snapshot({ ...of_, notOlderThan: 0n })))).toBe(403);
    expect(await code(drained(objects.watch({ ...of_, resourceVersion: 0n }), 1))).toBe(403);
    expect((await rest.get(`${fieldSelector === '' ? '/api/v1' : v1}/${of}?${query.toString()}`)).code).toBe(403);
  });

  it('follows its own pods, and sees no other among them', async () => {
    const names: string[] = [];
    const ofNode = { resource: resource('pods'), node: 'node-1' };
    for await (const { objects: some } of objects.snapshot({ class: ofNode, namespace: '', labelSelector: '', fieldSelector: '', notOlderThan: 0n })) {
      names.push(...some.map((object) => (JSON.parse(object.toString()) as { metadata: { name: string } }).metadata.name));
    }
    expect(names).toEqual(['own']);
  });

  it('changes and deletes nothing of another node, one by one or on the stream of writes', async () => {
    const patch = (of: string, name: string, subresource = ''): objectv1.PatchRequest => ({
      key: key(of, name),
      subresource,
      type: objectv1.PatchType.MERGE,
      patch: Buffer.from('{"metadata":{"labels":{"mine":"yes"}}}'),
      options: undefined,
      force: false,
    });
    expect(
      await Promise.all([
        code(objects.patch(patch('pods', 'strange', 'status'))),
        code(objects.patch(patch('nodes', 'node-2'))),
        code(objects.patch(patch('secrets', 'used'))),
        code(objects.delete({ key: key('pods', 'strange'), options: Buffer.alloc(0) })),
        code(objects.delete({ key: key('secrets', 'used'), options: Buffer.alloc(0) })),
      ]),
    ).toEqual([403, 403, 403, 403, 403]);
    async function* writes(): AsyncGenerator<objectv1.WriteRequest> {
      yield await Promise.resolve({ items: [patch('pods', 'strange', 'status'), patch('nodes', 'node-2'), patch('secrets', 'unused')].map((value, index) => ({ id: BigInt(index), operation: { $case: 'patch' as const, value } })) });
    }
    const codes: number[] = [];
    for await (const { results } of objects.write(writes())) codes.push(...results.map(({ outcome }) => (outcome?.$case === 'status' ? (JSON.parse(outcome.value.toString()) as { code: number }).code : 200)));
    expect(codes).toEqual([403, 403, 403]);
  });

  it('gets no token of an account whose pod is elsewhere', async () => {
    const { body } = await admin.get<{ metadata: { uid: string } }>(`${v1}/pods/strange`);
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { audiences: [], boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'strange', uid: body.metadata.uid } } };
    expect((await rest.post(`${v1}/serviceaccounts/default/token`, request)).code).toBe(403);
    expect(await code(objects.create({ key: key('serviceaccounts', 'default'), subresource: 'token', object: Buffer.from(JSON.stringify(request)), options: undefined }))).toBe(403);
  });

  describe('on NATS', () => {
    let connection: NatsConnection;
    const heard: string[] = [];
    const forbidden: string[] = [];

    beforeAll(async () => {
      const user = createUser();
      const { jwt, inboxPrefix, servers } = await channel.client(identityv1.IdentityServiceService).issueBusCredentials({ userPublicKey: user.getPublicKey(), nodes: [] });
      connection = await connectNats({ servers, authenticator: jwtAuthenticator(jwt, user.getSeed()), inboxPrefix, reconnect: false });
      void (async () => {
        for await (const { permissionContext } of connection.status()) if (permissionContext) forbidden.push(permissionContext.subject);
      })();
    });
    afterAll(() => connection.close());

    it('hears of its own pods alone, whatever it subscribes to', async () => {
      const greedy = ['>', '*', 'change.>', 'change.*.*.*.*.*', 'change.core.pods.>', 'change.core.pods.node-2.>', 'change.core.pods._.>', 'change.core.secrets.>', 'change.core.configmaps.>', 'bookmark.>', 'heartbeat.*', 'usage.>', '_INBOX.>', '$SYS.>', '$JS.>'];
      for (const subject of greedy) connection.subscribe(subject, { callback: (error) => { if (!error) heard.push(`through ${subject}`); } });
      connection.subscribe('change.core.pods.node-1.>', { callback: (error, message) => { if (!error) heard.push(message.subject); } });
      await eventually(() => greedy.every((subject) => forbidden.includes(subject)));
      for (const name of ['late-secret', 'later-secret']) await admin.post(`${v1}/secrets`, { metadata: { name }, stringData: { a: 'b' } });
      await admin.post(`${v1}/pods`, pod('elsewhere', 'node-2'));
      await admin.post(`${v1}/pods`, pod('here', 'node-1'));
      await eventually(() => heard.length > 0);
      expect(heard).toEqual(['change.core.pods.node-1.default.here']);
    }, 30_000);

    it('speaks for nobody else', async () => {
      for (const subject of ['heartbeat.node-2', 'usage.node-2', 'change.core.pods.node-1.default.own', 'change.core.secrets._.default.used', 'bookmark.core.pods.node-1']) connection.publish(subject, 'x');
      await connection.flush();
      await eventually(() => ['heartbeat.node-2', 'usage.node-2', 'change.core.pods.node-1.default.own', 'change.core.secrets._.default.used', 'bookmark.core.pods.node-1'].every((subject) => forbidden.includes(subject)));
    }, 30_000);
  });
});
