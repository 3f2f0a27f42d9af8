import { compileLabelSelector, fieldErrors, type FieldPath, type LabelSelector, validateAnnotations, validateLabels } from '@navarch/apimachinery';
import type { corev1, metav1 } from '../../../gen';
import { list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { type Gates } from '../../../validation/kind-validation';
import { type Findings } from '../../../validation/rules';
import { validateAnnotatedProfiles } from './annotated-profiles';
import { validatePodAnnotations } from './annotations';
import { validatePodSpec } from './pod-spec';

type Template = Loose<corev1.PodTemplateSpec>;

/** The rules of a template's own labels and annotations. */
export function validateTemplateMeta(template: Template | undefined, path: FieldPath, found: Findings): void {
  const { metadata } = template ?? {};
  found.push(...validateLabels(metadata?.labels as Record<string, string> | undefined, path.child('labels')));
  found.push(...validateAnnotations(metadata?.annotations as Record<string, string> | undefined, path.child('annotations')));
  validatePodAnnotations(metadata?.annotations, template?.spec ?? {}, path.child('annotations'), found);
}

/** The rules of a template, whatever makes pods of it. `before` is the one that it replaces. */
export function validatePodTemplate(template: Template | undefined, before: Template | undefined, path: FieldPath, found: Findings, gates: Gates): void {
  const spec = template?.spec;
  validateTemplateMeta(template, path, found);
  validatePodSpec(spec ?? {}, path.child('spec'), found, { before: before?.spec, gates });
  validateAnnotatedProfiles(template?.metadata?.annotations, spec ?? {}, path.child('spec'), found);
  if (list(spec?.ephemeralContainers).length > 0)
    found.push(fieldErrors.forbidden(path.child('spec', 'ephemeralContainers'), 'ephemeral containers not allowed in pod template'));
}

export function labelsDoNotMatch(template: Template | undefined, path: FieldPath, found: Findings): void {
  found.push(fieldErrors.invalid(path.child('metadata', 'labels'), template?.metadata?.labels ?? null, '`selector` does not match template `labels`'));
}

/** Whether the template's pods would be found again by the selector of their owner. Selectors that are wrong are reported elsewhere. */
export function templateMatches(template: Template | undefined, selector: Loose<metav1.LabelSelector>, path: FieldPath, found: Findings): void {
  const labels = template?.metadata?.labels as Record<string, string> | undefined;
  if (!compileLabelSelector(selector as LabelSelector).matches(labels ?? {})) labelsDoNotMatch(template, path, found);
}

/** Pods that are kept running restart, and never end by themselves. */
export function validateLasting(template: Template | undefined, owner: string, path: FieldPath, found: Findings): void {
  const { restartPolicy, activeDeadlineSeconds } = template?.spec ?? {};
  if (restartPolicy && restartPolicy !== 'Always') found.push(fieldErrors.notSupported(path.child('spec', 'restartPolicy'), restartPolicy, ['Always']));
  if (activeDeadlineSeconds !== undefined)
    found.push(fieldErrors.forbidden(path.child('spec', 'activeDeadlineSeconds'), `activeDeadlineSeconds in ${owner} is not Supported`));
}

/** The rules of a template of pods that are kept running. */
export function validateLastingTemplate(template: Template | undefined, before: Template | undefined, owner: string, path: FieldPath, found: Findings, gates: Gates): void {
  validatePodTemplate(template, before, path, found, gates);
  validateLasting(template, owner, path, found);
}
