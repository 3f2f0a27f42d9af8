import { core, type KubeObject, type ResourceType } from '@navarch/api';
import { notFound, parseTime } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import { GROUP_AUTHENTICATED, type ObjectReader, type RequestNotes, type User } from '../../pipeline';
import type { LegacyTokens } from './legacy-tokens';
import { requireNoFault } from './require-no-fault';
import type { BoundObject, ServiceAccountTokens, VerifiedToken } from './service-account-tokens';
import { NO_NOTES, type CountUse } from './token-uses';

/** Objects deleted this long ago still vouch for their tokens, as upstream grants. */
const leewayMs = 60_000;

export interface TokenValidatorDeps {
  readonly tokens: ServiceAccountTokens;
  readonly legacy: Pick<LegacyTokens, 'validate'>;
  readonly reader: ObjectReader;
  readonly clock: Clock;
  readonly count?: CountUse;
}

/** Verifies a token and that the objects it is bound to still live. */
export class TokenValidator {
  constructor(private readonly deps: TokenValidatorDeps) {}

  /** Undefined for a token of another kind. @throws with upstream's text for one that is not valid for any of the audiences */
  async validate(token: string, audiences: readonly string[], notes: RequestNotes = NO_NOTES): Promise<VerifiedToken | undefined> {
    const { tokens, legacy, reader, clock } = this.deps;
    const verified = await tokens.verify(token, audiences, clock.now());
    if (verified === undefined) return legacy.validate(token, audiences, notes);
    await requireNoFault(reader, () => this.#fault(verified));
    this.#noteAge(verified, notes);
    return verified;
  }

  /** A stale token lives on only because its life was extended: its reader has never fetched another. */
  #noteAge(verified: VerifiedToken, notes: RequestNotes): void {
    const { warnAfter } = verified;
    if (warnAfter === undefined) return;
    const seconds = this.deps.clock.now() / 1000 - warnAfter;
    this.deps.count?.(seconds > 0 ? 'stale' : 'valid');
    if (seconds > 0) notes.annotate('authentication.k8s.io/stale-token', `subject: ${nameOf(verified)}, seconds after warning threshold: ${Math.floor(seconds)}`);
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

const nameOf = ({ namespace, serviceAccount }: VerifiedToken): string => `system:serviceaccount:${namespace}:${serviceAccount.name}`;

/** The user a verified token stands for. */
export function userOf(verified: VerifiedToken): User {
  const { namespace, serviceAccount, credentialId, pod, node } = verified;
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
    name: nameOf(verified),
    uid: serviceAccount.uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, GROUP_AUTHENTICATED],
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
  };
}
