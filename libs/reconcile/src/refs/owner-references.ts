import { apiVersionOf, type KubeObject, type metav1, type ResourceType } from '@navarch/api';
import { parseGroupVersion } from '@navarch/apimachinery';

/** The reference to the controller that manages this object. */
export function controllerOf({ metadata }: KubeObject): metav1.OwnerReference | undefined {
  return metadata.ownerReferences?.find((reference) => reference.controller === true);
}

/** Whether this very owner (by uid) controls the object. */
export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  const uid = controllerOf(object)?.uid;
  return uid !== undefined && uid === owner.metadata.uid;
}

/** The reference that makes an owner the controller of an object. */
export function controllerReference<T extends KubeObject>(type: ResourceType<T>, owner: T): metav1.OwnerReference {
  return {
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    name: owner.metadata.name ?? '',
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** The owner's name, if the object's controller is of this kind. */
export function controllerNamed(object: KubeObject, type: ResourceType<KubeObject>): metav1.OwnerReference | undefined {
  const reference = controllerOf(object);
  if (reference?.kind !== type.kind) return undefined;
  return parseGroupVersion(reference.apiVersion)?.group === type.group ? reference : undefined;
}
