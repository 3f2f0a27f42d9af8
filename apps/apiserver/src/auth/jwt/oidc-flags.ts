import { type CompiledIssuer, compileIssuer } from './compiled-issuer';

/** The `--oidc-*` flags. */
export interface OidcFlags {
  readonly issuerUrl: string;
  readonly clientId: string;
  readonly usernameClaim: string;
  /** `-` for none; empty: the issuer's URL and `#` for every claim but `email`. */
  readonly usernamePrefix: string;
  readonly groupsClaim: string;
  readonly groupsPrefix: string;
  readonly requiredClaims: Readonly<Record<string, string>>;
  readonly signingAlgorithms: readonly string[];
  readonly certificateAuthority: string | undefined;
}

/** The one issuer that the flags describe. */
export function issuerOfFlags({ issuerUrl, clientId, usernameClaim, usernamePrefix, groupsClaim, groupsPrefix, requiredClaims, signingAlgorithms, certificateAuthority }: OidcFlags): CompiledIssuer {
  const implied = usernameClaim === 'email' ? '' : `${issuerUrl}#`;
  return compileIssuer({
    url: issuerUrl, discoveryUrl: undefined, certificateAuthority, audiences: [clientId], algorithms: signingAlgorithms,
    claimRules: Object.entries(requiredClaims).map(([claim, requiredValue]) => ({ claim, requiredValue })),
    username: { claim: usernameClaim, prefix: usernamePrefix === '-' ? '' : usernamePrefix === '' ? implied : usernamePrefix },
    groups: groupsClaim === '' ? undefined : { claim: groupsClaim, prefix: groupsPrefix }, uid: undefined, extra: [], userRules: [],
  }, 'oidc');
}
