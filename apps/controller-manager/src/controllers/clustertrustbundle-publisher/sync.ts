import { createHash } from 'node:crypto';
import type { certificatesv1beta1 } from '@navarch/api';

type Bundle = certificatesv1beta1.ClusterTrustBundle;

export interface BundlePlan {
  /** To be made, or changed, first. */
  readonly write?: { readonly kind: 'create' | 'update'; readonly bundle: Bundle };
  /** Of the same signer, and not the one: they go. */
  readonly remove: readonly Bundle[];
}

/** The name of a signer's only bundle: it changes with what is in it. */
export function bundleName(signerName: string, trustBundle: string): string {
  return `${signerName.replaceAll('/', ':')}:${createHash('sha256').update(trustBundle).digest('hex').slice(0, 24)}`;
}

/** Decides what must become of a signer's bundles so that there is one, with this content. Mirrors upstream's clustertrustbundlepublisher. */
export function planBundles(signerName: string, trustBundle: string, present: readonly Bundle[]): BundlePlan {
  const name = bundleName(signerName, trustBundle);
  const own = present.filter(({ spec }) => spec.signerName === signerName);
  const current = own.find(({ metadata }) => metadata.name === name);
  const remove = own.filter((bundle) => bundle !== current);
  if (current === undefined) return { write: { kind: 'create', bundle: { metadata: { name }, spec: { signerName, trustBundle } } }, remove };
  if (current.spec.trustBundle === trustBundle) return { remove };
  return { write: { kind: 'update', bundle: { ...current, spec: { ...current.spec, trustBundle } } }, remove };
}
