import { type Probe, statusOf } from './probe';

const kind = 'admissionregistration.k8s.io/ValidatingWebhookConfiguration';
const webhook = (parts: object): object => ({ webhooks: [{ name: 'a.example.com', clientConfig: { url: 'https://host/path' }, sideEffects: 'None', admissionReviewVersions: ['v1'], ...parts }] });
const rule = (parts: object): object => webhook({ rules: [{ operations: ['CREATE'], apiGroups: ['a'], apiVersions: ['v1'], resources: ['a'], ...parts }] });
const resources = (...names: string[]): object => rule({ resources: names });
const url = (text: string): object => webhook({ clientConfig: { url: text } });

const at = 'webhooks[0]';
const ruleAt = `${at}.rules[0]`;
const urlAt = `${at}.clientConfig.url`;
const form = '; desired format: https://host[/path]';

type Row = readonly [object: object, field: string, reason: Probe['reason'], message: string];

const rows: readonly Row[] = [
  [webhook({ name: '' }), `${at}.name`, 'FieldValueRequired', 'Required value'],
  [webhook({ name: 'k8s.io' }), `${at}.name`, 'FieldValueInvalid', 'Invalid value: "k8s.io": should be a domain with at least three segments separated by dots'],
  [rule({ operations: [] }), `${ruleAt}.operations`, 'FieldValueRequired', 'Required value'],
  [rule({ operations: ['*', 'CREATE'] }), `${ruleAt}.operations`, 'FieldValueInvalid', `Invalid value: ["*","CREATE"]: if '*' is present, must not specify other operations`],
  [rule({ operations: ['PATCH'] }), `${ruleAt}.operations[0]`, 'FieldValueNotSupported', 'Unsupported value: "PATCH": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"'],
  [rule({ apiGroups: ['*', 'a'] }), `${ruleAt}.apiGroups`, 'FieldValueInvalid', `Invalid value: ["*","a"]: if '*' is present, must not specify other API groups`],
  [rule({ apiVersions: ['*', 'v1'] }), `${ruleAt}.apiVersions`, 'FieldValueInvalid', `Invalid value: ["*","v1"]: if '*' is present, must not specify other API versions`],
  [rule({ apiVersions: [''] }), `${ruleAt}.apiVersions[0]`, 'FieldValueRequired', 'Required value'],
  [resources('a', ''), `${ruleAt}.resources[1]`, 'FieldValueRequired', 'Required value'],
  [resources('a/*', 'a/x'), `${ruleAt}.resources[1]`, 'FieldValueInvalid', `Invalid value: "a/x": if 'a/*' is present, must not specify a/x`],
  [resources('*/x', 'a/x'), `${ruleAt}.resources[1]`, 'FieldValueInvalid', `Invalid value: "a/x": if '*/x' is present, must not specify a/x`],
  [resources('*/*', 'a'), `${ruleAt}.resources`, 'FieldValueInvalid', `Invalid value: ["*/*","a"]: if '*/*' is present, must not specify other resources`],
  [resources('*', 'a'), `${ruleAt}.resources`, 'FieldValueInvalid', `Invalid value: ["*","a"]: if '*' is present, must not specify other resources without subresources`],
  [rule({ operations: [''] }), `${ruleAt}.operations[0]`, 'FieldValueNotSupported', 'Unsupported value: "": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"'],
  [rule({ scope: '' }), `${ruleAt}.scope`, 'FieldValueNotSupported', 'Unsupported value: "": supported values: "*", "Cluster", "Namespaced"'],
  [rule({ scope: 'Odd' }), `${ruleAt}.scope`, 'FieldValueNotSupported', 'Unsupported value: "Odd": supported values: "*", "Cluster", "Namespaced"'],
  [url('https:///path'), urlAt, 'FieldValueInvalid', `Invalid value: "": host must be specified${form}`],
  [url('example.com/path'), urlAt, 'FieldValueInvalid', `Invalid value: "": 'https' is the only allowed URL scheme${form}`],
  [url('example.com/path'), urlAt, 'FieldValueInvalid', `Invalid value: "": host must be specified${form}`],
  [url('https://jane@host'), urlAt, 'FieldValueInvalid', 'Invalid value: "jane": user information is not permitted in the URL'],
  [url('https://host#part'), urlAt, 'FieldValueInvalid', 'Invalid value: "part": fragments are not permitted in the URL'],
  [url('https://host?a=b'), urlAt, 'FieldValueInvalid', 'Invalid value: "a=b": query parameters are not permitted in the URL'],
  [webhook({ admissionReviewVersions: ['v1', 'v1'] }), `${at}.admissionReviewVersions[1]`, 'FieldValueInvalid', 'Invalid value: "v1": duplicate version'],
  [webhook({ admissionReviewVersions: ['v1', 'V2'] }), `${at}.admissionReviewVersions[1]`, 'FieldValueInvalid', `Invalid value: "V2": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`],
];

describe('a webhook that is refused', () => {
  it.each(rows)('%j at %s with %s: %s', (object, field, reason, message) => {
    const refused = statusOf({ kind, object });
    expect(refused).toMatchObject({ code: 422, reason: 'Invalid' });
    if (field.endsWith('.name')) expect(refused?.causes).toHaveLength(1);
    expect(refused?.causes).toContainEqual({ field, reason, message });
  });

  it.each<[object]>([
    [resources('*', 'a/b', 'a/*', '*/b')], [resources('a/*', 'a')], [resources('*/*')], [url('https://host:8443/a/b')], [url('https://[::1]:8443/')], [webhook({ admissionReviewVersions: ['v2', 'v1'] })],
  ])('is not %j', (object) => {
    expect(statusOf({ kind, object })).toBeUndefined();
  });
});

describe('a webhook that was stored before', () => {
  const two = { webhooks: [...(webhook({}) as { webhooks: object[] }).webhooks, ...(webhook({}) as { webhooks: object[] }).webhooks] };
  const selects = (...values: string[]): object => webhook({ objectSelector: { matchExpressions: [{ key: 'a', operator: 'In', values }] } });

  it.each<[object, string]>([
    [webhook({ sideEffects: 'Some' }), `${at}.sideEffects`], [webhook({ admissionReviewVersions: ['v2'] }), `${at}.admissionReviewVersions`], [two, 'webhooks[1].name'], [selects('not a value!'), `${at}.objectSelector.matchExpressions[0].values[0]`],
  ])('may keep what is refused by now: %j', (object, field) => {
    expect(statusOf({ kind, object })?.causes.map((cause) => cause.field)).toEqual([field]);
    expect(statusOf({ kind, object, old: webhook({}) })?.causes).toHaveLength(1);
    expect(statusOf({ kind, object, old: object })).toBeUndefined();
  });

  it('may keep nothing else', () => {
    expect(statusOf({ kind, object: webhook({ sideEffects: 'Odd' }), old: webhook({ sideEffects: 'Some' }) })?.causes[0]?.message).toBe('Unsupported value: "Odd": supported values: "None", "NoneOnDryRun", "Some", "Unknown"');
  });
});

describe('what was found of the types in a ValidatingAdmissionPolicy', () => {
  const policy = (status?: object): object => ({ metadata: { name: 'p' }, spec: {}, ...(status ? { status } : {}) });
  const causes = (status: object): unknown => statusOf({ kind: 'admissionregistration.k8s.io/ValidatingAdmissionPolicy', view: 'status', old: policy(), object: policy(status) })?.causes;

  it('names what it is about, and what is wrong', () => {
    expect(causes({ typeChecking: { expressionWarnings: [{ fieldRef: 'spec.validations[0].expression', warning: 'so' }] } })).toBeUndefined();
    expect(causes({ typeChecking: { expressionWarnings: [{ fieldRef: ' ', warning: '' }] } })).toEqual([
      { field: 'status.typeChecking.expressionWarnings[0].warning', reason: 'FieldValueRequired', message: 'Required value' },
      { field: 'status.typeChecking.expressionWarnings[0].fieldRef', reason: 'FieldValueRequired', message: 'Required value' },
    ]);
    expect(causes({ conditions: [{ type: 'no good', status: 'True', reason: 'R', lastTransitionTime: '2026-01-01T00:00:00Z' }] })).toEqual([expect.objectContaining({ field: 'status.conditions[0].type' })]);
  });
});
