import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { get } from 'node:https';
import type { JwtIssuer } from './jwt-issuer';

/** An unknown key is a reason to look again, but not for every forged token. */
const refreshEveryMs = 10_000;

function fetchJson<T>(url: string, ca: Buffer | undefined): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const call = get(url, { signal: AbortSignal.timeout(30_000), ...(ca ? { ca } : {}) }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(Buffer.concat(chunks).toString()) as T);
        else reject(new Error(`${url} answered with status ${response.statusCode ?? 0}`));
      });
    });
    call.on('error', reject);
  });
}

/** The keys of an issuer, found by discovery on first use and looked up again when one is missing. */
export function issuerKeys({ url, discoveryUrl, certificateAuthority }: Pick<JwtIssuer, 'certificateAuthority' | 'discoveryUrl' | 'url'>, now: () => number): JWTVerifyGetKey {
  const ca = certificateAuthority === undefined ? undefined : Buffer.from(certificateAuthority);
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
