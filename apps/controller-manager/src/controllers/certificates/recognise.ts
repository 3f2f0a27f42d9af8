import type { certificatesv1, corev1 } from '@navarch/api';
import type { RequestedCertificate } from '@navarch/pki';

type Request = certificatesv1.CertificateSigningRequest;

export const CLIENT = 'kubernetes.io/kube-apiserver-client';
export const KUBELET_CLIENT = 'kubernetes.io/kube-apiserver-client-kubelet';
export const KUBELET_SERVING = 'kubernetes.io/kubelet-serving';
export const LEGACY_UNKNOWN = 'kubernetes.io/legacy-unknown';

const usagesWith = (main: string, ...more: string[]): string[] => ['digital signature', ...more, main].sort();

/** With a key that cannot encrypt (not RSA), `key encipherment` may be left out. */
function usageProblem(usages: readonly string[] | undefined, main: string): string | undefined {
  const given = [...new Set(usages)].sort().join();
  const required = usagesWith(main, 'key encipherment');
  return [required, usagesWith(main)].some((allowed) => allowed.join() === given) ? undefined : `usages did not match [${required.join(' ')}]`;
}

function nodeProblem({ organizations, commonName }: RequestedCertificate): string | undefined {
  if (organizations.length !== 1 || organizations[0] !== 'system:nodes') return 'subject organization is not system:nodes';
  return commonName.startsWith('system:node:') ? undefined : 'subject common name does not begin with system:node:';
}

/** Why a request is none for a kubelet's client certificate; undefined if it is one. */
function kubeletClientProblem(asked: RequestedCertificate, usages: readonly string[] | undefined): string | undefined {
  const ofNode = nodeProblem(asked);
  if (ofNode?.startsWith('subject organization') === true) return ofNode;
  if (asked.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed';
  if (asked.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (asked.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed';
  if (asked.uris.length > 0) return 'URI subjectAltNames are not allowed';
  return ofNode ?? usageProblem(usages, 'client auth');
}

function kubeletServingProblem(asked: RequestedCertificate, usages: readonly string[] | undefined): string | undefined {
  const ofNode = nodeProblem(asked);
  if (ofNode?.startsWith('subject organization') === true) return ofNode;
  if (asked.dnsNames.length + asked.ipAddresses.length === 0) return 'DNS or IP subjectAltName is required';
  if (asked.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (asked.uris.length > 0) return 'URI subjectAltNames are not allowed';
  return usageProblem(usages, 'server auth') ?? ofNode;
}

/** Whether a node asks to serve under its own name and addresses only. */
export function servesOwnNames({ metadata, status }: corev1.Node, asked: RequestedCertificate): boolean {
  const own = new Set([metadata.name, ...(status?.addresses ?? []).map(({ address }) => address)]);
  return [...asked.dnsNames, ...asked.ipAddresses].every((name) => own.has(name));
}

function clientProblem(usages: readonly string[] | undefined): string | undefined {
  const other = usages?.find((usage) => !['digital signature', 'key encipherment', 'client auth'].includes(usage));
  if (other !== undefined) return `invalid usage for client certificate: ${other}`;
  return usages?.includes('client auth') === true ? undefined : 'missing required usage for client certificate: client auth';
}

/** Why the signer of a request may not sign it; undefined if it may. Mirrors upstream's certificates helpers. */
export function signerProblem({ spec }: Request, asked: RequestedCertificate): string | undefined {
  switch (spec.signerName) {
    case CLIENT:
      return clientProblem(spec.usages);
    case KUBELET_CLIENT:
      return kubeletClientProblem(asked, spec.usages);
    case KUBELET_SERVING:
      return kubeletServingProblem(asked, spec.usages);
    default:
      return undefined;
  }
}

/**
 * The permissions by which a request of a kubelet is approved; none if it is not one of those that are approved by themselves. Serving certificates
 * are left to people by upstream; here they are approved too where somebody granted `selfnodeserver`, which nobody does by default.
 */
export function approvalRule({ spec }: Request, asked: RequestedCertificate): { readonly subresource: string; readonly message: string }[] {
  if (spec.signerName === KUBELET_SERVING && spec.username === asked.commonName && kubeletServingProblem(asked, spec.usages) === undefined)
    return [{ subresource: 'selfnodeserver', message: 'Auto approving self kubelet server certificate after SubjectAccessReview.' }];
  if (spec.signerName !== KUBELET_CLIENT || kubeletClientProblem(asked, spec.usages) !== undefined) return [];
  const node = { subresource: 'nodeclient', message: 'Auto approving kubelet client certificate after SubjectAccessReview.' };
  const self = { subresource: 'selfnodeclient', message: 'Auto approving self kubelet client certificate after SubjectAccessReview.' };
  return spec.username === asked.commonName ? [self, node] : [node];
}
