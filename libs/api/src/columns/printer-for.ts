import { admissionregistrationColumns } from '../admissionregistration/columns';
import { appsColumns } from '../apps/columns';
import { autoscalingColumns } from '../autoscaling/columns';
import { batchColumns } from '../batch/columns';
import { coreColumns } from '../core/columns';
import type { autoscalingv1 } from '../gen';
import { networkingColumns } from '../networking/columns';
import { rbacColumns } from '../rbac/columns';
import { storageColumns } from '../storage/columns';
import { type Loose } from '../support/loose';
import { otherColumns } from './other-columns';
import { ageColumn, column, countColumn, defaultPrinter, type Printer, printer } from './printer';

const all: Readonly<Record<string, Printer>> = {
  ...admissionregistrationColumns,
  ...appsColumns,
  ...autoscalingColumns,
  ...batchColumns,
  ...coreColumns,
  ...networkingColumns,
  ...otherColumns,
  ...rbacColumns,
  ...storageColumns,
  // The same events under their newer name.
  'events.k8s.io/events': coreColumns['/events'] ?? defaultPrinter,
};

/** How `kubectl get` shows a resource; kinds without columns of their own show name and creation. Takes stored objects. */
export function printerFor(group: string, resource: string): Printer {
  return all[`${group}/${resource}`] ?? defaultPrinter;
}

/** How the `scale` view of a workload is shown. */
export const scalePrinter = printer<Loose<autoscalingv1.Scale>>([
  { ...column<Loose<autoscalingv1.Scale>>('Name', ({ metadata }) => metadata?.name ?? ''), description: 'Name of the workload.' },
  countColumn('Desired', ({ spec }) => spec?.replicas),
  countColumn('Available', ({ status }) => status?.replicas),
  ageColumn(),
]);
