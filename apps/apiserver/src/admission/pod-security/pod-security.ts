import { core, type corev1, type KubeObject } from '@navarch/api';
import { goQuote, internalError, invalid } from '@navarch/apimachinery';
import { compareLevels, describeViolations, formatLevelVersion, readPolicy, violationsOf, type CheckedPod, type LevelVersion, type Policy, type ReadPolicy } from '@navarch/pod-security';
import { aggregateText } from '../../auth/aggregate-text';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader, WriteSort } from '../../pipeline';
import { refused } from '../refused';
import { exemptNamespaceWarning } from './exempt-namespace';
import { existingPodWarnings } from './existing-pods';
import { openByDefault, type PodSecurityConfiguration } from './pod-security-configuration';
import type { PodSecurityMetrics } from './pod-security-metrics';
import { hasTemplate, templateOf } from './pod-templates';

const auditPrefix = 'pod-security.kubernetes.io/';
/** What of a pod can add a container; all else cannot make it worse. */
const relevant = ['', 'ephemeralcontainers', 'resize'];

/** Holds pods to the Pod Security Standard that their namespace's labels name; workloads whose pods would break it are warned. */
export class PodSecurity implements AdmissionPlugin {
  readonly name = 'PodSecurity';

  /** What a namespace wants, by its labels: an object of the cache keeps them as long as it is there. */
  readonly #policies = new WeakMap<object, ReadPolicy>();

  constructor(private readonly reader: ObjectReader, private readonly metrics: PodSecurityMetrics, private readonly configuration: PodSecurityConfiguration = openByDefault) {}

  handles({ operation, group, resource, subresource }: WriteSort): boolean {
    if (operation !== 'CREATE' && operation !== 'UPDATE') return false;
    if (group === '' && resource === 'pods') return relevant.includes(subresource);
    return subresource === '' && ((group === '' && resource === 'namespaces') || hasTemplate(group, resource));
  }

  validate(attributes: AdmissionAttributes): void {
    const { group, resource, object } = attributes;
    if (object === undefined) return;
    if (!(group === '' && resource === 'namespaces') && this.#isExempt(attributes, object)) return;
    if (group === '' && resource === 'namespaces') this.#namespace(attributes, object);
    else if (group === '' && resource === 'pods') this.#pod(attributes, object);
    else this.#template(attributes, templateOf(group, resource, object));
  }

  /** Notes for the audit why, where somebody or something is. */
  #isExempt(attributes: AdmissionAttributes, object: KubeObject): boolean {
    const { namespace, user, group, resource, annotate } = attributes;
    const { usernames, namespaces, runtimeClasses } = this.configuration.exemptions;
    const runtimeClass = (group === '' && resource === 'pods' ? (object as corev1.Pod).spec : templateOf(group, resource, object)?.spec)?.runtimeClassName ?? '';
    const why = namespaces.includes(namespace) ? 'namespace' : usernames.includes(user.name) ? 'user' : runtimeClasses.includes(runtimeClass) ? 'runtimeClass' : undefined;
    if (why === undefined) return false;
    annotate?.(`${auditPrefix}exempt`, why);
    this.metrics.exempt(attributes);
    return true;
  }

  #namespace(attributes: AdmissionAttributes, { metadata }: corev1.Namespace): void {
    const name = metadata.name ?? '';
    const { defaults, exemptions } = this.configuration;
    const { policy, errors } = readPolicy(metadata.labels, defaults);
    const before = attributes.oldObject && readPolicy(attributes.oldObject.metadata.labels, defaults);
    if (errors.length > 0 && JSON.stringify(errors) !== JSON.stringify(before?.errors)) throw invalid({ group: '', kind: 'Namespace' }, name, errors);
    if (before && !isStricter(policy.enforce, before.policy.enforce)) return;
    if (exemptions.namespaces.includes(name)) {
      const warning = exemptNamespaceWarning(name, policy, defaults, metadata.labels);
      if (warning !== undefined) attributes.warn(warning);
      return;
    }
    if (!before) return;
    const held = this.reader.list(core.pods, name).filter(({ spec }) => !exemptions.runtimeClasses.includes(spec?.runtimeClassName ?? ''));
    for (const warning of existingPodWarnings(name, policy.enforce, held)) attributes.warn(warning);
  }

  #pod(attributes: AdmissionAttributes, pod: corev1.Pod): void {
    const namespace = this.reader.get(core.namespaces, '', attributes.namespace);
    if (namespace === undefined) {
      this.metrics.failed(attributes, true);
      throw internalError(`failed to lookup namespace ${goQuote(attributes.namespace)}`);
    }
    if (attributes.operation === 'UPDATE' && !isSignificant(pod, attributes.oldObject as corev1.Pod)) return;
    const { policy, errors } = this.#policyOf(namespace);
    const checked: CheckedPod = { metadata: pod.metadata, spec: pod.spec ?? {} };
    this.#noteErrors(attributes, errors);
    attributes.annotate?.(`${auditPrefix}enforce-policy`, formatLevelVersion(policy.enforce));
    const violations = describeViolations(violationsOf(checked, policy.enforce));
    this.metrics.evaluated(attributes, 'enforce', policy.enforce, violations === '');
    this.#audit(attributes, policy, checked);
    if (violations !== '') throw refused(attributes, `violates PodSecurity ${goQuote(formatLevelVersion(policy.enforce))}: ${violations}`);
    this.#warn(attributes, policy, checked);
  }

  #template(attributes: AdmissionAttributes, template: CheckedPod | undefined): void {
    if (template === undefined) return;
    const { policy, errors } = this.#policyOf(this.reader.get(core.namespaces, '', attributes.namespace));
    this.#noteErrors(attributes, errors);
    this.#audit(attributes, policy, template);
    this.#warn(attributes, policy, template);
  }

  #policyOf(namespace: corev1.Namespace | undefined): ReadPolicy {
    const labels = namespace?.metadata.labels;
    const known = labels && this.#policies.get(labels);
    if (known) return known;
    const policy = readPolicy(labels, this.configuration.defaults);
    if (labels) this.#policies.set(labels, policy);
    return policy;
  }

  #noteErrors(attributes: AdmissionAttributes, errors: readonly { readonly message: string }[]): void {
    if (errors.length === 0) return;
    attributes.annotate?.(`${auditPrefix}error`, `Failed to parse policy: ${aggregateText(errors.map(({ message }) => message))}`);
    this.metrics.failed(attributes, false);
  }

  #audit(attributes: AdmissionAttributes, { audit: level }: Policy, pod: CheckedPod): void {
    const text = wouldViolate(level, pod);
    if (text === undefined) return;
    attributes.annotate?.(`${auditPrefix}audit-violations`, text);
    this.metrics.evaluated(attributes, 'audit', level, false);
  }

  #warn(attributes: AdmissionAttributes, { warn: level }: Policy, pod: CheckedPod): void {
    const text = wouldViolate(level, pod);
    if (text === undefined) return;
    attributes.warn(text);
    this.metrics.evaluated(attributes, 'warn', level, false);
  }
}

function wouldViolate(level: LevelVersion, pod: CheckedPod): string | undefined {
  const violations = describeViolations(violationsOf(pod, level));
  return violations === '' ? undefined : `would violate PodSecurity ${goQuote(formatLevelVersion(level))}: ${violations}`;
}

function isStricter(now: LevelVersion, before: LevelVersion): boolean {
  if (now.level === 'privileged') return false;
  return now.minor !== before.minor || compareLevels(now.level, before.level) > 0;
}

/** Whether an update brings in a container or an image: nothing else that the standards look at can change. */
function isSignificant({ spec }: corev1.Pod, { spec: old }: corev1.Pod): boolean {
  for (const group of ['containers', 'initContainers'] as const) {
    const [now, before] = [spec?.[group] ?? [], old?.[group] ?? []];
    if (now.length !== before.length || now.some(({ image }, i) => image !== before[i]?.image)) return true;
  }
  return (spec?.ephemeralContainers ?? []).some(({ name, image }) => {
    const before = old?.ephemeralContainers?.find((container) => container.name === name);
    return before === undefined || before.image !== image;
  });
}
