const ROOT = '/registry/';

/** `/registry/<group|core>/<resource>/`: what all keys of a resource begin with. */
export function resourcePrefix(group: string, resource: string): string {
  return `${ROOT}${group === '' ? 'core' : group}/${resource}/`;
}

/** The key of an object; `namespace` is empty for cluster-scoped resources. */
export function objectKey(prefix: string, namespace: string, name: string): string {
  return namespace === '' ? prefix + name : `${prefix}${namespace}/${name}`;
}

/** Namespace and name of a key under its resource's prefix. */
export function nameOfKey(prefix: string, key: string): { namespace: string; name: string } {
  const rest = key.slice(prefix.length);
  const slash = rest.indexOf('/');
  return slash < 0 ? { namespace: '', name: rest } : { namespace: rest.slice(0, slash), name: rest.slice(slash + 1) };
}
