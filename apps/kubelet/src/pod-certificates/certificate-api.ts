import { certificates, core, type certificatesv1beta1 } from '@navarch/api';
import { type ApiClient } from '@navarch/client';

/** What of the API certificates of pods need. Rejects with an ApiError. */
export interface CertificateApi {
  serviceAccountUid(namespace: string, name: string): Promise<string>;
  create(request: certificatesv1beta1.PodCertificateRequest): Promise<certificatesv1beta1.PodCertificateRequest>;
  get(namespace: string, name: string): Promise<certificatesv1beta1.PodCertificateRequest>;
}

export function certificateApi(client: ApiClient): CertificateApi {
  return {
    serviceAccountUid: async (namespace, name) => (await client.get(core.serviceaccounts, { namespace, name })).metadata.uid ?? '',
    create: (request) => client.create(certificates.podcertificaterequests, request),
    get: (namespace, name) => client.get(certificates.podcertificaterequests, { namespace, name }),
  };
}
