import { fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { entries, list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { ipFamilyOf, validIp } from '../../../validation/ip';
import { ipWarnings } from '../../../validation/ip-warnings';
import { contentRules, type Gates } from '../../../validation/kind-validation';
import { dnsSubdomain, type Findings, immutable, qualifiedName, wholeObject } from '../../../validation/rules';
import { nameWarning, podWarnings } from '../warnings';
import { validateAnnotatedProfiles } from './annotated-profiles';
import { mirror, validateAnnotationChange, validatePodAnnotations } from './annotations';
import { validatePodSpec } from './pod-spec';
import { validateResize } from './pod-resize';
import { validateDeviceStatus, validateExtendedClaim, validateUsers } from './pod-status';
import { validateEphemeralChange, validatePodChange } from './pod-update';

type Pod = Loose<corev1.Pod>;

const specPath = FieldPath.of('spec');
const statusPath = FieldPath.of('status');
const annotationsPath = FieldPath.of('metadata', 'annotations');

/** A token speaks for somebody. */
function validateTokens({ spec }: Pod, found: Findings): void {
  if (spec?.serviceAccountName) return;
  list(spec?.volumes).forEach(({ projected }, v) => {
    list(projected?.sources).forEach(({ serviceAccountToken }, s) => {
      if (serviceAccountToken)
        found.push(
          fieldErrors.forbidden(
            specPath.child('volumes').index(v).child('projected', 'sources').index(s).child('serviceAccountToken'),
            'must not be specified when serviceAccountName is not set',
          ),
        );
    });
  });
}

function content(pod: Pod, old: Pod | undefined, gates: Gates): Findings {
  const found: Findings = [];
  const { metadata, spec = {} } = pod;
  validatePodAnnotations(metadata?.annotations, spec, annotationsPath, found);
  if (old !== undefined) validateAnnotationChange(metadata?.annotations, old.metadata?.annotations, annotationsPath, found);
  validatePodSpec(spec, specPath, found, { isPod: true, isMirror: metadata?.annotations?.[mirror] !== undefined, podName: metadata?.name ?? '', before: old?.spec, gates });
  validateTokens(pod, found);
  if (old === undefined) {
    validateAnnotatedProfiles(metadata?.annotations, spec, specPath, found);
    if (list(pod.spec?.ephemeralContainers).length > 0) found.push(fieldErrors.forbidden(specPath.child('ephemeralContainers'), 'cannot be set on create'));
    if (pod.spec?.nodeName && list(pod.spec.schedulingGates).length > 0)
      found.push(fieldErrors.forbidden(specPath.child('nodeName'), 'cannot be set until all schedulingGates have been cleared'));
  }
  return found;
}

/** By the status of a kind of containers, their list in the spec. */
const statusFields = { containerStatuses: 'containers', initContainerStatuses: 'initContainers', ephemeralContainerStatuses: 'ephemeralContainers' } as const;

/** A container that ended for good does not come back; one for debugging never does. */
function validateStateChange({ status }: Pod, { status: old, spec }: Pod, field: keyof typeof statusFields, found: Findings): void {
  const ephemeral = field === 'ephemeralContainerStatuses';
  // A rule of one container may restart them all.
  const all = [...list(spec?.initContainers), ...list(spec?.containers)];
  const restartsAll = all.some(({ restartPolicyRules }) => list(restartPolicyRules).some(({ action }) => action === 'RestartAllContainers'));
  if (!ephemeral && restartsAll) return;
  const restartPolicy = ephemeral ? 'Never' : spec?.restartPolicy;
  if (restartPolicy === undefined || restartPolicy === 'Always') return;
  const byName = <T extends { name?: string | undefined }>(named: readonly T[] | undefined): Map<string | undefined, T> => new Map(list(named).map((one) => [one.name, one]));
  const containers = byName<Loose<corev1.Container>>(spec?.[statusFields[field]]);
  const statuses = byName(status?.[field]);
  list(old?.[field]).forEach((before, i) => {
    const ended = before.state?.terminated;
    if (!ended || (restartPolicy === 'OnFailure' && ended.exitCode !== 0)) return;
    const container = containers.get(before.name);
    // Its own policy or rules may bring it back.
    if (container?.restartPolicy !== undefined || list(container?.restartPolicyRules).length > 0) return;
    const after = statuses.get(before.name);
    if (after && !after.state?.terminated) found.push(fieldErrors.forbidden(statusPath.child(field).index(i).child('state'), 'may not be transitioned to non-terminated state'));
  });
}

type Addresses = readonly { ip?: string | undefined }[] | undefined;

function validateIps(addresses: Addresses, old: Addresses, path: FieldPath, found: Findings): void {
  const before = new Set(list(old).map(({ ip = '' }) => ip));
  const ips = list(addresses).map(({ ip = '' }) => ip);
  ips.forEach((ip, i) => validIp(ip, path.index(i), found, before));
  if (ips.length < 2) return;
  const families = new Set(ips.map(ipFamilyOf));
  if (ips.length > 2 || families.size !== ips.length) found.push(fieldErrors.invalid(path, addresses, 'may specify no more than one IP for each IP family'));
}

function validateHostIps({ status }: Pod, { status: old }: Pod, found: Findings): void {
  const [first] = list(status?.hostIPs);
  const path = statusPath.child('hostIPs');
  if (first && first.ip !== status?.hostIP) found.push(fieldErrors.invalid(path.index(0).child('ip'), first.ip ?? '', 'must be equal to `hostIP`'));
  validateIps(status?.hostIPs, old?.hostIPs, path, found);
}

/** Claims made for the pod, by the names that its spec gives them. */
function validateClaimStatuses({ spec, status }: Pod, found: Findings): void {
  const names = new Set(list(spec?.resourceClaims).map(({ name }) => name));
  const seen = new Set<string>();
  list(status?.resourceClaimStatuses).forEach(({ name = '', resourceClaimName }, i) => {
    const at = statusPath.child('resourceClaimStatuses').index(i);
    if (seen.has(name)) found.push(fieldErrors.duplicate(at.child('name'), name));
    seen.add(name);
    if (!names.has(name)) found.push(fieldErrors.invalid(at.child('name'), name, 'must match the name of an entry in `spec.resourceClaims`'));
    if (resourceClaimName !== undefined) dnsSubdomain(resourceClaimName, at.child('resourceClaimName'), found);
  });
}

/** Conditions of the system itself may have any form. */
const systemConditions = ['PodScheduled', 'Ready', 'Initialized'];

function status(pod: Pod, old: Pod): Findings {
  const found: Findings = [];
  validatePodAnnotations(pod.metadata?.annotations, pod.spec ?? {}, annotationsPath, found);
  validateAnnotationChange(pod.metadata?.annotations, old.metadata?.annotations, annotationsPath, found);
  if (pod.spec?.nodeName !== old.spec?.nodeName) found.push(fieldErrors.forbidden(statusPath.child('nodeName'), 'may not be changed directly'));
  const nominated = pod.status?.nominatedNodeName;
  if (nominated && nominated !== old.status?.nominatedNodeName) dnsSubdomain(nominated, statusPath.child('nominatedNodeName'), found);
  if (old.spec?.nodeName && nominated && nominated !== old.status?.nominatedNodeName)
    found.push(fieldErrors.forbidden(statusPath.child('nominatedNodeName'), 'may not be set on pods that are already bound to a node'));
  const { observedGeneration = 0 } = pod.status ?? {};
  if (observedGeneration < 0) found.push(fieldErrors.invalid(statusPath.child('observedGeneration'), observedGeneration, 'must be a non-negative integer'));
  // Upstream's path, however it looks.
  list(pod.status?.conditions).forEach(({ type = '' }, i) => {
    if (!systemConditions.includes(type)) qualifiedName(type, FieldPath.of('metadata', 'conditions').index(i).child('Type'), found);
  });
  immutable(pod.status?.qosClass, old.status?.qosClass, statusPath.child('qosClass'), found);
  for (const field of ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const) validateStateChange(pod, old, field, found);
  validateClaimStatuses(pod, found);
  validateExtendedClaim(pod, statusPath.child('extendedResourceClaimStatus'), found);
  validateIps(pod.status?.podIPs, old.status?.podIPs, statusPath.child('podIPs'), found);
  validateHostIps(pod, old, found);
  validateUsers(pod, statusPath, found);
  validateDeviceStatus(pod, statusPath, found);
  for (const [name] of entries(pod.status?.allocatedResources)) qualifiedName(name, statusPath.child('allocatedResources').key(name), found);
  return found;
}

export const podValidation = contentRules<Pod>({
  content,
  // Updates of pods are frequent and made by machines.
  warnings: (pod, old) => (old === undefined ? [...nameWarning(pod.metadata?.name, "the Pod's hostname"), ...podWarnings(pod, FieldPath.of())] : []),
  statusWarnings: ({ status }) => (['podIPs', 'hostIPs'] as const).flatMap((field) => list(status?.[field]).flatMap(({ ip = '' }, i) => ipWarnings(ip, statusPath.child(field).index(i).child('ip')))),
  change: validatePodChange,
  status,
  views: {
    binding: () => [],
    ephemeralcontainers: (pod, old, gates) => {
      if (old.metadata?.annotations?.[mirror] !== undefined) return [fieldErrors.forbidden(wholeObject, 'static pods do not support ephemeral containers')];
      const found: Findings = [];
      validatePodSpec(pod.spec ?? {}, specPath, found, { isPod: true, before: old.spec, gates });
      return [...found, ...validateEphemeralChange(pod, old)];
    },
    resize: (pod, old, gates) => {
      const found: Findings = [];
      validatePodSpec(pod.spec ?? {}, specPath, found, { isPod: true, before: old.spec, gates });
      return [...found, ...validateResize(pod, old)];
    },
  },
});
