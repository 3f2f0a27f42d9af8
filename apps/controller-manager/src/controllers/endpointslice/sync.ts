import { core, type corev1, type discoveryv1 } from '@navarch/api';
import { controllerReference } from '@navarch/reconcile';
import { addressTypes, desiredEndpoints, type ServiceFacts } from './desired-endpoints';
import { planFamily, type FamilyPlan } from './plan-family';

export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
export const MANAGER = 'endpointslice-controller.k8s.io';
export const SERVICE_NAME = 'kubernetes.io/service-name';
const HEADLESS = 'service.kubernetes.io/headless';
const OWN_LABELS = new Set([MANAGED_BY, SERVICE_NAME, HEADLESS]);

type Slice = discoveryv1.EndpointSlice;

export interface SlicePlan extends FamilyPlan {
  /** Pods were left out because their node is not known yet. */
  readonly again: boolean;
}

export interface ObservedService extends ServiceFacts {
  /** Those that this controller manages. */
  readonly slices: readonly Slice[];
  readonly maxPerSlice: number;
}

/** Decides how a Service's slices must change, touching as few of them as possible. */
export function planSlices(observed: ObservedService): SlicePlan {
  const { service, slices } = observed;
  const types = addressTypes(service);
  const { name = '', namespace = '' } = service.metadata;
  const source = { name, namespace, labels: labelsOf(service), owner: controllerReference(core.services, service) };
  const plan = { create: [] as Slice[], update: [] as Slice[], remove: slices.filter(({ addressType }) => !types.some((type) => type === addressType)), again: false };
  for (const type of types) {
    const { groups, missingNodes } = desiredEndpoints(observed, type);
    const part = planFamily({ source, slices, maxPerSlice: observed.maxPerSlice }, type, groups);
    plan.create.push(...part.create);
    plan.update.push(...part.update);
    plan.remove.push(...part.remove);
    plan.again ||= missingNodes;
  }
  return plan;
}

/** The Service's own labels, and those by which slices are found. */
function labelsOf(service: corev1.Service): Record<string, string> {
  const own = Object.entries(service.metadata.labels ?? {}).filter(([name]) => !OWN_LABELS.has(name));
  return {
    ...Object.fromEntries(own),
    ...(service.spec?.clusterIP === 'None' ? { [HEADLESS]: '' } : {}),
    [SERVICE_NAME]: service.metadata.name ?? '',
    [MANAGED_BY]: MANAGER,
  };
}
