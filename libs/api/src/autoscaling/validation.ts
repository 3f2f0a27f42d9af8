import { fieldErrors, FieldPath, formatQuantity, pathSegmentNameMessages } from '@navarch/apimachinery';
import { containerResourceName } from '../core/pod/validation/resources';
import type { autoscalingv2 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { readQuantity } from '../support/quantity';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { dnsLabel, type Findings, negativeMessage, notPositiveMessage, present, refuse, sorted } from '../validation/rules';

type Autoscaler = Loose<autoscalingv2.HorizontalPodAutoscaler>;
type Metric = Loose<autoscalingv2.MetricSpec>;
type Target = Loose<autoscalingv2.MetricTarget> | undefined;
type Rules = Loose<autoscalingv2.HPAScalingRules> | undefined;

const specPath = FieldPath.of('spec');
const metricTypes = sorted(['ContainerResource', 'External', 'Object', 'Pods', 'Resource']);
const targetTypes: readonly string[] = ['Utilization', 'Value', 'AverageValue'];
const maxWindow = 3600;
const maxPeriod = 1800;

function segment(value: string | undefined, path: FieldPath, found: Findings, detail = ''): void {
  if (present(value, path, found, detail)) refuse(pathSegmentNameMessages(value), value, path, found);
}

type Reference = Loose<autoscalingv2.CrossVersionObjectReference> | undefined;

/** Whether an object may be named without its group, and whether the version is looked at at all. */
interface VersionRules {
  readonly coreGroup: boolean;
  readonly anyVersion: boolean;
}

function versionFault(reference: Reference, { coreGroup, anyVersion }: VersionRules): string | undefined {
  if (anyVersion) return undefined;
  const { apiVersion = '' } = reference ?? {};
  const parts = apiVersion === '/' ? [''] : apiVersion.split('/');
  if (parts.length > 2) return `unexpected GroupVersion string: ${apiVersion}`;
  return coreGroup || (parts.length === 2 && parts[0] !== '') ? undefined : 'apiVersion must specify API group';
}

function validateReference(reference: Reference, rules: VersionRules, path: FieldPath, found: Findings): void {
  segment(reference?.kind, path.child('kind'), found);
  segment(reference?.name, path.child('name'), found);
  const fault = versionFault(reference, rules);
  if (fault !== undefined) found.push(fieldErrors.invalid(path.child('apiVersion'), reference?.apiVersion ?? '', fault));
}

/** What is scaled is found by its group; only replication controllers have none. What was named before stays. */
function targetRules(target: Reference, old: Autoscaler | undefined): VersionRules {
  const before = old?.spec?.scaleTargetRef;
  const same = old !== undefined && (before?.apiVersion ?? '') === (target?.apiVersion ?? '') && before?.kind === target?.kind;
  return { anyVersion: same, coreGroup: target?.kind === 'ReplicationController' };
}

/** Objects with metrics may be of the core. */
const objectRules = (old: Autoscaler | undefined): VersionRules => {
  const rules = { coreGroup: true, anyVersion: false };
  return { ...rules, anyVersion: list(old?.spec?.metrics).some(({ type, object }) => type === 'Object' && versionFault(object?.describedObject, rules) !== undefined) };
};

function positiveAmount(text: string | undefined, path: FieldPath, found: Findings): void {
  if (text !== undefined && (readQuantity(text)?.nanos ?? 0n) <= 0n) found.push(fieldErrors.invalid(path, text, 'must be positive'));
}

function validateTarget(target: Target, path: FieldPath, found: Findings): void {
  const { type } = target ?? {};
  present(type, path.child('type'), found, 'must specify a metric target type');
  if (!type || !targetTypes.includes(type)) found.push(fieldErrors.invalid(path.child('type'), type ?? '', 'must be either Utilization, Value, or AverageValue'));
  positiveAmount(target?.value, path.child('value'), found);
  positiveAmount(target?.averageValue, path.child('averageValue'), found);
  if (target?.averageUtilization !== undefined && target.averageUtilization < 1)
    found.push(fieldErrors.invalid(path.child('averageUtilization'), target.averageUtilization, notPositiveMessage));
}

function validateResourceTarget(target: Target, path: FieldPath, found: Findings): void {
  validateTarget(target, path, found);
  if (target?.averageUtilization === undefined && target?.averageValue === undefined)
    found.push(fieldErrors.required(path.child('averageUtilization'), 'must set either a target raw value or a target utilization'));
  else if (target.averageUtilization !== undefined && target.averageValue !== undefined)
    found.push(fieldErrors.forbidden(path.child('averageValue'), 'may not set both a target raw value and a target utilization'));
}

/** What the selector of a metric may say is for those who serve metrics. */
function validateIdentifier(metric: Loose<autoscalingv2.MetricIdentifier> | undefined, path: FieldPath, found: Findings): void {
  segment(metric?.name, path.child('name'), found, 'must specify a metric name');
}

function validateMetricSource(metric: Metric, rules: VersionRules, path: FieldPath, found: Findings): void {
  const { object, pods, resource, containerResource, external } = metric;
  if (object) {
    const at = path.child('object');
    validateReference(object.describedObject, rules, at.child('describedObject'), found);
    validateIdentifier(object.metric, at.child('metric'), found);
    validateTarget(object.target, at.child('target'), found);
    if (object.target?.value === undefined && object.target?.averageValue === undefined)
      found.push(fieldErrors.required(at.child('target', 'averageValue'), 'must set either a target value or averageValue'));
  }
  if (pods) {
    validateIdentifier(pods.metric, path.child('pods', 'metric'), found);
    validateTarget(pods.target, path.child('pods', 'target'), found);
    if (pods.target?.averageValue === undefined) found.push(fieldErrors.required(path.child('pods', 'target', 'averageValue'), 'must specify a positive target averageValue'));
  }
  if (resource) {
    present(resource.name, path.child('resource', 'name'), found, 'must specify a resource name');
    validateResourceTarget(resource.target, path.child('resource', 'target'), found);
  }
  if (containerResource) {
    const at = path.child('containerResource');
    if (present(containerResource.name, at.child('name'), found, 'must specify a resource name')) containerResourceName(containerResource.name, at.child('name'), found);
    if (present(containerResource.container, at.child('container'), found, 'must specify a container')) dnsLabel(containerResource.container, at.child('container'), found);
    validateResourceTarget(containerResource.target, at.child('target'), found);
  }
  if (external) {
    const at = path.child('external');
    validateIdentifier(external.metric, at.child('metric'), found);
    validateTarget(external.target, at.child('target'), found);
    if (external.target?.value === undefined && external.target?.averageValue === undefined)
      found.push(fieldErrors.required(at.child('target', 'averageValue'), 'must set either a target value for metric or a per-pod target'));
    if (external.target?.value !== undefined && external.target.averageValue !== undefined)
      found.push(fieldErrors.forbidden(at.child('target', 'value'), 'may not set both a target value for metric and a per-pod target'));
  }
}

/** In upstream's order: of several only the first is looked into. */
const sourceFields = ['object', 'external', 'pods', 'resource', 'containerResource'] as const;

function validateMetric(metric: Metric, rules: VersionRules, path: FieldPath, found: Findings): void {
  const { type = '' } = metric;
  present(type, path.child('type'), found, 'must specify a metric source type');
  const known = metricTypes.includes(type);
  if (!known) found.push(fieldErrors.notSupported(path.child('type'), type, metricTypes));
  const given = sourceFields.filter((field) => metric[field]);
  const [first] = given;
  if (first) validateMetricSource({ [first]: metric[first] }, rules, path, found);
  const expected = type.charAt(0).toLowerCase() + type.slice(1);
  if (known && !given.some((field) => field === expected)) found.push(fieldErrors.required(path.child(expected), 'must populate information for the given metric source'));
  if (given.length < 2) return;
  for (const field of given) if (field !== expected) found.push(fieldErrors.forbidden(path.child(field), 'must populate the given metric source only'));
}

function validateRules(rules: Rules, path: FieldPath, found: Findings): void {
  if (!rules) return;
  const window = rules.stabilizationWindowSeconds;
  if (window !== undefined && window < 0) found.push(fieldErrors.invalid(path.child('stabilizationWindowSeconds'), window, 'must be greater than or equal to zero'));
  if (window !== undefined && window > maxWindow) found.push(fieldErrors.invalid(path.child('stabilizationWindowSeconds'), window, `must be less than or equal to ${maxWindow}`));
  if (rules.selectPolicy !== undefined && !['Max', 'Min', 'Disabled'].includes(rules.selectPolicy))
    found.push(fieldErrors.notSupported(path.child('selectPolicy'), rules.selectPolicy, sorted(['Max', 'Min', 'Disabled'])));
  const tolerance = readQuantity(rules.tolerance);
  if (tolerance !== undefined && tolerance.nanos < 0n) found.push(fieldErrors.invalid(path.child('tolerance'), formatQuantity(tolerance), negativeMessage));
  const policies = list(rules.policies);
  if (policies.length === 0) found.push(fieldErrors.required(path.child('policies'), 'must specify at least one Policy'));
  policies.forEach(({ type, value = 0, periodSeconds = 0 }, i) => {
    const at = path.child('policies').index(i);
    if (type !== 'Pods' && type !== 'Percent') found.push(fieldErrors.notSupported(at.child('type'), type ?? '', ['Percent', 'Pods']));
    if (value <= 0) found.push(fieldErrors.invalid(at.child('value'), value, 'must be greater than zero'));
    if (periodSeconds <= 0) found.push(fieldErrors.invalid(at.child('periodSeconds'), periodSeconds, 'must be greater than zero'));
    if (periodSeconds > maxPeriod) found.push(fieldErrors.invalid(at.child('periodSeconds'), periodSeconds, `must be less than or equal to ${maxPeriod}`));
  });
}

function content({ spec = {} }: Autoscaler, old: Autoscaler | undefined): Findings {
  const found: Findings = [];
  const { minReplicas, maxReplicas = 0 } = spec;
  // Scaling to zero is behind a gate; who did before may go on.
  const least = old?.spec?.minReplicas === 0 ? 0 : 1;
  if (minReplicas !== undefined && minReplicas < least) found.push(fieldErrors.invalid(specPath.child('minReplicas'), minReplicas, `must be greater than or equal to ${least}`));
  if (maxReplicas === 0) found.push(fieldErrors.required(specPath.child('maxReplicas'), 'must be set and greater than 0'));
  if (maxReplicas < 0) found.push(fieldErrors.invalid(specPath.child('maxReplicas'), maxReplicas, 'must be greater than or equal to 1'));
  if (minReplicas !== undefined && maxReplicas < minReplicas)
    found.push(fieldErrors.invalid(specPath.child('maxReplicas'), maxReplicas, 'must be greater than or equal to `minReplicas`'));
  validateReference(spec.scaleTargetRef, targetRules(spec.scaleTargetRef, old), specPath.child('scaleTargetRef'), found);
  const rules = objectRules(old);
  list(spec.metrics).forEach((metric, i) => validateMetric(metric, rules, specPath.child('metrics').index(i), found));
  if (minReplicas === 0 && !list(spec.metrics).some(({ type }) => type === 'Object' || type === 'External'))
    found.push(fieldErrors.forbidden(specPath.child('metrics'), 'must specify at least one Object or External metric to support scaling to zero replicas'));
  validateRules(spec.behavior?.scaleUp, specPath.child('behavior', 'scaleUp'), found);
  validateRules(spec.behavior?.scaleDown, specPath.child('behavior', 'scaleDown'), found);
  return found;
}

/** By `<group>/<kind>`. */
export const autoscalingValidation: Readonly<Record<string, ContentRules>> = {
  'autoscaling/HorizontalPodAutoscaler': contentRules<Autoscaler>({
    content,
    status({ status = {} }) {
      const found: Findings = [];
      for (const field of ['currentReplicas', 'desiredReplicas'] as const)
        if ((status[field] ?? 0) < 0) found.push(fieldErrors.invalid(FieldPath.of('status', field), status[field], negativeMessage));
      return found;
    },
  }),
};
