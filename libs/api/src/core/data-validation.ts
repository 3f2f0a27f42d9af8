import { configMapKeyMessages, DecodeError, decodeJson, fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../gen';
import { entries } from '../support/list';
import { type Loose } from '../support/loose';
import { semanticEqual } from '../support/semantic-equal';
import { contentRules } from '../validation/kind-validation';
import { type Findings, immutable, refuse, wholeObject } from '../validation/rules';
import { keyPairProblem } from './secret/tls-warnings';

type ConfigMap = Loose<corev1.ConfigMap>;
type Secret = Loose<corev1.Secret>;

/** All values together: 1 MiB. */
const maxBytes = 1024 * 1024;
const dataPath = FieldPath.of('data');
const whenImmutable = 'field is immutable when `immutable` is set';

/** Length of what base64 text stands for. */
const base64Bytes = (text: string): number => Math.floor((text.replace(/=+$/, '').length * 3) / 4);

function configMapContent({ data, binaryData }: ConfigMap): Findings {
  const found: Findings = [];
  let total = 0;
  for (const [key, value = ''] of entries(data)) {
    refuse(configMapKeyMessages(key), key, dataPath.key(key), found);
    if (binaryData?.[key] !== undefined) found.push(fieldErrors.invalid(dataPath.key(key), key, 'duplicate of key present in binaryData'));
    total += Buffer.byteLength(value);
  }
  for (const [key, value = ''] of entries(binaryData)) {
    refuse(configMapKeyMessages(key), key, FieldPath.of('binaryData').key(key), found);
    total += base64Bytes(value);
  }
  if (total > maxBytes) found.push(fieldErrors.tooLong(wholeObject, maxBytes));
  return found;
}

/** Once it is immutable it stays so, with all it holds. */
function frozen(object: ConfigMap | Secret, old: ConfigMap | Secret, fields: readonly string[], found: Findings): void {
  if (!old.immutable) return;
  if (!object.immutable) found.push(fieldErrors.forbidden(FieldPath.of('immutable'), whenImmutable));
  const [next, before] = [object as Record<string, unknown>, old as Record<string, unknown>];
  for (const field of fields) if (!semanticEqual(next[field], before[field])) found.push(fieldErrors.forbidden(FieldPath.of(field), whenImmutable));
}

export const configMapValidation = contentRules<ConfigMap>({
  content: configMapContent,
  change(object, old) {
    const found: Findings = [];
    frozen(object, old, ['data', 'binaryData'], found);
    return found;
  },
});

const accountAnnotation = 'kubernetes.io/service-account.name';
/** Keys that a secret of a type must have. */
const requiredKeys = new Map<string, readonly string[]>(Object.entries({
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
}));

const goKinds: Readonly<Record<string, string>> = { boolean: 'bool', string: 'string' };

/** What keeps a text from being a JSON object, in the words of Go's decoder. */
function objectError(text: string): string | undefined {
  try {
    // Go reads bytes that are no text as well.
    const { value } = decodeJson(Buffer.from(Buffer.from(text, 'base64').toString('utf8')));
    if (typeof value === 'object' && !Array.isArray(value)) return undefined;
    return `json: cannot unmarshal ${Array.isArray(value) ? 'array' : goKinds[typeof value] ?? 'number'} into Go value of type map[string]interface {}`;
  } catch (error) {
    if (error instanceof DecodeError) return error.message;
    throw error;
  }
}

function validateSecretType({ type = '', data, metadata }: Secret, found: Findings): void {
  for (const key of requiredKeys.get(type) ?? []) {
    const value = data?.[key];
    if (value === undefined) found.push(fieldErrors.required(dataPath.key(key)));
    else if (key.startsWith('.docker')) {
      const error = objectError(value);
      if (error !== undefined) found.push(fieldErrors.invalid(dataPath.key(key), '<secret contents redacted>', error));
    }
  }
  if (type === 'kubernetes.io/service-account-token' && !metadata?.annotations?.[accountAnnotation])
    found.push(fieldErrors.required(FieldPath.of('metadata', 'annotations').key(accountAnnotation)));
  if (type === 'kubernetes.io/basic-auth' && data?.['username'] === undefined && data?.['password'] === undefined)
    found.push(fieldErrors.required(dataPath.key('username')), fieldErrors.required(dataPath.key('password')));
}

/** Of a certificate and a key that do not go together. */
function secretWarnings({ type, data }: Secret): string[] {
  if (type !== 'kubernetes.io/tls') return [];
  const [certificates, key] = ['tls.crt', 'tls.key'].map((name) => Buffer.from(data?.[name] ?? '', 'base64').toString('latin1'));
  const problem = keyPairProblem(certificates ?? '', key ?? '');
  return problem === undefined ? [] : [problem];
}

export const secretValidation = contentRules<Secret>({
  warnings: secretWarnings,
  content(secret) {
    const found: Findings = [];
    let total = 0;
    for (const [key, value = ''] of entries(secret.data)) {
      refuse(configMapKeyMessages(key), key, dataPath.key(key), found);
      total += base64Bytes(value);
    }
    if (total > maxBytes) found.push(fieldErrors.tooLong(dataPath, maxBytes));
    validateSecretType(secret, found);
    return found;
  },
  change(secret, old) {
    const found: Findings = [];
    immutable(secret.type, old.type, FieldPath.of('type'), found);
    frozen(secret, old, ['data'], found);
    return found;
  },
});
