import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pki } from '../commands/pki';
import { bundleNames } from './identity-bundles';

describe('identity bundles', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'navarch-bundles-'))));
  afterEach(() => rmSync(directory, { recursive: true }));
  const uid = process.getuid?.() ?? 0;
  const make = (): Promise<void> =>
    pki({
      directory: join(directory, 'pki'),
      hosts: ['control-plane'],
      nodes: [],
      bundles: bundleNames.map((name) => ({ name, directory: join(directory, name), owner: uid })),
      owners: [],
      natsCluster: 'navarch',
      mountedAt: '/pki',
      server: 'https://control-plane:6443',
    });
  const filesOf = (name: string): string[] => readdirSync(join(directory, name)).sort();

  it('give each part what it needs, and a CA\'s key to nobody but who signs', async () => {
    await make();
    expect(filesOf('scheduler')).toEqual(['ca.crt', 'scheduler.crt', 'scheduler.key']);
    expect(filesOf('etcd')).toEqual(['etcd-ca.crt', 'etcd-server.crt', 'etcd-server.key']);
    expect(filesOf('node')).toEqual(['bootstrap-kubeconfig', 'ca.crt', 'local-path.crt', 'local-path.key', 'network-agent.crt', 'network-agent.key', 'proxy.crt', 'proxy.key']);
    expect(bundleNames.filter((name) => filesOf(name).includes('ca.key'))).toEqual(['controller-manager']);
    expect(bundleNames.filter((name) => filesOf(name).includes('sa.key'))).toEqual(['apiserver', 'controller-manager']);
    expect(statSync(join(directory, 'etcd', 'etcd-server.key')).mode & 0o777).toBe(0o400);
    expect(readFileSync(join(directory, 'nats', 'nats.conf'), 'utf8')).toContain('cert_file: "/pki/nats-server.crt"');
    expect(readFileSync(join(directory, 'node', 'bootstrap-kubeconfig'), 'utf8')).toMatch(/server: https:\/\/control-plane:6443[^]*token: [a-z0-9]{6}\.[a-z0-9]{16}\n/);
  });

  it('stay the same when made again, and lose what is not theirs', async () => {
    await make();
    const before = readFileSync(join(directory, 'node', 'bootstrap-kubeconfig'), 'utf8');
    writeFileSync(join(directory, 'node', 'ca.key'), 'a secret of before');
    await make();
    expect(filesOf('node')).not.toContain('ca.key');
    expect(readFileSync(join(directory, 'node', 'bootstrap-kubeconfig'), 'utf8')).toBe(before);
  });
});
