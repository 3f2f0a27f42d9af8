import { fieldErrors, FieldPath, labelKeyMessages } from '@navarch/apimachinery';
import type { corev1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { qualifiedFinalizer } from '../validation/finalizers';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { labelName } from '../validation/name-rules';
import { replicaCounts } from '../validation/replica-counts';
import { type Findings, nonNegative, refuse } from '../validation/rules';
import { sameIntent, workloadWarnings } from '../validation/workload-warnings';
import { configMapValidation, secretValidation } from './data-validation';
import { endpointsValidation } from './endpoints/validation';
import { eventValidation, newEventValidation } from './event/validation';
import { nodeValidation } from './node/validation';
import { persistentVolumeValidation } from './persistent-volume/validation';
import { persistentVolumeClaimValidation } from './persistent-volume-claim/validation';
import { labelsDoNotMatch, validateLastingTemplate, validatePodTemplate } from './pod/validation/pod-template';
import { podValidation } from './pod/validation/pod';
import { podWarnings } from './pod/warnings';
import { limitRangeValidation, resourceQuotaValidation } from './quota-validation';
import { serviceValidation } from './service/validation';

const specPath = FieldPath.of('spec');

const finalizersPath = specPath.child('finalizers');

const finalizersAt = (pathOf: (i: number) => FieldPath) => ({ spec }: Loose<corev1.Namespace>): Findings => {
  const found: Findings = [];
  list(spec?.finalizers).forEach((name, i) => {
    const path = pathOf(i);
    refuse(labelKeyMessages(name), name, path, found);
    qualifiedFinalizer(name, path, found);
  });
  return found;
};

/** A namespace ends when it is deleted, not when somebody says so. */
function namespaceStatus({ metadata, status }: Loose<corev1.Namespace>): Findings {
  const ends = metadata?.deletionTimestamp !== undefined;
  const phase = status?.phase ?? '';
  if (phase === (ends ? 'Terminating' : 'Active')) return [];
  return [fieldErrors.invalid(FieldPath.of('status', 'Phase'), phase, `may only be ${ends ? "'Terminating' if `deletionTimestamp` is not empty" : "'Active' if `deletionTimestamp` is empty"}`)];
}

const replicationControllerValidation = contentRules<Loose<corev1.ReplicationController>>({
  warnings: workloadWarnings,
  status: replicaCounts(['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas']),
  content({ spec = {} }, old, gates) {
    const found: Findings = [];
    nonNegative(spec.minReadySeconds, specPath.child('minReadySeconds'), found);
    const selector = (spec.selector ?? {}) as Record<string, string>;
    if (Object.keys(selector).length === 0) found.push(fieldErrors.required(specPath.child('selector')));
    nonNegative(spec.replicas, specPath.child('replicas'), found);
    if (!spec.template) {
      found.push(fieldErrors.required(specPath.child('template')));
      return found;
    }
    const labels = spec.template.metadata?.labels ?? {};
    if (Object.entries(selector).some(([key, value]) => labels[key] !== value)) labelsDoNotMatch(spec.template, specPath.child('template'), found);
    validateLastingTemplate(spec.template, old?.spec?.template, 'ReplicationController', specPath.child('template'), found, gates);
    return found;
  },
});

const mountableSecrets = 'kubernetes.io/enforce-mountable-secrets';

/** Said to who sets it, not to who leaves it. */
function serviceAccountWarnings({ metadata }: Loose<corev1.ServiceAccount>, old: Loose<corev1.ServiceAccount> | undefined): string[] {
  if (metadata?.annotations?.[mountableSecrets] === undefined || old?.metadata?.annotations?.[mountableSecrets] !== undefined) return [];
  return [`metadata.annotations[${mountableSecrets}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`];
}

/** By `<group>/<kind>`. */
export const coreValidation: Readonly<Record<string, ContentRules>> = {
  '/ConfigMap': configMapValidation,
  '/Endpoints': endpointsValidation,
  '/Event': eventValidation,
  '/LimitRange': limitRangeValidation,
  '/Namespace': contentRules<Loose<corev1.Namespace>>({
    name: labelName,
    content: finalizersAt(() => finalizersPath),
    views: { finalize: finalizersAt((i) => finalizersPath.index(i)) },
    status: namespaceStatus,
  }),
  '/Node': nodeValidation,
  '/PersistentVolume': persistentVolumeValidation,
  '/PersistentVolumeClaim': persistentVolumeClaimValidation,
  '/Pod': podValidation,
  '/PodTemplate': contentRules<Loose<corev1.PodTemplate>>({
    warnings: (podTemplate, old) => (sameIntent(podTemplate, old) ? [] : podWarnings(podTemplate.template ?? {}, FieldPath.of('template'))),
    content({ template }, old, gates) {
      const found: Findings = [];
      validatePodTemplate(template, old?.template, FieldPath.of('template'), found, gates);
      return found;
    },
  }),
  '/ReplicationController': replicationControllerValidation,
  '/ResourceQuota': resourceQuotaValidation,
  '/Secret': secretValidation,
  '/Service': serviceValidation,
  '/ServiceAccount': contentRules<Loose<corev1.ServiceAccount>>({ content: () => [], warnings: serviceAccountWarnings }),
  'events.k8s.io/Event': newEventValidation,
};
