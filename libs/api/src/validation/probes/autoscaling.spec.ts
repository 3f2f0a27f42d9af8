import { type Probe, statusOf } from './probe';

const kind = 'autoscaling/HorizontalPodAutoscaler';
const scaler = (parts: object): object => ({ spec: { minReplicas: 1, maxReplicas: 5, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, ...parts } });
const metric = (...metrics: object[]): object => scaler({ metrics });
const behavior = (scaleUp: object): object => scaler({ behavior: { scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }], ...scaleUp } } });
const policy = (parts: object): object => behavior({ policies: [{ type: 'Pods', value: 1, periodSeconds: 60, ...parts }] });
const cpu = (target: object): object => metric({ type: 'Resource', resource: { name: 'cpu', target } });
const external = (target: object, name = 'queue'): object => ({ type: 'External', external: { metric: { name }, target } });
const container = (parts: object): object => metric({ type: 'ContainerResource', containerResource: { name: 'cpu', container: 'a', target: { type: 'Utilization', averageUtilization: 50 }, ...parts } });

type Row = readonly [object: object, field: string, reason: Probe['reason'], message: string];

const rows: readonly Row[] = [
  [scaler({ minReplicas: 0 }), 'spec.minReplicas', 'FieldValueInvalid', 'Invalid value: 0: must be greater than or equal to 1'],
  [scaler({ maxReplicas: 0 }), 'spec.maxReplicas', 'FieldValueRequired', 'Required value: must be set and greater than 0'],
  [scaler({ maxReplicas: -1 }), 'spec.maxReplicas', 'FieldValueInvalid', 'Invalid value: -1: must be greater than or equal to 1'],
  [scaler({ minReplicas: 6 }), 'spec.maxReplicas', 'FieldValueInvalid', 'Invalid value: 5: must be greater than or equal to `minReplicas`'],
  [scaler({ scaleTargetRef: { name: 'web' } }), 'spec.scaleTargetRef.kind', 'FieldValueRequired', 'Required value'],
  [scaler({ scaleTargetRef: { kind: 'Deployment', name: 'web' } }), 'spec.scaleTargetRef.apiVersion', 'FieldValueInvalid', 'Invalid value: "": apiVersion must specify API group'],
  [scaler({ scaleTargetRef: { apiVersion: 'v1', kind: 'Deployment', name: 'web' } }), 'spec.scaleTargetRef.apiVersion', 'FieldValueInvalid', 'Invalid value: "v1": apiVersion must specify API group'],
  [scaler({ scaleTargetRef: { apiVersion: 'a/b/c', kind: 'Deployment', name: 'web' } }), 'spec.scaleTargetRef.apiVersion', 'FieldValueInvalid', 'Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c'],
  [scaler({ scaleTargetRef: { kind: 'Deployment', name: '..' } }), 'spec.scaleTargetRef.name', 'FieldValueInvalid', `Invalid value: "..": may not be '..'`],
  [metric({}), 'spec.metrics[0].type', 'FieldValueRequired', 'Required value: must specify a metric source type'],
  [metric({}), 'spec.metrics[0].type', 'FieldValueNotSupported', 'Unsupported value: "": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"'],
  [metric({ type: 'Odd' }), 'spec.metrics[0].type', 'FieldValueNotSupported', 'Unsupported value: "Odd": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"'],
  [metric({ type: 'Pods' }), 'spec.metrics[0].pods', 'FieldValueRequired', 'Required value: must populate information for the given metric source'],
  [metric({ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 1 } }, external: {} }), 'spec.metrics[0].external', 'FieldValueForbidden', 'Forbidden: must populate the given metric source only'],
  [cpu({ averageUtilization: 1 }), 'spec.metrics[0].resource.target.type', 'FieldValueRequired', 'Required value: must specify a metric target type'],
  [cpu({ type: 'Odd', averageUtilization: 1 }), 'spec.metrics[0].resource.target.type', 'FieldValueInvalid', 'Invalid value: "Odd": must be either Utilization, Value, or AverageValue'],
  [cpu({ type: 'Utilization', averageUtilization: 0 }), 'spec.metrics[0].resource.target.averageUtilization', 'FieldValueInvalid', 'Invalid value: 0: must be greater than 0'],
  [cpu({ type: 'Utilization' }), 'spec.metrics[0].resource.target.averageUtilization', 'FieldValueRequired', 'Required value: must set either a target raw value or a target utilization'],
  [cpu({ type: 'Utilization', averageUtilization: 1, averageValue: '1' }), 'spec.metrics[0].resource.target.averageValue', 'FieldValueForbidden', 'Forbidden: may not set both a target raw value and a target utilization'],
  [cpu({ type: 'AverageValue', averageValue: '0' }), 'spec.metrics[0].resource.target.averageValue', 'FieldValueInvalid', 'Invalid value: "0": must be positive'],
  [metric(external({ type: 'Value', value: '1' }, '')), 'spec.metrics[0].external.metric.name', 'FieldValueRequired', 'Required value: must specify a metric name'],
  [metric(external({ type: 'Value' })), 'spec.metrics[0].external.target.averageValue', 'FieldValueRequired', 'Required value: must set either a target value for metric or a per-pod target'],
  [metric(external({ type: 'Value', value: '1', averageValue: '1' })), 'spec.metrics[0].external.target.value', 'FieldValueForbidden', 'Forbidden: may not set both a target value for metric and a per-pod target'],
  [metric({ type: 'Pods', pods: { metric: { name: 'm' }, target: { type: 'AverageValue' } } }), 'spec.metrics[0].pods.target.averageValue', 'FieldValueRequired', 'Required value: must specify a positive target averageValue'],
  [metric({ type: 'Object', object: { describedObject: { kind: 'Service', name: 'a' }, metric: { name: 'm' }, target: { type: 'Value' } } }), 'spec.metrics[0].object.target.averageValue', 'FieldValueRequired', 'Required value: must set either a target value or averageValue'],
  [container({ name: 'odd' }), 'spec.metrics[0].containerResource.name', 'FieldValueInvalid', 'Invalid value: "odd": must be a standard resource for containers'],
  [container({ container: '' }), 'spec.metrics[0].containerResource.container', 'FieldValueRequired', 'Required value: must specify a container'],
  [container({ container: 'A' }), 'spec.metrics[0].containerResource.container', 'FieldValueInvalid', `Invalid value: "A": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`],
  [behavior({ stabilizationWindowSeconds: -1 }), 'spec.behavior.scaleUp.stabilizationWindowSeconds', 'FieldValueInvalid', 'Invalid value: -1: must be greater than or equal to zero'],
  [behavior({ stabilizationWindowSeconds: 3601 }), 'spec.behavior.scaleUp.stabilizationWindowSeconds', 'FieldValueInvalid', 'Invalid value: 3601: must be less than or equal to 3600'],
  [behavior({ selectPolicy: 'Odd' }), 'spec.behavior.scaleUp.selectPolicy', 'FieldValueNotSupported', 'Unsupported value: "Odd": supported values: "Disabled", "Max", "Min"'],
  [behavior({ tolerance: '-100m' }), 'spec.behavior.scaleUp.tolerance', 'FieldValueInvalid', 'Invalid value: "-100m": must be greater than or equal to 0'],
  [policy({ type: 'Odd' }), 'spec.behavior.scaleUp.policies[0].type', 'FieldValueNotSupported', 'Unsupported value: "Odd": supported values: "Percent", "Pods"'],
  [policy({ value: 0 }), 'spec.behavior.scaleUp.policies[0].value', 'FieldValueInvalid', 'Invalid value: 0: must be greater than zero'],
  [policy({ periodSeconds: 0 }), 'spec.behavior.scaleUp.policies[0].periodSeconds', 'FieldValueInvalid', 'Invalid value: 0: must be greater than zero'],
  [policy({ periodSeconds: 1801 }), 'spec.behavior.scaleUp.policies[0].periodSeconds', 'FieldValueInvalid', 'Invalid value: 1801: must be less than or equal to 1800'],
];

describe('an autoscaler that is refused', () => {
  it.each(rows)('%j at %s with %s: %s', (object, field, reason, message) => {
    const refused = statusOf({ kind, object });
    expect(refused).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(refused?.causes).toContainEqual({ field, reason, message });
  });

  it.each<[object, string]>([
    [cpu({ type: 'Utilization', averageUtilization: 50 }), 'a share of what is asked for'],
    [metric(external({ type: 'AverageValue', averageValue: '5' })), 'something from outside'],
    [metric({ type: 'External', external: { metric: { name: 'queue', selector: { matchLabels: { topic: 'a::b' } } }, target: { type: 'AverageValue', averageValue: '5' } } }), 'whatever selects among metrics'],
    [container({ name: 'example.com/gpu' }), 'a resource of a container'],
    [behavior({ tolerance: '0', selectPolicy: 'Disabled', stabilizationWindowSeconds: 3600 }), 'bounds'],
  ])('is not %j: %s', (object) => {
    expect(statusOf({ kind, object })).toBeUndefined();
  });

  it('may go on with what was taken once: a target without a group, and none of its pods', () => {
    const before = { spec: { minReplicas: 0, maxReplicas: 5, scaleTargetRef: { kind: 'Deployment', name: 'web' }, metrics: [{ type: 'External', external: { metric: { name: 'queue' }, target: { type: 'AverageValue', averageValue: '5' } } }] } };
    expect(statusOf({ kind, old: before, object: { spec: { ...before.spec, maxReplicas: 6 } } })).toBeUndefined();
    expect(statusOf({ kind, old: before, object: { spec: { ...before.spec, metrics: [] } } })?.causes).toContainEqual({ field: 'spec.metrics', reason: 'FieldValueForbidden', message: 'Forbidden: must specify at least one Object or External metric to support scaling to zero replicas' });
    expect(statusOf({ kind, object: scaler({ scaleTargetRef: { kind: 'ReplicationController', name: 'web' } }) })).toBeUndefined();
  });

  it('says of several sources only what is wrong with the first', () => {
    const causes = statusOf({ kind, object: metric({ type: 'Pods', external: { metric: {}, target: { type: 'Value', value: '1' } }, pods: { metric: {}, target: {} } }) })?.causes ?? [];
    expect(causes.map(({ field }) => field)).toEqual(['spec.metrics[0].external.metric.name', 'spec.metrics[0].external']);
  });
});
