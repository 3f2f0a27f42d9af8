import { createAccount, createOperator, decode, encodeAccount, encodeOperator, encodeUser, type Account, type ClaimsData, type KeyPair } from '@nats-io/jwt';
import { nativeKeyPair } from './native-key-pair';

/** The identities of a NATS server in operator mode: everything text, seeds secret. */
export interface BusOperator {
  readonly operatorSeed: string;
  readonly operatorJwt: string;
  /** The account that NATS reports its own events in. */
  readonly systemAccountSeed: string;
  readonly systemAccountJwt: string;
  /** The account that all of the cluster's components are users of. */
  readonly accountSeed: string;
  readonly accountJwt: string;
}

const LIMITS = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 } as const;

/** Makes operator, system account and cluster account, or what of their JWTs is missing for given seeds. */
export async function createBusOperator(seeds: Partial<Pick<BusOperator, 'operatorSeed' | 'systemAccountSeed' | 'accountSeed'>> = {}): Promise<BusOperator> {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
  const operator = nativeKeyPair(seeds.operatorSeed ?? text(createOperator().getSeed()));
  const [system, account] = [seeds.systemAccountSeed, seeds.accountSeed].map((seed) => nativeKeyPair(seed ?? text(createAccount().getSeed()))) as [KeyPair, KeyPair];
  return {
    operatorSeed: text(operator.getSeed()),
    operatorJwt: await encodeOperator('navarch', operator, { system_account: system.getPublicKey() }),
    systemAccountSeed: text(system.getSeed()),
    systemAccountJwt: await encodeAccount('SYS', system, { limits: LIMITS }, { signer: operator }),
    accountSeed: text(account.getSeed()),
    accountJwt: await encodeAccount('navarch', account, { limits: LIMITS }, { signer: operator }),
  };
}

/** The public key in a JWT: its account's or user's name in NATS. */
export function subjectOfJwt(jwt: string): string {
  const claims: ClaimsData<Partial<Account>> = decode(jwt);
  return claims.sub;
}

export interface BusUser {
  readonly name: string;
  /** The user's public nkey; whoever holds its seed can use the JWT. */
  readonly publicKey: string;
  /** Subjects it may publish to and subscribe to; none means none. */
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Signs a user JWT with the account's seed. NATS enforces its rights and its end, and asks nobody. */
export async function signBusUser(accountSeed: string, user: BusUser): Promise<string> {
  // An absent list would allow everything, an empty one does too: deny all instead.
  const rights = (subjects: readonly string[]): { allow: string[]; deny: string[] } => (subjects.length === 0 ? { allow: [], deny: ['>'] } : { allow: [...subjects], deny: [] });
  return encodeUser(
    user.name,
    user.publicKey,
    signerOf(accountSeed),
    { pub: rights(user.publish), sub: rights(user.subscribe), bearer_token: false, subs: -1, data: -1, payload: -1 },
    { exp: Math.floor(user.expiresAt / 1000) },
  );
}

/** A process signs for one account, every few minutes for each of a thousand users. */
let signer: { readonly seed: string; readonly pair: KeyPair } | undefined;

function signerOf(seed: string): KeyPair {
  if (signer?.seed !== seed) signer = { seed, pair: nativeKeyPair(seed) };
  return signer.pair;
}
