import { type KubeObject, type metav1 } from '@navarch/api';

/** A draft of an object whose metadata is always there; a class here adds what its kind is tested by. */
export abstract class ObjectBuilder<T extends KubeObject> {
  protected readonly object: T;

  protected constructor(object: T) {
    this.object = object;
  }

  named(name: string): this {
    this.object.metadata.name = name;
    return this;
  }

  inNamespace(namespace: string): this {
    this.object.metadata.namespace = namespace;
    return this;
  }

  labelled(labels: Record<string, string>): this {
    this.object.metadata.labels = { ...this.object.metadata.labels, ...labels };
    return this;
  }

  annotated(annotations: Record<string, string>): this {
    this.object.metadata.annotations = { ...this.object.metadata.annotations, ...annotations };
    return this;
  }

  withUid(uid: string): this {
    this.object.metadata.uid = uid;
    return this;
  }

  atVersion(resourceVersion: string | number): this {
    this.object.metadata.resourceVersion = String(resourceVersion);
    return this;
  }

  createdAt(time: string): this {
    this.object.metadata.creationTimestamp = time;
    return this;
  }

  beingDeleted(time = '2026-01-01T00:00:00Z', graceSeconds = 30): this {
    this.object.metadata.deletionTimestamp = time;
    this.object.metadata.deletionGracePeriodSeconds = graceSeconds;
    return this;
  }

  withFinalizers(...finalizers: string[]): this {
    this.object.metadata.finalizers = finalizers;
    return this;
  }

  /** Makes the owner this object's controller. */
  controlledBy(owner: KubeObject): this {
    return this.ownedBy(owner, { controller: true, blockOwnerDeletion: true });
  }

  ownedBy(owner: KubeObject, more: Partial<metav1.OwnerReference> = {}): this {
    const reference: metav1.OwnerReference = { apiVersion: owner.apiVersion ?? '', kind: owner.kind ?? '', name: owner.metadata.name ?? '', uid: owner.metadata.uid ?? '', ...more };
    this.object.metadata.ownerReferences = [...(this.object.metadata.ownerReferences ?? []), reference];
    return this;
  }

  /** Changes anything else, in place. */
  with(change: (object: T) => void): this {
    change(this.object);
    return this;
  }

  /** A copy: the builder may go on. */
  build(): T {
    return structuredClone(this.object);
  }
}
