/** A value of a token that becomes part of a user: a claim, with something put before it, or what an expression makes of all claims. */
export type ClaimOrExpression = { readonly claim: string; readonly prefix: string } | { readonly expression: string };

export type ClaimRule = { readonly claim: string; readonly requiredValue: string } | { readonly expression: string; readonly message: string };

/** An issuer of tokens, and who their bearers are: `jwt[]` of an AuthenticationConfiguration, or what the `--oidc-*` flags say. */
export interface JwtIssuer {
  readonly url: string;
  /** Where its keys are found, if not by the URL. */
  readonly discoveryUrl: string | undefined;
  /** PEM; the host's authorities unless given. */
  readonly certificateAuthority: string | undefined;
  /** A token is for this server if it is for one of these. */
  readonly audiences: readonly string[];
  readonly algorithms: readonly string[];
  readonly claimRules: readonly ClaimRule[];
  readonly username: ClaimOrExpression;
  readonly groups: ClaimOrExpression | undefined;
  readonly uid: { readonly claim: string } | { readonly expression: string } | undefined;
  readonly extra: readonly { readonly key: string; readonly expression: string }[];
  readonly userRules: readonly { readonly expression: string; readonly message: string }[];
}

/** What tokens may be signed with, unless a flag says less. */
export const ALGORITHMS: readonly string[] = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512'];
