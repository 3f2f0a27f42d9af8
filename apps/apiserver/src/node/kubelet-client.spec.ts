import { FakeClock } from '@navarch/clock';
import { makeTempDir } from '@navarch/testing';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KubeletClient } from './kubelet-client';
import { NodeConnections } from './node-connections';

it('shows kubelets the certificate that its files hold now', async () => {
  const directory = await makeTempDir();
  try {
    const [caFile = '', certFile = '', keyFile = ''] = ['ca.crt', 'client.crt', 'client.key'].map((name) => join(directory.path, name));
    const files = { caFile, certFile, keyFile };
    const renew = (text: string): Promise<unknown> => Promise.all([caFile, certFile, keyFile].map((file) => writeFile(file, text)));
    const kubelets = new KubeletClient(new NodeConnections({ reader: undefined as never, clock: new FakeClock(), tls: files }), files);
    for (const text of ['before', 'after']) {
      await renew(text);
      expect(await kubelets.credentials()).toEqual({ ca: Buffer.from(text), cert: Buffer.from(text), key: Buffer.from(text) });
    }
  } finally {
    await directory.remove();
  }
});
