import type { KubeObject, metav1, ResourceType } from '@navarch/api';
import { matchesLabelSelector } from '@navarch/apimachinery';
import { controllerNamed, controllerOf, type Controller, type ObjectSource, type SourceHandler } from '@navarch/reconcile';

export interface WakeOwnerRequest<T extends KubeObject, O extends KubeObject> {
  readonly dependents: ObjectSource<T>;
  readonly owners: ObjectSource<O>;
  readonly ownerType: ResourceType<O>;
  readonly controller: Controller;
  /** What an owner could adopt; its `spec.selector` unless said otherwise. */
  readonly selectorOf?: (owner: O) => metav1.LabelSelector | undefined;
  /** Set where an owner is not woken by what is new and its own already, as nobody but it makes such. */
  readonly quietWhenMade?: boolean;
  /** Called besides, for example to look again when a pod becomes available. */
  readonly onUpdate?: (previous: T, object: T, owner: O) => void;
}

/**
 * Wakes the controller of a dependent when it changes; an orphan wakes every owner that could adopt it. Both the old
 * and the new controller hear of a change of hands.
 */
export function wakeOwner<T extends KubeObject, O extends KubeObject>(request: WakeOwnerRequest<T, O>): () => void {
  const { dependents, owners, ownerType, controller, selectorOf = ownSelector } = request;
  const ownerOf = (object: T): O | undefined => {
    const reference = controllerNamed(object, ownerType);
    if (reference === undefined) return undefined;
    const owner = owners.get({ namespace: object.metadata.namespace ?? '', name: reference.name });
    return owner?.metadata.uid === reference.uid ? owner : undefined;
  };
  const wakeSuitors = (object: T): void => {
    if (object.metadata.deletionTimestamp !== undefined) return;
    for (const owner of owners.list(object.metadata.namespace)) {
      if (matchesLabelSelector(selectorOf(owner), object.metadata.labels ?? {})) controller.enqueueObject(owner);
    }
  };
  const wake = (object: T): void => {
    const owner = ownerOf(object);
    if (owner !== undefined) controller.enqueueObject(owner);
    else if (controllerOf(object) === undefined) wakeSuitors(object);
  };
  const handler: SourceHandler<T> = {
    onAdd: (object) => {
      if (request.quietWhenMade !== true || ownerOf(object) === undefined) wake(object);
    },
    onUpdate: (previous, object) => {
      const changedHands = controllerOf(previous)?.uid !== controllerOf(object)?.uid;
      const before = changedHands ? ownerOf(previous) : undefined;
      if (before !== undefined) controller.enqueueObject(before);
      const owner = ownerOf(object);
      if (owner !== undefined) request.onUpdate?.(previous, object, owner);
      // An orphan that changed in nothing an owner cares about needs no suitors.
      if (owner !== undefined || changedHands || JSON.stringify(previous.metadata.labels) !== JSON.stringify(object.metadata.labels)) wake(object);
    },
    onDelete: (object) => {
      const owner = ownerOf(object);
      if (owner !== undefined) controller.enqueueObject(owner);
    },
  };
  return dependents.addHandler(handler);
}

function ownSelector(owner: KubeObject & { spec?: { selector?: metav1.LabelSelector } }): metav1.LabelSelector | undefined {
  return owner.spec?.selector;
}

/** Wakes the controller with the object's own key whenever it changes. */
export function wakeSelf<T extends KubeObject>(source: ObjectSource<T>, controller: Controller): () => void {
  const wake = (object: T): void => controller.enqueueObject(object);
  return source.addHandler({ onAdd: wake, onUpdate: (_, object) => wake(object), onDelete: wake });
}
