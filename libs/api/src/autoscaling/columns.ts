import { firstFew, none, unknown, unset } from '../columns/format';
import { ageColumn, column, nameColumn, type Printer, printer } from '../columns/printer';
import type { autoscalingv2 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';

type Autoscaler = Loose<autoscalingv2.HorizontalPodAutoscaler>;
type Target = Loose<autoscalingv2.MetricTarget> | undefined;
type Current = Loose<autoscalingv2.MetricValueStatus> | undefined;

const percent = (share: number | undefined): string | undefined => (share === undefined ? undefined : `${share}%`);

function absolute(target: Target, current: Current): string {
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? unknown}/${target.averageValue} (avg)`;
  return `${current?.value ?? unknown}/${target?.value ?? ''}`;
}

function ofResource(name: string, target: Target, current: Current): string {
  if (target?.averageValue !== undefined) return `${name}: ${current?.averageValue ?? unknown}/${target.averageValue}`;
  return `${name}: ${percent(current?.averageUtilization) ?? unknown}/${percent(target?.averageUtilization) ?? '<auto>'}`;
}

function metric(spec: Loose<autoscalingv2.MetricSpec>, status: Loose<autoscalingv2.MetricStatus> | undefined): string {
  switch (spec.type) {
    case 'External':
      return absolute(spec.external?.target, status?.external?.current);
    case 'Object':
      return absolute(spec.object?.target, status?.object?.current);
    case 'Pods':
      return `${status?.pods?.current?.averageValue ?? unknown}/${spec.pods?.target?.averageValue ?? ''}`;
    case 'Resource':
      return ofResource(spec.resource?.name ?? '', spec.resource?.target, status?.resource?.current);
    case 'ContainerResource':
      return ofResource(spec.containerResource?.name ?? '', spec.containerResource?.target, status?.containerResource?.current);
    default:
      return '<unknown type>';
  }
}

function targets({ spec, status }: Autoscaler): string {
  const metrics = list(spec?.metrics).map((one, i) => metric(one, list(status?.currentMetrics)[i]));
  return metrics.length === 0 ? none : firstFew(metrics, 2, ', ');
}

/** By `<group>/<resource>`. */
export const autoscalingColumns: Readonly<Record<string, Printer>> = {
  'autoscaling/horizontalpodautoscalers': printer<Autoscaler>([
    nameColumn(),
    column('Reference', ({ spec }) => `${spec?.scaleTargetRef?.kind ?? ''}/${spec?.scaleTargetRef?.name ?? ''}`),
    column('Targets', targets),
    column('MinPods', ({ spec }) => String(spec?.minReplicas ?? unset)),
    column('MaxPods', ({ spec }) => spec?.maxReplicas ?? 0),
    column('Replicas', ({ status }) => status?.currentReplicas ?? 0),
    ageColumn(),
  ]),
};
