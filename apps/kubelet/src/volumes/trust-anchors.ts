import { type corev1 } from '@navarch/api';
import { compileLabelSelector, isNotFound } from '@navarch/apimachinery';
import { type VolumeObjects } from './volume-objects';

export type TrustBundles = Pick<VolumeObjects, 'trustBundle' | 'trustBundles'>;

const block = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** The certificates that a projection of trust bundles shows: of one by its name, or of all of a signer; each once, in a stable order. */
export async function trustAnchors({ name, signerName, labelSelector, optional }: corev1.ClusterTrustBundleProjection, bundles: TrustBundles): Promise<string> {
  let texts: string[];
  if (name !== undefined) {
    try {
      texts = [(await bundles.trustBundle(name)).spec.trustBundle];
    } catch (error) {
      if (optional === true && isNotFound(error)) return '';
      throw error;
    }
  } else {
    // Without a selector nothing is chosen, as upstream has it.
    const selector = labelSelector === undefined ? undefined : compileLabelSelector(labelSelector);
    texts = (await bundles.trustBundles()).filter(({ metadata, spec }) => spec.signerName === signerName && selector?.matches(metadata.labels ?? {}) === true).map(({ spec }) => spec.trustBundle);
    if (texts.length === 0 && optional !== true) throw new Error('combination of signerName and labelSelector matched zero ClusterTrustBundles');
  }
  const certificates = new Set(texts.flatMap((text) => text.match(block) ?? []));
  return [...certificates].sort().map((certificate) => `${certificate}\n`).join('');
}
