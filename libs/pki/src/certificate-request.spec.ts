import { X509Certificate } from 'node:crypto';
import { systemClock } from '@navarch/clock';
import { CertificateAuthority } from './certificate-authority';
import { createCertificateRequest, parseCertificateRequest } from './certificate-request';

describe('certificate requests', () => {
  it('are read and answered with a certificate for the same key', async () => {
    const { csr, key } = await createCertificateRequest({ commonName: 'system:node:n1', organizations: ['system:nodes', 'a,b+c="d"\\e'], hosts: ['n1', '10.0.0.1'] });
    const request = await parseCertificateRequest(csr);
    expect(request).toMatchObject({ commonName: 'system:node:n1', organizations: ['system:nodes', 'a,b+c="d"\\e'], dnsNames: ['n1'], ipAddresses: ['10.0.0.1'], emailAddresses: [], uris: [] });

    const ca = await CertificateAuthority.create('ca', systemClock);
    const cert = await ca.sign({ ...request, usages: ['client auth'], validityMs: 3600_000 }, request.publicKey);
    const parsed = new X509Certificate(cert);
    expect(parsed.toLegacyObject().subject).toMatchObject({ CN: 'system:node:n1', O: ['system:nodes', 'a,b+c="d"\\e'] });
    expect(parsed.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(Date.parse(parsed.validTo) - Date.now()).toBeLessThanOrEqual(3600_000);
    expect(ca.signed(cert)).toBe(true);
    await expect(CertificateAuthority.load({ cert, key }, systemClock)).resolves.toBeDefined();
  });

  it.each(['', 'nonsense', '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n'])('refuses %j', async (text) => {
    await expect(parseCertificateRequest(text)).rejects.toThrow('not a certificate request in PEM');
  });

  it('refuses a request that somebody else signed', async () => {
    const [a, b] = await Promise.all([createCertificateRequest({ commonName: 'a' }), createCertificateRequest({ commonName: 'a' })]);
    const bytes = (pem: string): Buffer => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    const forged = bytes(a.csr);
    // The signature is what differs at the end; its length varies, so only the last bytes are swapped.
    bytes(b.csr).subarray(-20).copy(forged, forged.length - 20);
    const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${forged.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    await expect(parseCertificateRequest(pem)).rejects.toThrow('not signed by its own key');
  });
});
