import { systemClock } from '@navarch/clock';
import { webcrypto } from 'node:crypto';
import { CertificateAuthority } from './certificate-authority';
import { createCertificateRequest } from './certificate-request';
import { certificateChainFault, certificateRequestFault } from './check-certificate-request';
import { x509 } from './x509';

const bytesOf = (pem: string): Buffer => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
const pemOf = (type: string, bytes: Buffer): string => `-----BEGIN ${type}-----\n${bytes.toString('base64')}\n-----END ${type}-----\n`;

describe('a certificate request', () => {
  const named = (name: string, namedCurve: string, hash: string) => ({ name, namedCurve, hash });
  const rsa = (hash: string) => ({ name: 'RSASSA-PKCS1-v1_5', hash, publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2048 });
  it.each([
    rsa('SHA-1'), rsa('SHA-256'), rsa('SHA-512'), named('ECDSA', 'P-256', 'SHA-256'), named('ECDSA', 'P-384', 'SHA-384'), { name: 'Ed25519' },
  ])('is one with any key: $name $hash', async (algorithm) => {
    const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
    const request = await x509.Pkcs10CertificateRequestGenerator.create({ name: 'CN=jane,O=dev', keys, signingAlgorithm: algorithm });
    expect(certificateRequestFault(request.toString('pem'))).toBeUndefined();
  });

  it('whose content or signature was changed is none', async () => {
    const { csr } = await createCertificateRequest({ commonName: 'jane' });
    expect(certificateRequestFault(csr)).toBeUndefined();
    const changed = bytesOf(csr);
    changed[changed.indexOf('jane')] = 'J'.charCodeAt(0);
    expect(certificateRequestFault(pemOf('CERTIFICATE REQUEST', changed))).toBe('x509: ECDSA verification failure');
  });

  it.each([
    ['', 'PEM block type must be CERTIFICATE REQUEST'],
    ['nonsense', 'PEM block type must be CERTIFICATE REQUEST'],
    [pemOf('CERTIFICATE', Buffer.from('x')), 'PEM block type must be CERTIFICATE REQUEST'],
    [pemOf('NEW CERTIFICATE REQUEST', Buffer.from('x')), 'PEM block type must be CERTIFICATE REQUEST'],
    [pemOf('CERTIFICATE REQUEST', Buffer.from('x')), 'asn1: structure error'],
    [pemOf('CERTIFICATE REQUEST', Buffer.from('30'.repeat(40_000), 'hex')), 'asn1: structure error'],
    [pemOf('CERTIFICATE REQUEST', Buffer.concat(Array.from({ length: 20_000 }, () => Buffer.from([0x30, 0x80])))), 'asn1: structure error'],
  ])('is told apart from what is none', (text, fault) => {
    expect(certificateRequestFault(text)).toContain(fault);
  });
});

describe('a chain of certificates', () => {
  it('is one or more certificates in PEM and nothing else', async () => {
    const ca = await CertificateAuthority.create('ca', systemClock);
    expect(certificateChainFault(ca.cert)).toBeUndefined();
    expect(certificateChainFault(`${ca.cert}${ca.cert}`)).toBeUndefined();
    expect(certificateChainFault('nonsense')).toBe('must contain at least one CERTIFICATE PEM block');
    expect(certificateChainFault(`${ca.cert}${pemOf('PRIVATE KEY', Buffer.from('x'))}`)).toBe('only CERTIFICATE PEM blocks are allowed, found "PRIVATE KEY"');
    expect(certificateChainFault(ca.cert.replace('-----\n', '-----\nName: value\n\n'))).toBe('no PEM block headers are permitted');
    expect(certificateChainFault(pemOf('CERTIFICATE', Buffer.from('x')))).toContain('x509: malformed certificate');
  });
});
