import { type AgeCell, type Cell } from '../../columns/cell';
import { column, nameColumn, printer, wideColumn } from '../../columns/printer';
import type { corev1 } from '../../gen';
import { type Loose } from '../../support/loose';

type Event = Loose<corev1.Event>;

const firstSeen = ({ firstTimestamp, eventTime }: Event): AgeCell => ({ age: firstTimestamp ?? eventTime });

function lastSeen(event: Event): Cell {
  const { series, lastTimestamp } = event;
  if (series?.lastObservedTime) return { age: series.lastObservedTime };
  return lastTimestamp ? { age: lastTimestamp } : firstSeen(event);
}

/** An event that says nothing of a number happened once. */
const count = ({ series, count: own }: Event): number => series?.count ?? (own || 1);

function target({ involvedObject }: Event): string {
  const kind = (involvedObject?.kind ?? '').toLowerCase();
  return involvedObject?.name ? `${kind}/${involvedObject.name}` : kind;
}

function source({ source: old, reportingComponent, reportingInstance }: Event): string {
  const component = old?.component || reportingComponent || '';
  const host = old?.host || reportingInstance || '';
  return host === '' ? component : `${component}, ${host}`;
}

export const eventPrinter = printer<Event>([
  column('Last Seen', lastSeen),
  column('Type', ({ type }) => type ?? ''),
  column('Reason', ({ reason }) => reason ?? ''),
  column('Object', target),
  wideColumn('Subobject', ({ involvedObject }) => involvedObject?.fieldPath ?? ''),
  wideColumn('Source', source),
  column('Message', ({ message }) => (message ?? '').trim()),
  wideColumn('First Seen', firstSeen),
  wideColumn('Count', count),
  nameColumn(undefined, 1),
]);
