import { dns1123LabelMessages, dns1123SubdomainMessages, dnsLabelMaxLength, dnsSubdomainMaxLength, fieldErrors, type FieldPath } from '@navarch/apimachinery';
import { type Findings, present } from '../validation/rules';

/** A domain, and behind the slash the names of a namespace and an object. */
const maxLength = dnsSubdomainMaxLength + 1 + (dnsLabelMaxLength + 1 + dnsSubdomainMaxLength);

/** Only the first label that breaks its rule is told of. */
function refuseLabels(text: string, messagesOf: (label: string) => string[], path: FieldPath, found: Findings): void {
  for (const label of text.split('.')) {
    const messages = messagesOf(label);
    for (const message of messages) found.push(fieldErrors.invalid(path, text, `validating label ${JSON.stringify(label)}: ${message}`));
    if (messages.length > 0) return;
  }
}

/** Most seconds that a certificate of a pod may be asked for: 91 days, and a day of a signer of Kubernetes' own. */
export function maxCertificateSeconds(signerName = ''): number {
  const [domain = ''] = signerName.split('/');
  return domain === 'kubernetes.io' || domain.endsWith('.kubernetes.io') ? 86_400 : 7_862_400;
}

/** `domain.tld/path`; mirrors ValidateSignerName of upstream's `pkg/apis/core/validation/names.go`. */
export function validateSignerName(name: string | undefined, path: FieldPath, found: Findings): void {
  if (!present(name, path, found)) return;
  const [domain = '', last = '', ...more] = name.split('/');
  if (!name.includes('/') || more.length > 0) {
    found.push(fieldErrors.invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'"));
    return;
  }
  if (domain.length > dnsSubdomainMaxLength) found.push(fieldErrors.tooLong(path, dnsSubdomainMaxLength));
  refuseLabels(domain, dns1123LabelMessages, path, found);
  if (!domain.includes('.')) found.push(fieldErrors.invalid(path, domain, 'should be a domain with at least two segments separated by dots'));
  refuseLabels(last, dns1123SubdomainMessages, path, found);
  if (name.length > maxLength) found.push(fieldErrors.tooLong(path, maxLength));
}
