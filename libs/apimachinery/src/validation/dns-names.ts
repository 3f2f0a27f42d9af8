import { isLongerThan } from '../text/utf8-length';
import { maxLengthMessage, regexMessage } from './messages';

// Each function lists what is wrong with a string, in upstream's words; none means valid.

const label1123 = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain1123 = `${label1123}(\\.${label1123})*`;
const label1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const wildcard1123 = `\\*\\.${subdomain1123}`;

// A star inside a star would make the regular expressions slow on hostile names: compiled without nesting, equal in language.
const label1123Regex = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const label1035Regex = /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/;
const isSubdomain = (value: string): boolean => label1123Regex.test(value) || value.split('.').every((label) => label1123Regex.test(label));

/** Longest label of a DNS name. */
export const dnsLabelMaxLength = 63;
/** Longest DNS name that the API takes. */
export const dnsSubdomainMaxLength = 253;

const tooLong = (value: string, max: number, say = maxLengthMessage): string[] => (isLongerThan(value, max) ? [say(max)] : []);

/** RFC 1123 label: names of namespaces, containers, ports' owners. */
export function dns1123LabelMessages(value: string, say?: typeof maxLengthMessage): string[] {
  const messages = tooLong(value, dnsLabelMaxLength, say);
  if (label1123Regex.test(value)) return messages;
  if (isSubdomain(value)) return [...messages, 'must not contain dots'];
  return [...messages, regexMessage(
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
    label1123, 'my-name', '123-abc',
  )];
}

/** RFC 1123 subdomain: names of most objects. */
export function dns1123SubdomainMessages(value: string, say?: typeof maxLengthMessage): string[] {
  const messages = tooLong(value, dnsSubdomainMaxLength, say);
  if (isSubdomain(value)) return messages;
  return [...messages, regexMessage(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    subdomain1123, 'example.com',
  )];
}

/** RFC 1035 label: names of services. */
export function dns1035LabelMessages(value: string): string[] {
  const messages = tooLong(value, dnsLabelMaxLength);
  if (label1035Regex.test(value)) return messages;
  return [...messages, regexMessage(
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
    label1035, 'my-name', 'abc-123',
  )];
}

/** `*.example.com`: hosts of ingresses. */
export function wildcardSubdomainMessages(value: string): string[] {
  const messages = tooLong(value, dnsSubdomainMaxLength);
  if (value.startsWith('*.') && isSubdomain(value.slice(2))) return messages;
  return [...messages, regexMessage(
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
    wildcard1123, '*.example.com',
  )];
}
