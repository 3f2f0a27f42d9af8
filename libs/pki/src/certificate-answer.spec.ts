import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { FakeClock } from '@navarch/clock';
import { CertificateAuthority, nameOf } from './certificate-authority';
import { parseCertificateRequest, type RequestedCertificate } from './certificate-request';
import { ECDSA, generateKeys, importKeys } from './keys';
import { x509 } from './x509';

const HOUR_MS = 3_600_000;
const clock = new FakeClock(Date.parse('2026-01-02T00:00:00Z'));

const { keyCertSign, cRLSign, digitalSignature, nonRepudiation, keyEncipherment } = x509.KeyUsageFlags;

describe('the answer to a request', () => {
  let authority: CertificateAuthority;
  let asked: RequestedCertificate;

  beforeAll(async () => {
    authority = await CertificateAuthority.create('ca', clock);
    const request = await x509.Pkcs10CertificateRequestGenerator.create({
      name: new x509.Name([{ DC: ['example'] }, { C: ['DE'] }, { O: ['a'] }, { O: ['b'] }, { OU: ['c'] }, { CN: ['first'] }, { CN: ['last'] }]),
      keys: await importKeys((await generateKeys()).privateKey), signingAlgorithm: ECDSA,
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'n1' }, { type: 'ip', value: '10.0.0.1' }, { type: 'email', value: 'a@b.c' }, { type: 'url', value: 'spiffe://x/y' }])],
    });
    asked = await parseCertificateRequest(request.toString('pem'));
  });

  const answer = async (usages: string[], lifeMs = HOUR_MS, of = asked): Promise<x509.X509Certificate> => new x509.X509Certificate(await authority.answer(of, { usages, lifeMs }));

  it.each<{ usages: string[]; key: number | undefined; purposes: string[] | undefined }>([
    { usages: ['digital signature', 'key encipherment', 'client auth'], key: digitalSignature | keyEncipherment, purposes: ['1.3.6.1.5.5.7.3.2'] },
    { usages: ['client auth'], key: undefined, purposes: ['1.3.6.1.5.5.7.3.2'] },
    { usages: ['signing', 'content commitment'], key: digitalSignature | nonRepudiation, purposes: undefined },
    { usages: ['cert sign', 'crl sign', 'netscape sgc', 'any', 's/mime', 'email protection', 'server auth'], key: keyCertSign | cRLSign, purposes: ['2.5.29.37.0', '1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.4', '2.16.840.1.113730.4.1'] },
  ])('is for $usages, and nothing else', async ({ usages, key, purposes }) => {
    const certificate = await answer(usages);
    expect(certificate.getExtension(x509.KeyUsagesExtension)?.usages).toBe(key);
    expect(certificate.getExtension(x509.ExtendedKeyUsageExtension)?.usages).toEqual(purposes);
    expect(certificate.getExtension(x509.BasicConstraintsExtension)?.ca).toBe(false);
  });

  it('is none for a usage that there is not', async () => {
    await expect(answer(['client auth', 'flying'])).rejects.toThrow('unrecognized usage values: ["flying"]');
  });

  it('has all names that were asked for, and of the subject what Go would keep', async () => {
    const certificate = await answer(['client auth']);
    expect(certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON()).toEqual([
      { type: 'dns', value: 'n1' },
      { type: 'ip', value: '10.0.0.1' },
      { type: 'email', value: 'a@b.c' },
      { type: 'url', value: 'spiffe://x/y' },
    ]);
    expect(certificate.getExtension(x509.SubjectAlternativeNameExtension)?.critical).toBe(false);
    expect(certificate.subjectName.toJSON()).toEqual([{ C: ['DE'] }, { O: ['a', 'b'] }, { OU: ['c'] }, { CN: ['last'] }]);
    const nameless = await answer(['client auth'], HOUR_MS, { ...asked, subject: new x509.Name([]) });
    expect(nameless.getExtension(x509.SubjectAlternativeNameExtension)?.critical).toBe(true);
  });

  it.each([
    { reason: 'a short life is lived to its end', lifeMs: HOUR_MS, until: HOUR_MS },
    { reason: 'a long one begins five minutes early', lifeMs: 9 * HOUR_MS, until: 9 * HOUR_MS - 300_000 },
  ])('$reason', async ({ lifeMs, until }) => {
    const { notBefore, notAfter } = await answer(['client auth'], lifeMs);
    expect(notBefore.getTime()).toBe(clock.now() - 300_000);
    expect(notAfter.getTime()).toBe(clock.now() + until);
  });

  it('does not outlive the CA, which must be alive itself', async () => {
    const end = Date.parse(new X509Certificate(authority.cert).validTo);
    expect((await answer(['client auth'], 1_000_000 * HOUR_MS)).notAfter.getTime()).toBe(end);
    const late = await CertificateAuthority.load(authority, new FakeClock(end));
    await expect(late.answer(asked, { usages: ['client auth'], lifeMs: HOUR_MS })).rejects.toThrow('the signer has expired: NotAfter=');
  });

  it.each([
    { kind: 'an RSA key', pair: () => generateKeyPairSync('rsa', { modulusLength: 2048 }) },
    { kind: 'a larger curve', pair: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }) },
  ])('can be signed with $kind, by a CA that names its key as it likes', async ({ pair }) => {
    const key = pair().privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const keys = await importKeys(key);
    const ca = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: '01', name: nameOf({ commonName: 'elsewhere' }), notBefore: new Date(clock.now()), notAfter: new Date(clock.now() + HOUR_MS), keys,
      signingAlgorithm: keys.privateKey.algorithm, extensions: [new x509.BasicConstraintsExtension(true, undefined, true), new x509.SubjectKeyIdentifierExtension('c0ffee')],
    });
    const other = await CertificateAuthority.load({ cert: ca.toString('pem'), key }, clock);
    const certificate = await other.answer(asked, { usages: ['client auth'], lifeMs: 60_000 });
    expect(other.signed(certificate)).toBe(true);
    expect(new x509.X509Certificate(certificate).getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId).toBe('c0ffee');
  });
});
