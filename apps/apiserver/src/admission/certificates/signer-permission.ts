import type { certificatesv1, certificatesv1beta1 } from '@navarch/api';
import { FieldPath, fieldErrors, goQuote, invalid } from '@navarch/apimachinery';
import { isDeepStrictEqual } from 'node:util';
import type { AdmissionAttributes, AdmissionPlugin, Authorizer, WriteSort } from '../../pipeline';
import { refused } from '../refused';

type Request = certificatesv1.CertificateSigningRequest;
type PodRequest = certificatesv1beta1.PodCertificateRequest;

const group = 'certificates.k8s.io';

const updates = ({ operation, group: of, resource, subresource }: WriteSort, what: string): boolean => operation === 'UPDATE' && of === group && `${resource}/${subresource}` === what;

/** Whether somebody may do this for a signer, by its name or as one of a domain: `example.com/*`. */
async function mayFor(authorizer: Authorizer, { user }: AdmissionAttributes, verb: string, signerName: string): Promise<boolean> {
  for (const name of [signerName, `${signerName.split('/', 1)[0] ?? ''}/*`]) {
    const { verdict } = await authorizer.authorize(user, { verb, isResource: true, path: '', group, version: '*', resource: 'signers', subresource: '', namespace: '', name });
    if (verdict === 'allow') return true;
  }
  return false;
}

/** Only who may approve for a signer approves or denies requests to it. */
export class CertificateApproval implements AdmissionPlugin {
  readonly name = 'CertificateApproval';

  constructor(private readonly authorizer: Authorizer) {}

  handles(sort: WriteSort): boolean {
    return updates(sort, 'certificatesigningrequests/approval');
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    // The stored name counts: an update cannot change it.
    const { signerName } = (attributes.oldObject as Request).spec;
    if (!(await mayFor(this.authorizer, attributes, 'approve', signerName))) throw refused(attributes, `user not permitted to approve requests with signerName ${goQuote(signerName)}`);
  }
}

/** Only a signer fills in certificates, or says how it goes. */
export class CertificateSigning implements AdmissionPlugin {
  readonly name = 'CertificateSigning';

  constructor(private readonly authorizer: Authorizer) {}

  handles(sort: WriteSort): boolean {
    return updates(sort, 'certificatesigningrequests/status');
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const [request, old] = [attributes.object, attributes.oldObject] as [Request, Request];
    const sameCertificate = (request.status?.certificate ?? '') === (old.status?.certificate ?? '');
    if (sameCertificate && isDeepStrictEqual(request.status?.conditions ?? [], old.status?.conditions ?? [])) return;
    const { signerName } = old.spec;
    if (!(await mayFor(this.authorizer, attributes, 'sign', signerName))) throw refused(attributes, `user not permitted to sign requests with signerName ${goQuote(signerName)}`);
  }
}

/** Only a signer answers the certificate requests of pods; the strategy of the kind asks, in upstream's pkg/registry/certificates/podcertificaterequest. */
export class PodCertificateSigning implements AdmissionPlugin {
  readonly name = 'PodCertificateSigning';

  constructor(private readonly authorizer: Authorizer) {}

  handles(sort: WriteSort): boolean {
    return updates(sort, 'podcertificaterequests/status');
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const { user } = attributes;
    const [request, old] = [attributes.object, attributes.oldObject] as [PodRequest, PodRequest];
    if (isDeepStrictEqual(request.status, old.status)) return;
    const { signerName } = old.spec;
    if (await mayFor(this.authorizer, attributes, 'sign', signerName)) return;
    const why = fieldErrors.forbidden(FieldPath.of('spec').child('signerName'), `User ${goQuote(user.name)} is not permitted to "sign" for signer ${goQuote(signerName)}`);
    throw invalid({ group, kind: 'PodCertificateRequest' }, request.metadata.name ?? '', [why]);
  }
}

/** Only who may attest for a signer publishes its trust anchors. */
export class ClusterTrustBundleAttest implements AdmissionPlugin {
  readonly name = 'ClusterTrustBundleAttest';

  constructor(private readonly authorizer: Authorizer) {}

  handles({ operation, group: of, resource, subresource }: WriteSort): boolean {
    return (operation === 'CREATE' || operation === 'UPDATE') && of === group && resource === 'clustertrustbundles' && subresource === '';
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const { signerName } = (attributes.object as { spec?: { signerName?: string } }).spec ?? {};
    if (signerName === undefined || signerName === '') return;
    if (!(await mayFor(this.authorizer, attributes, 'attest', signerName))) throw refused(attributes, `user not permitted to attest for signerName ${goQuote(signerName)}`);
  }
}
