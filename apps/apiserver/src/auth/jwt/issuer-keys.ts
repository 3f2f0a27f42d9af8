import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { askIssuer } from './ask-issuer';
import type { JwtIssuer } from './jwt-issuer';

/** An unknown key is a reason to look again, but not for every forged token. */
const refreshEveryMs = 10_000;

async function fetchJson<T>(url: string, ca: Buffer | undefined): Promise<T> {
  return JSON.parse(await askIssuer(url, { ca, isWell: (status) => status === 200 })) as T;
}

const authorities = (pem: string | undefined): Buffer | undefined => (pem === undefined ? undefined : Buffer.from(pem));

/** The token of a distributed claim, from where the issuer's own token says. */
export function askForClaim({ certificateAuthority }: Pick<JwtIssuer, 'certificateAuthority'>, endpoint: string, accessToken: string): Promise<string> {
  return askIssuer(endpoint, {
    ca: authorities(certificateAuthority),
    isWell: (status) => status >= 200 && status <= 226,
    ...(accessToken === '' ? {} : { headers: { Authorization: `Bearer ${accessToken}` } }),
  });
}

/** The keys of an issuer, found by discovery on first use and looked up again when one is missing. */
export function issuerKeys({ url, discoveryUrl, certificateAuthority }: Pick<JwtIssuer, 'certificateAuthority' | 'discoveryUrl' | 'url'>, now: () => number): JWTVerifyGetKey {
  const ca = authorities(certificateAuthority);
  let known: ReturnType<typeof createLocalJWKSet> | undefined;
  let loadedAt = Number.NEGATIVE_INFINITY;
  const load = async (): Promise<ReturnType<typeof createLocalJWKSet>> => {
    loadedAt = now();
    const { jwks_uri: uri, issuer } = await fetchJson<{ jwks_uri: string; issuer: string }>(discoveryUrl ?? `${url.replace(/\/$/, '')}/.well-known/openid-configuration`, ca);
    if (issuer !== url) throw new Error(`oidc: issuer did not match the issuer returned by provider, expected ${JSON.stringify(url)} got ${JSON.stringify(issuer)}`);
    known = createLocalJWKSet(await fetchJson<JSONWebKeySet>(uri, ca));
    return known;
  };
  return async (header, token) => {
    const keys = known ?? (await load());
    try {
      return await keys(header, token);
    } catch (error) {
      if (now() - loadedAt < refreshEveryMs) throw error;
      return (await load())(header, token);
    }
  };
}
