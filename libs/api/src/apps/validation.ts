import { fieldErrors, FieldPath } from '@navarch/apimachinery';
import { validateLasting, validateLastingTemplate, validatePodTemplate, validateTemplateMeta } from '../core/pod/validation/pod-template';
import { validateClaimSpec } from '../core/persistent-volume-claim/validation';
import { claimSpecWarnings } from '../core/persistent-volume-claim/warnings';
import type { appsv1, corev1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { omit } from '../support/omit';
import { semanticEqual } from '../support/semantic-equal';
import { type ContentRules, contentRules, type Gates } from '../validation/kind-validation';
import { labelName } from '../validation/name-rules';
import { counts, replicaCounts } from '../validation/replica-counts';
import { amountIn, atMostAll, countOrPercent, dnsLabel, type Findings, immutable, nonNegative, present, supported } from '../validation/rules';
import { validateWorkloadSelector } from '../validation/workload-rules';
import { templateWarnings, workloadWarnings } from '../validation/workload-warnings';

type DaemonSet = Loose<appsv1.DaemonSet>;
type Deployment = Loose<appsv1.Deployment>;
type ReplicaSet = Loose<appsv1.ReplicaSet>;
type StatefulSet = Loose<appsv1.StatefulSet>;

const specPath = FieldPath.of('spec');

function validateRollingUpdate({ maxUnavailable, maxSurge }: Loose<appsv1.RollingUpdateDeployment>, path: FieldPath, found: Findings): void {
  countOrPercent(maxUnavailable, path.child('maxUnavailable'), found);
  countOrPercent(maxSurge, path.child('maxSurge'), found);
  if (amountIn(maxUnavailable) === 0 && amountIn(maxSurge) === 0)
    found.push(fieldErrors.invalid(path.child('maxUnavailable'), maxUnavailable ?? 0, 'may not be 0 when `maxSurge` is 0'));
  atMostAll(maxUnavailable, path.child('maxUnavailable'), found);
}

function validateStrategy({ type, rollingUpdate }: Loose<appsv1.DeploymentStrategy>, path: FieldPath, found: Findings): void {
  if (type === 'Recreate') {
    if (rollingUpdate) found.push(fieldErrors.forbidden(path.child('rollingUpdate'), "may not be specified when strategy `type` is 'Recreate'"));
  } else if (type !== 'RollingUpdate') found.push(fieldErrors.notSupported(path, { type, rollingUpdate }, ['Recreate', 'RollingUpdate']));
  else if (!rollingUpdate) found.push(fieldErrors.required(path.child('rollingUpdate'), 'this should be defaulted and never be nil'));
  else validateRollingUpdate(rollingUpdate, path.child('rollingUpdate'), found);
}

function deploymentContent({ spec = {} }: Deployment, old: Deployment | undefined, gates: Gates): Findings {
  const found: Findings = [];
  nonNegative(spec.replicas, specPath.child('replicas'), found);
  if (validateWorkloadSelector(spec, { word: 'deployment', unreadable: 'invalid label selector' }, specPath, found))
    validateLastingTemplate(spec.template, old?.spec?.template, 'ReplicaSet', specPath.child('template'), found, gates);
  validateStrategy(spec.strategy ?? {}, specPath.child('strategy'), found);
  nonNegative(spec.minReadySeconds, specPath.child('minReadySeconds'), found);
  nonNegative(spec.revisionHistoryLimit, specPath.child('revisionHistoryLimit'), found);
  const deadline = spec.progressDeadlineSeconds;
  nonNegative(deadline, specPath.child('progressDeadlineSeconds'), found);
  if (deadline !== undefined && deadline <= (spec.minReadySeconds ?? 0))
    found.push(fieldErrors.invalid(specPath.child('progressDeadlineSeconds'), deadline, 'must be greater than minReadySeconds'));
  return found;
}

function replicaSetContent({ spec = {} }: ReplicaSet, old: ReplicaSet | undefined, gates: Gates): Findings {
  const found: Findings = [];
  nonNegative(spec.replicas, specPath.child('replicas'), found);
  nonNegative(spec.minReadySeconds, specPath.child('minReadySeconds'), found);
  if (validateWorkloadSelector(spec, { word: 'deployment', unreadable: 'invalid label selector' }, specPath, found))
    validateLastingTemplate(spec.template, old?.spec?.template, 'ReplicaSet', specPath.child('template'), found, gates);
  return found;
}

/** Pods replaced at a time: some fewer or some more than wanted, not both and not neither. */
function validateDaemonRollingUpdate({ maxUnavailable, maxSurge }: Loose<appsv1.RollingUpdateDaemonSet>, path: FieldPath, found: Findings): void {
  countOrPercent(maxUnavailable, path.child('maxUnavailable'), found);
  countOrPercent(maxSurge, path.child('maxSurge'), found);
  const [fewer, more] = [amountIn(maxUnavailable) !== 0, amountIn(maxSurge) !== 0];
  if (fewer && more) found.push(fieldErrors.invalid(path.child('maxSurge'), maxSurge, 'may not be set when maxUnavailable is non-zero'));
  if (!fewer && !more) found.push(fieldErrors.required(path.child('maxUnavailable'), 'cannot be 0 when maxSurge is 0'));
  atMostAll(maxUnavailable, path.child('maxUnavailable'), found);
  atMostAll(maxSurge, path.child('maxSurge'), found);
}

function daemonSetContent({ spec = {} }: DaemonSet, old: DaemonSet | undefined, gates: Gates): Findings {
  const found: Findings = [];
  validateWorkloadSelector(spec, { word: 'daemonset', required: false, before: old?.spec?.selector }, specPath, found);
  validateLastingTemplate(spec.template, old?.spec?.template, 'DaemonSet', specPath.child('template'), found, gates);
  nonNegative(spec.minReadySeconds, specPath.child('minReadySeconds'), found);
  const { type, rollingUpdate } = spec.updateStrategy ?? {};
  const path = specPath.child('updateStrategy');
  if (type === 'RollingUpdate') {
    if (!rollingUpdate) found.push(fieldErrors.required(path.child('rollingUpdate')));
    else validateDaemonRollingUpdate(rollingUpdate, path.child('rollingUpdate'), found);
  } else if (type !== 'OnDelete') found.push(fieldErrors.notSupported(path, spec.updateStrategy ?? {}, ['RollingUpdate', 'OnDelete']));
  nonNegative(spec.revisionHistoryLimit, specPath.child('revisionHistoryLimit'), found);
  return found;
}

function validateStatefulStrategy({ type, rollingUpdate }: Loose<appsv1.StatefulSetUpdateStrategy>, path: FieldPath, found: Findings): void {
  switch (type) {
    case undefined:
    case '':
      found.push(fieldErrors.required(path));
      break;
    case 'OnDelete':
      if (rollingUpdate) found.push(fieldErrors.invalid(path.child('rollingUpdate'), rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'"));
      break;
    case 'RollingUpdate':
      nonNegative(rollingUpdate?.partition, path.child('rollingUpdate', 'partition'), found);
      if (rollingUpdate?.maxUnavailable === undefined) break;
      countOrPercent(rollingUpdate.maxUnavailable, path.child('rollingUpdate', 'maxUnavailable'), found);
      if (amountIn(rollingUpdate.maxUnavailable) === 0) found.push(fieldErrors.invalid(path.child('rollingUpdate', 'maxUnavailable'), rollingUpdate.maxUnavailable, 'cannot be 0'));
      atMostAll(rollingUpdate.maxUnavailable, path.child('rollingUpdate', 'maxUnavailable'), found);
      break;
    default:
      found.push(fieldErrors.invalid(path, { type }, "must be 'RollingUpdate' or 'OnDelete'"));
  }
}

/**
 * The template as its pods get it: claims are volumes, before any of the template by the same name, and the name of the host and its
 * domain are the set's own, whatever the template says.
 */
function ofItsPods({ template, volumeClaimTemplates }: Loose<appsv1.StatefulSetSpec>): Loose<corev1.PodTemplateSpec> {
  const claims = new Map(list(volumeClaimTemplates).map(({ metadata }): [string, Loose<corev1.Volume>] => {
    const name = metadata?.name ?? '';
    return [name, { name, persistentVolumeClaim: { claimName: name } }];
  }));
  const spec = omit(template?.spec ?? {}, 'hostname', 'subdomain') as Loose<corev1.PodSpec>;
  if (claims.size === 0) return { ...template, spec };
  const own = list(spec.volumes).filter(({ name = '' }) => !claims.has(name));
  return { ...template, spec: { ...spec, volumes: [...claims.values(), ...own] } };
}

function statefulSetTemplate(spec: Loose<appsv1.StatefulSetSpec>, before: Loose<appsv1.StatefulSetSpec> | undefined, tolerated: boolean, found: Findings, gates: Gates): void {
  const path = specPath.child('template');
  if (tolerated) validateTemplateMeta(spec.template, path, found);
  else validatePodTemplate(ofItsPods(spec), before?.template, path, found, gates);
}

/** What an update need not look at again: it cannot change, or was wrong before the rules came. */
interface Tolerated {
  readonly unchangeable?: boolean;
  readonly template?: boolean;
}

function statefulSetSpec(spec: Loose<appsv1.StatefulSetSpec>, before: Loose<appsv1.StatefulSetSpec> | undefined, { unchangeable = false, template = false }: Tolerated, gates: Gates): Findings {
  const found: Findings = [];
  const policy = spec.podManagementPolicy;
  if (present(policy, specPath.child('podManagementPolicy'), found) && policy !== 'OrderedReady' && policy !== 'Parallel')
    found.push(fieldErrors.invalid(specPath.child('podManagementPolicy'), policy, "must be 'OrderedReady' or 'Parallel'"));
  validateStatefulStrategy(spec.updateStrategy ?? {}, specPath.child('updateStrategy'), found);
  const retention = spec.persistentVolumeClaimRetentionPolicy;
  for (const when of ['whenDeleted', 'whenScaled'] as const) supported(retention?.[when], ['Retain', 'Delete'], specPath.child('persistentVolumeClaimRetentionPolicy', when), found);
  if (!unchangeable) list(spec.volumeClaimTemplates).forEach((claim, i) => validateClaimSpec(claim.spec ?? {}, specPath.child('volumeClaimTemplates').index(i).child('spec'), found));
  nonNegative(spec.replicas, specPath.child('replicas'), found);
  nonNegative(spec.minReadySeconds, specPath.child('minReadySeconds'), found);
  nonNegative(spec.ordinals?.start, specPath.child('ordinals.start'), found);
  if (!unchangeable && spec.serviceName) dnsLabel(spec.serviceName, specPath.child('serviceName'), found);
  if (validateWorkloadSelector(spec, { word: 'statefulset', unreadable: '' }, specPath, found)) statefulSetTemplate(spec, before, template, found, gates);
  validateLasting(spec.template, 'StatefulSet', specPath.child('template'), found);
  return found;
}

/** A set whose spec breaks rules that came later may go on with its template as it is. */
function statefulSetContent({ spec = {} }: StatefulSet, old: StatefulSet | undefined, gates: Gates): Findings {
  if (old === undefined) return statefulSetSpec(spec, undefined, {}, gates);
  const before = old.spec ?? {};
  return statefulSetSpec(spec, before, { unchangeable: true, template: statefulSetSpec(before, before, { unchangeable: true }, gates).length > 0 }, gates);
}

/** Upstream's paths of the claims: on an update it says `Spec`. */
function statefulSetWarnings(set: StatefulSet, old: StatefulSet | undefined): string[] {
  const path = specPath.child('volumeClaimTemplates');
  const claims = list(set.spec?.volumeClaimTemplates).flatMap(({ spec = {} }, i) => claimSpecWarnings(spec, old === undefined ? path.index(i) : path.index(i).child('Spec')));
  const negative = (set.spec?.revisionHistoryLimit ?? 0) < 0 ? ['spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended'] : [];
  return [...templateWarnings(set, old), ...claims, ...negative];
}

const changeableOfStatefulSet = ['replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy', 'minReadySeconds'] as const;

function statefulSetChange(set: StatefulSet, old: StatefulSet): Findings {
  if (semanticEqual(omit(set.spec ?? {}, ...changeableOfStatefulSet), omit(old.spec ?? {}, ...changeableOfStatefulSet))) return [];
  return [fieldErrors.forbidden(specPath, "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden")];
}

const selectorStays = (object: Loose<{ spec: { selector: object } }>, old: Loose<{ spec: { selector: object } }>): Findings => {
  const found: Findings = [];
  immutable(object.spec?.selector, old.spec?.selector, specPath.child('selector'), found);
  return found;
};

/** By `<group>/<kind>`. */
export const appsValidation: Readonly<Record<string, ContentRules>> = {
  'apps/ControllerRevision': contentRules<Loose<appsv1.ControllerRevision>>({
    content({ data, revision }, old) {
      const found: Findings = [];
      const path = FieldPath.of('data');
      const given: unknown = data;
      nonNegative(revision, FieldPath.of('revision'), found);
      // What was taken before these rules stays.
      if (old !== undefined) return found;
      if (given === undefined || given === null) found.push(fieldErrors.required(path, 'data is mandatory'));
      else if (typeof given !== 'object' || Array.isArray(given)) found.push(fieldErrors.required(path, 'data must be a valid JSON object'));
      return found;
    },
    change(object, old) {
      const found: Findings = [];
      immutable(object.data, old.data, FieldPath.of('data'), found);
      return found;
    },
  }),
  'apps/DaemonSet': contentRules<DaemonSet>({
    warnings: templateWarnings,
    content: daemonSetContent,
    change: selectorStays,
    status: counts('currentNumberScheduled', 'numberMisscheduled', 'desiredNumberScheduled', 'numberReady', 'observedGeneration', 'updatedNumberScheduled', 'numberAvailable', 'numberUnavailable', 'collisionCount'),
  }),
  'apps/Deployment': contentRules<Deployment>({
    warnings: workloadWarnings,
    content: deploymentContent,
    change: selectorStays,
    status: replicaCounts(['updatedReplicas', 'readyReplicas', 'availableReplicas']),
  }),
  'apps/ReplicaSet': contentRules<ReplicaSet>({
    warnings: workloadWarnings,
    content: replicaSetContent,
    change: selectorStays,
    status: replicaCounts(['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas']),
  }),
  'apps/StatefulSet': contentRules<StatefulSet>({
    name: labelName,
    warnings: statefulSetWarnings,
    content: statefulSetContent,
    change: statefulSetChange,
    status: replicaCounts(['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'], 'status.readyReplicas'),
  }),
};
