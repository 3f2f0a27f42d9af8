import { fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { certificatesv1beta1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { semanticEqual } from '../support/semantic-equal';
import { validateConditions } from '../validation/conditions';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { dnsSubdomain, type Findings, immutable } from '../validation/rules';
import { podCertificateOutcomes } from './pod-certificate-outcomes';
import { maxCertificateSeconds, validateSignerName } from './signer-name';
import { validateUserAnnotations } from './user-annotations';

type Request = Loose<certificatesv1beta1.PodCertificateRequest>;
type Spec = Loose<certificatesv1beta1.PodCertificateRequestSpec>;
type Status = Loose<certificatesv1beta1.PodCertificateRequestStatus>;

const specPath = FieldPath.of('spec');
const statusPath = FieldPath.of('status');
const maxUidLength = 128;
const maxKeyBytes = 10 * 1024;
const maxChainBytes = 100 * 1024;
/** An hour. */
const leastSeconds = 3600;
/** A certificate is renewed no sooner after its start, and no later before its end. */
const refreshMarginMs = 10 * 60_000;

function validateNames(spec: Spec, found: Findings): void {
  for (const [name, uid] of [['podName', 'podUID'], ['serviceAccountName', 'serviceAccountUID'], ['nodeName', 'nodeUID']] as const) {
    dnsSubdomain(spec[name] ?? '', specPath.child(name), found);
    const { [uid]: id = '' } = spec;
    if (id === '') found.push(fieldErrors.invalid(specPath.child(uid), '', 'must not be empty'));
    if (id.length > maxUidLength) found.push(fieldErrors.tooLong(specPath.child(uid), maxUidLength));
  }
}

function validateLifetime({ maxExpirationSeconds, signerName }: Spec, found: Findings): void {
  const path = specPath.child('maxExpirationSeconds');
  const most = maxCertificateSeconds(signerName);
  if (maxExpirationSeconds === undefined) found.push(fieldErrors.required(path, 'must be set'));
  else if (maxExpirationSeconds < leastSeconds || maxExpirationSeconds > most) found.push(fieldErrors.invalid(path, maxExpirationSeconds, `must be in the range [${leastSeconds}, ${most}]`));
}

/** Whose key it is is said in one way, of a size that keys have; what it says is looked into where keys are known. */
function validateKeyMaterial({ stubPKCS10Request = '', pkixPublicKey = '', proofOfPossession = '' }: Spec, found: Findings): void {
  const given = { stubPKCS10Request, pkixPublicKey, proofOfPossession };
  for (const [field, base64] of Object.entries(given)) {
    if (Buffer.byteLength(base64, 'base64') <= maxKeyBytes) continue;
    found.push(fieldErrors.tooLong(specPath.child(field), maxKeyBytes));
    return;
  }
  const [request, key, proof] = Object.values(given).map((text) => text !== '');
  if (request ? key || proof : !key || !proof) found.push(fieldErrors.invalidUnnamed(specPath, 'exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set'));
}

/** One outcome at most, and nothing else. */
function validateOutcomes(status: Status, found: Findings): void {
  let outcomes = 0;
  list(status.conditions).forEach(({ type = '', status: value = '' }, i) => {
    // Upstream makes a name of the position: a dot stands before it.
    const at = statusPath.child(`conditions.[${i}]`);
    if (!podCertificateOutcomes.includes(type)) {
      found.push(fieldErrors.notSupported(at.child('type'), type, podCertificateOutcomes));
      return;
    }
    outcomes++;
    if (outcomes > 1) found.push(fieldErrors.invalid(at.child('type'), type, 'There may be at most one condition with type "Issued", "Denied", or "Failed"'));
    if (value !== 'True') found.push(fieldErrors.notSupported(at.child('status'), value, ['True']));
  });
  validateConditions(status.conditions, statusPath.child('conditions'), found);
}

function validateTimes({ notBefore, notAfter, beginRefreshAt }: Status, found: Findings): void {
  const given = 'must be present and consistent with the issued certificate';
  if (notBefore === undefined) found.push(fieldErrors.required(statusPath.child('notBefore'), given));
  if (notAfter === undefined) found.push(fieldErrors.required(statusPath.child('notAfter'), given));
  const path = statusPath.child('beginRefreshAt');
  if (beginRefreshAt === undefined) found.push(fieldErrors.required(path, 'must be present and in the range [notbefore+10min, notafter-10min]'));
  if (notBefore === undefined || notAfter === undefined || beginRefreshAt === undefined) return;
  const at = Date.parse(beginRefreshAt);
  if (at < Date.parse(notBefore) + refreshMarginMs) found.push(fieldErrors.invalid(path, beginRefreshAt, 'must be at least 10 minutes after status.notBefore'));
  else if (at > Date.parse(notAfter) - refreshMarginMs) found.push(fieldErrors.invalid(path, beginRefreshAt, 'must be at least 10 minutes before status.notAfter'));
}

function validateIssued(status: Status, found: Findings): void {
  if (Buffer.byteLength(status.certificateChain ?? '') > maxChainBytes) found.push(fieldErrors.tooLong(statusPath.child('certificateChain'), maxChainBytes));
  else validateTimes(status, found);
}

/** How a request was answered; undefined while it was not. */
export const podCertificateOutcome = ({ conditions }: Status): string | undefined => list(conditions).find(({ type = '', status }) => podCertificateOutcomes.includes(type) && status === 'True')?.type;

/** A request is answered once, with a certificate or with a reason. */
function validateAnswer(status: Status, old: Status, found: Findings): void {
  const same = (other: Status, detail: string): void => {
    if (!semanticEqual(status, other)) found.push(fieldErrors.invalidUnnamed(statusPath, detail));
  };
  const outcome = podCertificateOutcome(status);
  if (podCertificateOutcome(old) !== undefined) same(old, 'immutable after PodCertificateRequest is issued, denied, or failed');
  else if (outcome === undefined) same(old, 'status is immutable unless transitioning to "Issued", "Denied", or "Failed"');
  else if (outcome === 'Issued') validateIssued(status, found);
  else same({ conditions: [...list(status.conditions)] }, 'non-condition status fields must be empty when denying or failing the PodCertificateRequest');
}

/** Mirrors upstream's `pkg/apis/certificates/validation`; what takes a parser of keys and certificates is looked into by the apiserver. */
export const podCertificateValidation: ContentRules = contentRules<Request>({
  content({ spec = {} }, old) {
    // The spec never changes: what was stored before a rule stays.
    if (old) return [];
    const found: Findings = [];
    validateSignerName(spec.signerName, specPath.child('signerName'), found);
    validateNames(spec, found);
    validateUserAnnotations(spec.unverifiedUserAnnotations, specPath.child('unverifiedUserAnnotations'), found);
    validateLifetime(spec, found);
    if (spec.maxExpirationSeconds !== undefined) validateKeyMaterial(spec, found);
    return found;
  },
  change({ spec }, old) {
    const found: Findings = [];
    immutable(spec, old.spec, specPath, found);
    return found;
  },
  status({ status = {} }, { status: old = {} }) {
    const found: Findings = [];
    validateOutcomes(status, found);
    if (found.length === 0) validateAnswer(status, old, found);
    return found;
  },
});
