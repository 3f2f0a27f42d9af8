import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@navarch/clock';
import { CertificateAuthority, type CertifiedKey } from '@navarch/pki';
import { freePort, LaunchedProcess } from '@navarch/testing';
import { put, record, silentLog, succeeded, write } from '../spec/store-builders';
import { EtcdStore } from './etcd-store';

describe('EtcdStore over TLS', () => {
  let directory: string;
  let etcd: LaunchedProcess;
  let ca: CertificateAuthority;
  let client: CertifiedKey;
  let endpoint: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'navarch-etcd-tls-'));
    ca = await CertificateAuthority.create('etcd-ca', systemClock);
    const server = await ca.issue({ commonName: 'etcd', usages: ['server auth', 'client auth'], hosts: ['127.0.0.1', 'localhost'] });
    client = await ca.issue({ commonName: 'apiserver', usages: ['client auth'] });
    await Promise.all(Object.entries({ 'ca.crt': ca.cert, 'server.crt': server.cert, 'server.key': server.key })
      .map(([name, pem]) => writeFile(join(directory, name), pem, { mode: 0o600 })));
    const port = await freePort();
    endpoint = `https://127.0.0.1:${port}`;
    etcd = new LaunchedProcess('etcd', [
      `--data-dir=${join(directory, 'data')}`, `--listen-client-urls=${endpoint}`, `--advertise-client-urls=${endpoint}`,
      `--listen-peer-urls=http://127.0.0.1:${await freePort()}`, '--logger=zap', '--log-level=error',
      '--client-cert-auth', `--trusted-ca-file=${join(directory, 'ca.crt')}`, `--cert-file=${join(directory, 'server.crt')}`, `--key-file=${join(directory, 'server.key')}`,
    ]);
    await etcd.start(port);
  });
  afterAll(async () => {
    await etcd.stop();
    await rm(directory, { recursive: true });
  });

  it('writes, reads and watches with a client certificate', async () => {
    const store = new EtcdStore({ endpoints: [endpoint], tls: { ca: Buffer.from(ca.cert), cert: Buffer.from(client.cert), key: Buffer.from(client.key) } }, { log: silentLog });
    const { modRevision } = succeeded(await store.commit(write(put('/registry/core/things/a', 0))));
    const recording = record(store, modRevision);
    await recording.until(modRevision);
    expect(await store.get('/registry/core/things/a')).toMatchObject({ modRevision });
    await store.close();
  });

  it('uses renewed certificates for what comes, and lets its watch go on', async () => {
    const tlsOf = (issuer: string, { cert, key }: CertifiedKey): { ca: Buffer; cert: Buffer; key: Buffer } => ({ ca: Buffer.from(issuer), cert: Buffer.from(cert), key: Buffer.from(key) });
    const store = new EtcdStore({ endpoints: [endpoint], tls: tlsOf(ca.cert, client) }, { log: silentLog });
    const { modRevision } = succeeded(await store.commit(write(put('/registry/core/things/before', 0))));
    const recording = record(store, modRevision);
    await recording.until(modRevision);
    const other = await CertificateAuthority.create('another', systemClock);
    store.renewTls(tlsOf(ca.cert, await other.issue({ commonName: 'stranger', usages: ['client auth'] })));
    await expect(store.get('/registry/core/things/before')).rejects.toMatchObject({ name: 'StoreError' });
    store.renewTls(tlsOf(ca.cert, await ca.issue({ commonName: 'apiserver', usages: ['client auth'] })));
    expect(() => store.renewTls(tlsOf(ca.cert, { cert: client.cert, key: 'half a file' }))).toThrow();
    const after = succeeded(await store.commit(write(put('/registry/core/things/after', 0))));
    await recording.until(after.modRevision);
    await store.close();
  });

  it('is refused without one', async () => {
    const store = new EtcdStore({ endpoints: [endpoint], tls: { ca: Buffer.from(ca.cert) } }, { log: silentLog });
    await expect(store.get('/registry/core/things/a')).rejects.toMatchObject({ name: 'StoreError' });
    await store.close();
  });
});
