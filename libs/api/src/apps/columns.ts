import { containerColumns, formatLabels, formatSelector, none } from '../columns/format';
import { ageColumn, column, countColumn, nameColumn, type Printer, printer, wideColumn } from '../columns/printer';
import type { appsv1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';

type DaemonSet = Loose<appsv1.DaemonSet>;
type Deployment = Loose<appsv1.Deployment>;
type ReplicaSet = Loose<appsv1.ReplicaSet>;
type StatefulSet = Loose<appsv1.StatefulSet>;

const ready = ({ spec, status }: Deployment | StatefulSet): string => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`;

/** `statefulset.apps/web`. */
function controllerOf({ metadata }: Loose<appsv1.ControllerRevision>): string {
  const owner = list(metadata?.ownerReferences).find(({ controller }) => controller);
  if (owner === undefined) return none;
  const group = owner.apiVersion?.includes('/') ? `.${owner.apiVersion.split('/')[0] ?? ''}` : '';
  return `${`${owner.kind ?? ''}${group}`.toLowerCase()}/${owner.name ?? ''}`;
}

/** By `<group>/<resource>`. */
export const appsColumns: Readonly<Record<string, Printer>> = {
  'apps/controllerrevisions': printer<Loose<appsv1.ControllerRevision>>([
    nameColumn(),
    column('Controller', controllerOf),
    column('Revision', ({ revision }) => revision ?? 0),
    ageColumn(),
  ]),
  'apps/daemonsets': printer<DaemonSet>([
    nameColumn(),
    countColumn('Desired', ({ status }) => status?.desiredNumberScheduled),
    countColumn('Current', ({ status }) => status?.currentNumberScheduled),
    countColumn('Ready', ({ status }) => status?.numberReady),
    countColumn('Up-to-date', ({ status }) => status?.updatedNumberScheduled),
    countColumn('Available', ({ status }) => status?.numberAvailable),
    column('Node Selector', ({ spec }) => formatLabels(spec?.template?.spec?.nodeSelector)),
    ageColumn(),
    ...containerColumns<DaemonSet>(({ spec }) => spec?.template?.spec?.containers),
    wideColumn('Selector', ({ spec }) => formatSelector(spec?.selector)),
  ]),
  'apps/deployments': printer<Deployment>([
    nameColumn(),
    column('Ready', ready),
    column('Up-to-date', ({ status }) => status?.updatedReplicas ?? 0),
    column('Available', ({ status }) => status?.availableReplicas ?? 0),
    ageColumn(),
    ...containerColumns<Deployment>(({ spec }) => spec?.template?.spec?.containers),
    wideColumn('Selector', ({ spec }) => formatSelector(spec?.selector)),
  ]),
  'apps/replicasets': printer<ReplicaSet>([
    nameColumn(),
    countColumn('Desired', ({ spec }) => spec?.replicas),
    countColumn('Current', ({ status }) => status?.replicas),
    countColumn('Ready', ({ status }) => status?.readyReplicas),
    ageColumn(),
    ...containerColumns<ReplicaSet>(({ spec }) => spec?.template?.spec?.containers),
    wideColumn('Selector', ({ spec }) => formatSelector(spec?.selector)),
  ]),
  'apps/statefulsets': printer<StatefulSet>([
    nameColumn(),
    column('Ready', ready),
    ageColumn(),
    ...containerColumns<StatefulSet>(({ spec }) => spec?.template?.spec?.containers),
  ]),
};
