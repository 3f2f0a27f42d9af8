import { type FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { claimSpecWarnings } from '../persistent-volume-claim/warnings';

type Volume = Loose<corev1.Volume>;
type Projection = Loose<corev1.VolumeProjection>;

/** Kinds of storage whose drivers are gone; one of claims that are made for the pod is looked at on the way. */
const formerVolumes: readonly (readonly [kind: keyof corev1.Volume, field: string, text: string])[] = [
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  // Upstream's name for the field in what it says.
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];

function formerKinds(volume: Volume, path: FieldPath): string[] {
  const found: string[] = [];
  for (const [kind, field, text] of formerVolumes) if (volume[kind] !== undefined) found.push(`${path.child(field).toString()}: ${text}`);
  const claim = volume.ephemeral?.volumeClaimTemplate;
  return claim ? [...found, ...claimSpecWarnings(claim.spec ?? {}, path.child('ephemeral', 'volumeClaimTemplate', 'spec'))] : found;
}

interface Place {
  readonly path: string;
  /** Which of the sources of a volume puts a file there; only asked for where files are in each other's way. */
  readonly source?: () => string;
}

const quote = (text: string | undefined): string => JSON.stringify(text ?? '');
const placesOf = (items: readonly Loose<{ path: string }>[] | undefined, source?: () => string): Place[] => list(items).map(({ path = '' }) => (source ? { path, source } : { path }));
const shown = ({ path, source }: Place): string => (source ? `${quote(path)} (${source()})` : quote(path));

/** One is the other, or a folder that it would be in. */
const collides = (a: string, b: string): boolean => a !== '' && b !== '' && (isAtOrIn(a, b) || isAtOrIn(b, a));
const isAtOrIn = (path: string, folder: string): boolean => path.startsWith(folder) && (path.length === folder.length || path[folder.length] === '/');

function overlaps(places: readonly Place[]): string[] {
  const seen: Place[] = [];
  const found: string[] = [];
  for (const given of places) {
    const place = given.path.endsWith('/') ? { ...given, path: given.path.replace(/\/+$/, '') } : given;
    for (const other of seen) if (collides(other.path, place.path)) found.push(`${shown(place)} with ${shown(other)}`);
    seen.push(place);
  }
  return found;
}

/** Where a source of a projected volume puts its files; undefined for one that is none. */
function projectedPlaces({ configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate }: Projection): Place[] | undefined {
  if (configMap?.items) return placesOf(configMap.items, () => `ConfigMap ${quote(configMap.name)}`);
  if (secret?.items) return placesOf(secret.items, () => `Secret ${quote(secret.name)}`);
  if (downwardAPI?.items) return placesOf(downwardAPI.items, () => 'DownwardAPI');
  if (serviceAccountToken) return placesOf([serviceAccountToken], () => 'ServiceAccountToken');
  if (clusterTrustBundle) return placesOf([clusterTrustBundle], () => `ClusterTrustBundle ${quote(clusterTrustBundle.name ?? clusterTrustBundle.signerName)}`);
  if (podCertificate) {
    const { certificateChainPath, keyPath, credentialBundlePath } = podCertificate;
    const files = [[certificateChainPath, 'PodCertificate chain'], [keyPath, 'PodCertificate key'], [credentialBundlePath, 'PodCertificate credential bundle']] as const;
    return files.flatMap(([path, source]) => (path ? [{ path, source: () => source }] : []));
  }
  return configMap ?? secret ?? downwardAPI ? [] : undefined;
}

/** Files of one volume that are in each other's way: the last is kept, or the volume cannot be made. */
function overlappingFiles({ name = '', configMap, secret, downwardAPI, projected }: Volume): string[] {
  const say = (what: string, texts: readonly string[]): string[] => texts.map((text) => `volume ${quote(name)} (${what}): overlapping paths: ${text}`);
  const found: string[] = [];
  if (configMap?.items) found.push(...say(`ConfigMap ${quote(configMap.name)}`, overlaps(placesOf(configMap.items))));
  if (secret?.items) found.push(...say(`Secret ${quote(secret.secretName)}`, overlaps(placesOf(secret.items))));
  if (downwardAPI) found.push(...say('DownwardAPI', overlaps(placesOf(downwardAPI.items))));
  if (!projected) return found;
  const places: Place[] = [];
  for (const source of list(projected.sources)) {
    const own = projectedPlaces(source);
    if (own === undefined) found.push(`volume ${quote(name)} (Projected) has no sources provided`);
    else places.push(...own);
  }
  found.push(...say('Projected', overlaps(places)));
  return found;
}

/** What is said of a pod's volumes. Mirrors pkg/api/pod/warnings.go. */
export function volumeWarnings(volumes: readonly Volume[] | undefined, path: FieldPath): string[] {
  const found: string[] = [];
  list(volumes).forEach((volume, i) => found.push(...formerKinds(volume, path.index(i))));
  for (const volume of list(volumes)) found.push(...overlappingFiles(volume));
  return found;
}
