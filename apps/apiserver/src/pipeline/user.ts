/** Who asks, as authentication found and impersonation may have changed it. */
export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export const ANONYMOUS_NAME = 'system:anonymous';
export const GROUP_AUTHENTICATED = 'system:authenticated';
export const GROUP_UNAUTHENTICATED = 'system:unauthenticated';
export const GROUP_MASTERS = 'system:masters';

export const anonymous: User = { name: ANONYMOUS_NAME, groups: [GROUP_UNAUTHENTICATED] };

/** The apiserver itself, where it acts without a client: bootstrap objects, own Services. */
export const loopback: User = { name: 'system:apiserver', groups: [GROUP_MASTERS, GROUP_AUTHENTICATED] };
