import { dns1123LabelMessages, dns1123SubdomainMessages, fieldErrors, FieldPath, labelKeyMessages, maxBytesMessage, pathSegmentNameMessages } from '@navarch/apimachinery';
import type { schedulingv1alpha2 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { semanticEqual } from '../support/semantic-equal';
import { validateConditions } from '../validation/conditions';
import { contentRules } from '../validation/kind-validation';
import { declaredImmutable, exactlyOne, type Findings, inRange, present, refuse, supported } from '../validation/rules';

type PodGroup = Loose<schedulingv1alpha2.PodGroup>;
type Workload = Loose<schedulingv1alpha2.Workload>;
type Policy = Loose<schedulingv1alpha2.PodGroupSchedulingPolicy>;
/** What a group and a template of groups have in common. */
type Group = Loose<Pick<schedulingv1alpha2.PodGroupTemplate, 'disruptionMode' | 'priority' | 'resourceClaims' | 'schedulingConstraints' | 'schedulingPolicy' | 'priorityClassName'>>;

// The rules are declared in upstream's types: staging/src/k8s.io/api/scheduling/v1alpha2/types.go.

const specPath = FieldPath.of('spec');
const maxTemplates = 8;
const maxClaims = 4;
const maxTopologies = 1;
/** Above it is for the system. */
const highestOfUsers = 1_000_000_000;

const declaredName = (name: string, path: FieldPath, found: Findings): void => refuse(dns1123SubdomainMessages(name, maxBytesMessage), name, path, found);

/** Whether the pods are placed one by one or all at once. */
function validatePolicy(policy: Policy, path: FieldPath, found: Findings): void {
  exactlyOne(policy, ['basic', 'gang'], path, found);
  if (!policy.gang) return;
  const { minCount = 0 } = policy.gang;
  if (minCount === 0) found.push(fieldErrors.required(path.child('gang', 'minCount')));
  else inRange(minCount, 1, Infinity, path.child('gang', 'minCount'), found);
}

function validateClaims(claims: Group['resourceClaims'], path: FieldPath, found: Findings): void {
  const seen = new Set<string>();
  if (list(claims).length > maxClaims) found.push(fieldErrors.tooMany(path, list(claims).length, maxClaims));
  list(claims).forEach((claim, i) => {
    const { name = '', resourceClaimName, resourceClaimTemplateName } = claim;
    const at = path.index(i);
    if (present(name, at.child('name'), found)) refuse(dns1123LabelMessages(name, maxBytesMessage), name, at.child('name'), found);
    if (seen.has(name)) found.push(fieldErrors.duplicate(at, { name }));
    seen.add(name);
    exactlyOne(claim, ['resourceClaimName', 'resourceClaimTemplateName'], at, found);
    if (resourceClaimName !== undefined) declaredName(resourceClaimName, at.child('resourceClaimName'), found);
    if (resourceClaimTemplateName !== undefined) declaredName(resourceClaimTemplateName, at.child('resourceClaimTemplateName'), found);
  });
}

function validateGroup(group: Group, path: FieldPath, found: Findings): void {
  validatePolicy(group.schedulingPolicy ?? {}, path.child('schedulingPolicy'), found);
  const topology = list(group.schedulingConstraints?.topology);
  const at = path.child('schedulingConstraints', 'topology');
  if (topology.length > maxTopologies) found.push(fieldErrors.tooMany(at, topology.length, maxTopologies));
  topology.forEach(({ key }, i) => {
    if (present(key, at.index(i).child('key'), found)) refuse(labelKeyMessages(key), key, at.index(i).child('key'), found);
  });
  validateClaims(group.resourceClaims, path.child('resourceClaims'), found);
  supported(group.disruptionMode, ['Pod', 'PodGroup'], path.child('disruptionMode'), found);
  if (group.priorityClassName) declaredName(group.priorityClassName, path.child('priorityClassName'), found);
  inRange(group.priority, -(2 ** 31), highestOfUsers, path.child('priority'), found);
}

/** Which template of which workload a group was made from. */
function validateOrigin({ workload }: Loose<schedulingv1alpha2.PodGroupTemplateReference>, path: FieldPath, found: Findings): void {
  if (!workload) {
    found.push(fieldErrors.invalid(path, '', 'must specify one of: `workload`'));
    return;
  }
  const at = path.child('workload');
  const { workloadName, podGroupTemplateName } = workload;
  if (present(workloadName, at.child('workloadName'), found)) declaredName(workloadName, at.child('workloadName'), found);
  if (present(podGroupTemplateName, at.child('podGroupTemplateName'), found)) refuse(dns1123LabelMessages(podGroupTemplateName, maxBytesMessage), podGroupTemplateName, at.child('podGroupTemplateName'), found);
}

export const podGroupValidation = contentRules<PodGroup>({
  content({ spec = {} }, old) {
    const found: Findings = [];
    // What may not change is not looked at again: the rules of an alpha may.
    if (old !== undefined) return found;
    if (spec.podGroupTemplateRef) validateOrigin(spec.podGroupTemplateRef, specPath.child('podGroupTemplateRef'), found);
    validateGroup(spec, specPath, found);
    return found;
  },
  change: ({ spec = {} }, { spec: old = {} }) =>
    (['podGroupTemplateRef', 'schedulingPolicy', 'schedulingConstraints', 'resourceClaims', 'disruptionMode', 'priorityClassName', 'priority'] as const)
      .flatMap((field) => (semanticEqual(spec[field], old[field]) ? [] : [declaredImmutable(specPath.child(field))])),
  status({ spec, status }) {
    const found: Findings = [];
    validateConditions(status?.conditions, FieldPath.of('status', 'conditions'), found);
    const claims = list(spec?.resourceClaims).map(({ name }) => name);
    const seen = new Set<string>();
    list(status?.resourceClaimStatuses).forEach((claim, i) => {
      const { name = '', resourceClaimName } = claim;
      const at = FieldPath.of('status', 'resourceClaimStatuses').index(i);
      if (seen.has(name)) found.push(fieldErrors.duplicate(at, claim));
      seen.add(name);
      if (resourceClaimName !== undefined) declaredName(resourceClaimName, at.child('resourceClaimName'), found);
      if (!claims.includes(name)) {
        found.push(
          fieldErrors.invalid(
            at.child('name'),
            name,
            'must match the name of an entry in `spec.resourceClaims`',
          ),
        );
      }
    });
    return found;
  },
});

function validateController({ apiGroup, kind, name }: Loose<schedulingv1alpha2.TypedLocalObjectReference>, path: FieldPath, found: Findings): void {
  if (apiGroup) declaredName(apiGroup, path.child('apiGroup'), found);
  for (const [field, value] of [['kind', kind], ['name', name]] as const)
    if (present(value, path.child(field), found)) refuse(pathSegmentNameMessages(value), value, path.child(field), found);
}

export const workloadValidation = contentRules<Workload>({
  content({ spec = {} }, old) {
    const found: Findings = [];
    if (old !== undefined) return found;
    if (spec.controllerRef) validateController(spec.controllerRef, specPath.child('controllerRef'), found);
    const path = specPath.child('podGroupTemplates');
    const templates = list(spec.podGroupTemplates);
    if (templates.length === 0) found.push(fieldErrors.required(path));
    else if (templates.length > maxTemplates) found.push(fieldErrors.tooMany(path, templates.length, maxTemplates));
    templates.forEach((template, i) => {
      const { name = '' } = template;
      const at = path.index(i);
      if (present(name, at.child('name'), found)) refuse(dns1123LabelMessages(name, maxBytesMessage), name, at.child('name'), found);
      if (templates.findIndex((other) => other.name === template.name) < i) found.push(fieldErrors.duplicate(at, template));
      validateGroup(template, at, found);
    });
    return found;
  },
  change: ({ spec }, { spec: old }) =>
    (['controllerRef', 'podGroupTemplates'] as const).flatMap((field) =>
      semanticEqual(spec?.[field], old?.[field]) ? [] : [declaredImmutable(specPath.child(field))],
    ),
});
