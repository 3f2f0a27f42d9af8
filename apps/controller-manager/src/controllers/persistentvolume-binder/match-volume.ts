import { storageClassOf, type corev1 } from '@navarch/api';
import { compareQuantities, matchesLabelSelector, parseQuantity, type Quantity, zeroQuantity } from '@navarch/apimachinery';

type Claim = corev1.PersistentVolumeClaim;
type Volume = corev1.PersistentVolume;

const quantity = (text: string | undefined): Quantity => (text === undefined ? zeroQuantity : parseQuantity(text));
const sizeOf = ({ spec }: Volume): Quantity => quantity(spec?.capacity?.['storage']);
const modeOf = ({ spec }: Claim | Volume): string => spec?.volumeMode ?? 'Filesystem';
const attributesOf = ({ spec }: Claim | Volume): string => spec?.volumeAttributesClassName ?? '';

/** Whether a volume is meant for a claim: it names it, and if it names a uid, that one. */
export function isMeantFor({ spec }: Volume, { metadata }: Claim): boolean {
  const reference = spec?.claimRef;
  if (reference === undefined || reference.name !== metadata.name || reference.namespace !== metadata.namespace) return false;
  return reference.uid === undefined || reference.uid === '' || reference.uid === metadata.uid;
}

export function modesDiffer(claim: Claim, volume: Volume): boolean {
  return modeOf(claim) !== modeOf(volume);
}

/** Why a volume that a claim asks for by name cannot be its; undefined if it can. */
export function mismatch(claim: Claim, volume: Volume): string | undefined {
  if (volume.metadata.deletionTimestamp !== undefined) return `the volume is marked for deletion ${JSON.stringify(volume.metadata.name)}`;
  if (compareQuantities(sizeOf(volume), quantity(claim.spec?.resources?.requests?.['storage'])) < 0) return 'requested PV is too small';
  if (storageClassOf(volume) !== storageClassOf(claim)) return 'storageClassName does not match';
  if (attributesOf(volume) !== attributesOf(claim)) return 'volumeAttributesClassName does not match';
  if (modesDiffer(claim, volume)) return 'incompatible volumeMode';
  return hasAccessModes(claim, volume) ? undefined : 'incompatible accessMode';
}

function hasAccessModes({ spec }: Claim, volume: Volume): boolean {
  return (spec?.accessModes ?? []).every((mode) => volume.spec?.accessModes?.includes(mode));
}

/**
 * The volume for a claim that asks for none by name. Of those with the fewest ways to use it beside what is asked for it
 * is the one that is meant for it, else the smallest that is large enough. A claim that waits for its consumer gets only
 * what is meant for it: the scheduler chooses. Mirrors findByClaim of upstream's index.go and FindMatchingVolume of its volume helpers.
 */
export function findVolume(claim: Claim, volumes: readonly Volume[], waitsForConsumer: boolean): Volume | undefined {
  const asked = quantity(claim.spec?.resources?.requests?.['storage']);
  const fitting = volumes.filter((volume) =>
    (volume.spec?.claimRef === undefined || isMeantFor(volume, claim)) && volume.metadata.deletionTimestamp === undefined &&
    compareQuantities(sizeOf(volume), asked) >= 0 && !modesDiffer(claim, volume) && attributesOf(volume) === attributesOf(claim) && hasAccessModes(claim, volume));
  const candidates = fitting.filter((volume) => {
    if (isMeantFor(volume, claim)) return true;
    const selector = claim.spec?.selector;
    return (
      !waitsForConsumer &&
      volume.status?.phase === 'Available' &&
      storageClassOf(volume) === storageClassOf(claim) &&
      (selector === undefined || matchesLabelSelector(selector, volume.metadata.labels ?? {}))
    );
  });
  const ways = ({ spec }: Volume): number => new Set(spec?.accessModes).size;
  const others = (volume: Volume): number => (isMeantFor(volume, claim) ? 0 : 1);
  return candidates.sort((a, b) => ways(a) - ways(b) || others(a) - others(b) || compareQuantities(sizeOf(a), sizeOf(b)))[0];
}
