import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { systemClock } from '@navarch/clock';
import { CertificateAuthority, type CertifiedKey } from '@navarch/pki';
import type { ExtenderConfiguration } from '../config/scheduler-configuration';
import { ExtenderEndpoint } from './extender-endpoint';

describe('an HTTPS extender', () => {
  let ca: CertificateAuthority;
  let server: Server;
  let urlPrefix: string;
  let directory: string;
  let endpoint: ExtenderEndpoint;
  const file = (name: string): string => join(directory, name);
  const base64 = (pem: string): string => Buffer.from(pem).toString('base64');
  const issue = (commonName: string): Promise<CertifiedKey> => ca.issue({ commonName, usages: ['client auth'] });
  const write = async ({ cert, key }: CertifiedKey): Promise<void> => {
    await Promise.all([writeFile(file('client.crt'), cert), writeFile(file('client.key'), key)]);
  };
  const untrusted = { code: 'SELF_SIGNED_CERT_IN_CHAIN' };
  /** Answers with the name of who asks. */
  const ask = (more: Partial<ExtenderConfiguration>): Promise<string> => {
    endpoint = new ExtenderEndpoint({ urlPrefix, ...more });
    return endpoint.post('filter', '{}', new AbortController().signal);
  };

  beforeAll(async () => {
    ca = await CertificateAuthority.create('ca', systemClock);
    const { cert, key } = await ca.issue({ commonName: 'extender', usages: ['server auth'], hosts: ['127.0.0.1'] });
    server = createServer({ cert, key, ca: ca.cert, requestCert: true, rejectUnauthorized: false }, ({ socket }, response) => {
      const { subject } = (socket as TLSSocket).getPeerCertificate() as { subject?: { CN: string } };
      response.end(subject?.CN ?? 'nobody');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    urlPrefix = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    directory = await mkdtemp(join(tmpdir(), 'navarch-extender-'));
    await writeFile(file('ca.crt'), ca.cert);
  });
  afterEach(() => endpoint.close());
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(directory, { recursive: true });
  });

  it('is asked by a certificate that was renewed since the last call', async () => {
    await write(await issue('first'));
    const tlsConfig = { caFile: file('ca.crt'), certFile: file('client.crt'), keyFile: file('client.key') };
    expect(await ask({ tlsConfig })).toBe('first');
    await write(await issue('second'));
    expect(await endpoint.post('filter', '{}', new AbortController().signal)).toBe('second');
  });

  it('is asked by what stands in the configuration itself, before what is in files', async () => {
    const { cert, key } = await issue('written out');
    expect(
      await ask({
        enableHTTPS: true,
        urlPrefix: urlPrefix.replace('https:', 'http:'),
        tlsConfig: { caData: base64(ca.cert), certData: base64(cert), keyData: base64(key), certFile: file('none'), keyFile: file('none') },
      }),
    ).toBe('written out');
  });

  it('must be known by the CA, or by those of the system; only with enableHTTPS and no CA it is not looked at, as upstream', async () => {
    await expect(ask({})).rejects.toMatchObject(untrusted);
    endpoint.close();
    const other = await CertificateAuthority.create('another', systemClock);
    await expect(ask({ enableHTTPS: true, tlsConfig: { caData: base64(other.cert) } })).rejects.toMatchObject(untrusted);
    endpoint.close();
    expect(await ask({ enableHTTPS: true })).toBe('nobody');
  });

  it('is not begun with files that are not there', () => {
    expect(() => new ExtenderEndpoint({ urlPrefix, tlsConfig: { caFile: file('none') } })).toThrow('ENOENT');
  });
});
