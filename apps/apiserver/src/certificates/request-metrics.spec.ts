import type { certificatesv1 } from '@navarch/api';
import { systemClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { CertificateAuthority } from '@navarch/pki';
import { Registry } from 'prom-client';
import { CertificateRequestMetrics } from './request-metrics';

const hour = 3_600_000;

describe('CertificateRequestMetrics', () => {
  let certificate: string;
  let registry: Registry;
  let metrics: CertificateRequestMetrics;

  beforeAll(async () => {
    const authority = await CertificateAuthority.create('signer', systemClock);
    const { cert } = await authority.issue({ commonName: 'jane', usages: ['client auth'], validityMs: hour });
    certificate = Buffer.from(cert).toString('base64');
  });
  beforeEach(() => {
    registry = new Registry();
    metrics = new CertificateRequestMetrics(registry, silentLogger);
  });

  const request = (spec: Partial<certificatesv1.CertificateSigningRequestSpec>, issued?: string): certificatesv1.CertificateSigningRequest => ({
    metadata: { name: 'r' }, spec: { request: '', signerName: 'kubernetes.io/kube-apiserver-client', ...spec }, ...(issued === undefined ? {} : { status: { certificate: issued } }),
  });
  const issue = (spec: Partial<certificatesv1.CertificateSigningRequestSpec>, issued = certificate, before?: string): void => metrics.statusWritten(request(spec, issued), request(spec, before));
  const counted = async (): Promise<string[]> => (await registry.metrics()).split('\n').filter((line) => /^[a-z]/.test(line)).map((line) => line.replace('apiserver_certificates_registry_csr_', '')).sort();

  it('counts what was asked for, and what was given, by signers of the cluster', async () => {
    issue({ expirationSeconds: 3600 });
    issue({ expirationSeconds: 86_400 });
    issue({ expirationSeconds: 3600, signerName: 'example.com/one' });
    expect(await counted()).toEqual([
      'honored_duration_total{signerName="kubernetes.io/kube-apiserver-client"} 1', 'honored_duration_total{signerName="other"} 1',
      'requested_duration_total{signerName="kubernetes.io/kube-apiserver-client"} 2', 'requested_duration_total{signerName="other"} 1',
    ]);
  });

  it('counts nothing where nothing was asked for or issued, and no certificate twice', async () => {
    issue({});
    issue({ expirationSeconds: 3600 }, '');
    issue({ expirationSeconds: 3600 }, certificate, certificate);
    expect(await counted()).toEqual([]);
  });

  it('does not call honoured what it cannot read', async () => {
    issue({ expirationSeconds: 3600 }, 'AAAA');
    expect(await counted()).toEqual(['requested_duration_total{signerName="kubernetes.io/kube-apiserver-client"} 1']);
  });
});
