import { core, type KubeObject, type ResourceType } from '@navarch/api';
import type { ObjectReader, User } from '../../pipeline';
import { GROUP_AUTHENTICATED } from '../../pipeline';
import type { BoundObject, ServiceAccountTokens, VerifiedToken } from './service-account-tokens';

/** Objects deleted this long ago still vouch for their tokens, as upstream grants. */
const leewaySeconds = 60;

/** Verifies a token and that the objects it is bound to still live. */
export class TokenValidator {
  constructor(private readonly tokens: ServiceAccountTokens, private readonly reader: ObjectReader) {}

  /** Undefined for a token of another kind; throws for an invalid one. Audiences are the caller's business. */
  async validate(token: string): Promise<VerifiedToken | undefined> {
    const verified = await this.tokens.verify(token);
    if (verified === undefined) return undefined;
    if (this.#missing(verified) !== undefined) {
      await this.reader.refresh(); // rules 6.2: never deny on a cache that may be behind
      const missing = this.#missing(verified);
      if (missing !== undefined) throw new Error(missing);
    }
    return verified;
  }

  #missing(token: VerifiedToken): string | undefined {
    const { namespace, serviceAccount, pod, secret, node } = token;
    if (!this.#lives(core.serviceaccounts, namespace, serviceAccount)) return `service account ${namespace}/${serviceAccount.name} has been deleted`;
    if (pod !== undefined && !this.#lives(core.pods, namespace, pod)) return `pod ${namespace}/${pod.name} has been deleted`;
    if (secret !== undefined && !this.#lives(core.secrets, namespace, secret)) return `secret ${namespace}/${secret.name} has been deleted`;
    if (node !== undefined && pod === undefined && !this.#lives(core.nodes, '', node)) return `node ${node.name} has been deleted`;
    return undefined;
  }

  #lives<T extends KubeObject>(type: ResourceType<T>, namespace: string, bound: BoundObject): boolean {
    const found = this.reader.get(type, namespace, bound.name);
    if (found === undefined || found.metadata.uid !== bound.uid) return false;
    const deleted = found.metadata.deletionTimestamp;
    return deleted === undefined || Date.parse(deleted) + leewaySeconds * 1000 > Date.now();
  }
}

/** The user a verified token stands for. */
export function userOf(token: VerifiedToken): User {
  const extra: Record<string, string[]> = {};
  if (token.credentialId !== undefined) extra['authentication.kubernetes.io/credential-id'] = [token.credentialId];
  if (token.pod !== undefined) {
    extra['authentication.kubernetes.io/pod-name'] = [token.pod.name];
    extra['authentication.kubernetes.io/pod-uid'] = [token.pod.uid];
  }
  if (token.node !== undefined) {
    extra['authentication.kubernetes.io/node-name'] = [token.node.name];
    if (token.node.uid) extra['authentication.kubernetes.io/node-uid'] = [token.node.uid];
  }
  return {
    name: `system:serviceaccount:${token.namespace}:${token.serviceAccount.name}`,
    uid: token.serviceAccount.uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${token.namespace}`, GROUP_AUTHENTICATED],
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
  };
}
