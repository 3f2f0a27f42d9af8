import { createHmac } from 'node:crypto';
import type { corev1 } from '@navarch/api';
import { parseTime } from '@navarch/apimachinery';

export const TOKEN_TYPE = 'bootstrap.kubernetes.io/token';
const NAME = /^bootstrap-token-([a-z0-9]{6})$/;
const SIGNATURE_PREFIX = 'jws-kubeconfig-';

const field = ({ data }: corev1.Secret, name: string): string => Buffer.from(data?.[name] ?? '', 'base64').toString('utf8');

/** When a token ends; undefined if never. What is no time counts as past. */
export function expiryOf(secret: corev1.Secret): number | undefined {
  const text = field(secret, 'expiration');
  if (text === '') return undefined;
  return parseTime(text) ?? 0;
}

/** The id and secret of a token that may sign; undefined for all else. */
export function signingToken(secret: corev1.Secret, nowMs: number): { readonly id: string; readonly secret: string } | undefined {
  const [id, text] = [field(secret, 'token-id'), field(secret, 'token-secret')];
  if (secret.type !== TOKEN_TYPE || NAME.exec(secret.metadata.name ?? '')?.[1] !== id || text === '') return undefined;
  if ((expiryOf(secret) ?? Infinity) <= nowMs || field(secret, 'usage-bootstrap-signing') !== 'true') return undefined;
  return { id, secret: text };
}

/** A JSON web signature without its content: who has the token can tell that the content is true. */
export function detachedSignature(content: string, { id, secret }: { readonly id: string; readonly secret: string }): string {
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: id })).toString('base64url');
  const signature = createHmac('sha256', secret).update(`${header}.${Buffer.from(content).toString('base64url')}`).digest('base64url');
  return `${header}..${signature}`;
}

/** The ConfigMap's data with a signature of each token, and of no other; undefined if that is so already. */
export function signedData(data: Readonly<Record<string, string>>, secrets: readonly corev1.Secret[], nowMs: number): Record<string, string> | undefined {
  const kubeconfig = data['kubeconfig'];
  if (kubeconfig === undefined) return undefined;
  const signed = Object.fromEntries(Object.entries(data).filter(([name]) => !name.startsWith(SIGNATURE_PREFIX)));
  for (const secret of secrets) {
    const token = signingToken(secret, nowMs);
    if (token !== undefined) signed[`${SIGNATURE_PREFIX}${token.id}`] = detachedSignature(kubeconfig, token);
  }
  const same = Object.keys(signed).length === Object.keys(data).length && Object.entries(signed).every(([name, value]) => data[name] === value);
  return same ? undefined : signed;
}
