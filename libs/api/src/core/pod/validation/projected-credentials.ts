import { fieldErrors, type FieldPath, type LabelSelector, validateLabelSelector } from '@navarch/apimachinery';
import { maxCertificateSeconds, validateSignerName } from '../../../certificates/signer-name';
import { signerOfTrustBundle, trustBundleNameMessages } from '../../../certificates/trust-bundle-name';
import { validateUserAnnotations } from '../../../certificates/user-annotations';
import type { corev1 } from '../../../gen';
import { type Loose } from '../../../support/loose';
import { type Findings, present, supported } from '../../../validation/rules';
import { nonReservedPath } from './paths';

type TrustBundle = Loose<corev1.ClusterTrustBundleProjection>;
type Certificate = Loose<corev1.PodCertificateProjection>;

const keyTypes = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519'];
/** An hour. */
const leastSeconds = 3600;
/** Paths that a certificate may be written to, in the order in which upstream looks at them. */
const certificatePaths = ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const;

/** Trust anchors of one bundle by its name, or of a signer's by labels. */
export function validateTrustBundleSource({ name, signerName, labelSelector, path: file = '', ...rest }: TrustBundle, path: FieldPath, found: Findings): void {
  if (name !== undefined && signerName !== undefined) {
    found.push(
      fieldErrors.invalid(
        path,
        { name, signerName, ...(labelSelector ? { labelSelector } : {}), path: file, ...rest },
        'only one of name and signerName may be used',
      ),
    );
  } else if (name !== undefined) {
    if (name === '') found.push(fieldErrors.required(path.child('name'), 'must be a valid object name'));
    for (const message of trustBundleNameMessages(name, signerOfTrustBundle(name))) {
      found.push(fieldErrors.invalid(path.child('name'), name, `not a valid clustertrustbundlename: ${message}`));
    }
    if (labelSelector) found.push(fieldErrors.invalid(path.child('labelSelector'), labelSelector, 'labelSelector must be unset if name is specified'));
  } else if (signerName !== undefined) {
    if (signerName === '') found.push(fieldErrors.required(path.child('signerName'), 'must be a valid signer name'));
    validateSignerName(signerName, path.child('signerName'), found);
    if (labelSelector) found.push(...validateLabelSelector(labelSelector as LabelSelector, path.child('labelSelector')));
  } else found.push(fieldErrors.required(path, 'either name or signerName must be specified'));
  present(file, path.child('path'), found);
  nonReservedPath(file, path.child('path'), found);
}

/** A key and a certificate for it, which the kubelet asks a signer for. */
export function validateCertificateSource(source: Certificate, path: FieldPath, found: Findings): void {
  const { keyType = '', signerName, maxExpirationSeconds: seconds } = source;
  if (keyType === '') found.push(fieldErrors.notSupported(path.child('keyType'), '', keyTypes));
  supported(keyType, keyTypes, path.child('keyType'), found);
  validateSignerName(signerName, path.child('signerName'), found);
  if (seconds !== undefined && seconds < leastSeconds) found.push(fieldErrors.invalid(path.child('maxExpirationSeconds'), seconds, `if provided, maxExpirationSeconds must be >= ${leastSeconds}`));
  const most = maxCertificateSeconds(signerName);
  if (seconds !== undefined && seconds > most) found.push(fieldErrors.invalid(path.child('maxExpirationSeconds'), seconds, `if provided, maxExpirationSeconds must be <= ${most}`));
  validateUserAnnotations(source.userAnnotations, path.child('userAnnotations'), found);
  const given = certificatePaths.filter((field) => (source[field] ?? '') !== '');
  if (given.length === 0) found.push(fieldErrors.required(path, 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath'));
  for (const field of given) nonReservedPath(source[field] ?? '', path.child(field), found);
}

/** Files that a certificate is written to. */
export const certificateFiles = (source: Certificate): string[] => certificatePaths.flatMap((field) => source[field] ?? []);
