import { none, unknown } from '../../columns/format';
import { ageColumn, column, nameColumn, printer, wideColumn } from '../../columns/printer';
import type { corev1 } from '../../gen';
import { entries, list } from '../../support/list';
import { type Loose } from '../../support/loose';

type Node = Loose<corev1.Node>;

function status({ spec, status: { conditions } = {} }: Node): string {
  const ready = list(conditions).find(({ type }) => type === 'Ready');
  const words = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'];
  if (spec?.unschedulable) words.push('SchedulingDisabled');
  return words.join(',');
}

const rolePrefix = 'node-role.kubernetes.io/';

/** Roles are labels: `node-role.kubernetes.io/<role>`, or the older `kubernetes.io/role: <role>`. */
function roles({ metadata }: Node): string {
  const found = new Set<string>();
  for (const [key, value] of entries(metadata?.labels)) {
    if (key.startsWith(rolePrefix) && key.length > rolePrefix.length) found.add(key.slice(rolePrefix.length));
    else if (key === 'kubernetes.io/role' && value) found.add(value);
  }
  return found.size === 0 ? none : [...found].sort().join(',');
}

const address = (type: string) => (node: Node): string => list(node.status?.addresses).find((candidate) => candidate.type === type)?.address ?? none;

export const nodePrinter = printer<Node>([
  nameColumn(),
  column('Status', status, { description: 'Whether the node is ready and takes new pods.' }),
  column('Roles', roles),
  ageColumn(),
  column('Version', (node) => node.status?.nodeInfo?.kubeletVersion ?? ''),
  wideColumn('Internal-IP', address('InternalIP')),
  wideColumn('External-IP', address('ExternalIP')),
  wideColumn('OS-Image', (node) => node.status?.nodeInfo?.osImage || unknown),
  wideColumn('Kernel-Version', (node) => node.status?.nodeInfo?.kernelVersion || unknown),
  wideColumn('Container-Runtime', (node) => node.status?.nodeInfo?.containerRuntimeVersion || unknown),
]);
