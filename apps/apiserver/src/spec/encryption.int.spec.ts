import { eventually, startEtcd, type TestEtcd } from '@navarch/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RestClient, startTestApiserver, type TestApiserver } from '../testing';
import { FakeKms } from '../testing/fake-kms';

interface Secret { metadata: { name: string; resourceVersion: string }; data: Record<string, string>; items: Secret[]; message: string; reason: string }

const secrets = '/api/v1/namespaces/default/secrets';
const password = Buffer.from('correct horse battery staple').toString('base64');
const secret = (name: string): object => ({ metadata: { name }, data: { password } });
const aes = (kind: 'aescbc' | 'aesgcm' | 'secretbox', name: string): object => ({ [kind]: { keys: [{ name, secret: Buffer.alloc(32, name).toString('base64') }] } });

describe('encryption at rest', () => {
  let directory: string;
  let etcd: TestEtcd;
  let kms: FakeKms;
  let server: TestApiserver | undefined;
  let api: RestClient;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'navarch-encryption-'));
    kms = new FakeKms(join(directory, 'kms.sock'));
    [etcd] = await Promise.all([startEtcd(), kms.start()]);
  }, 60_000);

  afterAll(async () => {
    await stopServer();
    await kms.stop();
    await etcd.stop();
    await rm(directory, { recursive: true, force: true });
  });

  async function stopServer(): Promise<void> {
    if (!server) return;
    api.close();
    await server.stop();
    server = undefined;
  }

  /** Starts the apiserver again, with these providers for Secrets; without a configuration if there are none. */
  async function restart(...providers: object[]): Promise<void> {
    await stopServer();
    const file = join(directory, 'encryption.json');
    await writeFile(file, JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'EncryptionConfiguration', resources: [{ resources: ['secrets'], providers }] }));
    server = await startTestApiserver({ etcd: etcd.endpoint, flags: ['--feature-gates=AllowUnsafeMalformedObjectDeletion=true', ...(providers.length > 0 ? [`--encryption-provider-config=${file}`] : [])] });
    api = await RestClient.of(server);
  }

  /** A Secret as etcd itself holds it. */
  async function raw(name: string): Promise<string> {
    const key = Buffer.from(`/registry/core/secrets/default/${name}`).toString('base64');
    const answer = await fetch(`${etcd.endpoint}/v3/kv/range`, { method: 'POST', body: JSON.stringify({ key }) });
    const { kvs = [] } = (await answer.json()) as { kvs?: { value: string }[] };
    return Buffer.from(kvs[0]?.value ?? '', 'base64').toString('latin1');
  }

  const headerOf = async (name: string): Promise<string | undefined> => /^n1 \d+ \d+ (\S+)\n/.exec(await raw(name))?.[1];
  const read = async (name: string): Promise<string | undefined> => (await api.get<Secret>(`${secrets}/${name}`)).body.data['password'];

  it('does not show in etcd what a Secret holds, and serves it as before', async () => {
    await restart();
    expect((await api.post<Secret>(secrets, secret('clear'))).code).toBe(201);
    expect(await raw('clear')).toContain(password);

    await restart(aes('aesgcm', 'one'), { identity: {} });
    expect((await api.post<Secret>(secrets, secret('first'))).code).toBe(201);
    expect(await headerOf('first')).toBe('aesgcm:v1:one');
    expect(await raw('first')).not.toContain(password);
    expect([await read('first'), await read('clear')]).toEqual([password, password]);
    expect((await api.get<Secret>(secrets)).body.items.map(({ metadata }) => metadata.name)).toEqual(['clear', 'first']);
    expect((await api.post('/api/v1/namespaces/default/configmaps', { metadata: { name: 'open' } })).code).toBe(201);
  }, 60_000);

  it('rotates: the new first key seals, all keys open, and a replace that changes nothing is written under the new one', async () => {
    await restart(aes('secretbox', 'two'), aes('aesgcm', 'one'), { identity: {} });
    expect([await headerOf('first'), await read('first')]).toEqual(['aesgcm:v1:one', password]);
    for (const name of ['first', 'clear']) {
      const { body } = await api.get<Secret>(`${secrets}/${name}`);
      const replaced = await api.put<Secret>(`${secrets}/${name}`, body);
      expect(replaced.code).toBe(200);
      expect(Number(replaced.body.metadata.resourceVersion)).toBeGreaterThan(Number(body.metadata.resourceVersion));
      expect(await headerOf(name)).toBe('secretbox:v1:two');
      const again = await api.put<Secret>(`${secrets}/${name}`, replaced.body);
      expect(again.body.metadata.resourceVersion).toBe(replaced.body.metadata.resourceVersion);
    }
  }, 60_000);

  it('says clearly what cannot be opened when a key was removed, and serves the rest', async () => {
    await restart(aes('aescbc', 'three'));
    expect((await api.post<Secret>('/api/v1/namespaces/kube-system/secrets', secret('other'))).code).toBe(201);
    const message = (name: string): string => `Internal error occurred: unable to transform key "/registry/core/secrets/default/${name}": no matching prefix found`;
    expect(await api.get<Secret>(`${secrets}/first`)).toMatchObject({ code: 500, body: { reason: 'InternalError', message: message('first') } });
    expect(await api.get<Secret>(`${secrets}/first?resourceVersion=0`)).toMatchObject({ code: 500 });
    expect(await api.get<Secret>(secrets)).toMatchObject({ code: 500, body: { message: message('clear') } });
    expect(await api.get<Secret>('/api/v1/secrets?resourceVersion=0')).toMatchObject({ code: 500 });
    expect(await api.put<Secret>(`${secrets}/first`, secret('first'))).toMatchObject({ code: 500, body: { message: message('first') } });
    expect(await api.delete<Secret>(`${secrets}/first`)).toMatchObject({ code: 500, body: { message: message('first') } });
    expect(await api.post<Secret>(secrets, secret('first'))).toMatchObject({ code: 409 });
    expect(await api.get<Secret>(`${secrets}?watch=true&resourceVersion=0`)).toMatchObject({ code: 500, body: { reason: 'InternalError' } });
    expect((await api.get<Secret>('/api/v1/namespaces/kube-system/secrets')).body.items.map(({ metadata }) => metadata.name)).toEqual(['other']);
    expect((await api.get('/api/v1/namespaces')).code).toBe(200);

    // What nobody can open any more can be deleted by who knows what that means; what can be opened must be deleted in order.
    expect((await api.post<Secret>(secrets, secret('lost'))).code).toBe(201);
    await restart(aes('aescbc', 'four'));
    const unsafe = 'ignoreStoreReadErrorWithClusterBreakingPotential=true';
    expect(await api.delete(`${secrets}/lost`)).toMatchObject({ code: 500 });
    expect(await api.delete(`${secrets}/lost?${unsafe}&gracePeriodSeconds=0`)).toMatchObject({ code: 422 });
    expect(await api.delete(`${secrets}?${unsafe}`)).toMatchObject({ code: 422 });
    expect(await api.delete(`${secrets}/lost?${unsafe}`)).toMatchObject({ code: 200, body: { kind: 'Status', status: 'Success', details: { name: 'lost', kind: 'secrets' } } });
    expect(await raw('lost')).toBe('');
    expect(await api.get(`${secrets}/lost`)).toMatchObject({ code: 404 });
    expect((await api.post<Secret>(secrets, secret('lost'))).code).toBe(201);
    expect(await api.delete(`${secrets}/lost?${unsafe}`)).toMatchObject({ code: 422, body: { reason: 'Invalid' } });
    expect(await api.delete(`${secrets}/lost`)).toMatchObject({ code: 200 });

    await restart(); // with no configuration at all
    expect(await api.get<Secret>(`${secrets}/first`)).toMatchObject({ code: 500, body: { message: message('first') } });
  }, 60_000);

  it('leaves keys to a KMS', async () => {
    const plugin = { kms: { apiVersion: 'v2', name: 'vault', endpoint: kms.endpoint } };
    await restart(plugin, aes('aescbc', 'three'), aes('secretbox', 'two'));
    const { body } = await api.get<Secret>(`${secrets}/first`);
    expect((await api.put<Secret>(`${secrets}/first`, body)).code).toBe(200);
    expect(await headerOf('first')).toBe('kms:v2:vault');
    expect(await raw('first')).toContain('"keyId":"kms-key-1"');
    expect(await raw('first')).not.toContain(password);

    await restart(plugin, aes('aescbc', 'three'), aes('secretbox', 'two')); // the seed is asked for again
    expect(await read('first')).toBe(password);
    expect(kms.calls.decrypt).toBe(1);

    // Another server has a seed of its own, which this one learns of by the watch.
    const other = await startTestApiserver({ etcd: etcd.endpoint, ...(server ? { pki: server.pki } : {}), flags: [`--encryption-provider-config=${join(directory, 'encryption.json')}`, '--advertise-address=192.0.2.2'] });
    const there = await RestClient.of(other);
    expect((await there.post<Secret>(secrets, secret('elsewhere'))).code).toBe(201);
    expect(await read('elsewhere')).toBe(password);
    there.close();
    await other.stop();

    kms.rotate('kms-key-2');
    await restart(plugin, aes('aescbc', 'three'), aes('secretbox', 'two'));
    expect((await api.put<Secret>(`${secrets}/first`, (await api.get<Secret>(`${secrets}/first`)).body)).code).toBe(200);
    expect(await raw('first')).toContain('"keyId":"kms-key-2"');
    expect((await api.get('/readyz/kms-provider-0')).code).toBe(200);
  }, 60_000);

  it('refuses to start with a configuration that is wrong, naming file and field', async () => {
    await expect(restart({ aesgcm: { keys: [{ name: 'a', secret: 'c2hvcnQ=' }] } })).rejects.toThrow(/--encryption-provider-config=.*encryption\.json: resources\[0\]\.providers\[0\]\.aesgcm\.keys\[0\]\.secret/);
  }, 60_000);

  it('takes over another configuration while it runs, when that is asked for', async () => {
    const file = join(directory, 'reloaded.json');
    const write = (...providers: object[]) => writeFile(file, JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'EncryptionConfiguration', resources: [{ resources: ['secrets'], providers }] }));
    await stopServer();
    await write(aes('aesgcm', 'one'), { identity: {} });
    server = await startTestApiserver({ etcd: etcd.endpoint, flags: [`--encryption-provider-config=${file}`, '--encryption-provider-config-automatic-reload'] });
    api = await RestClient.of(server);
    await api.post(secrets, secret('reloaded'));
    expect(await headerOf('reloaded')).toBe('aesgcm:v1:one');
    const vault = { kms: { apiVersion: 'v2', name: 'vault', endpoint: kms.endpoint, timeout: '3s' } };
    await write(vault, aes('aesgcm', 'one'), { identity: {} });
    const total = (status: string, count: number) =>
      eventually(async () =>
        new RegExp(
          `apiserver_encryption_config_controller_automatic_reloads_total\\{apiserver_id_hash="sha256:[0-9a-f]+",status="${status}"\\} ${count}\\b`,
        ).test((await api.get('/metrics')).raw.toString()),
      );
    await total('success', 1);
    await api.post(secrets, secret('sealed-by-kms'));
    expect(await headerOf('sealed-by-kms')).toContain('kms');
    expect([await read('reloaded'), await read('sealed-by-kms')]).toEqual([password, password]);
    expect((await api.get('/readyz/kms-providers')).code).toBe(200);
    expect((await api.get('/metrics')).raw.toString()).toMatch(
      /apiserver_envelope_encryption_key_id_hash_total\{apiserver_id_hash="sha256:[0-9a-f]+",key_id_hash="sha256:[0-9a-f]+",provider_name="vault",transformation_type="to_storage"\} 1/,
    );
    const told = (await api.get('/metrics')).raw.toString();
    for (const line of [
      'apiserver_storage_transformation_operations_total{resource="secrets",status="OK",transformation_type="to_storage",transformer_prefix="k8s:enc:aesgcm:v1:"} 1',
      'apiserver_storage_transformation_operations_total{resource="secrets",status="OK",transformation_type="to_storage",transformer_prefix="k8s:enc:kms:v2:vault:"} 1',
      'apiserver_storage_transformation_duration_seconds_count{transformation_type="to_storage",transformer_prefix="k8s:enc:kms:v2:vault:"} 1',
      'apiserver_storage_data_key_generation_duration_seconds_count 1', 'apiserver_envelope_encryption_dek_source_cache_size{provider_name="vault"} 1',
    ]) expect(told.split('\n').filter((one) => one.startsWith(line.slice(0, 40)))).toContain(line);
    await writeFile(file, 'nonsense');
    await total('failure', 1);
    await api.post(secrets, secret('after-nonsense'));
    expect(await headerOf('after-nonsense')).toContain('kms');
  }, 60_000);
});
