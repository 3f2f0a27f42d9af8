import { ApiError, badRequest, forbidden, goQuote, serviceUnavailable } from '@navarch/apimachinery';
import type { identityv1 } from '@navarch/proto';
import type { CallContext, ServiceHandlers } from '@navarch/rpc';
import { nodeOf } from '../auth/node/node-identity';
import { GROUP_MASTERS, type User } from '../pipeline';
import type { AuthorizerChain } from '../pipeline/authorize';
import type { Registry } from '../registry/registry';
import type { BusCredentialMint } from './bus-credentials';
import { type BusRights, nodeRights, rightsByAuthorization } from './bus-rights';
import type { RpcRequests } from './rpc-requests';

/** Processes that stand in for many nodes are certified as members of this group (rules 6.8). */
const GROUP_NODE_GROUPS = 'navarch:node-groups';
const USER_KEY = /^U[A-Z2-7]{55}$/;

export interface IdentityServiceDeps {
  readonly requests: RpcRequests;
  readonly authorization: AuthorizerChain;
  readonly registry: Registry;
  /** Absent when this server has no NATS. */
  readonly mint: BusCredentialMint | undefined;
}

/** Gives components their identity on NATS: the certificate's, with the rights it has at this server. */
export class IdentityService implements ServiceHandlers<typeof identityv1.IdentityServiceService> {
  constructor(private readonly deps: IdentityServiceDeps) {}

  async issueBusCredentials(request: identityv1.IssueBusCredentialsRequest, context: CallContext): Promise<identityv1.IssueBusCredentialsResponse> {
    const { mint } = this.deps;
    const user = await this.deps.requests.user(context);
    if (!mint) throw serviceUnavailable('this server has no NATS');
    if (!USER_KEY.test(request.userPublicKey)) throw badRequest('userPublicKey is not the public key of a NATS user');
    const credentials = await mint.mint(user.name, request.userPublicKey, await this.rights(user, request.nodes));
    return { ...credentials, servers: [...credentials.servers], expiresUnixMs: BigInt(credentials.expiresUnixMs) };
  }

  /** @throws forbidden, for a user who may follow nothing as well: who asks before its roles were made is to ask again, and not to live with nothing for an hour */
  private async rights(user: User, nodes: readonly string[]): Promise<BusRights> {
    const own = nodeOf(user);
    if (own === '') throw refused(user, 'is no node that has a name');
    if (nodes.length > 0) {
      const mayStandIn = user.groups.includes(GROUP_NODE_GROUPS) || user.groups.includes(GROUP_MASTERS) || nodes.every((node) => node === own);
      if (!mayStandIn) throw forbidden({ group: '', resource: 'nodes' }, '', `User ${goQuote(user.name)} cannot stand in for other nodes`);
      if (nodes.includes('')) throw badRequest('nodes have names');
      return nodeRights(nodes);
    }
    if (own !== undefined) return nodeRights([own]);
    const rights = await rightsByAuthorization(user, this.deps.authorization, this.deps.registry);
    if (rights.subscribe.length === 0) throw refused(user, 'may watch no resource in all namespaces');
    return rights;
  }
}

function refused(user: User, why: string): ApiError {
  return new ApiError({ code: 403, reason: 'Forbidden', message: `forbidden: User ${goQuote(user.name)} ${why}`, details: {} });
}
