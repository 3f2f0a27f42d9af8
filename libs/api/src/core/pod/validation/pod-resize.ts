import { fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { semanticEqual } from '../../../support/semantic-equal';
import { type Findings, wholeObject } from '../../../validation/rules';
import { qosClassOf } from '../qos-class';

// Mirrors ValidatePodResize of upstream's pkg/apis/core/validation.

type Pod = Loose<corev1.Pod>;
type Spec = Loose<corev1.PodSpec>;
type Container = Loose<corev1.Container>;
/** A container, or a pod as a whole. */
type Sized = Pick<Container, 'resources'>;
type Amounts = Loose<Record<string, string>> | undefined;

const specPath = FieldPath.of('spec');
const lists = ['containers', 'initContainers'] as const;
const amounts = ['requests', 'limits'] as const;
const immutableText = 'only cpu and memory resources are mutable';

/** A container that runs must say what it has: its node can then resize. */
function isSupported({ status }: Pod): boolean {
  const running = list(status?.containerStatuses).find(({ state }) => state?.running);
  return running === undefined || running.resources !== undefined;
}

/** Containers stay as many, with the names and in the order that they have. */
function validateOrder(spec: Spec, old: Spec, found: Findings): boolean {
  const before = found.length;
  for (const field of lists) {
    const [next, last] = [list(spec[field]), list(old[field])];
    if (next.length !== last.length) found.push(fieldErrors.forbidden(specPath.child(field), `${field} may not be added or removed on resize`));
    else last.forEach(({ name }, i) => {
      if (next[i]?.name !== name) found.push(fieldErrors.forbidden(specPath.child(field).index(i).child('name'), `${field} may not be renamed or reordered on resize`));
    });
  }
  return found.length === before;
}

/** What was asked for can become more or less, and not nothing. */
function validateKept({ resources }: Sized, old: Sized, what: string, path: FieldPath, found: Findings): void {
  for (const field of amounts) {
    const given = Object.keys(resources?.[field] ?? {});
    if (!Object.keys(old.resources?.[field] ?? {}).every((name) => given.includes(name))) found.push(fieldErrors.forbidden(path.child('resources', field), `${what} ${field} cannot be removed`));
  }
}

function withFormer(next: Amounts, old: Amounts): Amounts {
  const kept = { ...next };
  for (const name of ['cpu', 'memory']) {
    const before = old?.[name];
    if (before === undefined) Reflect.deleteProperty(kept, name);
    else kept[name] = before;
  }
  return kept;
}

/** The container, or pod, as it would be without its new processor time and memory. */
function withFormerSize<T extends Sized>(next: T, old: T): T {
  const [requests, limits] = amounts.map((field) => withFormer(next.resources?.[field], old.resources?.[field]));
  return { ...next, resources: { requests, limits } };
}

/** What the pod has as a whole, once it has something. */
function validateWhole({ resources }: Spec, { resources: old }: Spec, found: Findings): void {
  const holds = (all: Spec['resources']): boolean => amounts.some((field) => Object.keys(all?.[field] ?? {}).length > 0);
  if (!holds(resources) && !holds(old)) return;
  if (old && !resources) {
    found.push(fieldErrors.forbidden(specPath.child('resources'), 'pod-level resources cannot be removed'));
    return;
  }
  const [next, before] = [{ resources }, { resources: old }];
  if (old) validateKept(next, before, 'pod-level resource', specPath, found);
  if (!semanticEqual(withFormerSize(next, before), before)) found.push(fieldErrors.forbidden(specPath, `${immutableText} at pod-level`));
}

function validateInit(container: Container, old: Container, path: FieldPath, found: Findings): void {
  if (!semanticEqual(withFormerSize(container, old), old)) found.push(fieldErrors.forbidden(path, 'only cpu and memory resources for init or sidecar containers are mutable'));
  const restarts = container.restartPolicy !== 'Always' && list(container.resizePolicy).some(({ restartPolicy }) => restartPolicy === 'RestartContainer');
  if (restarts && !semanticEqual(container, old)) found.push(fieldErrors.forbidden(path, 'non-sidecar init containers with a resize policy of RestartContainer cannot be resized'));
}

/** Only processor time and memory can be given to a container, or taken from it. */
export function validateResize(pod: Pod, oldPod: Pod): Findings {
  const found: Findings = [];
  const [spec, old] = [pod.spec ?? {}, oldPod.spec ?? {}];
  if (oldPod.metadata?.annotations?.['kubernetes.io/config.mirror'] !== undefined) return [fieldErrors.forbidden(wholeObject, 'static pods cannot be resized')];
  if (old.os?.name === 'windows') return [fieldErrors.forbidden(wholeObject, 'windows pods cannot be resized')];
  if (qosClassOf(spec) !== (oldPod.status?.qosClass ?? qosClassOf(old)))
    found.push(fieldErrors.invalid(specPath, pod.status?.qosClass ?? '', 'Pod QOS Class may not change as a result of resizing'));
  if (!isSupported(oldPod)) found.push(fieldErrors.forbidden(specPath, 'Pod running on node without support for resize'));
  validateWhole(spec, old, found);
  if (!validateOrder(spec, old, found)) return found;
  for (const field of ['initContainers', 'containers'] as const)
    list(spec[field]).forEach((container, i) => validateKept(container, list(old[field])[i] ?? {}, 'resource', specPath.child(field).index(i), found));
  list(spec.containers).forEach((container, i) => {
    const before = list(old.containers)[i] ?? {};
    if (!semanticEqual(withFormerSize(container, before), before)) found.push(fieldErrors.forbidden(specPath, immutableText));
  });
  list(spec.initContainers).forEach((container, i) => validateInit(container, list(old.initContainers)[i] ?? {}, specPath.child('initContainers').index(i), found));
  return found;
}
