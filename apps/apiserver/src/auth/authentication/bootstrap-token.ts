import { timingSafeEqual } from 'node:crypto';
import { core, type corev1 } from '@navarch/api';
import { unauthorized } from '@navarch/apimachinery';
import type { AuthenticationRequest, Authenticator, ObjectReader, User } from '../../pipeline';
import { GROUP_AUTHENTICATED } from '../../pipeline';
import { bearerToken } from './bearer-token';

const tokenForm = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const defaultGroup = 'system:bootstrappers';

/** `<id>.<secret>` tokens kept as Secrets of type bootstrap.kubernetes.io/token in kube-system: how nodes join. */
export class BootstrapTokenAuthenticator implements Authenticator {
  readonly name = 'bootstrap-token';

  constructor(private readonly reader: ObjectReader) {}

  authenticate(request: AuthenticationRequest): User | undefined {
    const match = tokenForm.exec(bearerToken(request) ?? '');
    if (match?.[1] === undefined || match[2] === undefined) return undefined;
    const secret = this.reader.get(core.secrets, 'kube-system', `bootstrap-token-${match[1]}`);
    const user = secret && userOfSecret(secret, match[1], match[2], Date.now());
    if (user === undefined) throw unauthorized();
    return user;
  }
}

/** Undefined unless the Secret makes this token valid for signing in, now. */
export function userOfSecret(secret: corev1.Secret, id: string, tokenSecret: string, nowMs: number): User | undefined {
  const field = (name: string): string => Buffer.from(secret.data?.[name] ?? '', 'base64').toString();
  if (secret.type !== 'bootstrap.kubernetes.io/token' || secret.metadata.deletionTimestamp !== undefined) return undefined;
  if (field('token-id') !== id || !sameSecret(field('token-secret'), tokenSecret)) return undefined;
  if (field('usage-bootstrap-authentication') !== 'true') return undefined;
  const expiration = field('expiration');
  if (expiration !== '' && !(Date.parse(expiration) > nowMs)) return undefined;
  const extraGroups = field('auth-extra-groups').split(',').filter((group) => group.startsWith(`${defaultGroup}:`));
  return { name: `system:bootstrap:${id}`, groups: [defaultGroup, ...extraGroups, GROUP_AUTHENTICATED] };
}

function sameSecret(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
