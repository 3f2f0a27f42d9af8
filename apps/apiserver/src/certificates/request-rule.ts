import type { certificatesv1, KubeObject } from '@navarch/api';
import { type FieldError, fieldErrors, FieldPath } from '@navarch/apimachinery';
import { certificateChainFault, certificateRequestFault, trustBundleFaults } from '@navarch/pki';
import type { FurtherRule } from '../registry/resource-definition';

const textOf = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString('latin1');

/** A request is signed by its own key; it does not change after it was made. */
function requestFaults(object: KubeObject, old: KubeObject | undefined): FieldError[] {
  const { spec } = object as certificatesv1.CertificateSigningRequest;
  const fault = old === undefined ? certificateRequestFault(textOf(spec.request)) : undefined;
  return fault === undefined ? [] : [fieldErrors.invalid(FieldPath.of('spec', 'request'), spec.request, fault)];
}

/** What its signer answers are certificates, unless what was there before were none. */
function statusFaults(object: KubeObject, old: KubeObject | undefined): FieldError[] {
  const [next = '', before = ''] = [object, old].map((one) => (one as certificatesv1.CertificateSigningRequest | undefined)?.status?.certificate ?? '');
  if (next === '' || (before !== '' && certificateChainFault(textOf(before)) !== undefined)) return [];
  const fault = certificateChainFault(textOf(next));
  return fault === undefined ? [] : [fieldErrors.invalid(FieldPath.of('status', 'certificate'), '<certificate data>', fault)];
}

/** What is there already is not read again: parsers change. */
function bundleFaults(object: KubeObject, old: KubeObject | undefined): FieldError[] {
  const [next = '', before] = [object, old].map((one) => (one as { spec?: { trustBundle?: string } } | undefined)?.spec?.trustBundle);
  if (next === before) return [];
  return trustBundleFaults(next).map((fault) => fieldErrors.invalid(FieldPath.of('spec', 'trustBundle'), '<value omitted>', fault));
}

export const certificateRules: Readonly<Record<string, FurtherRule>> = {
  'certificates.k8s.io/certificatesigningrequests': requestFaults, 'certificates.k8s.io/certificatesigningrequests/status': statusFaults,
  'certificates.k8s.io/clustertrustbundles': bundleFaults,
};
