import { dns1123SubdomainMessages, fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { type Loose } from '../../support/loose';
import { semanticEqual } from '../../support/semantic-equal';
import { contentRules } from '../../validation/kind-validation';
import { pathSegmentName } from '../../validation/name-rules';
import { type Findings, immutable, qualifiedName, refuse } from '../../validation/rules';

// Mirrors pkg/apis/core/validation/events.go. Both groups' Events are of the core form here.

type Event = Loose<corev1.Event>;

const maxText = 128;
const maxMessage = 1024;

/** Kinds without a namespace: their events are in `default`, those of the newer form in `kube-system` too. */
function validateNamespace({ metadata, involvedObject, eventTime }: Event, found: Findings): void {
  const namespace = metadata?.namespace ?? '';
  const involved = involvedObject?.namespace ?? '';
  const homes = eventTime === undefined ? ['', 'default'] : ['default', 'kube-system'];
  const agrees = involved === '' ? homes.includes(namespace) : eventTime !== undefined || namespace === involved;
  if (!agrees) found.push(fieldErrors.invalid(FieldPath.of('involvedObject', 'namespace'), involved, 'does not match event.namespace'));
}

/** What every event must say, by whatever group it comes. */
function common(event: Event): Findings {
  const found: Findings = [];
  validateNamespace(event, found);
  // An event of the newer kind says when, by whom and why.
  if (event.eventTime !== undefined) {
    for (const field of ['reportingComponent', 'reportingInstance', 'action', 'reason'] as const) {
      const path = FieldPath.of(field === 'reportingComponent' ? 'reportingController' : field);
      const value = event[field] ?? '';
      if (value === '') found.push(fieldErrors.required(path));
      if (field === 'reportingComponent') qualifiedName(value, path, found);
      else if (Buffer.byteLength(value) > maxText) found.push(fieldErrors.invalid(path, '', `can have at most ${maxText} characters`));
    }
    if (Buffer.byteLength(event.message ?? '') > maxMessage) found.push(fieldErrors.invalid(FieldPath.of('message'), '', `can have at most ${maxMessage} characters`));
  }
  const namespace = event.metadata?.namespace ?? '';
  refuse(dns1123SubdomainMessages(namespace), namespace, FieldPath.of('namespace'), found);
  return found;
}

function validateSeries({ series }: Event, found: Findings): void {
  if (!series) return;
  if ((series.count ?? 0) < 2) found.push(fieldErrors.invalid(FieldPath.of('series', 'count'), '', 'should be at least 2'));
  if (series.lastObservedTime === undefined) found.push(fieldErrors.required(FieldPath.of('series', 'lastObservedTime')));
}

/** What only a new event of events.k8s.io must keep to: the fields of the older form stay empty. */
function strict(event: Event, found: Findings): void {
  validateSeries(event, found);
  const { type = '', eventTime, firstTimestamp, lastTimestamp, count = 0, source } = event;
  if (eventTime === undefined) found.push(fieldErrors.required(FieldPath.of('eventTime')));
  if (type !== 'Normal' && type !== 'Warning') found.push(fieldErrors.invalid(FieldPath.of('type'), '', `has invalid value: ${type}`));
  const older = {
    firstTimestamp: firstTimestamp !== undefined,
    lastTimestamp: lastTimestamp !== undefined,
    count: count !== 0,
    source: Boolean(source?.component ?? '') || Boolean(source?.host ?? ''),
  };
  for (const [field, given] of Object.entries(older)) if (given) found.push(fieldErrors.invalid(FieldPath.of(field), '', 'needs to be unset'));
}

/** An event of events.k8s.io only ever gets longer. */
const fixed = [
  'involvedObject', 'reason', 'message', 'source', 'firstTimestamp', 'lastTimestamp', 'count', 'type', 'eventTime', 'action', 'related', 'reportingComponent', 'reportingInstance',
] as const;

/** Of core/v1, which takes what it always took. */
export const eventValidation = contentRules<Event>({ name: pathSegmentName, content: common });

/** Of events.k8s.io/v1. */
export const newEventValidation = contentRules<Event>({
  content(event, old) {
    const found = common(event);
    if (old === undefined) strict(event, found);
    return found;
  },
  change(event, old) {
    const found: Findings = [];
    if (!semanticEqual(event.series, old.series)) validateSeries(event, found);
    for (const field of fixed) immutable(event[field], old[field], FieldPath.of(field === 'reportingComponent' ? 'reportingController' : field), found);
    return found;
  },
});
