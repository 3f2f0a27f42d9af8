import { core, type KubeObject, type ResourceType } from '@navarch/api';
import { notFound, parseTime } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import { GROUP_AUTHENTICATED, type ObjectReader, type User } from '../../pipeline';
import type { LegacyTokens } from './legacy-tokens';
import { requireNoFault } from './require-no-fault';
import type { BoundObject, ServiceAccountTokens, VerifiedToken } from './service-account-tokens';

/** Objects deleted this long ago still vouch for their tokens, as upstream grants. */
const leewayMs = 60_000;

export interface TokenValidatorDeps {
  readonly tokens: ServiceAccountTokens;
  readonly legacy: Pick<LegacyTokens, 'validate'>;
  readonly reader: ObjectReader;
  readonly clock: Clock;
}

/** Verifies a token and that the objects it is bound to still live. */
export class TokenValidator {
  constructor(private readonly deps: TokenValidatorDeps) {}

  /** Undefined for a token of another kind. @throws with upstream's text for one that is not valid for any of the audiences */
  async validate(token: string, audiences: readonly string[]): Promise<VerifiedToken | undefined> {
    const { tokens, legacy, reader, clock } = this.deps;
    const verified = await tokens.verify(token, audiences, clock.now());
    if (verified === undefined) return legacy.validate(token, audiences);
    await requireNoFault(reader, () => this.#fault(verified));
    return verified;
  }

  #fault({ namespace, serviceAccount, pod, secret, node }: VerifiedToken): string | undefined {
    const account = this.deps.reader.get(core.serviceaccounts, namespace, serviceAccount.name);
    if (account === undefined) return notFound(core.serviceaccounts, serviceAccount.name).message;
    if (this.#deleted(account)) return `service account ${namespace}/${serviceAccount.name} has been deleted`;
    if (account.metadata.uid !== serviceAccount.uid) return `service account UID (${account.metadata.uid ?? ''}) does not match claim (${serviceAccount.uid})`;
    if (secret !== undefined) return this.#boundFault(core.secrets, namespace, secret, 'secret');
    if (pod !== undefined) return this.#boundFault(core.pods, namespace, pod, 'pod');
    return node === undefined ? undefined : this.#boundFault(core.nodes, '', node, 'node');
  }

  #boundFault<T extends KubeObject>(type: ResourceType<T>, namespace: string, { name, uid }: BoundObject, kind: string): string | undefined {
    const found = this.deps.reader.get(type, namespace, name);
    if (found === undefined || this.#deleted(found)) return 'service account token has been invalidated';
    if (found.metadata.uid === uid) return undefined;
    return `${kind} UID (${found.metadata.uid ?? ''}) does not match service account ${kind} ref claim (${uid})`;
  }

  #deleted({ metadata: { deletionTimestamp } }: KubeObject): boolean {
    return deletionTimestamp !== undefined && (parseTime(deletionTimestamp) ?? 0) < this.deps.clock.now() - leewayMs;
  }
}

/** The user a verified token stands for. */
export function userOf({ namespace, serviceAccount, credentialId, pod, node }: VerifiedToken): User {
  const extra: Record<string, string[]> = {};
  const add = (key: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') extra[`authentication.kubernetes.io/${key}`] = [value];
  };
  add('credential-id', credentialId);
  add('node-name', node?.name);
  add('node-uid', node?.uid);
  add('pod-name', pod?.name);
  add('pod-uid', pod?.uid);
  return {
    name: `system:serviceaccount:${namespace}:${serviceAccount.name}`,
    uid: serviceAccount.uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, GROUP_AUTHENTICATED],
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
  };
}
