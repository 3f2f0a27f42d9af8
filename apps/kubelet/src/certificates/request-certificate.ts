import { certificates, type certificatesv1 } from '@navarch/api';
import { type ApiClient } from '@navarch/client';
import { type Clock } from '@navarch/clock';

/** What a kubelet asks certificates for. */
export type Signer = 'kubernetes.io/kube-apiserver-client-kubelet' | 'kubernetes.io/kubelet-serving';

/** Makes a request, and looks it up again. */
export interface RequestApi {
  create(request: certificatesv1.CertificateSigningRequest): Promise<certificatesv1.CertificateSigningRequest>;
  get(name: string): Promise<certificatesv1.CertificateSigningRequest>;
}

const lookMs = 1_000;
/** Upstream's: a request that nobody answers is made anew. */
const patienceMs = 15 * 60_000;

export function clientRequests(client: ApiClient): RequestApi {
  return {
    create: (request) => client.create(certificates.certificatesigningrequests, request),
    get: (name) => client.get(certificates.certificatesigningrequests, { namespace: '', name }),
  };
}

/** Asks for a certificate and waits for it. Rejects when it is denied, fails, or nobody answers in a quarter of an hour. */
export async function requestCertificate(api: RequestApi, csrPem: string, signerName: Signer, clock: Clock, signal: AbortSignal): Promise<string> {
  const usages = ['digital signature', signerName === 'kubernetes.io/kubelet-serving' ? 'server auth' : 'client auth'];
  let request = await api.create({
    apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { generateName: 'csr-' },
    spec: { request: Buffer.from(csrPem).toString('base64'), signerName, usages },
  });
  const name = request.metadata.name ?? '';
  for (const untilMs = clock.now() + patienceMs; clock.now() < untilMs;) {
    const { certificate, conditions = [] } = request.status ?? {};
    const refusal = conditions.find(({ type }) => type === 'Denied' || type === 'Failed');
    if (refusal) throw new Error(`certificate signing request ${name} was ${refusal.type === 'Denied' ? 'denied' : 'not signed'}, reason: ${refusal.reason ?? ''}, message: ${refusal.message ?? ''}`);
    if (certificate !== undefined && certificate !== '') return Buffer.from(certificate, 'base64').toString('utf8');
    await clock.sleep(lookMs, signal);
    request = await api.get(name);
  }
  throw new Error(`nobody answered certificate signing request ${name}`);
}
