import { FakeClock } from '@navarch/clock';
import { makeTempDir } from '@navarch/testing';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObjectReader } from '../pipeline';
import { KubeletClient } from './kubelet-client';
import { NodeConnections } from './node-connections';

it('calls kubelets by the address that the flag likes best', () => {
  const reader = { get: () => ({ status: { addresses: [{ type: 'Hostname', address: 'n1' }, { type: 'InternalIP', address: '10.0.0.1' }] } }) } as unknown as ObjectReader;
  const nodes = new NodeConnections({ reader, clock: new FakeClock(), tls: undefined });
  const hostOf = (types?: string[]): string => new KubeletClient(nodes, { caFile: undefined, client: undefined }, types).url('n1', '/', new URLSearchParams()).hostname;
  expect([hostOf(), hostOf(['Hostname', 'InternalIP']), hostOf(['ExternalIP', 'InternalIP'])]).toEqual(['10.0.0.1', 'n1', '10.0.0.1']);
});

it('calls kubelets without a certificate where it has none', async () => {
  const kubelets = new KubeletClient(new NodeConnections({ reader: undefined as never, clock: new FakeClock(), tls: undefined }), { caFile: undefined, client: undefined });
  expect(await kubelets.credentials()).toEqual({ rejectUnauthorized: false });
});

it('shows kubelets the certificate that its files hold now', async () => {
  const directory = await makeTempDir();
  try {
    const [caFile = '', certFile = '', keyFile = ''] = ['ca.crt', 'client.crt', 'client.key'].map((name) => join(directory.path, name));
    const files = { caFile, certFile, keyFile };
    const renew = (text: string): Promise<unknown> => Promise.all([caFile, certFile, keyFile].map((file) => writeFile(file, text)));
    const kubelets = new KubeletClient(new NodeConnections({ reader: undefined as never, clock: new FakeClock(), tls: files }), { caFile, client: files });
    for (const text of ['before', 'after']) {
      await renew(text);
      expect(await kubelets.credentials()).toMatchObject({ ca: Buffer.from(text), cert: Buffer.from(text), key: Buffer.from(text) });
    }
  } finally {
    await directory.remove();
  }
});
