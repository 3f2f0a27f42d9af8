import { exportJWK } from 'jose';
import type { ServiceAccountTokens } from './service-account-tokens';

/** `/.well-known/openid-configuration`: lets others verify service-account tokens. */
export function openIdConfiguration(tokens: ServiceAccountTokens, jwksUri: string): object {
  return {
    issuer: tokens.issuer,
    jwks_uri: jwksUri,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...new Set([...tokens.publicKeys.values()].map((key) => tokens.algorithm(key)))],
  };
}

/** `/openid/v1/jwks`: the public keys. */
export async function jsonWebKeySet(tokens: ServiceAccountTokens): Promise<object> {
  const keys = await Promise.all(
    [...tokens.publicKeys].map(async ([kid, key]) => ({ ...(await exportJWK(key)), kid, use: 'sig', alg: tokens.algorithm(key) })),
  );
  return { keys };
}
