import type { BusCredentials } from '@navarch/bus';
import { identityv1 } from '@navarch/proto';
import { toApiError, type RpcChannel } from '@navarch/rpc';

/** Fetches NATS credentials for the certificate that the channel holds: what a NatsBus is given. */
export function busCredentials(channel: RpcChannel, nodes: readonly string[] = []): (userPublicKey: string, signal: AbortSignal) => Promise<BusCredentials> {
  const service = channel.client(identityv1.IdentityServiceService);
  return async (userPublicKey, signal) => {
    try {
      const { jwt, expiresUnixMs, servers, inboxPrefix } = await service.issueBusCredentials({ userPublicKey, nodes: [...nodes] }, { signal });
      return { jwt, expiresUnixMs: Number(expiresUnixMs), servers, inboxPrefix };
    } catch (error) {
      throw toApiError(error);
    }
  };
}
