import { decodeJwt, type JWTPayload } from 'jose';

/** How the value of a claim is got that a token only tells the source of. */
export interface ClaimSource {
  /** Asks a source for the token that has the claim. */
  readonly ask: (endpoint: string, accessToken: string) => Promise<string>;
  /** The claims of a token of that issuer. @throws for one that it has not signed, that is over or for somebody else */
  readonly verify: (token: string, issuer: string) => Promise<JWTPayload>;
}

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
const textAt = (value: unknown, name: string): string | undefined => {
  const found = isMapping(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return typeof found === 'string' ? found : undefined;
};

/** Where a claim is to be got; undefined when the token has it, or has nothing of it. @throws for a token whose words on that make no sense */
function endpointOf(claims: JWTPayload, claim: string): { readonly url: string; readonly accessToken: string } | undefined {
  const { _claim_names: names, _claim_sources: sources } = claims;
  if (claims[claim] !== undefined || names === undefined) return undefined;
  if (!isMapping(names)) throw new Error('oidc: error parsing distributed claim names');
  if (sources === undefined) throw new Error('oidc: no claim sources');
  if (!isMapping(sources)) throw new Error('oidc: could not parse claim sources');
  const source = textAt(names, claim);
  if (source === undefined) return undefined;
  if (!Object.hasOwn(sources, source)) throw new Error(`id token _claim_names contained a source ${source} missing in _claims_sources`);
  const url = textAt(sources[source], 'endpoint') ?? '';
  // One that has its token beside it, an aggregated claim, is not read, as upstream does not.
  return url === '' ? undefined : { url, accessToken: textAt(sources[source], 'access_token') ?? '' };
}

/**
 * The claims of a token, with one of them fetched where the token only tells its source (OpenID Connect Core 1.0, 5.6.2). Mirrors `claimResolver` of
 * staging/src/k8s.io/apiserver/plugin/pkg/authenticator/token/oidc.
 */
export async function withDistributed(claims: JWTPayload, claim: string, { ask, verify }: ClaimSource): Promise<JWTPayload> {
  const endpoint = endpointOf(claims, claim);
  if (!endpoint) return claims;
  const token = (await ask(endpoint.url, endpoint.accessToken)).trim();
  const { iss: issuer } = decodeJwt(token);
  if (issuer === undefined) throw new Error(`the token of ${endpoint.url} for claim ${claim} has no issuer`);
  const { [claim]: value } = await verify(token, issuer);
  if (value === undefined) throw new Error(`jwt returned by distributed claim endpoint ${JSON.stringify(endpoint.url)} did not contain claim: ${claim}`);
  return { ...claims, [claim]: value };
}
