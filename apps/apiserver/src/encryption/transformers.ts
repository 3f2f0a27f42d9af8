import { aescbc, aesgcm, identity, secretbox, type Transformer, type TransformersOf } from '@navarch/storage';
import type { ProviderConfig, ResourceEncryption } from './encryption-config';
import { splitResource } from './resource-names';

const ciphers = { aesgcm, aescbc, secretbox };
const ROOT = '/registry/';

/** Makes the transformer of a KMS plug-in. */
export type KmsTransformerOf = (config: ProviderConfig & { kind: 'kms' }) => Transformer;

/**
 * The transformers of a key, by its resource. As upstream, what names a resource goes before what names its group, and that
 * before `*.*`; entries with the same name add up in their order.
 */
export function transformersBy(config: readonly ResourceEncryption[], kms: KmsTransformerOf): TransformersOf {
  const byPattern = new Map<string, Transformer[]>();
  for (const { resources, providers } of config) {
    const transformers = providers.flatMap((provider) => transformersOf(provider, kms));
    for (const name of resources) {
      const { resource, group } = splitResource(name);
      const pattern = `${group}/${resource}`;
      byPattern.set(pattern, [...(byPattern.get(pattern) ?? []), ...transformers]);
    }
  }
  return (key) => {
    if (!key.startsWith(ROOT)) return undefined;
    const { group, resource } = resourceOfKey(key);
    return byPattern.get(`${group}/${resource}`) ?? byPattern.get(`${group}/*`) ?? byPattern.get('*/*');
  };
}

/** Whose objects are stored under such a key. */
export function resourceOfKey(key: string): { group: string; resource: string } {
  const [stored = '', resource = ''] = key.slice(ROOT.length).split('/', 2);
  return { group: stored === 'core' ? '' : stored, resource };
}

function transformersOf(provider: ProviderConfig, kms: KmsTransformerOf): Transformer[] {
  if (provider.kind === 'identity') return [identity];
  if (provider.kind === 'kms') return [kms(provider)];
  return provider.keys.map(({ name, secret }) => ciphers[provider.kind](name, secret));
}
