/** Names one object of a known resource; the namespace of a cluster-scoped one is empty. */
export interface NamespacedName {
  readonly namespace: string;
  readonly name: string;
}

/** `namespace/name`, or only the name: the key of caches, queues and messages. */
export function formatNamespacedName({ namespace, name }: NamespacedName): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}

/** The reverse; neither part ever holds a slash. */
export function parseNamespacedName(key: string): NamespacedName {
  const slash = key.indexOf('/');
  return slash < 0 ? { namespace: '', name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The key of an object. */
export function keyOf(object: { metadata: { name?: string; namespace?: string } }): string {
  return formatNamespacedName({ namespace: object.metadata.namespace ?? '', name: object.metadata.name ?? '' });
}
