/** How far images that are on the node are for whoever asks: upstream's imagePullCredentialsVerificationPolicy. */
export const verificationPolicies = ['NeverVerify', 'NeverVerifyPreloadedImages', 'NeverVerifyAllowlistedImages', 'AlwaysVerify'] as const;
export type VerificationPolicy = (typeof verificationPolicies)[number];

/** A service account whose token a program was given that knows credentials for an image. */
export interface PullServiceAccount {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
}

/** A pull secret that fits an image; what it says is kept as a sum only. */
export interface PullSecret extends PullServiceAccount {
  readonly credentialHash: string;
}

/** Whose credentials they are; the node's own have no source. */
export type PullSource = PullSecret | PullServiceAccount;

/** With what an image was pulled under one name. */
export interface PullCredentials {
  readonly kubernetesSecrets?: readonly PullSecret[];
  readonly kubernetesServiceAccounts?: readonly PullServiceAccount[];
  /** It took no pod's credentials: every pod of the node may have it. */
  readonly nodePodsAccessible?: boolean;
}

/** What is kept of an image that this kubelet has pulled: upstream's ImagePulledRecord. */
export interface ImagePulledRecord {
  readonly kind: 'ImagePulledRecord';
  readonly apiVersion: 'kubelet.config.k8s.io/v1beta1';
  readonly lastUpdatedTime: string;
  readonly imageRef: string;
  /** By repository. */
  readonly credentialMapping: Readonly<Record<string, PullCredentials>>;
}

/** Upstream's words for what came of looking. */
export type AccessResult = 'credentialPolicyAllowed' | 'credentialRecordFound' | 'mustAuthenticate';

export interface AccessOptions {
  readonly policy: VerificationPolicy;
  /** Repositories; a last part `*` stands for all that begin so. */
  readonly allowlist: readonly string[];
}

/** Whether an image needs no looking at: whoever asks may have it. */
export function isExempt({ policy, allowlist }: AccessOptions, repository: string, pulledHere: boolean): boolean {
  switch (policy) {
    case 'NeverVerify': return true;
    case 'NeverVerifyPreloadedImages': return !pulledHere;
    case 'NeverVerifyAllowlistedImages': return allowlist.some((allowed) => (allowed.endsWith('/*') ? repository.startsWith(allowed.slice(0, -1)) : allowed === repository));
    case 'AlwaysVerify': return false;
  }
}

/**
 * Whether this kubelet pulled an image under a name. One that was loaded under that name stays what it was, whatever other
 * names it is pulled under later; one that does not go by the name at all, such as one that is asked for by its id, was pulled.
 */
export function wasPulled(record: ImagePulledRecord | undefined, repository: string, repositories: readonly string[]): boolean {
  return record !== undefined && (record.credentialMapping[repository] !== undefined || !repositories.includes(repository));
}

/** Whether a pod that has these sources may have an image that was pulled so: it has one of them, or a secret that says the same. */
export function mayUse(credentials: PullCredentials | undefined, sources: readonly PullSource[]): boolean {
  if (credentials?.nodePodsAccessible === true) return true;
  return sources.some((own) => (isSecret(own)
    ? credentials?.kubernetesSecrets?.some((known) => own.credentialHash === known.credentialHash || isSame(own, known))
    : credentials?.kubernetesServiceAccounts?.some((known) => isSame(own, known))));
}

/** The record with one more way to have come by the image; the same object where it says nothing new. */
export function withCredentials(record: ImagePulledRecord | undefined, imageRef: string, repository: string, source: PullSource | undefined, now: string): ImagePulledRecord {
  const before = record?.credentialMapping[repository];
  if (record && (before?.nodePodsAccessible === true || (source && isKnown(before, source)))) return record;
  return {
    kind: 'ImagePulledRecord',
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    imageRef,
    lastUpdatedTime: now,
    credentialMapping: { ...record?.credentialMapping, [repository]: source ? joined(before, source) : { nodePodsAccessible: true } },
  };
}

function isKnown(credentials: PullCredentials | undefined, source: PullSource): boolean {
  return isSecret(source)
    ? credentials?.kubernetesSecrets?.some((known) => isSame(known, source) && known.credentialHash === source.credentialHash) ?? false
    : credentials?.kubernetesServiceAccounts?.some((known) => isSame(known, source)) ?? false;
}

function joined(credentials: PullCredentials | undefined, source: PullSource): PullCredentials {
  if (isSecret(source)) return { ...credentials, kubernetesSecrets: [...(credentials?.kubernetesSecrets ?? []).filter((known) => !isSame(known, source)), source] };
  return { ...credentials, kubernetesServiceAccounts: [...credentials?.kubernetesServiceAccounts ?? [], source] };
}

function isSecret(source: PullSource): source is PullSecret {
  return 'credentialHash' in source;
}

function isSame(a: PullSource, b: PullSource): boolean {
  return a.uid === b.uid && a.namespace === b.namespace && a.name === b.name;
}
