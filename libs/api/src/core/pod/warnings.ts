import { dns1123LabelMessages, type FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { fractionWarnings } from '../../validation/fraction-warnings';
import { ipWarnings } from '../../validation/ip-warnings';
import { formerNodeLabels, nodeTermWarnings } from '../node/former-labels';
import { useAppArmorField } from './annotated-app-armor';
import { byteResources, containerWarnings, placedContainers, portWarnings } from './container-warnings';
import { appArmor } from './validation/annotations';
import { volumeWarnings } from './volume-warnings';

type Spec = Loose<corev1.PodSpec>;
type Container = Loose<corev1.Container>;
type Template = Loose<corev1.PodTemplateSpec>;

const formerAnnotations = new Map(Object.entries({
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
}));
const podSeccomp = 'seccomp.security.alpha.kubernetes.io/pod';
const containerSeccomp = 'container.seccomp.security.alpha.kubernetes.io/';
const useSeccomp = 'non-functional in v1.27+; use the "seccompProfile" field instead';
const [required, preferred] = ['requiredDuringSchedulingIgnoredDuringExecution', 'preferredDuringSchedulingIgnoredDuringExecution'] as const;

function duplicates<T>(items: readonly T[] | undefined, keyOf: (item: T) => string | undefined, text: (index: number, key: string) => string): string[] {
  if (!items) return [];
  const seen = new Set<string>();
  return items.flatMap((item, i) => {
    const key = keyOf(item) ?? '';
    if (seen.has(key)) return [text(i, key)];
    seen.add(key);
    return [];
  });
}

function nodeAffinity({ affinity }: Spec, path: FieldPath): string[] {
  if (!affinity?.nodeAffinity) return [];
  const at = path.child('affinity', 'nodeAffinity');
  return [
    ...list(affinity.nodeAffinity[required]?.nodeSelectorTerms).flatMap((term, i) => nodeTermWarnings(term, 'valid', at.child(required, 'nodeSelectorTerms').index(i))),
    ...list(affinity.nodeAffinity[preferred]).flatMap(({ preference = {} }, i) => nodeTermWarnings(preference, 'unchecked', at.child(preferred).index(i).child('preference'))),
  ];
}

const matchesNothing = (path: FieldPath): string => `${path.child('labelSelector').toString()}: a null labelSelector results in matching no pod`;

function podAffinity({ affinity }: Spec, path: FieldPath): string[] {
  if (!affinity) return [];
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap((field) => {
    const at = path.child('affinity', field);
    return [
      ...list(affinity[field]?.[required]).flatMap(({ labelSelector }, i) => (labelSelector ? [] : [matchesNothing(at.child(required).index(i))])),
      ...list(affinity[field]?.[preferred]).flatMap(({ podAffinityTerm }, i) => (podAffinityTerm?.labelSelector ? [] : [matchesNothing(at.child(preferred).index(i).child('podAffinityTerm'))])),
    ];
  });
}

function spread({ topologySpreadConstraints }: Spec, path: FieldPath): string[] {
  if (!topologySpreadConstraints) return [];
  return topologySpreadConstraints.flatMap(({ topologyKey = '', labelSelector }, i) => {
    const at = path.child('topologySpreadConstraints').index(i);
    const text = formerNodeLabels.get(topologyKey);
    return [...(text === undefined ? [] : [`${at.child('topologyKey').toString()}: ${topologyKey} is ${text}`]), ...(labelSelector ? [] : [matchesNothing(at)])];
  });
}

/** Profiles by annotations that are not, or soon will not be, looked at. */
function profiles({ name = '', securityContext }: Container, spec: Spec, annotations: Loose<Record<string, string>>, path: FieldPath): string[] {
  const found: string[] = [];
  if (annotations[containerSeccomp + name] !== undefined && !securityContext?.seccompProfile) found.push(`${path.key(containerSeccomp + name).toString()}: ${useSeccomp}`);
  if (annotations[appArmor + name] !== undefined && !securityContext?.appArmorProfile && !spec.securityContext?.appArmorProfile) {
    found.push(`${path.key(appArmor + name).toString()}: ${useAppArmorField}`);
  }
  return found;
}

function secrets({ imagePullSecrets }: Spec, path: FieldPath): string[] {
  if (!imagePullSecrets) return [];
  const at = (i: number): string => path.child('imagePullSecrets').index(i).child('name').toString();
  return [
    ...duplicates(imagePullSecrets, ({ name }) => name, (i, name) => `${at(i)}: duplicate name ${JSON.stringify(name)}`),
    ...imagePullSecrets.flatMap(({ name = '' }, i) => (name === '' ? [`${at(i)}: invalid empty name ""`] : [])),
  ];
}

function addresses({ dnsConfig, hostAliases }: Spec, path: FieldPath): string[] {
  if (!dnsConfig && !hostAliases) return [];
  return [
    ...list(dnsConfig?.nameservers).flatMap((server, i) => ipWarnings(server, path.child('dnsConfig', 'nameservers').index(i))),
    ...list(hostAliases).flatMap(({ ip = '' }, i) => ipWarnings(ip, path.child('hostAliases').index(i).child('ip'))),
  ];
}

/** What a pod's author should know although it is allowed, in upstream's words and order. `path` is that of the pod or template. Mirrors pkg/api/pod/warnings.go. */
export function podWarnings({ metadata, spec = {} }: Template, path: FieldPath): string[] {
  const specPath = path.child('spec');
  const metaPath = path.child('metadata', 'annotations');
  const { annotations } = metadata ?? {};
  const found: string[] = [];
  for (const key of Object.keys(spec.nodeSelector ?? {}).sort()) {
    const text = formerNodeLabels.get(key);
    if (text !== undefined) found.push(`${specPath.child('nodeSelector').key(key).toString()}: ${text}`);
  }
  found.push(...nodeAffinity(spec, specPath), ...spread(spec, specPath));
  if (annotations) for (const [key, text] of formerAnnotations) if (annotations[key] !== undefined) found.push(`${metaPath.key(key).toString()}: ${text}`);
  found.push(...volumeWarnings(spec.volumes, specPath.child('volumes')));
  found.push(...duplicates(spec.hostAliases, ({ ip }) => ip, (i, ip) => `${specPath.child('hostAliases').index(i).child('ip').toString()}: duplicate ip ${JSON.stringify(ip)}`));
  found.push(...secrets(spec, specPath), ...fractionWarnings(spec.overhead, byteResources, specPath.child('overhead')));
  if (annotations?.[podSeccomp] !== undefined && !spec.securityContext?.seccompProfile) found.push(`${metaPath.key(podSeccomp).toString()}: ${useSeccomp}`);
  const containers = placedContainers(spec, specPath);
  for (const placed of containers) {
    if (annotations) found.push(...profiles(placed.container, spec, annotations, metaPath));
    found.push(...containerWarnings(placed));
  }
  found.push(...portWarnings(containers));
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) found.push(`${specPath.child('terminationGracePeriodSeconds').toString()}: must be >= 0; negative values are invalid and will be treated as 1`);
  found.push(...podAffinity(spec, specPath), ...addresses(spec, specPath));
  return found;
}

/** Names that end up in host names had better be able to. */
export function nameWarning(name: string | undefined, whose: 'Pod names and hostnames' | "the Pod's hostname"): string[] {
  const messages = dns1123LabelMessages(name ?? '');
  return messages.length === 0 ? [] : [`metadata.name: this is used in ${whose}, which can result in surprising behavior; a DNS label is recommended: [${messages.join(' ')}]`];
}
