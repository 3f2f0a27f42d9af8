import { isLongerThan, utf8Length } from '../text/utf8-length';
import { dns1123SubdomainMessages } from './dns-names';
import { fieldErrors, type FieldError } from './field-error';
import { type FieldPath } from './field-path';
import { emptyMessage, maxBytesMessage, regexMessage } from './messages';

// Mirrors staging/src/k8s.io/apimachinery/pkg/api/validate/content/kube.go.

const nameFormat = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const nameRegex = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const nameMessage = regexMessage(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  nameFormat, 'MyName', 'my.name', '123-abc',
);
const valueMessage = regexMessage(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  `(${nameFormat})?`, 'MyValue', 'my_value', '12345',
);
const maxLength = 63;

/** What is wrong with a label's key, also called a qualified name: `[prefix/]name`. */
export function labelKeyMessages(key: string): string[] {
  const slash = key.indexOf('/');
  if (slash < 0) return namePartMessages(key);
  if (key.includes('/', slash + 1)) return [`a valid label key ${nameMessage} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  const prefix = key.slice(0, slash);
  const messages = prefix === '' ? [emptyMessage] : dns1123SubdomainMessages(prefix, maxBytesMessage);
  const ofName = namePartMessages(key.slice(slash + 1));
  return messages.length === 0 ? ofName : [...messages.map((message) => `prefix part ${message}`), ...ofName];
}

function namePartMessages(name: string): string[] {
  const messages: string[] = [];
  if (name === '') messages.push(`name part ${emptyMessage}`);
  else if (isLongerThan(name, maxLength)) messages.push(`name part ${maxBytesMessage(maxLength)}`);
  if (!nameRegex.test(name)) messages.push(`name part ${nameMessage}`);
  return messages;
}

/** What is wrong with a label's value. */
export function labelValueMessages(value: string): string[] {
  const messages = isLongerThan(value, maxLength) ? [maxBytesMessage(maxLength)] : [];
  return value === '' || nameRegex.test(value) ? messages : [...messages, valueMessage];
}

/** A label's key in a field of its own. */
export function validateLabelName(key: string, path: FieldPath): FieldError[] {
  return labelKeyMessages(key).map((message) => fieldErrors.invalid(path, key, message));
}

/** All labels of an object. */
export function validateLabels(labels: Readonly<Record<string, string>> | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels ?? {})) {
    for (const message of labelKeyMessages(key)) errors.push(fieldErrors.invalid(path, key, message));
    for (const message of labelValueMessages(value)) errors.push(fieldErrors.invalid(path, value, message));
  }
  return errors;
}

/** All annotations together, keys and values. */
const totalAnnotationBytes = 256 * 1024;

/** All annotations of an object. */
export function validateAnnotations(annotations: Readonly<Record<string, string>> | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  let total = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    // Keys follow the rule of labels, except that case does not matter, not even in the prefix.
    for (const message of labelKeyMessages(key.toLowerCase())) errors.push(fieldErrors.invalid(path, key, message));
    total += utf8Length(key) + utf8Length(value);
  }
  if (total > totalAnnotationBytes) errors.push(fieldErrors.tooLong(path, totalAnnotationBytes));
  return errors;
}
