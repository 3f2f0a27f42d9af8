import { fieldErrors, type FieldPath, rangeMessage } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { dnsLabel, dnsSubdomain, type Findings, oneOf, present, refuse } from '../../../validation/rules';

// Mirrors validatePodExtendedResourceClaimStatus, validateContainerStatusUsers and validateContainerStatusAllocatedResourcesStatus
// of pkg/apis/core/validation/validation.go.

type Pod = Loose<corev1.Pod>;
type Container = Loose<corev1.Container>;
type Status = Loose<corev1.ContainerStatus>;

const maxId = 2147483647;
const statusFields = { containerStatuses: 'containers', initContainerStatuses: 'initContainers', ephemeralContainerStatuses: 'ephemeralContainers' } as const;
const healths = ['Healthy', 'Unhealthy', 'Unknown'];

/** The claim that was made for resources which devices stand for, and what in it is for whom. */
export function validateExtendedClaim({ spec, status }: Pod, path: FieldPath, found: Findings): void {
  const { extendedResourceClaimStatus: claim } = status ?? {};
  if (!claim) return;
  const containers = new Map([...list(spec?.initContainers), ...list(spec?.containers)].map((container): [string | undefined, Container] => [container.name, container]));
  const mappings = list(claim.requestMappings);
  const at = path.child('requestMappings');
  if (mappings.length === 0) found.push(fieldErrors.required(at, 'at least one request mapping is required'));
  const seen = new Set<string>();
  mappings.forEach(({ containerName = '', resourceName = '', requestName = '' }, i) => {
    const container = containers.get(containerName);
    if (!container) found.push(fieldErrors.invalid(at.index(i).child('containerName'), containerName, 'must match the name of an entry in spec.initContainers.name or spec.containers.name'));
    else if (container.resources?.requests?.[resourceName] === undefined)
      found.push(
        fieldErrors.invalid(
          at.index(i).child('resourceName'),
          resourceName,
          'must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests',
        ),
      );
    // Upstream names the claim here, not the mapping.
    dnsLabel(requestName, path.child('requestName'), found);
    const key = JSON.stringify([containerName, resourceName, requestName]);
    if (seen.has(key)) for (const [field, value] of Object.entries({ containerName, resourceName, requestName })) found.push(fieldErrors.duplicate(at.index(i).child(field), value));
    seen.add(key);
  });
  if (present(claim.resourceClaimName, path.child('resourceClaimName'), found)) dnsSubdomain(claim.resourceClaimName, path.child('resourceClaimName'), found);
}

/** As whom a container runs. */
export function validateUsers({ spec, status }: Pod, path: FieldPath, found: Findings): void {
  for (const field of ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const)
    list<Status>(status?.[field]).forEach(({ user }, i) => {
      const at = path.child(field).index(i).child('user', 'linux');
      if (!user?.linux) return;
      if (spec?.os?.name === 'windows') {
        found.push(fieldErrors.forbidden(at, 'cannot be set for a windows pod'));
        return;
      }
      const { uid = 0, gid = 0, supplementalGroups } = user.linux;
      const ids: [number, FieldPath][] = [
        [uid, at.child('uid')],
        [gid, at.child('gid')],
        ...list(supplementalGroups).map((id, g): [number, FieldPath] => [id, at.child('supplementalGroups').index(g)]),
      ];
      for (const [id, where] of ids) if (id < 0 || id > maxId) refuse([rangeMessage(0, maxId)], id, where, found);
    });
}

/** Tells why a container cannot have devices under a name; undefined if it can. */
function strangeNames({ resources }: Container): (name: string) => string | undefined {
  const own = new Set(list(resources?.claims).map((claim) => `claim:${claim.name ?? ''}${claim.request ? `/${claim.request}` : ''}`));
  return (name) => {
    if (!name.startsWith('claim:')) return resources?.requests?.[name] === undefined ? "must match one of the container's resource requests" : undefined;
    return own.has(name) ? undefined : "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty";
  };
}

/** How the devices of containers are. */
export function validateDeviceStatus({ spec, status }: Pod, path: FieldPath, found: Findings): void {
  for (const [field, containers] of Object.entries(statusFields) as [keyof typeof statusFields, (typeof statusFields)[keyof typeof statusFields]][]) {
    const byName = new Map(list<Container>(spec?.[containers]).map((container) => [container.name, container]));
    list<Status>(status?.[field]).forEach(({ name: owner, allocatedResourcesStatus }, i) => {
      if (list(allocatedResourcesStatus).length === 0) return;
      const at = path.child(field).index(i).child('allocatedResourcesStatus');
      if (field === 'ephemeralContainerStatuses') {
        found.push(fieldErrors.forbidden(at, 'must not be specified in container status'));
        return;
      }
      const container = byName.get(owner);
      const strangeName = container && strangeNames(container);
      list(allocatedResourcesStatus).forEach(({ name = '', resources }, r) => {
        const strange = strangeName?.(name);
        if (strange !== undefined) found.push(fieldErrors.invalid(at.index(r).child('name'), name, strange));
        const seen = new Set<string>();
        list(resources).forEach(({ health, resourceID = '' }, d) => {
          const device = at.index(r).child('resources').index(d);
          oneOf(health, healths, device.child('health'), found);
          if (seen.has(resourceID)) found.push(fieldErrors.duplicate(device.child('resourceID'), resourceID));
          seen.add(resourceID);
        });
      });
    });
  }
}
