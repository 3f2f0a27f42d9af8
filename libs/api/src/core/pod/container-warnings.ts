import { type FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { fractionWarnings } from '../../validation/fraction-warnings';

type Spec = Loose<corev1.PodSpec>;
type Container = Loose<corev1.Container>;
type Port = Loose<corev1.ContainerPort>;

interface Placed {
  readonly container: Container;
  readonly path: FieldPath;
}

/** All containers of a pod, in the order in which upstream visits them. */
export function placedContainers(spec: Spec, path: FieldPath): Placed[] {
  const placed: Placed[] = [];
  for (const field of ['initContainers', 'containers', 'ephemeralContainers'] as const)
    list<Container>(spec[field]).forEach((container, i) => placed.push({ container, path: path.child(field).index(i) }));
  return placed;
}

/** Amounts of them are whole. */
export const byteResources = ['memory', 'ephemeral-storage'] as const;

/** A variable that is set twice is fine where the later value builds on the earlier. */
function hiddenVariables({ env }: Container, path: FieldPath): string[] {
  const seen = new Set<string>();
  return list(env).flatMap(({ name = '', value = '', valueFrom }, i) => {
    const reference = `$(${name})`;
    const hides = seen.has(name) && (valueFrom !== undefined || value === reference || !value.includes(reference));
    seen.add(name);
    return hides ? [`${path.child('env').index(i).toString()}: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`] : [];
  });
}

/** What is said of a container by itself. */
export function containerWarnings({ container, path }: Placed): string[] {
  const found: string[] = [];
  for (const name of byteResources)
    for (const kind of ['limits', 'requests'] as const) {
      const amounts = container.resources?.[kind];
      if (amounts?.[name] !== undefined) found.push(...fractionWarnings(amounts, [name], path.child('resources', kind)));
    }
  if (container.env) found.push(...hiddenVariables(container, path));
  return found;
}

/** As Go prints a port. */
const printed = ({ name = '', hostPort = 0, containerPort = 0, protocol = '', hostIP = '' }: Port): string =>
  `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;

/** How two ports by the same number get into each other's way; undefined if they do not. */
function conflict(port: Port, other: Port): string | undefined {
  const [ip, otherIp, hostPort, otherPort] = [port.hostIP ?? '', other.hostIP ?? '', port.hostPort ?? 0, other.hostPort ?? 0];
  if (ip === otherIp && hostPort === otherPort) return 'duplicate';
  if (hostPort === 0 || otherPort === 0) return 'overlapping';
  // One says which address, the other all: which gets the traffic is not defined.
  return hostPort === otherPort && (ip === '') !== (otherIp === '') ? 'dangerously ambiguous' : undefined;
}

/** Ports, of all containers together, that are the same or share a name. */
export function portWarnings(containers: readonly Placed[]): string[] {
  const ports: { readonly port: Port; readonly path: FieldPath }[] = [];
  for (const { container, path } of containers) list(container.ports).forEach((port, i) => ports.push({ port, path: path.child('ports').index(i) }));
  const found: string[] = [];
  const seen: typeof ports = [];
  for (const placed of ports) {
    const { port, path } = placed;
    if (port.hostIP && !port.hostPort) found.push(`${path.toString()}: hostIP set without hostPort: ${printed(port)}`);
    for (const other of seen) {
      if (other.port.containerPort !== port.containerPort || other.port.protocol !== port.protocol) continue;
      const word = conflict(port, other.port);
      if (word !== undefined) found.push(`${path.toString()}: ${word} port definition with ${other.path.toString()}`);
    }
    seen.push(placed);
  }
  const named = new Map<string, FieldPath>();
  for (const { port: { name }, path } of ports) {
    if (!name) continue;
    const first = named.get(name)?.toString();
    if (first === undefined) named.set(name, path);
    else found.push(`${path.toString()}: duplicate port name ${JSON.stringify(name)} with ${first}, services and probes that select ports by name will use ${first}`);
  }
  return found;
}
