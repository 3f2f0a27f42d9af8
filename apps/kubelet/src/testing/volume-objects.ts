import { notFound } from '@navarch/apimachinery';
import { type PodVolumesDeps } from '../volumes/pod-volumes';
import { type VolumeObjects } from '../volumes/volume-objects';

const none = (resource: string) => (...names: readonly string[]): Promise<never> => Promise.reject(notFound({ group: '', resource }, names.at(-1) ?? ''));

/** An API in which volumes find nothing; tests put in what they need. */
export const noObjects: VolumeObjects = {
  claim: none('persistentvolumeclaims'),
  volume: none('persistentvolumes'),
  updateClaimStatus: ({ metadata }) => none('persistentvolumeclaims')(metadata.name ?? ''),
  secret: none('secrets'),
  csiDriver: () => Promise.resolve(undefined),
  attachment: none('volumeattachments'),
  trustBundle: none('clustertrustbundles'),
  trustBundles: () => Promise.resolve([]),
};

/** A node without drivers. */
export const noCsi: PodVolumesDeps['csi'] = {
  path: () => '',
  setUp: () => Promise.resolve(),
  renew: () => Promise.resolve(),
  tearDown: () => Promise.resolve(),
  expand: () => Promise.resolve(undefined),
  usage: () => Promise.resolve(undefined),
  start: () => Promise.resolve(),
  left: [],
  tidy: () => Promise.resolve(),
};
