import type { corev1 } from '@navarch/api';

export const TOKEN_SECRET = 'kubernetes.io/service-account-token';
const NAME = 'kubernetes.io/service-account.name';
const UID = 'kubernetes.io/service-account.uid';

/** The account that a Secret of this type names; undefined for all other Secrets. A Secret may leave the uid open. */
export function accountOf({ type, metadata: { namespace = '', annotations = {} } }: corev1.Secret): { readonly namespace: string; readonly name: string; readonly uid: string } | undefined {
  const name = annotations[NAME] ?? '';
  return type === TOKEN_SECRET && name !== '' ? { namespace, name, uid: annotations[UID] ?? '' } : undefined;
}

/** Whether the Secret is of this very account, and not of one that had the same name before. */
export function isOf(secret: corev1.Secret, { metadata }: corev1.ServiceAccount): boolean {
  const named = accountOf(secret);
  return named !== undefined && named.namespace === metadata.namespace && named.name === metadata.name && (named.uid === '' || named.uid === metadata.uid);
}

/** The account without its reference to a Secret that is gone; undefined if it has none. */
export function withoutReference(account: corev1.ServiceAccount, secretName: string): corev1.ServiceAccount | undefined {
  const { secrets = [] } = account;
  return secrets.some(({ name }) => name === secretName) ? { ...account, secrets: secrets.filter(({ name }) => name !== secretName) } : undefined;
}

const encoded = (text: string): string => Buffer.from(text).toString('base64');

/** Whether something of it must be filled in: an own token, namespace or uid that is there stays, the CA is kept up to date. */
export function needsContent({ data = {}, metadata: { annotations = {} } }: corev1.Secret, ca: string): boolean {
  return (data['token'] ?? '') === '' || (data['namespace'] ?? '') === '' || data['ca.crt'] !== encoded(ca) || (annotations[UID] ?? '') === '';
}

/** The Secret with all that it lacks; `token` is used if it has none. */
export function withContent(secret: corev1.Secret, { metadata }: corev1.ServiceAccount, ca: string, token: string): corev1.Secret {
  const { data = {} } = secret;
  const or = (present: string | undefined, text: string): string => (present === undefined || present === '' ? encoded(text) : present);
  return {
    ...secret,
    metadata: { ...secret.metadata, annotations: { ...secret.metadata.annotations, [NAME]: metadata.name ?? '', [UID]: metadata.uid ?? '' } },
    data: { ...data, 'ca.crt': encoded(ca), 'namespace': or(data['namespace'], secret.metadata.namespace ?? ''), 'token': or(data['token'], token) },
  };
}
