import { column, nameColumn, ageColumn, printer, type RowCondition, wideColumn } from '../../columns/printer';
import { type Cell } from '../../columns/cell';
import { none } from '../../columns/format';
import type { corev1 } from '../../gen';
import { list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { podSummary } from './pod-summary';

type Pod = Loose<corev1.Pod>;

function restarts(pod: Pod): Cell {
  const { restarts: count, lastRestart } = podSummary(pod);
  if (count === 0 || lastRestart === undefined) return String(count);
  return { text: [`${count} (`, { age: lastRestart }, ' ago)'] };
}

function readinessGates({ spec, status }: Pod): string {
  const gates = list(spec?.readinessGates);
  if (gates.length === 0) return none;
  const open = gates.filter(({ conditionType }) => list(status?.conditions).find(({ type }) => type === conditionType)?.status === 'True');
  return `${open.length}/${gates.length}`;
}

const over = (reason: string, message: string): RowCondition[] => [{ type: 'Completed', status: 'True', reason, message }];

function conditions({ status }: Pod): RowCondition[] | undefined {
  if (status?.phase === 'Succeeded') return over('Succeeded', 'The pod has completed successfully.');
  return status?.phase === 'Failed' ? over('Failed', 'The pod failed.') : undefined;
}

export const podPrinter = printer<Pod>(
  [
    nameColumn(),
    column('Ready', (pod) => {
      const { ready, total } = podSummary(pod);
      return `${ready}/${total}`;
    }, { description: 'Ready containers of all containers.' }),
    column('Status', (pod) => podSummary(pod).reason, { description: 'Phase of the pod, or what keeps it from running.' }),
    column('Restarts', restarts, { description: 'How often containers restarted, and when last.' }),
    ageColumn(),
    wideColumn('IP', ({ status }) => list(status?.podIPs)[0]?.ip || none),
    wideColumn('Node', ({ spec }) => spec?.nodeName || none),
    wideColumn('Nominated Node', ({ status }) => status?.nominatedNodeName || none),
    wideColumn('Readiness Gates', readinessGates),
  ],
  conditions,
);
