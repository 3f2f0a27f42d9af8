/** How far images that are on the node are for whoever asks: upstream's imagePullCredentialsVerificationPolicy. */
export const verificationPolicies = ['NeverVerify', 'NeverVerifyPreloadedImages', 'NeverVerifyAllowlistedImages', 'AlwaysVerify'] as const;
export type VerificationPolicy = (typeof verificationPolicies)[number];

/** A pull secret that fits an image; what it says is kept as a sum only. */
export interface PullSecret {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly credentialHash: string;
}

/** With what an image was pulled under one name. */
export interface PullCredentials {
  readonly kubernetesSecrets?: readonly PullSecret[];
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

/** Whether a pod that has these secrets may have an image that was pulled so: it has one of them, or one that says the same. */
export function mayUse(credentials: PullCredentials | undefined, secrets: readonly PullSecret[]): boolean {
  if (credentials?.nodePodsAccessible === true) return true;
  return secrets.some((own) => credentials?.kubernetesSecrets?.some((known) => own.credentialHash === known.credentialHash || isSame(own, known)));
}

/** The record with one more way to have come by the image; the same object where it says nothing new. */
export function withCredentials(record: ImagePulledRecord | undefined, imageRef: string, repository: string, secret: PullSecret | undefined, now: string): ImagePulledRecord {
  const before = record?.credentialMapping[repository];
  const known = before?.kubernetesSecrets ?? [];
  if (record && (before?.nodePodsAccessible === true || (secret && known.some((each) => isSame(each, secret) && each.credentialHash === secret.credentialHash)))) return record;
  const after: PullCredentials = secret ? { kubernetesSecrets: [...known.filter((each) => !isSame(each, secret)), secret] } : { nodePodsAccessible: true };
  return { kind: 'ImagePulledRecord', apiVersion: 'kubelet.config.k8s.io/v1beta1', imageRef, lastUpdatedTime: now, credentialMapping: { ...record?.credentialMapping, [repository]: after } };
}

function isSame(a: PullSecret, b: PullSecret): boolean {
  return a.uid === b.uid && a.namespace === b.namespace && a.name === b.name;
}
