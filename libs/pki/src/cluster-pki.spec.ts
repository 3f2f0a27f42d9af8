import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@navarch/clock';
import { parse } from 'yaml';
import { ClusterPki } from './cluster-pki';

const DAY = 86_400_000;
let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'navarch-pki-'))));
afterEach(() => rmSync(directory, { recursive: true }));

const open = (clock: FakeClock, hosts: string[] = []): ClusterPki => new ClusterPki({ directory, hosts }, { clock });
const certificate = (file: string): X509Certificate => new X509Certificate(readFileSync(file));

describe('ClusterPki', () => {
  it('makes everything once and never touches what is good', async () => {
    const clock = new FakeClock();
    const first = open(clock, ['172.30.0.1']);
    await first.ensure();
    await first.ensureNode('node-1', ['172.30.0.11']);
    const contents = (): Record<string, string> =>
      Object.fromEntries(readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => [join(entry.parentPath, entry.name), readFileSync(join(entry.parentPath, entry.name), 'utf8')]));
    const before = contents();
    expect(new Set(first.written)).toEqual(new Set(Object.keys(before)));

    await clock.advance(300 * DAY);
    const second = open(clock, ['172.30.0.1']);
    await second.ensure();
    await second.ensureNode('node-1', ['172.30.0.11']);
    expect(second.written).toEqual([]);
    expect(contents()).toEqual(before);
  });

  it('names the apiserver as clients reach it, and keeps keys to the owner', async () => {
    const pki = open(new FakeClock(), ['172.30.0.1', 'control-plane']);
    await pki.ensure();
    const apiserver = certificate(pki.files.apiserver.cert);
    for (const host of ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local', 'localhost', 'control-plane']) expect(apiserver.checkHost(host)).toBe(host);
    for (const address of ['127.0.0.1', '10.96.0.1', '172.30.0.1', '::1']) expect(apiserver.checkIP(address)).toBe(address);
    for (const file of [pki.files.ca.key, pki.files.apiserver.key, pki.files.serviceAccountKey, pki.files.bus.accountSeed]) expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('gives components and nodes the users and groups of upstream', async () => {
    const pki = open(new FakeClock());
    await pki.ensure();
    const node = await pki.ensureNode('node-1', ['172.30.0.11']);
    expect(certificate(pki.files.component('scheduler').cert).subject).toBe('CN=system:kube-scheduler');
    expect(certificate(pki.files.admin.cert).subject).toBe('O=system:masters\nCN=kubernetes-admin');
    expect(certificate(node.cert).subject).toBe('O=system:nodes\nCN=system:node:node-1');
    expect(certificate(node.cert).checkIP('172.30.0.11')).toBe('172.30.0.11');
    expect(certificate(pki.files.etcd.cert).checkIssued(certificate(pki.files.ca.cert))).toBe(false);
  });

  it('renews what expires within 30 days, under the same CA', async () => {
    const clock = new FakeClock();
    await open(clock).ensure();
    const before = certificate(open(clock).files.apiserver.cert);
    await clock.advance(336 * DAY);
    const pki = open(clock);
    await pki.ensure();
    const after = certificate(pki.files.apiserver.cert);
    expect(after.serialNumber).not.toBe(before.serialNumber);
    expect(after.verify(certificate(pki.files.ca.cert).publicKey)).toBe(true);
    expect(pki.written).not.toContain(pki.files.ca.cert);
    expect(pki.written).not.toContain(pki.files.serviceAccountKey);
  });

  it('makes anew what lacks a host or was signed by another CA', async () => {
    const clock = new FakeClock();
    await open(clock).ensure();
    const moved = open(clock, ['10.0.0.5']);
    await moved.ensure();
    expect(moved.written).toContain(moved.files.apiserver.cert);
    expect(moved.written).not.toContain(moved.files.admin.cert);

    rmSync(moved.files.ca.cert);
    rmSync(moved.files.ca.key);
    const again = open(clock, ['10.0.0.5']);
    await again.ensure();
    expect(again.written).toEqual(expect.arrayContaining([again.files.ca.cert, again.files.admin.cert, again.files.apiserver.cert]));
    expect(again.written).not.toContain(again.files.etcd.cert);
  });

  it('refuses to replace a CA whose key is gone or another', async () => {
    const clock = new FakeClock();
    const pki = open(clock);
    await pki.ensure();
    rmSync(pki.files.ca.key);
    await expect(open(clock).ensure()).rejects.toThrow(`key of the CA at ${pki.files.ca.cert} is missing`);
  });

  it('writes a self-contained kubeconfig that only the owner can read', async () => {
    const pki = open(new FakeClock());
    await pki.ensure();
    const path = join(directory, 'sub', 'kubeconfig');
    await pki.writeKubeconfig(path, { cluster: 'navarch', server: 'https://127.0.0.1:6443' });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const config = parse(readFileSync(path, 'utf8')) as { clusters: { cluster: Record<string, string> }[]; users: { user: Record<string, string> }[]; 'current-context': string };
    expect(config['current-context']).toBe('kubernetes-admin@navarch');
    expect(Buffer.from(config.clusters[0]?.cluster['certificate-authority-data'] ?? '', 'base64').toString()).toBe(readFileSync(pki.files.ca.cert, 'utf8'));
    expect(config.users[0]?.user).toHaveProperty('client-key-data');
  });

  it('keeps seeds and makes the JWTs that are missing', async () => {
    const clock = new FakeClock();
    const pki = open(clock);
    await pki.ensure();
    const before = await pki.readBusOperator();
    rmSync(pki.files.bus.accountJwt);
    await open(clock).ensure();
    const after = await pki.readBusOperator();
    expect(after.accountSeed).toBe(before.accountSeed);
    expect(after.accountJwt).not.toBe('');
  });
});
