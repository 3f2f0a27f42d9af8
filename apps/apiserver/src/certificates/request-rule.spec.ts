import type { certificatesv1, KubeObject } from '@navarch/api';
import { createCertificateRequest } from '@navarch/pki';
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
  const nonsense = 'status.certificate: must contain one or more CERTIFICATE PEM blocks';
  expect(faults(`${RESOURCE}/status`, request('r', 'nonsense'), request('r'))).toEqual([nonsense]);
  expect(faults(`${RESOURCE}/status`, request('r', 'nonsense'), request('r', 'older nonsense'))).toEqual([]);
  expect(faults(`${RESOURCE}/status`, request('r'), request('r'))).toEqual([]);
});
