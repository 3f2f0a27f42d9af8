import { type Probe, statusOf } from './probe';

const at = '2026-01-02T03:04:05.000000Z';
const event = (parts: object): object => ({
  involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' }, eventTime: at, reportingComponent: 'example.com/controller', reportingInstance: 'i', action: 'Act', reason: 'Why', type: 'Normal', ...parts,
});
const old = event({ series: { count: 2, lastObservedTime: at } });
const older = { involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' } };
const long = 'x'.repeat(129);

type Row = readonly [object: object, field: string, reason: Probe['reason'], message: string];

/** Told by either group: core/v1 and events.k8s.io/v1. */
const common: readonly Row[] = [
  [event({ involvedObject: { kind: 'Node', name: 'n' }, metadata: { namespace: 'other' } }), 'involvedObject.namespace', 'FieldValueInvalid', 'Invalid value: "": does not match event.namespace'],
  [{ ...older, involvedObject: { kind: 'Pod', name: 'p', namespace: 'other' } }, 'involvedObject.namespace', 'FieldValueInvalid', 'Invalid value: "other": does not match event.namespace'],
  [{ involvedObject: { kind: 'Node', name: 'n' }, metadata: { namespace: 'kube-system' } }, 'involvedObject.namespace', 'FieldValueInvalid', 'Invalid value: "": does not match event.namespace'],
  [event({ reportingComponent: '' }), 'reportingController', 'FieldValueRequired', 'Required value'],
  [event({ reportingComponent: 'a/b/c' }), 'reportingController', 'FieldValueInvalid', `Invalid value: "a/b/c": a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`],
  [event({ reportingInstance: '' }), 'reportingInstance', 'FieldValueRequired', 'Required value'],
  [event({ reportingInstance: long }), 'reportingInstance', 'FieldValueInvalid', 'Invalid value: "": can have at most 128 characters'],
  [event({ action: '' }), 'action', 'FieldValueRequired', 'Required value'],
  [event({ action: long }), 'action', 'FieldValueInvalid', 'Invalid value: "": can have at most 128 characters'],
  [event({ reason: '' }), 'reason', 'FieldValueRequired', 'Required value'],
  [event({ reason: long }), 'reason', 'FieldValueInvalid', 'Invalid value: "": can have at most 128 characters'],
  [event({ message: 'x'.repeat(1025) }), 'message', 'FieldValueInvalid', 'Invalid value: "": can have at most 1024 characters'],
];

/** Told by events.k8s.io/v1 only, of a new event. */
const created: readonly Row[] = [
  [older, 'eventTime', 'FieldValueRequired', 'Required value'],
  [event({ type: 'Odd' }), 'type', 'FieldValueInvalid', 'Invalid value: "": has invalid value: Odd'],
  [event({ firstTimestamp: at }), 'firstTimestamp', 'FieldValueInvalid', 'Invalid value: "": needs to be unset'],
  [event({ lastTimestamp: at }), 'lastTimestamp', 'FieldValueInvalid', 'Invalid value: "": needs to be unset'],
  [event({ count: 1 }), 'count', 'FieldValueInvalid', 'Invalid value: "": needs to be unset'],
  [event({ source: { component: 'c' } }), 'source', 'FieldValueInvalid', 'Invalid value: "": needs to be unset'],
  [event({ source: { host: 'h' } }), 'source', 'FieldValueInvalid', 'Invalid value: "": needs to be unset'],
  [event({ series: { count: 1, lastObservedTime: at } }), 'series.count', 'FieldValueInvalid', 'Invalid value: "": should be at least 2'],
  [event({ series: { count: 2 } }), 'series.lastObservedTime', 'FieldValueRequired', 'Required value'],
];

/** Told by events.k8s.io/v1 only, of a change. */
const changed: readonly Row[] = [
  [{ series: { count: 1, lastObservedTime: at } }, 'series.count', 'FieldValueInvalid', 'Invalid value: "": should be at least 2'],
  [{ reason: 'b' }, 'reason', 'FieldValueInvalid', 'Invalid value: "b": field is immutable'],
  [{ message: 'b' }, 'message', 'FieldValueInvalid', 'Invalid value: "b": field is immutable'],
  [{ action: 'b' }, 'action', 'FieldValueInvalid', 'Invalid value: "b": field is immutable'],
  [{ type: 'Warning' }, 'type', 'FieldValueInvalid', 'Invalid value: "Warning": field is immutable'],
  [{ count: 2 }, 'count', 'FieldValueInvalid', 'Invalid value: 2: field is immutable'],
  [{ reportingComponent: 'b' }, 'reportingController', 'FieldValueInvalid', 'Invalid value: "b": field is immutable'],
  [{ reportingInstance: 'b' }, 'reportingInstance', 'FieldValueInvalid', 'Invalid value: "b": field is immutable'],
  [{ related: { kind: 'Pod' } }, 'related', 'FieldValueInvalid', 'Invalid value: {"kind":"Pod"}: field is immutable'],
  [{ source: { host: 'h' } }, 'source', 'FieldValueInvalid', 'Invalid value: {"host":"h"}: field is immutable'],
];

const refuses = (probe: Pick<Probe, 'kind' | 'object' | 'old'>, [, field, reason, message]: Row): void => {
  const refused = statusOf(probe);
  expect(refused).toMatchObject({ code: 422, reason: 'Invalid' });
  expect(refused?.causes).toContainEqual({ field, reason, message });
};

describe('an event that is refused', () => {
  it.each(common)('by both groups: %j at %s with %s: %s', (...row) => {
    for (const kind of ['/Event', 'events.k8s.io/Event']) refuses({ kind, object: row[0] }, row);
  });

  it.each(created)('by events.k8s.io alone: %j at %s with %s: %s', (...row) => {
    refuses({ kind: 'events.k8s.io/Event', object: row[0] }, row);
    expect(statusOf({ kind: '/Event', object: row[0] })).toBeUndefined();
  });

  it.each(changed)('by events.k8s.io alone when it changes: %j at %s with %s: %s', (...row) => {
    refuses({ kind: 'events.k8s.io/Event', object: row[0], old }, row);
    expect(statusOf({ kind: '/Event', object: row[0], old })).toBeUndefined();
  });

  it('is not one whose series goes on, nor one with another name that a path can have', () => {
    expect(statusOf({ kind: 'events.k8s.io/Event', object: { series: { count: 3, lastObservedTime: at } }, old })).toBeUndefined();
    expect(statusOf({ kind: '/Event', object: { ...older, metadata: { name: 'Some_Event' } } })).toBeUndefined();
  });
});
