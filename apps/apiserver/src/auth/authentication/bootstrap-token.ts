import { timingSafeEqual } from 'node:crypto';
import { core, type corev1 } from '@navarch/api';
import { compareStrings, parseTime, unauthorized } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import type { AuthenticationRequest, Authenticator, ObjectReader, User } from '../../pipeline';
import { GROUP_AUTHENTICATED } from '../../pipeline';
import { bearerToken } from './bearer-token';

const tokenForm = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const defaultGroup = 'system:bootstrappers';
const extraGroupForm = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

/** `<id>.<secret>` tokens kept as Secrets of type bootstrap.kubernetes.io/token in kube-system: how nodes join. */
export class BootstrapTokenAuthenticator implements Authenticator {
  readonly name = 'bootstrap-token';

  constructor(
    private readonly reader: ObjectReader,
    private readonly clock: Clock,
  ) {}

  authenticate(request: AuthenticationRequest): User | undefined | Promise<User> {
    const [token, id, secret] = tokenForm.exec(bearerToken(request) ?? '') ?? [];
    if (token === undefined || id === undefined || secret === undefined) return undefined;
    const user = this.#find(id, secret);
    if (user !== undefined) return user;
    return this.reader.refresh().then(() => {
      const found = this.#find(id, secret); // it may have been made a moment ago, at another apiserver
      if (found === undefined) throw unauthorized();
      return found;
    });
  }

  #find(id: string, secret: string): User | undefined {
    const object = this.reader.get(core.secrets, 'kube-system', `bootstrap-token-${id}`);
    return object && userOfSecret(object, id, secret, this.clock.now());
  }
}

/** Undefined unless the Secret makes this token valid for signing in, now. */
function userOfSecret(secret: corev1.Secret, id: string, tokenSecret: string, nowMs: number): User | undefined {
  const field = (name: string): string => Buffer.from(secret.data?.[name] ?? '', 'base64').toString();
  if (secret.type !== 'bootstrap.kubernetes.io/token' || secret.metadata.deletionTimestamp !== undefined) return undefined;
  if (field('token-id') !== id || !sameSecret(field('token-secret'), tokenSecret)) return undefined;
  if (field('usage-bootstrap-authentication') !== 'true' || isPast(field('expiration'), nowMs)) return undefined;
  const groups = groupsOf(field('auth-extra-groups'));
  return groups && { name: `system:bootstrap:${id}`, groups: [...groups, GROUP_AUTHENTICATED] };
}

/** An expiry that cannot be read has passed. */
function isPast(expiration: string, nowMs: number): boolean {
  return expiration !== '' && (parseTime(expiration) ?? 0) <= nowMs;
}

/** Undefined if one of the extra groups is not for bootstrap tokens. */
function groupsOf(extra: string): string[] | undefined {
  const groups = new Set([defaultGroup]);
  for (const group of extra === '' ? [] : extra.split(',')) {
    if (!extraGroupForm.test(group)) return undefined;
    groups.add(group);
  }
  return [...groups].sort(compareStrings);
}

function sameSecret(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
