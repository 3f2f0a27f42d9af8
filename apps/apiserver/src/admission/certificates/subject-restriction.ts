import type { certificatesv1 } from '@navarch/api';
import { parseCertificateRequest } from '@navarch/pki';
import { GROUP_MASTERS, type AdmissionAttributes, type AdmissionPlugin, type WriteSort } from '../../pipeline';
import { refused } from '../refused';

const clientSigner = 'kubernetes.io/kube-apiserver-client';

/** A certificate that lives for a year must not be beyond all authorisation. */
export class CertificateSubjectRestriction implements AdmissionPlugin {
  readonly name = 'CertificateSubjectRestriction';

  handles({ operation, group, resource, subresource }: WriteSort): boolean {
    return operation === 'CREATE' && group === 'certificates.k8s.io' && resource === 'certificatesigningrequests' && subresource === '';
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const { spec } = attributes.object as certificatesv1.CertificateSigningRequest;
    if (spec.signerName !== clientSigner) return;
    let organizations: readonly string[];
    try {
      ({ organizations } = await parseCertificateRequest(Buffer.from(spec.request, 'base64').toString()));
    } catch (error) {
      throw refused(attributes, `failed to parse CSR: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (organizations.includes(GROUP_MASTERS)) throw refused(attributes, `use of ${clientSigner} signer with ${GROUP_MASTERS} group is not allowed`);
  }
}
