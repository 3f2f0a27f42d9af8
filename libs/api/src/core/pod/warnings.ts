import { dns1123LabelMessages, type FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { entries, list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { readQuantity } from '../../support/quantity';

type Spec = Loose<corev1.PodSpec>;
type Container = Loose<corev1.Container>;
type Template = Loose<corev1.PodTemplateSpec>;

/** What is said of a label that nodes had in former times. */
const formerNodeLabels = new Map(Object.entries({
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
}));

const formerAnnotations = new Map(Object.entries({
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
}));
const podSeccomp = 'seccomp.security.alpha.kubernetes.io/pod';
const containerSeccomp = 'container.seccomp.security.alpha.kubernetes.io/';
const containerAppArmor = 'container.apparmor.security.beta.kubernetes.io/';
const useSeccomp = 'non-functional in v1.27+; use the "seccompProfile" field instead';
const useAppArmor = 'deprecated since v1.30; use the "appArmorProfile" field instead';

/** Kinds of storage whose drivers are gone. */
const formerVolumes = new Map<string, string>(Object.entries({
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  gitRepo: 'deprecated in v1.11, and disabled by default in v1.33+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
}));
/** Amounts of them are whole. */
const byteResources = new Set(['memory', 'ephemeral-storage']);

function duplicates<T>(items: readonly T[] | undefined, keyOf: (item: T) => string | undefined, text: (index: number, key: string) => string): string[] {
  const seen = new Set<string>();
  return list(items).flatMap((item, i) => {
    const key = keyOf(item) ?? '';
    if (seen.has(key)) return [text(i, key)];
    seen.add(key);
    return [];
  });
}

function fractions(resources: Loose<Record<string, string>> | undefined, path: FieldPath): string[] {
  return entries(resources).flatMap(([name, amount]) => {
    const nanos = byteResources.has(name) ? (readQuantity(amount)?.nanos ?? 0n) : 0n;
    return nanos % 1_000_000_000n === 0n ? [] : [`${path.key(name).toString()}: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`];
  });
}

function nodeTerms(terms: readonly Loose<corev1.NodeSelectorTerm>[], pathOf: (index: number) => FieldPath): string[] {
  return terms.flatMap((term, t) => list(term.matchExpressions).flatMap(({ key = '' }, e) => {
    const text = formerNodeLabels.get(key);
    return text === undefined ? [] : [`${pathOf(t).child('matchExpressions').index(e).child('key').toString()}: ${key} is ${text}`];
  }));
}

function affinity({ affinity: given }: Spec, path: FieldPath): string[] {
  const [required, preferred] = ['requiredDuringSchedulingIgnoredDuringExecution', 'preferredDuringSchedulingIgnoredDuringExecution'] as const;
  const nodes = path.child('affinity', 'nodeAffinity');
  const found = [
    ...nodeTerms(list(given?.nodeAffinity?.[required]?.nodeSelectorTerms), (i) => nodes.child(required, 'nodeSelectorTerms').index(i)),
    ...nodeTerms(list(given?.nodeAffinity?.[preferred]).map(({ preference = {} }) => preference), (i) => nodes.child(preferred).index(i).child('preference')),
  ];
  for (const field of ['podAffinity', 'podAntiAffinity'] as const) {
    const at = path.child('affinity', field);
    list(given?.[field]?.[required]).forEach(({ labelSelector }, i) => labelSelector || found.push(matchesNothing(at.child(required).index(i))));
    list(given?.[field]?.[preferred]).forEach(({ podAffinityTerm }, i) => podAffinityTerm?.labelSelector || found.push(matchesNothing(at.child(preferred).index(i).child('podAffinityTerm'))));
  }
  return found;
}

const matchesNothing = (path: FieldPath): string => `${path.child('labelSelector').toString()}: a null labelSelector results in matching no pod`;

function spread({ topologySpreadConstraints }: Spec, path: FieldPath): string[] {
  return list(topologySpreadConstraints).flatMap(({ topologyKey = '', labelSelector }, i) => {
    const at = path.child('topologySpreadConstraints').index(i);
    const text = formerNodeLabels.get(topologyKey);
    return [...(text === undefined ? [] : [`${at.child('topologyKey').toString()}: ${topologyKey} is ${text}`]), ...(labelSelector ? [] : [matchesNothing(at)])];
  });
}

/** A variable that is set twice is fine where the later value builds on the earlier. */
function hiddenVariables({ env }: Container, path: FieldPath): string[] {
  const seen = new Set<string>();
  return list(env).flatMap(({ name = '', value = '', valueFrom }, i) => {
    const reference = `$(${name})`;
    const hides = seen.has(name) && (valueFrom !== undefined || value === reference || !value.includes(reference));
    seen.add(name);
    return hides ? [`${path.child('env').index(i).toString()}: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`] : [];
  });
}

function containers(spec: Spec, annotations: Loose<Record<string, string>>, specPath: FieldPath, metaPath: FieldPath): string[] {
  const found: string[] = [];
  const podProfiles = spec.securityContext;
  for (const field of ['initContainers', 'containers'] as const)
    list(spec[field]).forEach((container, i) => {
      const at = specPath.child(field).index(i);
      const { name = '', securityContext } = container;
      if (annotations[containerSeccomp + name] !== undefined && !securityContext?.seccompProfile && !podProfiles?.seccompProfile) found.push(`${metaPath.key(containerSeccomp + name).toString()}: ${useSeccomp}`);
      if (annotations[containerAppArmor + name] !== undefined && !securityContext?.appArmorProfile && !podProfiles?.appArmorProfile) found.push(`${metaPath.key(containerAppArmor + name).toString()}: ${useAppArmor}`);
      found.push(...fractions(container.resources?.limits, at.child('resources', 'limits')), ...fractions(container.resources?.requests, at.child('resources', 'requests')));
      found.push(...hiddenVariables(container, at));
    });
  return found;
}

/** What a pod's author should know although it is allowed, in upstream's words. `path` is that of the pod or template. */
export function podWarnings({ metadata, spec = {} }: Template, path: FieldPath): string[] {
  const specPath = path.child('spec');
  const metaPath = path.child('metadata', 'annotations');
  const annotations = metadata?.annotations ?? {};
  const found: string[] = [];
  for (const key of Object.keys(spec.nodeSelector ?? {}).sort()) {
    const text = formerNodeLabels.get(key);
    if (text !== undefined) found.push(`${specPath.child('nodeSelector').key(key).toString()}: ${text}`);
  }
  found.push(...affinity(spec, specPath), ...spread(spec, specPath));
  for (const [key, text] of formerAnnotations) if (annotations[key] !== undefined) found.push(`${metaPath.key(key).toString()}: ${text}`);
  list(spec.volumes).forEach((volume, i) => {
    for (const [kind, text] of formerVolumes)
      if ((volume as Record<string, unknown>)[kind] !== undefined) found.push(`${specPath.child('volumes').index(i).child(kind).toString()}: ${text}`);
  });
  found.push(...duplicates(spec.hostAliases, ({ ip }) => ip, (i, ip) => `${specPath.child('hostAliases').index(i).child('ip').toString()}: duplicate ip ${JSON.stringify(ip)}`));
  list(spec.imagePullSecrets).forEach(({ name = '' }, i) => {
    if (name === '') found.push(`${specPath.child('imagePullSecrets').index(i).toString()}: invalid empty name ""`);
  });
  found.push(...duplicates(spec.imagePullSecrets, ({ name }) => name, (i, name) => `${specPath.child('imagePullSecrets').index(i).child('name').toString()}: duplicate name ${JSON.stringify(name)}`));
  found.push(...fractions(spec.overhead, specPath.child('overhead')));
  if (annotations[podSeccomp] !== undefined && !spec.securityContext?.seccompProfile) found.push(`${metaPath.key(podSeccomp).toString()}: ${useSeccomp}`);
  found.push(...containers(spec, annotations, specPath, metaPath));
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) found.push(`${specPath.child('terminationGracePeriodSeconds').toString()}: must be >= 0; negative values are invalid and will be treated as 1`);
  return found;
}

/** Names that end up in host names had better be able to. */
export function nameWarning(name: string | undefined, whose: 'Pod names and hostnames' | "the Pod's hostname"): string[] {
  const messages = dns1123LabelMessages(name ?? '');
  return messages.length === 0 ? [] : [`metadata.name: this is used in ${whose}, which can result in surprising behavior; a DNS label is recommended: [${messages.join(' ')}]`];
}
