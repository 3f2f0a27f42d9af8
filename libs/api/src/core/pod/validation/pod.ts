import { fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { entries, list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { ipFamilyOf, validIp } from '../../../validation/ip';
import { contentRules } from '../../../validation/kind-validation';
import { dnsSubdomain, type Findings, qualifiedName } from '../../../validation/rules';
import { nameWarning, podWarnings } from '../warnings';
import { validatePodSpec } from './pod-spec';
import { validateEphemeralChange, validatePodChange, validateResize } from './pod-update';

type Pod = Loose<corev1.Pod>;

const specPath = FieldPath.of('spec');
const statusPath = FieldPath.of('status');
const mirror = 'kubernetes.io/config.mirror';

/** A pod that a node runs by itself is shown, not commanded. */
function validateMirror({ metadata, spec }: Pod, found: Findings): void {
  if (metadata?.annotations?.[mirror] !== undefined && !spec?.nodeName)
    found.push(fieldErrors.invalid(FieldPath.of('metadata', 'annotations').key(mirror), metadata.annotations[mirror] ?? '', 'must set spec.nodeName if mirror pod annotation is set'));
}

function content(pod: Pod, old: Pod | undefined): Findings {
  const found: Findings = [];
  validateMirror(pod, found);
  validatePodSpec(pod.spec ?? {}, specPath, found);
  if (old === undefined) {
    if (list(pod.spec?.ephemeralContainers).length > 0) found.push(fieldErrors.forbidden(specPath.child('ephemeralContainers'), 'cannot be set on create'));
    if (pod.spec?.nodeName && list(pod.spec.schedulingGates).length > 0)
      found.push(fieldErrors.forbidden(specPath.child('nodeName'), 'cannot be set until all schedulingGates have been cleared'));
  }
  return found;
}

/** A container that ended for good does not come back. */
function validateStateChange(statuses: readonly Loose<corev1.ContainerStatus>[] | undefined, old: readonly Loose<corev1.ContainerStatus>[] | undefined, { spec }: Pod, found: Findings): void {
  const restartPolicy = spec?.restartPolicy;
  if (restartPolicy === undefined || restartPolicy === 'Always') return;
  list(old).forEach((before, i) => {
    const ended = before.state?.terminated;
    if (!ended || (restartPolicy === 'OnFailure' && ended.exitCode !== 0)) return;
    const container = list(spec?.containers).find(({ name }) => name === before.name);
    // Its own policy or rules may bring it back.
    if (container?.restartPolicy !== undefined || list(container?.restartPolicyRules).length > 0) return;
    const after = list(statuses).find(({ name }) => name === before.name);
    if (after && !after.state?.terminated) found.push(fieldErrors.forbidden(statusPath.child('containerStatuses').index(i).child('state'), 'may not be transitioned to non-terminated state'));
  });
}

function validatePodIps({ status }: Pod, found: Findings): void {
  const ips = list(status?.podIPs).map(({ ip = '' }) => ip);
  const path = statusPath.child('podIPs');
  ips.forEach((ip, i) => validIp(ip, path.index(i), found));
  const families = new Set(ips.map(ipFamilyOf));
  if (ips.length > 1 && (ips.length > 2 || families.size !== ips.length))
    found.push(fieldErrors.invalid(path, status?.podIPs, 'may specify no more than one IP for each IP family'));
}

function status(pod: Pod, old: Pod): Findings {
  const found: Findings = [];
  if (pod.spec?.nodeName !== old.spec?.nodeName) found.push(fieldErrors.forbidden(statusPath.child('nodeName'), 'may not be changed directly'));
  const nominated = pod.status?.nominatedNodeName;
  if (nominated) dnsSubdomain(nominated, statusPath.child('nominatedNodeName'), found);
  const conditions = list(pod.status?.conditions);
  conditions.forEach(({ type = '' }, i) => {
    if (!list(old.status?.conditions).some((before) => before.type === type)) qualifiedName(type, statusPath.child('conditions').index(i).child('type'), found);
  });
  validateStateChange(pod.status?.containerStatuses, old.status?.containerStatuses, pod, found);
  validatePodIps(pod, found);
  for (const [name] of entries(pod.status?.allocatedResources)) qualifiedName(name, statusPath.child('allocatedResources').key(name), found);
  return found;
}

export const podValidation = contentRules<Pod>({
  content,
  // Updates of pods are frequent and made by machines.
  warnings: (pod, old) => (old === undefined ? [...nameWarning(pod.metadata?.name, "the Pod's hostname"), ...podWarnings(pod, FieldPath.of())] : []),
  change: validatePodChange,
  status,
  views: {
    binding: () => [],
    ephemeralcontainers: (pod, old) => {
      const found: Findings = [];
      validatePodSpec(pod.spec ?? {}, specPath, found);
      return [...found, ...validateEphemeralChange(pod, old)];
    },
    resize: (pod, old) => {
      const found: Findings = [];
      validatePodSpec(pod.spec ?? {}, specPath, found);
      return [...found, ...validateResize(pod, old)];
    },
  },
});
