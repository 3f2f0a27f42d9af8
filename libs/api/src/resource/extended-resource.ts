import type { resourcev1 } from '../gen';
import { isExtendedResource } from '../core/pod/validation/resources';

type DeviceClass = resourcev1.DeviceClass;

/** Every device class can be asked for by this and its name, besides what it says in `spec.extendedResourceName`. */
export const implicitResourcePrefix = 'deviceclass.resource.kubernetes.io/';

/** A resource for which devices can stand (upstream's IsDRAExtendedResourceName). */
export const isDeviceResource = (name: string): boolean => isExtendedResource(name) || name.startsWith(implicitResourcePrefix);

/** The class whose devices an extended resource stands for. Of several that say so the youngest, then the first by name. */
export function deviceClassOfResource(resource: string, classes: readonly DeviceClass[]): DeviceClass | undefined {
  if (resource.startsWith(implicitResourcePrefix)) return classes.find(({ metadata }) => metadata.name === resource.slice(implicitResourcePrefix.length));
  let best: DeviceClass | undefined;
  for (const candidate of classes) {
    if (candidate.spec.extendedResourceName === resource && (best === undefined || goesBefore(candidate, best))) best = candidate;
  }
  return best;
}

function goesBefore({ metadata: a }: DeviceClass, { metadata: b }: DeviceClass): boolean {
  const [createdA, createdB] = [Date.parse(a.creationTimestamp ?? ''), Date.parse(b.creationTimestamp ?? '')];
  return createdA > createdB || (!(createdA < createdB) && (a.name ?? '') < (b.name ?? ''));
}
