import type { certificatesv1, KubeObject } from '@navarch/api';
import { systemClock } from '@navarch/clock';
import { CertificateAuthority, createCertificateRequest } from '@navarch/pki';
import { certificateRules } from './request-rule';

const RESOURCE = 'certificates.k8s.io/certificatesigningrequests';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const faults = (view: string, object: certificatesv1.CertificateSigningRequest, old?: KubeObject): string[] => certificateRules[view]?.(object, old).map(({ field, message }) => `${field}: ${message.split(': ').slice(3).join(': ')}`) ?? [];
const request = (pem: string, certificate?: string): certificatesv1.CertificateSigningRequest => ({
  metadata: { name: 'r' }, spec: { request: base64(pem), signerName: 'example.com/signer', usages: ['client auth'] }, ...(certificate === undefined ? {} : { status: { certificate: base64(certificate) } }),
});

it('a request that its key has signed is taken, any other refused', async () => {
  const [{ csr }, other] = await Promise.all([createCertificateRequest({ commonName: 'jane' }), createCertificateRequest({ commonName: 'joe' })]);
  expect(faults(RESOURCE, request(csr))).toEqual([]);
  const bytes = Buffer.from(csr.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  bytes[bytes.indexOf('jane')] = 'J'.charCodeAt(0);
  expect(faults(RESOURCE, request(`-----BEGIN CERTIFICATE REQUEST-----\n${bytes.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`))).toEqual(['spec.request: x509: ECDSA verification failure']);
  // What is stored stays: it cannot be changed, and may be older than the rule.
  expect(faults(RESOURCE, request('older'), request('older'))).toEqual([]);
  expect(faults(RESOURCE, request(other.csr))).toEqual([]);
});

it('what a signer answers must be certificates, unless it never were', () => {
  const nonsense = 'status.certificate: must contain at least one CERTIFICATE PEM block';
  expect(faults(`${RESOURCE}/status`, request('r', 'nonsense'), request('r'))).toEqual([nonsense]);
  expect(faults(`${RESOURCE}/status`, request('r', 'nonsense'), request('r', 'older nonsense'))).toEqual([]);
  expect(faults(`${RESOURCE}/status`, request('r'), request('r'))).toEqual([]);
});

describe('a bundle of trust anchors', () => {
  const BUNDLES = 'certificates.k8s.io/clustertrustbundles';
  const bundle = (trustBundle: string): KubeObject => ({ metadata: { name: 'b' }, spec: { trustBundle } }) as KubeObject;
  const told = (text: string, old?: string): string[] =>
    certificateRules[BUNDLES]?.(bundle(text), old === undefined ? undefined : bundle(old)).map(({ message }) =>
      message.replace('spec.trustBundle: Invalid value: "<value omitted>": ', ''),
    ) ?? [];

  it('is of certificates that may sign others, each once', async () => {
    const [one, two] = await Promise.all(['one', 'two'].map((name) => CertificateAuthority.create(name, systemClock)));
    const [first, second] = [one?.cert ?? '', two?.cert ?? ''];
    const leaf = (await one?.issue({ commonName: 'leaf', usages: ['client auth'] }))?.cert ?? '';
    const renamed = second.replaceAll('CERTIFICATE', 'NOTACERTIFICATE');
    expect(told(`text\n${first}text\n${second}`)).toEqual([]);
    expect(told('')).toEqual(['at least one trust anchor must be provided']);
    expect(told('text')).toEqual(['at least one trust anchor must be provided']);
    expect(told(`${first}${renamed}`)).toEqual(['entry 1 has bad block type: NOTACERTIFICATE']);
    expect(told(first.replace('-----\n', '-----\nkey: value\n\n'))).toEqual(['entry 0 has PEM block headers']);
    expect(told(leaf)).toEqual(['entry 0 does not have the CA bit set']);
    expect(told(`${first}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`)).toEqual(['entry 1 does not parse as X.509']);
    expect(told(`${first}${second}${first}`)).toEqual(['duplicate trust anchor (indices [0 2])']);
    expect(told(`${first}${second.replaceAll('\n', '\n\t')}`)).toEqual([]);
    expect(told('text', 'text')).toEqual([]);
  });
});
