/** `deployments.apps` as resource and group; the core group's is empty. */
export function splitResource(name: string): { resource: string; group: string } {
  const dot = name.indexOf('.');
  return dot < 0 ? { resource: name, group: '' } : { resource: name.slice(0, dot), group: name.slice(dot + 1) };
}

/** @throws for names that mean nothing, and for those of one list that cover each other */
export function checkResourceNames(names: readonly string[], path: string): void {
  const wrong = (name: string, reason: string): Error => new Error(`${path}: Invalid value: "${name}": ${reason}`);
  names.forEach((name, at) => {
    if (name === '*') throw wrong(name, "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources");
    if (name !== name.toLowerCase()) throw wrong(name, 'resource name should not contain capital letters');
    const { resource, group } = splitResource(name);
    const isWild = resource === '*';
    if (resource === '' || (!isWild && name.includes('*')) || (isWild && group !== '*' && group.includes('*'))) throw wrong(name, 'must be of the form resource, resource.group, *.group, *. or *.*');
    if (group === 'extensions') throw wrong(name, "'extensions' group has been removed and cannot be used for encryption");
    if (group === 'events.k8s.io') throw wrong(name, "objects of the group are stored as those of the core group: use 'events' instead");
    if (names.indexOf(name) < at) throw wrong(name, 'the resource is named twice in the list');
    const other = names.find((candidate) => candidate !== name && covers(candidate, name));
    if (other !== undefined) throw wrong(name, `using overlapping resources such as '${name}' and '${other}' in the same resource list is not allowed as they will be masked`);
  });
}

function covers(pattern: string, name: string): boolean {
  const [wide, narrow] = [splitResource(pattern), splitResource(name)];
  return wide.resource === '*' && (wide.group === '*' || wide.group === narrow.group);
}
