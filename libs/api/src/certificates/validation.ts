import { fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { certificatesv1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { semanticEqual } from '../support/semantic-equal';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { anyName } from '../validation/name-rules';
import { choice, type Findings, immutable, refuse } from '../validation/rules';
import { podCertificateValidation } from './pod-certificate-validation';
import { validateSignerName } from './signer-name';
import { trustBundleNameMessages } from './trust-bundle-name';

type Request = Loose<certificatesv1.CertificateSigningRequest>;
type Bundle = { metadata: { name?: string }; spec?: { signerName?: string; trustBundle?: string } };
type Condition = Loose<certificatesv1.CertificateSigningRequestCondition>;

const specPath = FieldPath.of('spec');
const conditionsPath = FieldPath.of('status', 'conditions');
const minSeconds = 600;
/** Signers of the first beta could not be named. */
const legacySigner = 'kubernetes.io/legacy-unknown';
const usages = [
  'any', 'cert sign', 'client auth', 'code signing', 'content commitment', 'crl sign', 'data encipherment', 'decipher only', 'digital signature',
  'email protection', 'encipher only', 'ipsec end system', 'ipsec tunnel', 'ipsec user', 'key agreement', 'key encipherment', 'microsoft sgc', 'netscape sgc',
  'ocsp signing', 's/mime', 'server auth', 'signing', 'timestamping',
];

function validateRequest(request: string | undefined, found: Findings): void {
  const path = specPath.child('request');
  const text = Buffer.from(request ?? '', 'base64').toString('latin1');
  const header = /-----BEGIN ([^-]+)-----/.exec(text)?.[1];
  if (header !== 'CERTIFICATE REQUEST') found.push(fieldErrors.invalid(path, request ?? '', 'PEM block type must be CERTIFICATE REQUEST'));
}

const mutuallyExclusive = ['Approved', 'Denied'];
const decisions = [...mutuallyExclusive, 'Failed'];

const conditionsOf = ({ status }: Request, type: string): readonly Condition[] => list(status?.conditions).filter((condition) => condition.type === type);
const typesOf = ({ status }: Request): string[] => list(status?.conditions).map(({ type = '' }) => type);

/** What a request had before it may keep. */
function validateConditions(request: Request, old: Request | undefined, found: Findings): void {
  const before = old ? typesOf(old) : [];
  const wasBoth = mutuallyExclusive.every((type) => before.includes(type));
  const hadDuplicates = new Set(before).size < before.length;
  const seen = new Set<string>();
  list(request.status?.conditions).forEach(({ type = '', status = '' }, i) => {
    const at = conditionsPath.index(i);
    if (type === '' && !before.includes('')) found.push(fieldErrors.required(at.child('type')));
    choice(status, decisions.includes(type) ? ['True'] : ['False', 'True', 'Unknown'], at.child('status'), found);
    const isSecond = mutuallyExclusive.includes(type) && mutuallyExclusive.some((other) => other !== type && seen.has(other));
    if (isSecond && !wasBoth) found.push(fieldErrors.invalid(conditionsPath, type, 'Approved and Denied conditions are mutually exclusive'));
    if (seen.has(type) && !hadDuplicates) found.push(fieldErrors.duplicate(at.child('type'), type));
    seen.add(type);
  });
}

/** What was decided stays decided, and is decided in its own way only. */
function validateDecisions(request: Request, old: Request, found: Findings, mayDecide: boolean): void {
  const more = (type: string): number => conditionsOf(request, type).length - conditionsOf(old, type).length;
  for (const type of decisions) if (more(type) < 0) found.push(fieldErrors.forbidden(conditionsPath, `updates may not remove a condition of type "${type}"`));
  if (mayDecide) return;
  for (const type of mutuallyExclusive) if (more(type) > 0) found.push(fieldErrors.forbidden(conditionsPath, `updates may not add a condition of type "${type}"`));
}

/** Bundles are kept in etcd whole. */
const maxTrustBundleBytes = 1024 * 1024;

const trustBundleValidation = contentRules<Bundle>({
  // Which names are good depends on the signer.
  name: anyName,
  content({ metadata, spec }, old) {
    const found: Findings = [];
    const { signerName = '', trustBundle = '' } = spec ?? {};
    const name = metadata.name ?? '';
    refuse(name === '' ? [] : trustBundleNameMessages(name, signerName), name, FieldPath.of('metadata', 'name'), found);
    if (signerName !== '') validateSignerName(signerName, specPath.child('signerName'), found);
    // What is there already is not looked at again.
    if (trustBundle !== old?.spec?.trustBundle && Buffer.byteLength(trustBundle) > maxTrustBundleBytes) found.push(fieldErrors.tooLong(specPath.child('trustBundle'), maxTrustBundleBytes));
    return found;
  },
  change({ spec }, old) {
    const found: Findings = [];
    immutable(spec?.signerName ?? '', old.spec?.signerName ?? '', specPath.child('signerName'), found);
    return found;
  },
});

const requestValidation = contentRules<Request>({
  name: anyName,
  content(request, old) {
    const { spec = {} } = request;
    const found: Findings = [];
    validateRequest(spec.request, found);
    const path = specPath.child('usages');
    const given = list(spec.usages);
    const before = list(old?.spec?.usages);
    if (given.length === 0) found.push(fieldErrors.required(path));
    if (before.every((usage) => usages.includes(usage)))
      given.forEach((usage, i) => {
        if (!usages.includes(usage)) found.push(fieldErrors.notSupported(path.index(i), usage, usages));
      });
    if (new Set(before).size === before.length)
      given.forEach((usage, i) => {
        if (given.indexOf(usage) !== i) found.push(fieldErrors.duplicate(path.index(i), usage));
      });
    const signerPath = specPath.child('signerName');
    if (spec.signerName === legacySigner && old?.spec?.signerName !== legacySigner) {
      found.push(fieldErrors.invalid(signerPath, legacySigner, 'the legacy signerName is not allowed via this API version'));
    } else validateSignerName(spec.signerName, signerPath, found);
    if (spec.expirationSeconds !== undefined && spec.expirationSeconds < minSeconds)
      found.push(fieldErrors.invalid(specPath.child('expirationSeconds'), spec.expirationSeconds, 'may not specify a duration less than 600 seconds (10 minutes)'));
    validateConditions(request, old, found);
    return found;
  },
  status(request, old) {
    const found: Findings = [];
    validateConditions(request, old, found);
    validateDecisions(request, old, found, false);
    if (old.status?.certificate && !semanticEqual(request.status?.certificate, old.status.certificate))
      found.push(fieldErrors.forbidden(FieldPath.of('status', 'certificate'), 'updates may not modify existing certificate content'));
    return found;
  },
  views: {
    approval(request, old) {
      const found: Findings = [];
      validateConditions(request, old, found);
      validateDecisions(request, old, found, true);
      return found;
    },
  },
});

/** By `<group>/<kind>`. */
export const certificatesValidation: Readonly<Record<string, ContentRules>> = {
  'certificates.k8s.io/CertificateSigningRequest': requestValidation,
  'certificates.k8s.io/ClusterTrustBundle': trustBundleValidation,
  'certificates.k8s.io/PodCertificateRequest': podCertificateValidation,
};
