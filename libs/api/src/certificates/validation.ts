import { dns1123SubdomainMessages, fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { certificatesv1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { semanticEqual } from '../support/semantic-equal';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { anyName } from '../validation/name-rules';
import { choice, type Findings, present, refuse, supported } from '../validation/rules';

type Request = Loose<certificatesv1.CertificateSigningRequest>;
type Condition = Loose<certificatesv1.CertificateSigningRequestCondition>;

const specPath = FieldPath.of('spec');
const conditionsPath = FieldPath.of('status', 'conditions');
const minSeconds = 600;
const usages = [
  'any', 'cert sign', 'client auth', 'code signing', 'content commitment', 'crl sign', 'data encipherment', 'decipher only', 'digital signature',
  'email protection', 'encipher only', 'ipsec end system', 'ipsec tunnel', 'ipsec user', 'key agreement', 'key encipherment', 'microsoft sgc', 'netscape sgc',
  'ocsp signing', 's/mime', 'server auth', 'signing', 'timestamping',
];

/** `domain/path`. */
function validateSigner(name: string | undefined, path: FieldPath, found: Findings): void {
  if (!present(name, path, found)) return;
  const [domain = '', ...segments] = name.split('/');
  if (segments.length !== 1) {
    found.push(fieldErrors.invalid(path, name, 'must be a fully qualified domain and path of the form "example.com/signer-name"'));
    return;
  }
  refuse(dns1123SubdomainMessages(domain), domain, path, found);
  const [last = ''] = segments;
  if (last === '') found.push(fieldErrors.invalid(path, last, `validating label "": name part must be non-empty`));
  for (const label of last.split('.')) if (last !== '') refuse(dns1123SubdomainMessages(label), label, path, found);
  if (domain.split('.').length < 2) found.push(fieldErrors.invalid(path, domain, 'should be a domain with at least two segments separated by dots'));
}

function validateRequest(request: string | undefined, found: Findings): void {
  const path = specPath.child('request');
  const text = Buffer.from(request ?? '', 'base64').toString('latin1');
  const header = /-----BEGIN ([^-]+)-----/.exec(text)?.[1];
  if (header !== 'CERTIFICATE REQUEST') found.push(fieldErrors.invalid(path, request ?? '', 'PEM block type must be CERTIFICATE REQUEST'));
}

function validateConditions(conditions: readonly Condition[] | undefined, found: Findings): void {
  const seen = new Set<string>();
  list(conditions).forEach(({ type = '', status = '' }, i) => {
    const at = conditionsPath.index(i);
    if (type === '') found.push(fieldErrors.required(at.child('type')));
    if (['Approved', 'Denied', 'Failed'].includes(type)) {
      if (status === '') found.push(fieldErrors.required(at.child('status')));
      else if (status !== 'True') found.push(fieldErrors.notSupported(at.child('status'), status, ['True']));
    } else choice(status, ['False', 'True', 'Unknown'], at.child('status'), found);
    if (seen.has(type)) found.push(fieldErrors.duplicate(at.child('type'), type));
    seen.add(type);
  });
  if (seen.has('Approved') && seen.has('Denied')) found.push(fieldErrors.invalid(conditionsPath, 'Denied', 'Approved and Denied conditions are mutually exclusive'));
}

/** What was decided stays decided. */
function validateDecisions(request: Request, old: Request, found: Findings): void {
  for (const type of ['Approved', 'Denied', 'Failed']) {
    const of = ({ status }: Request): readonly Condition[] => list(status?.conditions).filter((condition) => condition.type === type);
    if (of(old).length > 0 && of(request).length === 0) found.push(fieldErrors.forbidden(conditionsPath, `updates may not remove a condition of type "${type}"`));
  }
}

const requestValidation = contentRules<Request>({
  name: anyName,
  content({ spec = {}, status }) {
    const found: Findings = [];
    validateRequest(spec.request, found);
    const path = specPath.child('usages');
    const given = list(spec.usages);
    if (given.length === 0) found.push(fieldErrors.required(path, 'usages must not be empty'));
    given.forEach((usage, i) => {
      supported(usage, usages, path.index(i), found);
      if (given.indexOf(usage) !== i) found.push(fieldErrors.duplicate(path.index(i), usage));
    });
    validateSigner(spec.signerName, specPath.child('signerName'), found);
    if (spec.expirationSeconds !== undefined && spec.expirationSeconds < minSeconds)
      found.push(fieldErrors.invalid(specPath.child('expirationSeconds'), spec.expirationSeconds, 'may not specify a duration less than 600 seconds (10 minutes)'));
    validateConditions(status?.conditions, found);
    return found;
  },
  status(request, old) {
    const found: Findings = [];
    validateConditions(request.status?.conditions, found);
    validateDecisions(request, old, found);
    if (old.status?.certificate && !semanticEqual(request.status?.certificate, old.status.certificate))
      found.push(fieldErrors.forbidden(FieldPath.of('status', 'certificate'), 'updates may not change the certificate content'));
    return found;
  },
  views: {
    approval(request, old) {
      const found: Findings = [];
      validateConditions(request.status?.conditions, found);
      validateDecisions(request, old, found);
      return found;
    },
  },
});

/** By `<group>/<kind>`. */
export const certificatesValidation: Readonly<Record<string, ContentRules>> = { 'certificates.k8s.io/CertificateSigningRequest': requestValidation };
