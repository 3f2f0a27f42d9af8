import { dns1123LabelMessages, fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { type Loose } from '../../support/loose';
import { contentRules } from '../../validation/kind-validation';
import { type Findings, refuse } from '../../validation/rules';

type Event = Loose<corev1.Event>;

/** Kinds without a namespace: their events are in `default`. */
function validateNamespace({ metadata, involvedObject }: Event, found: Findings): void {
  const namespace = metadata?.namespace ?? '';
  const involved = involvedObject?.namespace ?? '';
  const path = FieldPath.of('involvedObject', 'namespace');
  if (involved === '') {
    if (namespace !== '' && namespace !== 'default' && namespace !== 'kube-system') found.push(fieldErrors.invalid(path, involved, 'does not match event.namespace'));
  } else if (namespace !== involved) found.push(fieldErrors.invalid(path, involved, 'does not match event.namespace'));
}

export const eventValidation = contentRules<Event>({
  content(event) {
    const found: Findings = [];
    validateNamespace(event, found);
    const namespace = event.metadata?.namespace ?? '';
    if (namespace !== '') refuse(dns1123LabelMessages(namespace), namespace, FieldPath.of('namespace'), found);
    // An event of the newer kind says when, by whom and why.
    if (event.eventTime === undefined) return found;
    for (const field of ['reportingComponent', 'reportingInstance', 'action', 'reason'] as const) {
      const path = FieldPath.of(field === 'reportingComponent' ? 'reportingController' : field);
      const value = event[field] ?? '';
      if (value === '') found.push(fieldErrors.required(path));
      if (value.length > 128) found.push(fieldErrors.invalid(path, '', 'can have at most 128 characters'));
    }
    if (Buffer.byteLength(event.message ?? '') > 1024) found.push(fieldErrors.invalid(FieldPath.of('message'), '', 'can have at most 1024 characters'));
    return found;
  },
});
