import type { corev1 } from '../../gen';
import { keepField, keepMetadata, kindRules, specChanged } from '../../strategy/kind-rules';
import { list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { omit } from '../../support/omit';
import { readAppArmorAnnotations } from './annotated-app-armor';
import { aliasServiceAccount } from './defaults';
import { mergeMatchLabelKeys } from './match-label-keys';
import { qosClassOf } from './qos-class';

type Pod = Loose<corev1.Pod> & { metadata: corev1.Pod['metadata'] };
type Container = Loose<corev1.Container>;

const gatedMessage = 'Scheduling is blocked due to non-empty scheduling gates';

function initialStatus(pod: Pod): corev1.PodStatus {
  const spec = pod.spec ?? {};
  const status: corev1.PodStatus = { phase: 'Pending', qosClass: qosClassOf(spec) };
  if (list(spec.schedulingGates).length > 0)
    status.conditions = [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message: gatedMessage }];
  return status;
}

function countGeneration(pod: Pod, old: Pod): void {
  if (specChanged(pod, old)) pod.metadata.generation = (old.metadata.generation ?? 0) + 1;
}

/** Through this view only debugging containers are added. */
function keepAllButEphemeralContainers(pod: Pod, old: Pod): void {
  const ephemeralContainers = pod.spec?.ephemeralContainers;
  const spec = omit(old.spec ?? {}, 'ephemeralContainers');
  pod.spec = ephemeralContainers === undefined ? spec : { ...spec, ephemeralContainers };
  keepField(pod, old, 'status');
  keepMetadata(pod, old);
  countGeneration(pod, old);
}

function resized(containers: readonly Container[] | undefined, old: readonly Container[] | undefined): Container[] {
  return list(old).map((before, i) => {
    const after = list(containers)[i];
    return {
      ...omit(before, 'resources', 'resizePolicy'),
      ...(after?.resources === undefined ? {} : { resources: after.resources }),
      ...(after?.resizePolicy === undefined ? {} : { resizePolicy: after.resizePolicy }),
    };
  });
}

/** Through this view only resources change. Other containers, or in another order, are left for validation to refuse. */
function keepAllButResources(pod: Pod, old: Pod): void {
  const { containers, initContainers, resources } = pod.spec ?? {};
  const before = old.spec ?? {};
  const namesOf = (all: readonly Container[] | undefined): string => list(all).map(({ name }) => name).join(' ');
  const sameShape = namesOf(containers) === namesOf(before.containers) && namesOf(initContainers) === namesOf(before.initContainers);
  if (sameShape) {
    pod.spec = { ...omit(before, 'resources'), ...(resources === undefined ? {} : { resources }), containers: resized(containers, before.containers) };
    if (before.initContainers !== undefined) pod.spec.initContainers = resized(initContainers, before.initContainers);
  }
  keepField(pod, old, 'status');
  keepMetadata(pod, old);
  countGeneration(pod, old);
}

function gracePeriodSeconds(pod: Pod, asked: number | undefined): number {
  const { spec, status } = pod;
  // One that no node has taken, or that is over, has nobody to wait for.
  if (!spec?.nodeName || status?.phase === 'Failed' || status?.phase === 'Succeeded') return 0;
  // Beyond 2^53 seconds it need not be exact.
  const period = asked ?? Number((spec.terminationGracePeriodSeconds as bigint | number | undefined) ?? 0);
  return period < 0 ? 1 : period;
}

/** Those who know nothing of generations do not clear what was observed. Conditions of one type may be several. */
function keepObservedGenerations({ status }: Pod, { status: old = {} }: Pod): void {
  if (!status) return;
  if (!status.observedGeneration && old.observedGeneration) status.observedGeneration = old.observedGeneration;
  const before = new Map<string | undefined, { readonly observed: (number | undefined)[]; next: number }>();
  for (const { type, observedGeneration } of list(old.conditions)) {
    const ofType = before.get(type) ?? { observed: [], next: 0 };
    ofType.observed.push(observedGeneration);
    before.set(type, ofType);
  }
  for (const condition of list(status.conditions)) {
    const ofType = before.get(condition.type);
    const observed = ofType?.observed[ofType.next++];
    if (!condition.observedGeneration && observed) condition.observedGeneration = observed;
  }
}

export const podRules = kindRules<Pod>({
  initialStatus,
  generation: specChanged,
  onCreate({ metadata, spec }, context) {
    if (!spec) return;
    // Admission may have chosen the account.
    aliasServiceAccount(spec);
    mergeMatchLabelKeys(spec, metadata.labels ?? {});
    readAppArmorAnnotations(spec, metadata.annotations ?? {}, (text) => { context.warn(text); });
  },
  onStatusUpdate(pod, old) {
    keepField(pod.metadata, old.metadata, 'ownerReferences');
    // Set once, at creation.
    if (pod.status && !pod.status.qosClass && old.status?.qosClass) pod.status.qosClass = old.status.qosClass;
    keepObservedGenerations(pod, old);
  },
  subresources: {
    // The registry made the whole change: node, annotations and condition.
    binding: () => undefined,
    ephemeralcontainers: keepAllButEphemeralContainers,
    resize: keepAllButResources,
  },
  resets: {
    status: ['spec', 'metadata.deletionTimestamp', 'metadata.ownerReferences'],
    ephemeralcontainers: { allBut: ['spec.ephemeralContainers'] },
    resize: { allBut: ['containers', 'initContainers'].flatMap((all) => ['resources', 'resizePolicy'].map((field) => `spec.${all}.*.${field}`)) },
  },
  returnsDeleted: true,
  gracePeriodSeconds,
});
