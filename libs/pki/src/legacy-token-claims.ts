/** Who issues tokens that live in Secrets: upstream's name for whichever cluster it is. */
export const LEGACY_TOKEN_ISSUER = 'kubernetes/serviceaccount';

const PREFIX = 'kubernetes.io/serviceaccount/';

/** What a token in a Secret says: it has no audience and no end, and lives as long as the Secret. */
export interface LegacyTokenSubject {
  readonly namespace: string;
  readonly secretName: string;
  readonly serviceAccount: { readonly name: string; readonly uid: string };
}

type Claims = Readonly<Record<string, unknown>>;

/** The claims of such a token, `iss` and `sub` among them. */
export function legacyTokenClaims({ namespace, secretName, serviceAccount: { name, uid } }: LegacyTokenSubject): Claims {
  return {
    iss: LEGACY_TOKEN_ISSUER,
    [`${PREFIX}namespace`]: namespace,
    [`${PREFIX}secret.name`]: secretName,
    [`${PREFIX}service-account.name`]: name,
    [`${PREFIX}service-account.uid`]: uid,
    sub: `system:serviceaccount:${namespace}:${name}`,
  };
}

/** Reads them. @throws with upstream's text for the first that is missing (pkg/serviceaccount/legacy.go) */
export function legacyTokenSubject(claims: Claims): LegacyTokenSubject {
  const read = (claim: string, text: string): string => {
    const value = claims[claim];
    if (typeof value !== 'string' || value === '') throw new Error(`${text} claim is missing`);
    return value;
  };
  const sub = read('sub', 'sub');
  const namespace = read(`${PREFIX}namespace`, 'namespace');
  const secretName = read(`${PREFIX}secret.name`, 'secretName');
  const name = read(`${PREFIX}service-account.name`, 'serviceAccountName');
  const uid = read(`${PREFIX}service-account.uid`, 'serviceAccountUID');
  if (sub !== `system:serviceaccount:${namespace}:${name}`) throw new Error('sub claim is invalid');
  return { namespace, secretName, serviceAccount: { name, uid } };
}
