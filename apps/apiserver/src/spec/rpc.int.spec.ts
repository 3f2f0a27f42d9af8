import { createUser, decode, type User } from '@nats-io/jwt';
import { core, type corev1 } from '@navarch/api';
import { isAlreadyExists, isConflict, isForbidden, isNotFound } from '@navarch/apimachinery';
import { NatsBus } from '@navarch/bus';
import { ClusterConnection } from '@navarch/client';
import { systemClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import type { CertificateFiles } from '@navarch/pki';
import { type changev1, identityv1, objectv1 } from '@navarch/proto';
import { connect, type RpcChannel, toApiError } from '@navarch/rpc';
import { eventually, startEtcd, startOperatorNats, type TestEtcd, type TestOperatorNats } from '@navarch/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestApiserver, type TestApiserver } from '../testing';

const namespace = 'default';
const pod = (name: string, node?: string): corev1.Pod => ({ metadata: { name, namespace }, spec: { containers: [{ name: 'c', image: 'x' }], ...(node === undefined ? {} : { nodeName: node }) } });
const podClass = (node = ''): objectv1.ObjectClass => ({ resource: { group: '', version: 'v1', resource: 'pods' }, node });

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(() => undefined, (error: unknown) => error);
}

describe('the gRPC door', () => {
  let etcd: TestEtcd;
  let nats: TestOperatorNats;
  let server: TestApiserver;
  let directory: string;
  const closing: (() => Promise<void> | void)[] = [];

  beforeAll(async () => {
    [etcd, nats] = await Promise.all([startEtcd(), startOperatorNats()]);
    directory = await mkdtemp(join(tmpdir(), 'navarch-seed-'));
    const seed = join(directory, 'account.seed');
    await writeFile(seed, nats.accountSeed);
    server = await startTestApiserver({ etcd: etcd.endpoint, flags: [`--nats-servers=${nats.url}`, `--nats-account-seed-file=${seed}`] });
    const admin = await connection(server.pki.files.admin);
    await admin.client.create(core.serviceaccounts, { metadata: { name: 'default', namespace } });
  }, 60_000);

  afterAll(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    await server.stop();
    await Promise.all([nats.stop(), etcd.stop()]);
    await rm(directory, { recursive: true });
  });

  async function channel(files: CertificateFiles): Promise<RpcChannel> {
    const opened = connect({ address: `127.0.0.1:${server.grpcPort}`, tls: await server.credentials(files) });
    closing.push(() => opened.close());
    return opened;
  }

  async function connection(files: CertificateFiles, bus = false): Promise<ClusterConnection> {
    const opened = new ClusterConnection({ apiserver: { address: `127.0.0.1:${server.grpcPort}`, tls: await server.credentials(files) }, name: 'test', bus }, { clock: systemClock, log: silentLogger });
    await opened.start();
    closing.push(() => opened.stop());
    return opened;
  }

  describe('writes on one stream', () => {
    it('are done side by side, each with its own answer', async () => {
      const { client } = await connection(server.pki.files.admin);
      const made = await Promise.all(Array.from({ length: 100 }, (_, i) => client.create(core.configmaps, { metadata: { name: `w${i}`, namespace }, data: { i: String(i) } })));
      expect(made.map(({ data }) => data?.['i'])).toEqual(Array.from({ length: 100 }, (_, i) => String(i)));
      const first = made[0];
      if (!first) throw new Error('nothing was made');
      expect(isAlreadyExists(await rejection(client.create(core.configmaps, { metadata: { name: 'w0', namespace } })))).toBe(true);
      await client.update(core.configmaps, { ...first, data: { i: 'changed' } });
      expect(isConflict(await rejection(client.update(core.configmaps, { ...first, data: { i: 'stale' } })))).toBe(true);
      await client.delete(core.configmaps, { namespace, name: 'w0' });
      expect(isNotFound(await rejection(client.get(core.configmaps, { namespace, name: 'w0' })))).toBe(true);
    });

    it('bind pods, once', async () => {
      const { client } = await connection(server.pki.files.admin);
      await client.create(core.pods, pod('bound'));
      const bind = (node: string) => client.createSubresource(core.pods, { namespace, name: 'bound' }, 'binding', { metadata: { name: 'bound' }, target: { kind: 'Node', name: node } });
      await bind('n1');
      expect(isConflict(await rejection(bind('n2')))).toBe(true);
      const { spec, status } = await client.get(core.pods, { namespace, name: 'bound' });
      expect(spec?.nodeName).toBe('n1');
      expect(status?.conditions).toContainEqual(expect.objectContaining({ type: 'PodScheduled', status: 'True' }));
    });

    it('that make no sense are answered and disturb nothing', async () => {
      const service = (await channel(server.pki.files.admin)).client(objectv1.ObjectServiceService);
      async function* frames(): AsyncGenerator<objectv1.WriteRequest> {
        yield { items: [{ id: 1n, operation: undefined }, { id: 2n, operation: { $case: 'create', value: { key: undefined, subresource: '', object: Buffer.from('x'), options: undefined } } }] };
        await Promise.resolve();
      }
      const results: objectv1.WriteResult[] = [];
      for await (const frame of service.write(frames())) results.push(...frame.results);
      expect(results.map(({ id, outcome }) => [id, outcome?.$case]).sort()).toEqual([[1n, 'status'], [2n, 'status']]);
    });
  });

  describe('snapshot and watch', () => {
    it('join without a hole, and a bookmark says when all is told', async () => {
      const { client } = await connection(server.pki.files.admin);
      const service = (await channel(server.pki.files.admin)).client(objectv1.ObjectServiceService);
      await client.create(core.pods, pod('joined-1', 'n7'));
      const seen: string[] = [];
      let version = 0n;
      for await (const frame of service.snapshot({ class: podClass('n7'), namespace: '', labelSelector: '', fieldSelector: '', notOlderThan: 0n })) {
        version = frame.resourceVersion;
        seen.push(...frame.objects.map((bytes) => (JSON.parse(bytes.toString()) as corev1.Pod).metadata.name ?? ''));
      }
      expect(seen).toEqual(['joined-1']);
      await client.create(core.pods, pod('joined-2', 'n7'));
      await client.create(core.pods, pod('elsewhere', 'n8'));
      await client.delete(core.pods, { namespace, name: 'joined-1' }, { gracePeriodSeconds: 0 });
      const events: [objectv1.EventType, string][] = [];
      const stop = new AbortController();
      for await (const frame of service.watch({ class: podClass('n7'), namespace: '', labelSelector: '', fieldSelector: '', resourceVersion: version }, { signal: stop.signal })) {
        for (const { type, object } of frame.events) events.push([type, object.length === 0 ? '' : ((JSON.parse(object.toString()) as corev1.Pod).metadata.name ?? '')]);
        if (events.at(-1)?.[0] === objectv1.EventType.BOOKMARK) break;
      }
      expect(events).toEqual([[objectv1.EventType.ADDED, 'joined-2'], [objectv1.EventType.DELETED, 'joined-1'], [objectv1.EventType.BOOKMARK, '']]);
    });
  });

  describe('changes on NATS', () => {
    it('keep an informer level, also across a loss of NATS', async () => {
      const { client, informers } = await connection(server.pki.files.admin, true);
      const pods = informers.informer(core.pods);
      await informers.start();
      await pods.waitForSync();
      await eventually(() => pods.source === 'bus');
      await Promise.all(Array.from({ length: 50 }, (_, i) => client.create(core.pods, pod(`bus-${i}`))));
      const { metadata: { resourceVersion = '0' } } = await client.create(core.pods, pod('bus-last'));
      await eventually(() => pods.resourceVersion >= Number(resourceVersion));
      expect(pods.list().filter(({ metadata }) => metadata.name?.startsWith('bus-'))).toHaveLength(51);
      await nats.process.stop();
      await client.create(core.pods, pod('without-nats'));
      await eventually(() => pods.get({ namespace, name: 'without-nats' }));
      await nats.restart();
      await eventually(() => pods.source === 'bus', { timeoutMs: 20_000 });
    }, 60_000);

    it('never carry what is secret', async () => {
      const { client } = await connection(server.pki.files.admin);
      const identity = (await channel(server.pki.files.admin)).client(identityv1.IdentityServiceService);
      const credentials = async (userPublicKey: string) => {
        const issued = await identity.issueBusCredentials({ userPublicKey, nodes: [] });
        return { ...issued, expiresUnixMs: Number(issued.expiresUnixMs) };
      };
      const bus = new NatsBus({ name: 'spy' }, { clock: systemClock, log: silentLogger, credentials });
      await bus.start();
      closing.push(() => bus.stop());
      await eventually(() => bus.connected);
      const heard: changev1.Change[] = [];
      for (const resource of ['secrets', 'configmaps']) bus.subscribeChanges({ group: '', resource }, { onChange: (change) => heard.push(change), onBookmark: () => undefined, onOverflow: () => undefined });
      await eventually(async () => {
        await client.create(core.secrets, { metadata: { namespace, generateName: 'spied-' }, stringData: { password: 'hunter2' } });
        return heard.length > 0;
      });
      expect(heard[0]?.key?.resource?.resource).toBe('secrets');
      for (const change of heard) expect(change.body).toHaveLength(0);
    }, 30_000);
  });

  describe('rights', () => {
    it('on NATS follow from the certificate', async () => {
      const identity = (await channel(await server.pki.ensureNode('node-9', ['127.0.0.1']))).client(identityv1.IdentityServiceService);
      const userPublicKey = createUser().getPublicKey();
      const { jwt, inboxPrefix } = await identity.issueBusCredentials({ userPublicKey, nodes: [] });
      const { nats: rights } = decode<User>(jwt);
      expect(rights.pub?.allow).toEqual(['heartbeat.node-9', 'usage.node-9']);
      expect(rights.sub?.allow).toEqual([
        'change.core.pods.node-9.>', 'bookmark.core.pods.node-9', 'change.core.services.>', 'bookmark.core.services._',
        'change.discovery=2Ek8s=2Eio.endpointslices.>', 'bookmark.discovery=2Ek8s=2Eio.endpointslices._', `${inboxPrefix}.>`,
      ]);
      expect(isForbidden(toApiError(await rejection(identity.issueBusCredentials({ userPublicKey, nodes: ['node-1'] }))))).toBe(true);
    });

    it('without a certificate of the cluster are none', async () => {
      const opened = connect({ address: `127.0.0.1:${server.grpcPort}` });
      closing.push(() => opened.close());
      const service = opened.client(objectv1.ObjectServiceService);
      await expect(service.get({ key: undefined, subresource: '', notOlderThan: 0n }, { timeoutMs: 3000 })).rejects.toThrow();
    });

    it('of a node end at its own pods', async () => {
      const { client } = await connection(await server.pki.ensureNode('node-8', ['127.0.0.1']));
      expect(isForbidden(await rejection(client.list(core.secrets)))).toBe(true);
      expect(isForbidden(await rejection(client.delete(core.nodes, { namespace: '', name: 'node-9' })))).toBe(true);
    });
  });
});
