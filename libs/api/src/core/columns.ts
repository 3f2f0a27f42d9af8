import { containerColumns, formatLabels } from '../columns/format';
import { ageColumn, column, countColumn, nameColumn, type Printer, printer, wideColumn } from '../columns/printer';
import type { corev1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { endpointsPrinter } from './endpoints/columns';
import { eventPrinter } from './event/columns';
import { nodePrinter } from './node/columns';
import { persistentVolumeClaimPrinter, persistentVolumePrinter } from './persistent-volume/columns';
import { podPrinter } from './pod/columns';
import { resourceQuotaPrinter } from './resource-quota/columns';
import { servicePrinter } from './service/columns';

const size = (map: object | undefined): number => Object.keys(map ?? {}).length;

/** By `<group>/<resource>`. */
export const coreColumns: Readonly<Record<string, Printer>> = {
  '/componentstatuses': printer<Loose<corev1.ComponentStatus>>([
    nameColumn(),
    column('Status', ({ conditions }) => (list(conditions).find(({ type }) => type === 'Healthy')?.status === 'True' ? 'Healthy' : 'Unhealthy')),
    column('Message', ({ conditions }) => list(conditions).find(({ type }) => type === 'Healthy')?.message ?? ''),
    column('Error', ({ conditions }) => list(conditions).find(({ type }) => type === 'Healthy')?.error ?? ''),
  ]),
  '/configmaps': printer<Loose<corev1.ConfigMap>>([nameColumn(), column('Data', ({ data, binaryData }) => size(data) + size(binaryData)), ageColumn()]),
  '/endpoints': endpointsPrinter,
  '/events': eventPrinter,
  '/namespaces': printer<Loose<corev1.Namespace>>([nameColumn(), column('Status', ({ status }) => status?.phase ?? ''), ageColumn()]),
  '/nodes': nodePrinter,
  '/persistentvolumeclaims': persistentVolumeClaimPrinter,
  '/persistentvolumes': persistentVolumePrinter,
  '/pods': podPrinter,
  '/podtemplates': printer<Loose<corev1.PodTemplate>>([
    nameColumn(),
    column('Containers', ({ template }) => list(template?.spec?.containers).map(({ name = '' }) => name).join(',')),
    column('Images', ({ template }) => list(template?.spec?.containers).map(({ image = '' }) => image).join(',')),
    column('Pod Labels', ({ template }) => formatLabels(template?.metadata?.labels)),
  ]),
  '/replicationcontrollers': printer<Loose<corev1.ReplicationController>>([
    nameColumn(),
    countColumn('Desired', ({ spec }) => spec?.replicas),
    countColumn('Current', ({ status }) => status?.replicas),
    countColumn('Ready', ({ status }) => status?.readyReplicas),
    ageColumn(),
    ...containerColumns<Loose<corev1.ReplicationController>>(({ spec }) => spec?.template?.spec?.containers),
    wideColumn('Selector', ({ spec }) => formatLabels(spec?.selector)),
  ]),
  '/resourcequotas': resourceQuotaPrinter,
  '/secrets': printer<Loose<corev1.Secret>>([
    nameColumn(),
    column('Type', ({ type }) => type ?? ''),
    column('Data', ({ data }) => size(data)),
    ageColumn(),
  ]),
  '/serviceaccounts': printer<Loose<corev1.ServiceAccount>>([nameColumn(), ageColumn()]),
  '/services': servicePrinter,
};
