import type { corev1 } from '@navarch/api';
import { ApiError, fieldErrors, FieldPath } from '@navarch/apimachinery';
import { aggregateText } from '../../auth/aggregate-text';
import type { AdmissionAttributes, AdmissionPlugin } from '../../pipeline';
import { refused } from '../refused';

type Container = corev1.Container | corev1.EphemeralContainer;

interface Pulled {
  /** Of the policy. */
  readonly path: FieldPath;
  readonly image: string | undefined;
  readonly policy: string | undefined;
  readonly pullAlways: () => void;
}

/** All that a pod has pulled: for its containers, and as its volumes. Admission comes before validation: a pod may still lack what it must have. */
function pulledBy({ spec }: corev1.Pod): Pulled[] {
  const { initContainers = [], containers = [], ephemeralContainers = [], volumes = [] }: Partial<corev1.PodSpec> = spec ?? {};
  const at = FieldPath.of('spec');
  const ofContainers = (field: string, list: readonly Container[]): Pulled[] => list.map((container, i) => ({
    path: at.child(field).index(i).child('imagePullPolicy'), image: container.image, policy: container.imagePullPolicy,
    pullAlways: () => (container.imagePullPolicy = 'Always'),
  }));
  const ofVolumes = volumes.flatMap(({ image }, i): Pulled[] => (image === undefined ? [] : [{
    path: at.child('volumes').index(i).child('image', 'pullPolicy'), image: image.reference, policy: image.pullPolicy,
    pullAlways: () => (image.pullPolicy = 'Always'),
  }]));
  return [...ofContainers('initContainers', initContainers), ...ofContainers('containers', containers), ...ofContainers('ephemeralContainers', ephemeralContainers), ...ofVolumes];
}

/** Policies cannot be changed: a pod that was there before the plug-in can still be changed otherwise. */
function bringsImages({ operation, object, oldObject }: AdmissionAttributes): boolean {
  if (operation !== 'UPDATE') return true;
  const before = new Set(pulledBy(oldObject as corev1.Pod).map(({ image }) => image));
  return pulledBy(object as corev1.Pod).some(({ image }) => !before.has(image));
}

/** Credentials of a registry are asked for again for every pod: an image that is there already is nobody's for free. */
export const alwaysPullImages: AdmissionPlugin = {
  name: 'AlwaysPullImages',
  handles: ({ operation, group, resource, subresource }) => (operation === 'CREATE' || operation === 'UPDATE') && group === '' && resource === 'pods' && subresource === '',
  applies: bringsImages,
  mutate({ object }) {
    for (const { pullAlways } of pulledBy(object as corev1.Pod)) pullAlways();
  },
  /** A webhook may have put it back. */
  validate(attributes) {
    const faults = pulledBy(attributes.object as corev1.Pod).filter(({ policy }) => policy !== 'Always');
    if (faults.length === 0) return;
    const texts = faults.map(({ path, policy = '' }) => refused(attributes, fieldErrors.notSupported(path, policy, ['Always']).message).message);
    // Upstream's list of errors is no answer of its own: a 500, not a 403.
    throw new ApiError({ code: 500, reason: '', message: aggregateText(texts) });
  },
};
